//! The course of a training: loss, share of active triplets, errors on unseen people.

use std::path::Path;

use plots::{Area, BLUE, Drawn, FONT, GREEN, ORANGE, legend};
use plotters::prelude::*;

use super::draw;
use crate::Error;
use crate::run::{StepRow, ValidationRow};

/// Points of a curve; more steps are averaged.
const POINTS: usize = 300;

/// Draws the log of a training into the PNG file at `path`.
///
/// # Errors
/// [`Error::Plot`].
pub fn curves(
    path: &Path,
    title: &str,
    steps: &[StepRow],
    validations: &[ValidationRow],
) -> Result<(), Error> {
    let loss = smoothed(steps, POINTS, |row| Some(row.loss));
    let active = smoothed(steps, POINTS, |row| row.triplets.map(|triplets| triplets.active));
    let errors: Vec<(f64, f64)> =
        validations.iter().map(|row| (row.done as f64, row.equal_error_rate)).collect();
    let last = steps.last().map_or(1.0, |row| row.done as f64);
    draw(path, (1000, 760), |area| {
        let area = area.titled(title, (FONT, 24))?;
        let (upper, lower) = area.split_vertically(360);
        let series = |name: &str, colour, points| Series { name: name.into(), colour, points };
        panel(&upper, last, "loss", &[series("loss, mean over some steps", BLUE, loss)])?;
        let shares = [
            series("share of active triplets", ORANGE, active),
            series("equal error rate, unseen people", GREEN, errors),
        ];
        panel(&lower, last, "share", &shares)
    })
}

/// A curve by the number of steps.
pub(super) struct Series {
    pub name: String,
    pub colour: RGBColor,
    pub points: Vec<(f64, f64)>,
}

/// Means of what `value` gives of the steps, in so many points at the most.
pub(super) fn smoothed(
    steps: &[StepRow],
    points: usize,
    value: impl Fn(&StepRow) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let some = steps.chunks(steps.len().div_ceil(points).max(1));
    some.filter_map(|rows| {
        let values: Vec<f64> = rows.iter().filter_map(&value).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        Some((rows.last()?.done as f64, mean)).filter(|_| !values.is_empty())
    })
    .collect()
}

pub(super) fn panel(area: &Area, last: f64, unit: &str, all: &[Series]) -> Drawn {
    let greatest = all.iter().flat_map(|series| &series.points).map(|point| point.1).fold(0.0, f64::max);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(30)
        .x_label_area_size(44)
        .y_label_area_size(70)
        .build_cartesian_2d(0.0..last.max(1.0), 0.0..(greatest * 1.3).max(1e-3))?;
    chart
        .configure_mesh()
        .x_desc("steps")
        .y_desc(unit)
        .label_style((FONT, 15))
        .x_label_formatter(&|step| format!("{step:.0}"))
        .light_line_style(WHITE)
        .draw()?;
    for Series { name, colour, points } in all.iter().filter(|series| !series.points.is_empty()) {
        let style = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(points.iter().copied(), style))?
            .label(name)
            .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 24, y)], style));
    }
    legend(&mut chart, SeriesLabelPosition::LowerLeft)
}
