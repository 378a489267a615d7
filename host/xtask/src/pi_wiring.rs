//! The wiring diagram of docs/raspberry-pi.md: camera, keypad, lock and buttons at a Raspberry Pi, and the wall between.
//!
//! The lines are those of the configuration that the package installs and of the page; tests hold them together.

use std::fmt::Write as _;
use std::ops::Range;

use crate::diagram::{Part, Wire, draw, line, terminal, text};

/// Where the diagram lies in the workspace.
pub const FILE: &str = "docs/images/raspberry-pi.svg";

/// The drawing, in pixels.
const WIDTH: u32 = 1180;
const HEIGHT: u32 = 660;
/// The wall lies between the outside and the locked side.
const WALL: Range<u32> = 226..250;

const PI: Part = Part { title: "Raspberry Pi", notes: &[], x: 330, y: 60, width: 280, height: 500 };

/// A wire to a part: its height, how it looks, its name at the computer, and at the part.
type Connection = (u32, Wire, &'static str, &'static str);

/// A part beside the computer, and its wires.
struct Beside {
    part: Part,
    wires: &'static [Connection],
}

/// A part outside.
const fn outside(y: u32, height: u32, wires: &'static [Connection]) -> Beside {
    Beside { part: Part { title: "", notes: &[], x: 20, y, width: 166, height }, wires }
}

/// A part behind the door.
const fn inside(y: u32, height: u32, wires: &'static [Connection]) -> Beside {
    Beside { part: Part { title: "", notes: &[], x: 720, y, width: 170, height }, wires }
}

const OUTSIDE: [Beside; 2] = [
    outside(100, 44, &[(122, Wire::Data, "USB", "USB camera")]),
    outside(
        220,
        180,
        &[
            (240, Wire::Data, "pin 29: GPIO5", "keypad row 123"),
            (262, Wire::Data, "pin 31: GPIO6", "row 456"),
            (284, Wire::Data, "pin 33: GPIO13", "row 789"),
            (306, Wire::Data, "pin 35: GPIO19", "row *0#"),
            (328, Wire::Data, "pin 32: GPIO12", "column 147*"),
            (350, Wire::Data, "pin 36: GPIO16", "column 2580"),
            (372, Wire::Data, "pin 38: GPIO20", "column 369#"),
        ],
    ),
];

const INSIDE: [Beside; 4] = [
    inside(
        124,
        132,
        &[
            (150, Wire::Power, "pin 2: 5 V", "VCC"),
            (182, Wire::Data, "pin 11: GPIO17", "IN, active high"),
            (214, Wire::Ground, "pin 6: ground", "GND"),
        ],
    ),
    inside(
        290,
        74,
        &[
            (314, Wire::Data, "pin 13: GPIO27", "exit button"),
            (342, Wire::Ground, "pin 14: ground", "its other side"),
        ],
    ),
    inside(
        384,
        74,
        &[
            (408, Wire::Data, "pin 15: GPIO22", "pairing button"),
            (436, Wire::Ground, "pin 20: ground", "its other side"),
        ],
    ),
    inside(
        478,
        74,
        &[
            (502, Wire::Data, "pin 16: GPIO23", "door contact"),
            (530, Wire::Ground, "pin 25: ground", "its other side"),
        ],
    ),
];

const STRIKE: Part = Part { title: "", notes: &[], x: 980, y: 130, width: 130, height: 60 };
const SUPPLY: Part = Part { title: "", notes: &[], x: 980, y: 216, width: 130, height: 60 };

/// Heights of the wires of the lock: from the relay to the strike, from the relay to the supply, and between these.
const OPENED: u32 = 150;
const SUPPLIED: u32 = 236;
const MINUS: [u32; 2] = [176, 262];
/// The height of the diode, and the wires up to it.
const DIODE: u32 = 104;
const UP: [u32; 2] = [950, 1140];

/// The diagram.
pub fn svg() -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} \
         {HEIGHT}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"13\">\n\
         <title>Camera, keypad, lock and buttons at a Raspberry Pi</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <rect width=\"{}\" height=\"590\" fill=\"#fbf1e6\"/>\n\
         <rect x=\"{}\" width=\"{}\" height=\"590\" fill=\"#eaf3ea\"/>\n\
         <rect x=\"{}\" width=\"{}\" height=\"590\" fill=\"#9a9a9a\"/>\n",
        WALL.start,
        WALL.end,
        WIDTH - WALL.end,
        WALL.start,
        WALL.end - WALL.start,
    );
    text(&mut out, 20, 30, "bold", "Outside");
    text(&mut out, WALL.end + 20, 30, "bold", "Behind the locked door; pins of the 40-pin header");
    let middle = WALL.start + 16;
    let _ = writeln!(
        out,
        "<text x=\"{middle}\" y=\"80\" transform=\"rotate(-90 {middle} 80)\" fill=\"#ffffff\">wall</text>"
    );
    draw(&mut out, &PI);
    for (Beside { part, wires }, is_outside) in
        OUTSIDE.iter().map(|part| (part, true)).chain(INSIDE.iter().map(|part| (part, false)))
    {
        draw(&mut out, part);
        let (of_pi, of_part) =
            if is_outside { (PI.x, part.x + part.width) } else { (PI.x + PI.width, part.x) };
        for (y, wire, at_the_pi, at_the_part) in *wires {
            line(&mut out, of_pi.min(of_part), of_pi.max(of_part), *y, *wire);
            terminal(&mut out, of_pi, *y, at_the_pi, !is_outside);
            terminal(&mut out, of_part, *y, at_the_part, is_outside);
        }
    }
    text(&mut out, 32, 168, "normal", "or a USB keypad in");
    text(&mut out, 32, 186, "normal", "place of the matrix:");
    text(&mut out, 732, 244, "normal", "relay for 3.3 V");
    lock(&mut out);
    legend(&mut out);
    out.push_str("</svg>\n");
    out
}

