//! Parts, terminals and wires of a wiring diagram, as SVG.

use std::fmt::Write as _;

/// A part with terminals.
pub struct Part {
    /// Its name.
    pub title: &'static str,
    /// Lines below the title.
    pub notes: &'static [&'static str],
    /// Its left side.
    pub x: u32,
    /// Its upper side.
    pub y: u32,
    /// From the left side to the right one.
    pub width: u32,
    /// From the upper side to the lower one.
    pub height: u32,
}

/// How a wire looks.
#[derive(Clone, Copy)]
pub enum Wire {
    /// It carries data.
    Data,
    /// It carries power.
    Power,
    /// It carries the power of a lock, of another voltage.
    LockPower,
    /// It is ground, or the minus of a supply.
    Ground,
    /// The second way to report, in the place of the first.
    Alternative,
}

impl Wire {
    /// The attributes of its line.
    pub fn style(self) -> &'static str {
        match self {
            Self::Data => "stroke=\"#1f5fa8\" stroke-width=\"2.5\"",
            Self::Power => "stroke=\"#b03a2e\" stroke-width=\"2.5\"",
            Self::LockPower => "stroke=\"#d98300\" stroke-width=\"2.5\"",
            Self::Ground => "stroke=\"#111111\" stroke-width=\"2.5\"",
            Self::Alternative => "stroke=\"#1f5fa8\" stroke-width=\"2.5\" stroke-dasharray=\"7 5\"",
        }
    }
}

/// The width of ten letters of a line, in pixels.
const TEN_LETTERS: usize = 66;

/// Draws a part.
///
/// # Panics
/// A text is wider than the part, as the test of each diagram finds out.
pub fn draw(out: &mut String, part: &Part) {
    for text in part.notes.iter().chain([&part.title]) {
        assert!(16 + text.len() * TEN_LETTERS / 10 <= part.width as usize, "{text:?} is wider than its part");
    }
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

/// A level wire.
pub fn line(out: &mut String, from: u32, to: u32, y: u32, wire: Wire) {
    let style = wire.style();
    let _ = writeln!(out, "<line x1=\"{from}\" y1=\"{y}\" x2=\"{to}\" y2=\"{y}\" {style}/>");
}

/// A terminal at an edge of a part, with its name inside the part.
pub fn terminal(out: &mut String, x: u32, y: u32, name: &str, at_the_right: bool) {
    let _ = writeln!(out, "<circle cx=\"{x}\" cy=\"{y}\" r=\"4\" fill=\"#333333\"/>");
    if name.is_empty() {
        return;
    }
    let (x, anchor) = if at_the_right { (x - 10, "end") } else { (x + 10, "start") };
    let y = y + 4;
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{name}</text>");
}

/// A wire that must not be connected.
pub fn cross(out: &mut String, x: u32, y: u32) {
    for (from, to) in [(y - 6, y + 6), (y + 6, y - 6)] {
        let (left, right) = (x - 6, x + 6);
        let _ = writeln!(
            out,
            "<line x1=\"{left}\" y1=\"{from}\" x2=\"{right}\" y2=\"{to}\" stroke=\"#b03a2e\" stroke-width=\"2.5\"/>"
        );
    }
}

/// A line of text.
pub fn text(out: &mut String, x: u32, y: u32, weight: &str, text: &str) {
    let _ = writeln!(out, "<text x=\"{x}\" y=\"{y}\" font-weight=\"{weight}\">{text}</text>");
}
