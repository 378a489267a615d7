//! Draws the rate of strangers who are let in against the number of people enrolled.

use std::path::Path;

use plots::{Area, Drawn, FONT, legend};
use plotters::prelude::*;

use super::to_file;
use crate::{Error, OpenSet};

/// Lower rates are drawn at this one.
const LEAST: f64 = 1e-5;

/// Draws the false-positive identification rate by the number of people enrolled, one line for each list.
///
/// # Errors
/// [`Error::Plot`].
pub fn plot_identification(path: &Path, title: &str, lines: &[(&str, &[OpenSet])]) -> Result<(), Error> {
    to_file(path, |area| draw(area, title, lines))
}

fn draw(area: &Area, title: &str, lines: &[(&str, &[OpenSet])]) -> Drawn {
    let most = lines.iter().flat_map(|(_, points)| *points).map(|point| point.enrolled).max().unwrap_or(10);
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 24))
        .margin(16)
        .margin_right(40)
        .x_label_area_size(50)
        .y_label_area_size(90)
        .build_cartesian_2d((1.0..(most as f64 * 1.2)).log_scale(), (LEAST..1.0).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("people enrolled")
        .y_desc("strangers let in (share of their pictures)")
        .x_label_formatter(&|count| format!("{count:.0}"))
        .y_label_formatter(&|rate| format!("1 in {:.0}", 1.0 / rate))
        .label_style((FONT, 15))
        .draw()?;
    for (index, (name, points)) in lines.iter().enumerate() {
        let colour = Palette99::pick(index).stroke_width(2);
        let at = |point: &OpenSet| (point.enrolled as f64, point.false_positive.max(LEAST));
        chart
            .draw_series(LineSeries::new(points.iter().map(at), colour).point_size(4))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 24, y)], colour));
    }
    legend(&mut chart, SeriesLabelPosition::UpperLeft)
}
