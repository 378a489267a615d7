//! Draws how often the members of groups pass for each other.

use std::path::Path;

use plots::{Area, Drawn, FONT};
use plotters::prelude::*;

use super::to_file;
use crate::{Error, GroupRate};

/// Draws, for each group that `one_in` can be told of, how many times the rate of all strangers its rate is.
///
/// # Errors
/// [`Error::Plot`] if the file cannot be written.
pub fn plot_groups(path: &Path, title: &str, groups: &[GroupRate], one_in: u32) -> Result<(), Error> {
    to_file(path, |area| draw(area, title, groups, one_in))
}

fn draw(area: &Area, title: &str, groups: &[GroupRate], one_in: u32) -> Drawn {
    let bars: Vec<(String, f64, &str)> = groups
        .iter()
        .filter_map(|group| {
            Some((format!("{}: {}", group.column, group.group), group.times(one_in)?, &*group.column))
        })
        .collect();
    let most = bars.iter().map(|bar| bar.1).fold(2.0, f64::max) * 1.3;
    let least = bars.iter().map(|bar| bar.1).fold(0.5, f64::min) / 1.3;
    let count = bars.len().max(1) as i32;
    let mut chart = ChartBuilder::on(area)
        .caption(title, (FONT, 24))
        .margin(16)
        .margin_right(60)
        .x_label_area_size(50)
        .y_label_area_size(260)
        .build_cartesian_2d((least..most).log_scale(), (0..(count - 1).max(1)).into_segmented())?;
    let name = |at: &SegmentValue<i32>| match at {
        SegmentValue::CenterOf(at) => {
            bars.get((count - 1 - at) as usize).map_or_else(String::new, |bar| bar.0.clone())
        }
        _ => String::new(),
    };
    chart
        .configure_mesh()
        .x_desc(format!(
            "false matches within the group, times those of all strangers (threshold for 1 in {one_in})"
        ))
        .x_label_formatter(&|times| format!("{times:.1}"))
        .y_label_formatter(&name)
        .y_labels(count as usize)
        .disable_y_mesh()
        .light_line_style(TRANSPARENT)
        .label_style((FONT, 14))
        .draw()?;
    let mut columns: Vec<&str> = bars.iter().map(|bar| bar.2).collect();
    columns.dedup();
    let bar = |(at, (_, times, column)): (usize, &(String, f64, &str))| {
        let row = count - 1 - at as i32;
        let corners =
            [(times.min(1.0), SegmentValue::Exact(row)), (times.max(1.0), SegmentValue::Exact(row + 1))];
        let colour = Palette99::pick(columns.iter().position(|one| one == column).unwrap_or_default());
        let mut bar = Rectangle::new(corners, colour.mix(0.7).filled());
        bar.set_margin(2, 2, 0, 0);
        bar
    };
    chart.draw_series(bars.iter().enumerate().map(bar))?;
    let text = |(at, (_, times, _)): (usize, &(String, f64, &str))| {
        let row = SegmentValue::CenterOf(count - 1 - at as i32);
        Text::new(format!("{times:.1}"), (times.max(1.0) * 1.02, row), (FONT, 14))
    };
    chart.draw_series(bars.iter().enumerate().map(text))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RateAt;

    #[test]
    fn groups_of_any_rate_are_drawn() {
        let group = |name: &str, times| GroupRate {
            column: "age".into(),
            group: name.into(),
            people: 9,
            comparisons: 36,
            rates: vec![RateAt { one_in: 100, matches: 40, times }],
        };
        let groups = [group("young", Some(3.2)), group("old", Some(0.4)), group("few", None)];
        let folder = tempfile::tempdir().expect("a folder");
        for some in [&groups[..], &groups[..1], &groups[2..], &[]] {
            plot_groups(&folder.path().join("groups.png"), "Groups", some, 100).expect("drawn");
        }
    }
}
