//! Draws the size of networks against their true-accept rate.

use std::path::Path;

use plots::{Area, Drawn, FONT};
use plotters::prelude::*;

use super::to_file;
use crate::{Error, OperatingPoint};

/// A network of the plot.
pub struct Sized<'a> {
    /// The text beside its point.
    pub name: &'a str,
    /// Its image, in bytes.
    pub bytes: usize,
    /// Its result at the rate of the plot; it is left out without one.
    pub point: &'a OperatingPoint,
}

/// Draws `networks` by size and TAR with intervals. A line joins the Pareto front.
///
/// # Errors
/// [`Error::Plot`] if the file cannot be written.
pub fn plot_sizes(path: &Path, title: &str, networks: &[Sized]) -> Result<(), Error> {
    to_file(path, |area| draw(area, title, networks))
}

fn draw(area: &Area, title: &str, networks: &[Sized]) -> Drawn {
    let mut points: Vec<(f64, f64, &Sized)> = networks
        .iter()
        .filter_map(|network| Some((network.bytes as f64 / 1e6, network.point.tar?, network)))
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0).then(b.1.total_cmp(&a.1)));
    let largest = points.iter().map(|point| point.0).fold(0.1, f64::max);
    let least =
        |(_, tar, network): &(f64, f64, &Sized)| network.point.interval.map_or(*tar, |range| range.low);
    let lowest = points.iter().map(least).fold(1.0, f64::min);
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 24))
        .margin(16)
        .margin_right(40)
        .x_label_area_size(50)
        .y_label_area_size(80)
        .build_cartesian_2d(0.0..largest * 1.25, (lowest - 0.01).max(0.0)..1.0)?;
    let rate = networks.first().map_or(0.0, |network| network.point.fmr);
    chart
        .configure_mesh()
        .x_desc("model image, MB")
        .y_desc(format!("TAR at 1 false match in {:.0}", 1.0 / rate))
        .light_line_style(TRANSPARENT)
        .x_label_formatter(&|size| format!("{size:.1}"))
        .label_style((FONT, 15))
        .draw()?;
    chart.draw_series(LineSeries::new(front(&points), BLACK.mix(0.4)))?;
    for (index, &(size, tar, network)) in points.iter().enumerate() {
        let colour = Palette99::pick(index).stroke_width(2);
        let range = network.point.interval.map_or((tar, tar), |range| (range.low, range.high));
        chart.draw_series([ErrorBar::new_vertical(size, range.0, tar, range.1, colour.filled(), 8)])?;
        // The texts of neighbours alternate between two sides.
        let offset = if index % 2 == 0 { (10, 4) } else { (10, -20) };
        let text = Text::new(network.name.to_owned(), offset, (FONT, 16));
        chart.draw_series([EmptyElement::at((size, tar)) + text])?;
    }
    Ok(())
}

/// The Pareto front: the points with a higher TAR than all smaller networks.
fn front(points: &[(f64, f64, &Sized)]) -> Vec<(f64, f64)> {
    let mut best = f64::NEG_INFINITY;
    let mut front = Vec::new();
    for &(size, tar, _) in points {
        if tar > best {
            best = tar;
            front.push((size, tar));
        }
    }
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_leaves_out_what_is_larger_and_no_better() {
        let point = |tar| OperatingPoint { fmr: 1e-3, tar: Some(tar), interval: None, threshold: None };
        let one = point(0.9);
        let network = Sized { name: "one", bytes: 1, point: &one };
        let points =
            [(0.2, 0.8, &network), (0.4, 0.9, &network), (0.5, 0.85, &network), (1.0, 0.95, &network)];
        assert_eq!(front(&points), [(0.2, 0.8), (0.4, 0.9), (1.0, 0.95)]);
        let folder = std::env::temp_dir().join(format!("sizes-{}.png", std::process::id()));
        plot_sizes(&folder, "Size", &[network]).expect("drawn");
        std::fs::remove_file(folder).expect("it was drawn");
    }
}