/// The circuit of the lock: supply, relay, strike, and the diode across its coil.
fn lock(out: &mut String) {
    for part in [&STRIKE, &SUPPLY] {
        draw(out, part);
    }
    text(out, STRIKE.x + 44, STRIKE.y + 24, "bold", "Strike");
    text(out, SUPPLY.x + 44, SUPPLY.y + 24, "bold", "12 V DC");
    let (relay, right) = (INSIDE[0].part.x + INSIDE[0].part.width, STRIKE.x + STRIKE.width);
    for (y, name) in [(OPENED, "NO"), (SUPPLIED, "COM")] {
        line(out, relay, STRIKE.x, y, Wire::LockPower);
        terminal(out, relay, y, name, true);
        terminal(out, STRIKE.x, y, "+", false);
    }
    let [plus, minus] = UP;
    let [strike, supply] = MINUS;
    for y in MINUS {
        line(out, right, minus, y, Wire::Ground);
        terminal(out, right, y, "−", true);
    }
    // The diode conducts only what the coil gives when it is switched off: from minus to plus.
    let middle = (plus + minus) / 2;
    line(out, plus, middle - 8, DIODE, Wire::LockPower);
    line(out, middle + 8, minus, DIODE, Wire::Ground);
    upright(out, plus, DIODE, OPENED, Wire::LockPower);
    upright(out, minus, DIODE, supply, Wire::Ground);
    for (x, y) in [(plus, OPENED), (minus, strike)] {
        let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"#333333\"/>");
    }
    let (bar, tail, top, bottom) = (middle - 8, middle + 8, DIODE - 9, DIODE + 9);
    let _ =
        writeln!(out, "<path d=\"M {tail} {top} L {tail} {bottom} L {bar} {DIODE} Z\" fill=\"#333333\"/>");
    let _ = writeln!(
        out,
        "<line x1=\"{bar}\" y1=\"{top}\" x2=\"{bar}\" y2=\"{bottom}\" stroke=\"#333333\" stroke-width=\"4\"/>"
    );
    text(out, 960, 84, "normal", "diode 1N4007: stripe to +");
}

/// An upright wire.
fn upright(out: &mut String, x: u32, from: u32, to: u32, wire: Wire) {
    let style = wire.style();
    let _ = writeln!(out, "<line x1=\"{x}\" y1=\"{from}\" x2=\"{x}\" y2=\"{to}\" {style}/>");
}

/// What the colours mean, and the contacts.
fn legend(out: &mut String) {
    let y = 616;
    for (x, wire, name) in [
        (20, Wire::Data, "signal"),
        (150, Wire::Power, "5 V"),
        (260, Wire::LockPower, "12 V"),
        (370, Wire::Ground, "ground, and the minus of 12 V: two circuits, not connected"),
    ] {
        line(out, x, x + 34, y, wire);
        text(out, x + 44, y + 4, "normal", name);
    }
    text(
        out,
        20,
        644,
        "normal",
        "Buttons connect a line to ground while they are pressed, the contact while the door is closed.",
    );
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

    /// Reversed, the diode shorts the supply of the strike through the relay.
    #[test]
    fn the_diode_has_its_stripe_at_the_plus_of_the_strike() {
        let [plus, minus] = UP;
        let (drawn, middle) = (svg(), (plus + minus) / 2);
        let bar = middle - 8;
        assert!(plus < bar && bar < minus, "the stripe is on the side of plus");
        assert!(
            drawn.contains(&format!("<line x1=\"{bar}\" y1=\"95\" x2=\"{bar}\" y2=\"113\"")),
            "the stripe"
        );
        assert!(drawn.contains(&format!("L {bar} {DIODE} Z")), "the tip of the arrow is at the stripe");
        let page = read("docs/raspberry-pi.md");
        assert!(page.contains("its stripe to the plus"), "the page says it in words");
    }

    /// Outside is what a visitor needs, and nothing that opens the door.
    #[test]
    fn nothing_that_opens_the_door_is_drawn_outside() {
        for Beside { part, wires } in &OUTSIDE {
            assert!(part.x + part.width < WALL.start);
            assert!(wires.iter().all(|(.., name)| {
                ["USB camera", "keypad", "row", "column"].iter().any(|may| name.starts_with(may))
            }));
        }
        assert!(
            INSIDE
                .iter()
                .chain([&Beside { part: STRIKE, wires: &[] }])
                .all(|beside| beside.part.x > WALL.end)
        );
        const { assert!(PI.x > WALL.end) }
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
