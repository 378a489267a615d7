//! Draws the cosine scores of pairs of one person and of two people, as two histograms.

use std::path::Path;

use plots::{Area, Drawn, FONT, legend};
use plotters::prelude::*;

use super::to_file;
use crate::{Comparison, Error, OperatingPoint};

/// Bins over cosines from -1 to 1.
const BINS: usize = 100;
/// The least cosine that is drawn.
const LEAST: f64 = -0.5;

/// Draws the distributions of the scores of genuine and impostor pairs, and the thresholds of `points`.
///
/// # Errors
/// [`Error::Plot`].
pub fn plot_scores(
    path: &Path,
    title: &str,
    comparison: &Comparison,
    points: &[OperatingPoint],
) -> Result<(), Error> {
    to_file(path, |area| draw(area, title, comparison, points))
}

fn draw(area: &Area, title: &str, comparison: &Comparison, points: &[OperatingPoint]) -> Drawn {
    let [genuine, impostors] = comparison.densities(BINS);
    let highest = genuine.iter().chain(&impostors).copied().fold(0.0, f64::max) * 1.1;
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 24))
        .margin(16)
        .x_label_area_size(50)
        .y_label_area_size(80)
        .build_cartesian_2d(LEAST..1.0, 0.0..highest.max(1e-9))?;
    chart
        .configure_mesh()
        .x_desc("similarity (cosine)")
        .y_desc("share of comparisons in a bin")
        .label_style((FONT, 15))
        .draw()?;
    let bars = |shares: Vec<f64>| {
        let edge = |bin: usize| -1.0 + 2.0 * bin as f64 / BINS as f64;
        let bars = shares.into_iter().enumerate().filter(move |&(bin, _)| edge(bin) >= LEAST);
        bars.map(move |(bin, share)| ((edge(bin), 0.0), (edge(bin + 1), share)))
    };
    for (shares, colour, name) in
        [(impostors, RGBColor(200, 80, 40), "two people"), (genuine, RGBColor(30, 100, 180), "one person")]
    {
        chart
            .draw_series(
                bars(shares).map(|(low, high)| Rectangle::new([low, high], colour.mix(0.5).filled())),
            )?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 6), (x + 24, y + 6)], colour.mix(0.5).filled()));
    }
    for point in points {
        let Some(threshold) = point.threshold else { continue };
        let line = [(threshold, 0.0), (threshold, highest)];
        chart.draw_series(LineSeries::new(line, BLACK.mix(0.5)))?;
        let label = format!("1 in {:.0}", 1.0 / point.fmr);
        let style = TextStyle::from((FONT, 14)).color(&BLACK).transform(FontTransform::Rotate90);
        chart.draw_series(std::iter::once(Text::new(label, (threshold + 0.018, highest), style)))?;
    }
    legend(&mut chart, SeriesLabelPosition::UpperLeft)
}
