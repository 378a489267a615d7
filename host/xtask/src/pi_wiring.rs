//! The wiring diagram of docs/raspberry-pi.md: camera, lock, buttons and LEDs at a Raspberry Pi.
//!
//! The lines are those of the configuration that the package installs and of the page; tests hold them together.

use std::fmt::Write as _;

use crate::diagram::{Part, Wire, draw, line, terminal, text};

/// Where the diagram lies in the workspace.
pub const FILE: &str = "docs/images/raspberry-pi.svg";

/// The drawing, in pixels.
const WIDTH: u32 = 940;
const HEIGHT: u32 = 790;

const PI: Part =
    Part { title: "Raspberry Pi", notes: &["behind the locked door"], x: 40, y: 60, width: 300, height: 680 };

/// A part beside the computer, and the terminals that it is connected to: height, at the computer, at the part.
struct Beside {
    part: Part,
    wires: &'static [(u32, Wire, &'static str, &'static str)],
}

/// A part at the right of the computer.
const fn part(title: &'static str, notes: &'static [&'static str], y: u32, height: u32) -> Part {
    Part { title, notes, x: 520, y, width: 170, height }
}

const BESIDE: [Beside; 6] = [
    Beside { part: part("", &[], 60, 44), wires: &[(82, Wire::Data, "USB", "USB camera")] },
    Beside {
        part: part("", &[], 124, 132),
        wires: &[
            (150, Wire::Power, "pin 2: 5 V", "VCC"),
            (182, Wire::Data, "pin 11: GPIO17", "IN, active high"),
            (214, Wire::Power, "pin 6: ground", "GND"),
        ],
    },
    Beside {
        part: part("", &[], 276, 74),
        wires: &[
            (300, Wire::Data, "pin 13: GPIO27", "exit button"),
            (328, Wire::Data, "pin 14: ground", "its other side"),
        ],
    },
    Beside {
        part: part("", &[], 370, 74),
        wires: &[
            (394, Wire::Data, "pin 15: GPIO22", "pairing button"),
            (422, Wire::Data, "pin 20: ground", "its other side"),
        ],
    },
    Beside {
        part: part("", &[], 464, 76),
        wires: &[
            (488, Wire::Data, "pin 16: GPIO23", "door contact"),
            (516, Wire::Data, "pin 25: ground", "its other side"),
        ],
    },
    Beside {
        part: part("", &[], 560, 180),
        wires: &[
            (580, Wire::Data, "pin 29: GPIO5", "keypad row 123"),
            (602, Wire::Data, "pin 31: GPIO6", "row 456"),
            (624, Wire::Data, "pin 33: GPIO13", "row 789"),
            (646, Wire::Data, "pin 35: GPIO19", "row *0#"),
            (668, Wire::Data, "pin 32: GPIO12", "column 147*"),
            (690, Wire::Data, "pin 36: GPIO16", "column 2580"),
            (712, Wire::Data, "pin 38: GPIO20", "column 369#"),
        ],
    },
];

const LOCK: Part =
    Part { title: "Strike", notes: &["12 V, with a diode"], x: 750, y: 124, width: 150, height: 60 };
const SUPPLY: Part = Part { title: "Supply", notes: &["12 V"], x: 750, y: 206, width: 150, height: 50 };

/// The diagram.
pub fn svg() -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} \
         {HEIGHT}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"13\">\n\
         <title>Camera, lock and buttons at a Raspberry Pi</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    text(&mut out, 40, 36, "bold", "A door on a Raspberry Pi; pins of the 40-pin header");
    draw(&mut out, &PI);
    for Beside { part, wires } in &BESIDE {
        draw(&mut out, part);
        for (y, wire, at_the_pi, at_the_part) in *wires {
            line(&mut out, PI.x + PI.width, part.x, *y, *wire);
            terminal(&mut out, PI.x + PI.width, *y, at_the_pi, true);
            terminal(&mut out, part.x, *y, at_the_part, false);
        }
    }
    text(&mut out, 532, 244, "normal", "relay for 3.3 V");
    for part in [&LOCK, &SUPPLY] {
        draw(&mut out, part);
    }
    let right = BESIDE[1].part.x + BESIDE[1].part.width;
    for (y, name) in [(154, "NO"), (230, "COM")] {
        line(&mut out, right, LOCK.x, y, Wire::Power);
        terminal(&mut out, right, y, name, true);
        terminal(&mut out, LOCK.x, y, "", false);
    }
    let x = LOCK.x + LOCK.width / 2;
    let _ = writeln!(
        out,
        "<line x1=\"{x}\" y1=\"{}\" x2=\"{x}\" y2=\"{}\" {}/>",
        LOCK.y + LOCK.height,
        SUPPLY.y,
        Wire::Power.style()
    );
    text(
        &mut out,
        40,
        770,
        "normal",
        "Buttons connect a line to ground while they are pressed, the contact while the door is closed.",
    );
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace;

    fn read(file: &str) -> String {
        std::fs::read_to_string(workspace::root().join(file)).unwrap()
    }

    #[test]
    fn the_committed_diagram_of_the_pi_is_the_one_that_is_drawn() {
        assert_eq!(read(FILE), svg(), "run `cargo xtask wiring`");
    }

    #[test]
    fn package_page_and_diagram_name_the_same_lines() {
        let (package, page, drawn) =
            (read("firmware/linux/package/postern-door.toml"), read("docs/raspberry-pi.md"), svg());
        let lines: Vec<&str> =
            package.split('"').filter(|word| word.trim_start_matches('!').starts_with("GPIO")).collect();
        assert_eq!(lines, ["GPIO17", "!GPIO27", "!GPIO22"]);
        for line in lines {
            assert!(drawn.contains(line.trim_start_matches('!')), "{line} is not drawn");
            assert!(page.contains(&format!("\"{line}\"")), "{line} is not on the page");
        }
    }

    #[test]
    fn the_keypad_is_drawn_at_the_lines_of_the_page() {
        let (page, drawn) = (read("docs/linux.md"), svg());
        let lines: Vec<&str> = page
            .lines()
            .filter(|line| line.starts_with("rows = ") || line.starts_with("columns = "))
            .flat_map(|line| line.split('"').filter(|word| word.starts_with("GPIO")))
            .collect();
        assert_eq!(lines.len(), 7);
        assert!(lines.iter().all(|line| drawn.contains(&format!(": {line}<"))), "{lines:?}");
    }

    #[test]
    fn ten_commands_lead_from_an_empty_card_to_an_opened_lock() {
        let page = read("docs/raspberry-pi.md");
        let (_, commands) = page.split_once("## Ten commands").unwrap();
        let commands = commands.split("```").nth(1).unwrap();
        assert_eq!(commands.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count(), 10);
    }
}
