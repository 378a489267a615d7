//! `cargo xtask wiring`: draws the wiring diagram of docs/wiring.md, `docs/images/wiring.svg`.
//!
//! The diagram is committed, so that the pages need no build. A test compares the file with what is drawn.

use std::fmt::Write as _;

use anyhow::Context;

use crate::workspace;

/// The drawing, in pixels.
const WIDTH: u32 = 940;
const HEIGHT: u32 = 560;
/// The wall lies between the outside and the secure side.
const WALL: std::ops::Range<u32> = 392..416;

/// Where the diagram lies in the workspace.
const FILE: &str = "docs/images/wiring.svg";

/// Draws the diagram.
///
/// # Errors
/// The file cannot be written.
pub fn run() -> anyhow::Result<()> {
    let path = workspace::root().join(FILE);
    std::fs::write(&path, svg()).with_context(|| path.display().to_string())?;
    println!("{}", path.display());
    Ok(())
}

/// A part with terminals.
struct Part {
    title: &'static str,
    /// Lines below the title.
    notes: &'static [&'static str],
    x: u32,
    y: u32,
    width: u32,
    height: u32,
}

/// How a wire looks.
#[derive(Clone, Copy)]
enum Wire {
    /// It carries data.
    Data,
    /// It carries power.
    Power,
    /// The second way to report, in the place of the first.
    Alternative,
}

impl Wire {
    fn style(self) -> &'static str {
        match self {
            Self::Data => "stroke=\"#1f5fa8\" stroke-width=\"2.5\"",
            Self::Power => "stroke=\"#b03a2e\" stroke-width=\"2.5\"",
            Self::Alternative => "stroke=\"#1f5fa8\" stroke-width=\"2.5\" stroke-dasharray=\"7 5\"",
        }
    }
}

const BOARD: Part = Part {
    title: "Postern",
    notes: &["camera, keypad, cover switch"],
    x: 40,
    y: 92,
    width: 250,
    height: 410,
};

const MODULE: Part = Part {
    title: "Secure-side module",
    notes: &["access controller"],
    x: 500,
    y: 92,
    width: 220,
    height: 410,
};

const BESIDE: [Part; 4] = [
    Part { title: "Supply", notes: &["with battery"], x: 780, y: 142, width: 130, height: 56 },
    Part { title: "Lock", notes: &["strike or magnet"], x: 780, y: 242, width: 130, height: 56 },
    Part { title: "Exit button", notes: &[], x: 780, y: 366, width: 130, height: 48 },
    Part { title: "Door contact", notes: &[], x: 780, y: 436, width: 130, height: 48 },
];

/// The diagram.
fn svg() -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} \
         {HEIGHT}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"13\">\n\
         <title>The relay and the exit button on a secure-side module</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <rect width=\"{}\" height=\"{HEIGHT}\" fill=\"#fbf1e6\"/>\n\
         <rect x=\"{}\" width=\"{}\" height=\"{HEIGHT}\" fill=\"#eaf3ea\"/>\n\
         <rect x=\"{}\" width=\"{}\" height=\"{HEIGHT}\" fill=\"#9a9a9a\"/>\n",
        WALL.start,
        WALL.end,
        WIDTH - WALL.end,
        WALL.start,
        WALL.end - WALL.start,
    );
    text(&mut out, 20, 30, "bold", "Outside: within reach of an attacker");
    text(&mut out, WALL.end + 20, 30, "bold", "Secure side: behind the locked door");
    let middle = WALL.start + 16;
    let _ = writeln!(
        out,
        "<text x=\"{middle}\" y=\"80\" transform=\"rotate(-90 {middle} 80)\" fill=\"#ffffff\">wall</text>"
    );
    for part in [&BOARD, &MODULE].into_iter().chain(&BESIDE) {
        draw(&mut out, part);
    }
    // From the module to what opens the door.
    pair(&mut out, 160, Wire::Power, "supply");
    pair(&mut out, 260, Wire::Power, "relay COM, NO");
    pair(&mut out, 380, Wire::Data, "exit (REX)");
    pair(&mut out, 450, Wire::Data, "contact");
    // Through the wall.
    for (y, wire, board, module) in [
        (160, Wire::Power, "supply +", "supply out +"),
        (182, Wire::Power, "supply −", "supply out −"),
        (226, Wire::Data, "RS-485 A", "OSDP A"),
        (248, Wire::Data, "RS-485 B", "OSDP B"),
        (270, Wire::Data, "ground", "ground"),
        (314, Wire::Alternative, "Wiegand D0", "Wiegand D0"),
        (336, Wire::Alternative, "Wiegand D1", "Wiegand D1"),
    ] {
        line(&mut out, BOARD.x + BOARD.width, MODULE.x, y, wire);
        terminal(&mut out, BOARD.x + BOARD.width, y, board, true);
        terminal(&mut out, MODULE.x, y, module, false);
    }
    // What must not be connected.
    for (y, name) in [(396, "relay"), (424, "exit button"), (452, "door contact")] {
        let x = BOARD.x + BOARD.width;
        terminal(&mut out, x, y, name, true);
        line(&mut out, x, x + 26, y, Wire::Data);
        cross(&mut out, x + 34, y);
    }
    text(&mut out, BOARD.x + 12, 484, "normal", "the last three are not connected");
    text(&mut out, MODULE.x + 10, 362, "normal", "dashed: in place of OSDP");
    text(&mut out, BOARD.x, 534, "normal", "Through the wall: who was admitted, and power.");
    text(&mut out, MODULE.x - 64, 534, "normal", "The module decides whether the door opens, and opens it.");
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, part: &Part) {
    let Part { title, notes, x, y, width, height } = part;
    let _ = writeln!(
        out,
        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#ffffff\" stroke=\"#333333\" \
         stroke-width=\"1.5\"/>"
    );
    text(out, x + 12, y + 23, "bold", title);
    for (line, note) in (0_u32..).zip(*notes) {
        text(out, x + 12, y + 42 + 17 * line, "normal", note);
    }
}

