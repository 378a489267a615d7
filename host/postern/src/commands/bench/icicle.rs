//! An icicle plot: what a whole consists of, row below row, as wide as its share (a flame graph that
//! hangs; Gregg, "The Flame Graph", CACM 2016). Each bar shows its number under the pointer.

use std::fmt::Write;

/// A part of the whole, and its parts.
#[derive(Clone, Debug)]
pub struct Bar {
    /// What it is.
    pub name: String,
    /// How much it takes.
    pub cost: u64,
    /// What it consists of, in order; less than the whole leaves room.
    pub parts: Vec<Bar>,
}

/// Width of the picture in pixels.
const WIDTH: f64 = 1200.0;
/// Height of a row.
const ROW: f64 = 24.0;
/// Space around.
const MARGIN: f64 = 12.0;
/// Width of a letter, about.
const LETTER: f64 = 6.6;
/// Narrower bars cannot be seen.
const NARROWEST: f64 = 0.3;
/// Fills of the rows, from the top.
const COLOURS: [&str; 5] = ["#264653", "#2a9d8f", "#8ab17d", "#e9c46a", "#f4a261"];

impl Bar {
    /// A part without parts.
    pub fn leaf(name: impl Into<String>, cost: u64) -> Self {
        Self { name: name.into(), cost, parts: Vec::new() }
    }

    /// A whole of its parts.
    pub fn sum(name: impl Into<String>, parts: Vec<Bar>) -> Self {
        Self { name: name.into(), cost: parts.iter().map(|part| part.cost).sum(), parts }
    }

    /// The plot as SVG; `unit` is what the costs count.
    pub fn svg(&self, title: &str, unit: &str) -> String {
        let height = 2.0 * MARGIN + ROW * (self.depth() + 1) as f64;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {height}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
             <text x=\"{MARGIN}\" y=\"{}\" font-size=\"15\">{}</text>\n",
            WIDTH + 2.0 * MARGIN,
            MARGIN + 14.0,
            escaped(title)
        );
        self.draw(MARGIN, 0, WIDTH / self.cost.max(1) as f64, self.cost, unit, &mut svg);
        svg.push_str("</svg>\n");
        svg
    }

    fn depth(&self) -> usize {
        1 + self.parts.iter().map(Bar::depth).max().unwrap_or(0)
    }

    fn draw(&self, x: f64, row: usize, scale: f64, whole: u64, unit: &str, svg: &mut String) {
        let width = self.cost as f64 * scale;
        if width < NARROWEST {
            return;
        }
        let y = MARGIN + ROW * (row + 1) as f64;
        let share = 100.0 * self.cost as f64 / whole.max(1) as f64;
        let title = format!("{}: {} {unit}, {share:.1} %", self.name, self.cost);
        let letters = ((width - 8.0) / LETTER).max(0.0) as usize;
        let label = match self.name.chars().count() {
            _ if letters < 4 => String::new(),
            all if all + 7 <= letters => format!("{} {share:.1} %", self.name),
            all if all <= letters => self.name.clone(),
            _ => self.name.chars().take(letters - 1).chain(['…']).collect(),
        };
        let dark = row == 0 || row % COLOURS.len() == 1;
        // A String takes whatever is written to it.
        let _ = writeln!(
            svg,
            "<g><title>{}</title><rect x=\"{x:.2}\" y=\"{y}\" width=\"{width:.2}\" height=\"{}\" fill=\"{}\" \
             stroke=\"white\" stroke-width=\"0.5\"/><text x=\"{:.2}\" y=\"{}\" fill=\"{}\">{}</text></g>",
            escaped(&title),
            ROW - 1.0,
            COLOURS[row % COLOURS.len()],
            x + 4.0,
            y + 16.0,
            if dark { "white" } else { "black" },
            escaped(&label)
        );
        let mut at = x;
        for part in &self.parts {
            part.draw(at, row + 1, scale, whole, unit, svg);
            at += part.cost as f64 * scale;
        }
    }
}

/// Text with the characters that XML gives a meaning replaced.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_below_the_whole_side_by_side() {
        let half = Bar::sum("left <half>", vec![Bar::leaf("quarter", 25), Bar::leaf("quarter", 25)]);
        let whole = Bar::sum("whole", vec![half, Bar::leaf("right", 50)]);
        assert_eq!((whole.cost, whole.depth()), (100, 3));
        let svg = whole.svg("all & more", "pieces");
        assert!(svg.contains("all &amp; more") && svg.contains("left &lt;half&gt;: 50 pieces, 50.0 %"));
        assert!(svg.contains("x=\"612.00\" y=\"60\" width=\"600.00\""), "{svg}");
        assert_eq!(svg.matches("<rect x=").count(), 5);
    }
}
