//! How far apart pictures of one person and of two are, before a training and after.

use std::path::Path;

use plots::{Area, BLUE, Drawn, FONT, ORANGE, legend};
use plotters::prelude::*;

use super::draw;
use crate::Error;
use crate::loss::{Matrix, square_distance};

/// Bars between the distances 0 and 4, which are all that there are on the sphere.
const BARS: usize = 80;

/// Pictures that are compared, at the most.
const MOST: usize = 1000;

/// Shares of pairs by `d = |f(a) - f(b)|²`.
#[derive(Clone, Debug, PartialEq)]
pub struct Distances {
    genuine: Vec<f64>,
    impostors: Vec<f64>,
}

impl Distances {
    /// Of all pairs of unit vectors, which show `people`.
    #[must_use]
    pub fn of(units: &Matrix, people: &[usize]) -> Self {
        let (mut genuine, mut impostors) = (vec![0.0; BARS], vec![0.0; BARS]);
        let count = people.len().min(MOST);
        for a in 0..count {
            for b in a + 1..count {
                let distance = square_distance(units.row(a), units.row(b));
                let bar = ((distance / 4.0 * BARS as f64) as usize).min(BARS - 1);
                let bars = if people[a] == people[b] { &mut genuine } else { &mut impostors };
                bars[bar] += 1.0;
            }
        }
        for bars in [&mut genuine, &mut impostors] {
            let total = bars.iter().sum::<f64>().max(1.0);
            bars.iter_mut().for_each(|bar| *bar /= total);
        }
        Self { genuine, impostors }
    }
}

/// Draws both histograms into the PNG file at `path`.
///
/// # Errors
/// [`Error::Plot`].
pub fn distances(path: &Path, title: &str, before: &Distances, after: &Distances) -> Result<(), Error> {
    draw(path, (1000, 760), |area| {
        let area = area.titled(title, (FONT, 24))?;
        let (upper, lower) = area.split_vertically(360);
        panel(&upper, "before the training", before)?;
        panel(&lower, "after it", after)
    })
}

fn panel(area: &Area, caption: &str, shown: &Distances) -> Drawn {
    let greatest = shown.genuine.iter().chain(&shown.impostors).copied().fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .caption(caption, (FONT, 19))
        .margin(12)
        .margin_right(30)
        .x_label_area_size(44)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..4.0, 0.0..greatest * 1.08 + 1e-9)?;
    chart
        .configure_mesh()
        .x_desc("d = |f(a) - f(b)|²")
        .y_desc("share of pairs")
        .x_label_formatter(&|d| format!("{d:.1}"))
        .y_label_formatter(&|share| format!("{:.0} %", share * 100.0))
        .label_style((FONT, 15))
        .light_line_style(WHITE)
        .draw()?;
    let width = 4.0 / BARS as f64;
    for (name, colour, bars) in
        [("two people", ORANGE, &shown.impostors), ("one person", BLUE, &shown.genuine)]
    {
        let style = colour.mix(0.55).filled();
        chart
            .draw_series(bars.iter().enumerate().filter(|(_, share)| **share > 0.0).map(|(at, &share)| {
                let left = at as f64 * width;
                Rectangle::new([(left, 0.0), (left + width, share)], style)
            }))?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 6), (x + 20, y + 6)], style));
    }
    legend(&mut chart, SeriesLabelPosition::UpperRight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_where_they_lie() {
        // Two of one person at distance 0, both at distance 2 from another.
        let units = Matrix { columns: 2, values: vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0] };
        let found = Distances::of(&units, &[0, 0, 1]);
        assert_eq!((found.genuine[0], found.impostors[BARS / 2]), (1.0, 1.0));
    }
}