/// Two wires from the module to the right.
fn pair(out: &mut String, y: u32, wire: Wire, name: &str) {
    let right = MODULE.x + MODULE.width;
    for (y, name) in [(y, name), (y + 20, "")] {
        line(out, right, BESIDE[0].x, y, wire);
        terminal(out, right, y, name, true);
    }
}

fn line(out: &mut String, from: u32, to: u32, y: u32, wire: Wire) {
    let style = wire.style();
    let _ = writeln!(out, "<line x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\" {style}/>");
}

/// A terminal at an edge of a part, with its name inside the part.
fn terminal(out: &mut String, x: u32, y: u32, name: &str, at_the_right: bool) {
    let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"#333333\"/>");
    if name.is_empty() {
        return;
    }
    let (x, anchor) = if at_the_right { (x - 10, "end") } else { (x + 10, "start") };
    let y = y + 4;
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{name}</text>");
}

fn cross(out: &mut String, x: u32, y: u32) {
    for (from, to) in [(y - 6, y + 6), (y + 6, y - 6)] {
        let (left, right) = (x - 6, x + 6);
        let _ = writeln!(
            out,
            "<line x1=\"{left}\" y1=\"{from}\" x2=\"{right}\" y2=\"{to}\" stroke=\"#b03a2e\" stroke-width=\"2.5\"/>"
        );
    }
}

fn text(out: &mut String, x: u32, y: u32, weight: &str, text: &str) {
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" font-weight=\"{weight}\">{text}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_diagram_is_the_one_that_is_drawn() {
        let committed = std::fs::read_to_string(workspace::root().join(FILE)).unwrap();
        assert_eq!(committed, svg(), "run `cargo xtask wiring`");
    }

    #[test]
    fn no_wire_of_the_lock_or_of_the_exit_button_crosses_the_wall() {
        let drawn = svg();
        let number = |line: &str, name: &str| {
            let value = line.split_once(&format!("{name}=\"")).unwrap().1;
            value.split_once('"').unwrap().0.parse::<u32>().unwrap()
        };
        let wires = drawn.lines().filter(|line| line.starts_with("<line"));
        let crossing = wires.filter(|line| number(line, "x1") < WALL.start && number(line, "x2") > WALL.end);
        let crossing: Vec<u32> = crossing.map(|line| number(line, "y1")).collect();
        assert_eq!(crossing, [160, 182, 226, 248, 270, 314, 336]);
        for text in drawn.lines().filter(|line| line.starts_with("<text")) {
            let name = text.split_once('>').unwrap().1;
            let opens = ["relay", "exit", "door contact"].iter().any(|word| name.starts_with(word));
            assert!(!opens || !crossing.contains(&(number(text, "y") - 4)), "{text}");
        }
    }
}
