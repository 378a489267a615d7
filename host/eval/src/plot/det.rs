//! Draws the detection error trade-off (DET) curve: misses against false matches (Martin et al. 1997). Both axes are
//! logarithmic, because a door works at low rates of false matches.

use std::path::Path;

use plots::{Area, Drawn, FONT, legend};
use plotters::prelude::*;

use super::to_file;
use crate::{Comparison, Error, OperatingPoint};

/// One curve of the plot.
pub struct Curve<'a> {
    /// Its name in the legend.
    pub name: &'a str,
    /// All pairs of the pictures.
    pub comparison: &'a Comparison,
    /// Points to mark with their intervals.
    pub points: &'a [OperatingPoint],
}

/// Lower miss rates are drawn at this one, because a logarithmic axis has no zero.
const LEAST_MISSES: f64 = 1e-4;

const LEAST_RATE: f64 = 1e-6;

const POINTS_A_DECADE: i32 = 30;

/// Draws `curves` into the PNG file at `path`.
///
/// # Errors
/// [`Error::Plot`] if the file cannot be written.
pub fn plot_det(path: &Path, title: &str, curves: &[Curve]) -> Result<(), Error> {
    to_file(path, |area| draw(area, title, curves))
}

fn draw(area: &Area, title: &str, curves: &[Curve]) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 24))
        .margin(16)
        .margin_right(40)
        .x_label_area_size(50)
        .y_label_area_size(80)
        .build_cartesian_2d((LEAST_RATE..0.1).log_scale(), (LEAST_MISSES..1.0).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("false matches (share of pairs of different people)")
        .y_desc("misses (share of pairs of one person)")
        .x_label_formatter(&|rate| format!("1 in {:.0}", 1.0 / rate))
        .y_label_formatter(&|misses| format!("{} %", misses * 100.0))
        .label_style((FONT, 15))
        .draw()?;
    for (index, curve) in curves.iter().enumerate() {
        let colour = Palette99::pick(index).stroke_width(2);
        let line = LineSeries::new(trade_off(curve.comparison), colour);
        chart
            .draw_series(line)?
            .label(curve.name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 24, y)], colour));
        chart.draw_series(curve.points.iter().filter_map(|point| {
            let (tar, interval) = (point.tar?, point.interval?);
            let misses = |tar: f64| (1.0 - tar).max(LEAST_MISSES);
            let (low, middle, high) = (misses(interval.high), misses(tar), misses(interval.low));
            Some(ErrorBar::new_vertical(point.fmr, low, middle, high, colour.filled(), 8))
        }))?;
    }
    legend(&mut chart, SeriesLabelPosition::UpperRight)
}

/// The points of the curve at the rates that the pictures are enough for.
fn trade_off(comparison: &Comparison) -> Vec<(f64, f64)> {
    (0..=5 * POINTS_A_DECADE)
        .map(|step| 0.1 * 10f64.powf(-f64::from(step) / f64::from(POINTS_A_DECADE)))
        .filter_map(|rate| Some((rate, (1.0 - comparison.at(rate).tar?).max(LEAST_MISSES))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embeddings;

    #[test]
    fn a_plot_is_drawn_and_is_not_blank() {
        let mut random = fastrand::Rng::with_seed(5);
        let vectors = (0..300)
            .map(|_| {
                let angle = random.f32() * std::f32::consts::TAU;
                Some(vec![angle.cos(), angle.sin()])
            })
            .collect();
        let people: Vec<u32> = (0..300).map(|i| i % 100).collect();
        let comparison = Comparison::all_pairs(&Embeddings::Float(vectors), &people);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("det.png");
        let curve = Curve { name: "chance", comparison: &comparison, points: &[] };
        plot_det(&path, "chance", &[curve]).unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() > 5_000);
        let nowhere = folder.path().join("no/det.png");
        assert!(plot_det(&nowhere, "chance", &[]).is_err());
    }
}
