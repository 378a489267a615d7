//! The DET curve of the board's encoder: misses against false matches, by its calibration table.
//!
//! The axes are logarithmic. The text of the page says the same in words, so the drawing is hidden from screen readers.

use maud::{Markup, html};

use crate::layout::grouped;
use crate::station::Errors;
use crate::text::Language;

/// Width and height of the drawing, and the space for the numbers at its left and below it.
const SIZE: [f64; 2] = [640.0, 320.0];
const SPACE: [f64; 2] = [56.0, 44.0];

/// The least share that is drawn: 1 in 1,000.
const LEAST: f64 = 1e-3;

/// The curve, with a mark where `threshold` (Q15) lies. Nothing where the table has fewer than two points with known misses.
pub fn draw(language: Language, errors: &Errors, threshold: Option<i32>) -> Markup {
    let points: Vec<(f64, f64)> = errors
        .rows
        .iter()
        .filter_map(|row| Some((f64::from(row.one_in).log10(), errors.missed(row.threshold)?.max(LEAST))))
        .collect();
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return html! {} };
    if points.len() < 2 {
        return html! {};
    }
    let across =
        |decades: f64| SPACE[0] + (decades - first.0) / (last.0 - first.0) * (SIZE[0] - SPACE[0] - 16.0);
    let down = |share: f64| 12.0 + share.max(LEAST).log10() / LEAST.log10() * (SIZE[1] - SPACE[1] - 12.0);
    let line: String = points.iter().map(|(x, y)| format!("{:.1},{:.1} ", across(*x), down(*y))).collect();
    // Where the threshold lies between two rows, the mark does, too.
    let mark = threshold.and_then(|threshold| {
        let after = errors.rows.partition_point(|row| row.threshold < threshold);
        let next = errors.rows.get(after)?;
        let last = errors.rows.get(after.saturating_sub(1))?;
        let span = f64::from(next.threshold - last.threshold);
        let way = if span > 0.0 { f64::from(threshold - last.threshold) / span } else { 0.0 };
        let [a, b] = [last.one_in, next.one_in].map(|one_in| f64::from(one_in).log10());
        Some((across(a + way * (b - a)), down(errors.missed(threshold)?)))
    });
    html! {
        figure.det {
            svg viewBox=(format!("0 0 {} {}", SIZE[0], SIZE[1])) aria-hidden="true" {
                @for row in errors.rows.iter().filter(|row| row.one_in.ilog10() as f64 == f64::from(row.one_in).log10()) {
                    @let x = across(f64::from(row.one_in).log10());
                    line.grid x1=(x) x2=(x) y1="12" y2=(SIZE[1] - SPACE[1]) {}
                    text x=(x) y=(SIZE[1] - 24.0) text-anchor="middle" { (grouped(language, row.one_in)) }
                }
                @for share in [1.0, 0.1, 0.01, 0.001] {
                    line.grid x1=(SPACE[0]) x2=(SIZE[0] - 16.0) y1=(down(share)) y2=(down(share)) {}
                    text x=(SPACE[0] - 6.0) y=(down(share) + 4.0) text-anchor="end" { (share * 100.0) }
                }
                polyline points=(line.trim_end()) {}
                @if let Some((x, y)) = mark { circle cx=(x) cy=(y) r="6" {} }
            }
            figcaption { (language.say("det")) }
        }
    }
}
