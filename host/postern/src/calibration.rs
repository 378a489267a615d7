//! Writes an encoder's thresholds into its manifest, from where the compiler takes them.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::Context;
use eval::{CalibrationPoint, Comparison};

use crate::models;

/// Everything from this line on is written by this module.
const MARK: &str = "# Measured by `postern eval pairs --write-calibration`";

/// Puts `points` into the manifest of the model `name`, and returns its path.
pub fn write(
    name: &str,
    points: &[CalibrationPoint],
    measured: &Comparison,
    pictures: usize,
) -> anyhow::Result<PathBuf> {
    let path = models::manifest_path(name)?;
    let manifest = std::fs::read_to_string(&path)
        .with_context(|| format!("{name} has no manifest to write to: {}", path.display()))?;
    let origin = format!("{} comparisons of two people in {pictures} pictures", measured.impostor_count());
    std::fs::write(&path, with_table(&manifest, points, &origin))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// The manifest with its table replaced.
fn with_table(manifest: &str, points: &[CalibrationPoint], origin: &str) -> String {
    let kept = manifest.split(MARK).next().unwrap_or_default().trim_end();
    let mut text = format!(
        "{kept}\n\n{MARK} on {origin}:\n# thresholds (Q15) from which one comparison of different people in `one_in` matches.\n[calibration]\npoints = [\n"
    );
    for point in points {
        let note = if point.extrapolated { " # extrapolated" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "    {{ one_in = {}, threshold = {} }},{note}", point.one_in, point.threshold);
    }
    text.push_str("]\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_replaced_and_the_rest_is_kept() {
        let point = |one_in, threshold| CalibrationPoint { one_in, threshold, extrapolated: one_in > 100 };
        let once = with_table("name = \"x\"\n", &[point(10, 5000)], "7 comparisons");
        let twice = with_table(&once, &[point(100, 6000), point(1000, 7000)], "8 comparisons");
        assert!(twice.starts_with("name = \"x\"\n\n# Measured") && !twice.contains("5000"));
        let parsed: toml::Table = toml::from_str(&twice).unwrap();
        let points = parsed["calibration"]["points"].as_array().unwrap();
        assert_eq!(points[1]["threshold"].as_integer(), Some(7000));
    }
}
