//! Draws the trade-off between the two errors of a liveness network, APCER against BPCER, on logarithmic axes.

use std::path::Path;

use plots::{Area, Drawn, FONT};
use plotters::prelude::*;

use super::to_file;
use crate::Error;
use crate::recorded::{Frame, trade_off};

/// Lower rates are drawn at this one, because a logarithmic axis has no zero.
const LEAST: f64 = 1e-3;

/// Draws the curve of `frames` into the PNG file at `path`, by frame; the diagonal is where both errors are equal.
///
/// # Errors
/// [`Error::Plot`] if the file cannot be written.
pub fn plot_trade_off(path: &Path, title: &str, frames: &[Frame]) -> Result<(), Error> {
    to_file(path, |area| draw(area, title, &trade_off(frames)))
}

fn draw(area: &Area, title: &str, points: &[[f64; 2]]) -> Drawn {
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 24))
        .margin(16)
        .margin_right(40)
        .x_label_area_size(50)
        .y_label_area_size(80)
        .build_cartesian_2d((LEAST..1.0).log_scale(), (LEAST..1.0).log_scale())?;
    let percent = |rate: &f64| format!("{} %", rate * 100.0);
    chart
        .configure_mesh()
        .x_desc("APCER (share of frames of attacks that pass)")
        .y_desc("BPCER (share of frames of living people that are refused)")
        .x_label_formatter(&percent)
        .y_label_formatter(&percent)
        .label_style((FONT, 15))
        .draw()?;
    chart.draw_series(LineSeries::new([(LEAST, LEAST), (1.0, 1.0)], BLACK.mix(0.2)))?;
    let place = |&[apcer, bpcer]: &[f64; 2]| (apcer.max(LEAST), bpcer.max(LEAST));
    chart.draw_series(LineSeries::new(points.iter().map(place), Palette99::pick(0).stroke_width(2)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_is_drawn() {
        let frame =
            |attack: bool, score: f64| Frame { person: "1".into(), recording: "a".into(), attack, score };
        let frames: Vec<Frame> =
            (0..100).map(|n| frame(n % 2 == 0, f64::from(n * 37 % 100) / 100.0)).collect();
        let folder = tempfile::tempdir().unwrap();
        let [some, none] = ["some.png", "none.png"].map(|name| folder.path().join(name));
        plot_trade_off(&some, "a network", &frames).unwrap();
        plot_trade_off(&none, "a network", &[]).unwrap();
        let [some, none] = [some, none].map(|path| std::fs::read(path).unwrap());
        assert!(some.len() > 5_000 && some != none);
    }
}
