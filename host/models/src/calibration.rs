//! Writes an encoder's thresholds into its manifest, where the compiler reads them.

use std::fmt::Write;
use std::path::PathBuf;

use crate::store::write;
use crate::{CalibrationPoint, Result, Store};

/// This module writes everything from this line on.
const MARK: &str = "# Measured by `postern eval pairs --write-calibration`";

/// A threshold and how it was found.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The threshold.
    pub point: CalibrationPoint,
    /// Whether it was extrapolated from thresholds at higher rates.
    pub extrapolated: bool,
}

/// Writes `points` into the manifest of the model `name`, with a comment on their `origin`, and returns its path.
///
/// # Errors
/// [`Error::UnknownModel`](crate::Error::UnknownModel), [`Error::File`](crate::Error::File).
pub fn save(name: &str, points: &[Measured], origin: &str) -> Result<PathBuf> {
    let store = Store::find();
    let manifest = store.manifest_text(name)?;
    let path = store.manifest_path(name);
    write(&path, with_table(&manifest, points, origin).as_bytes())?;
    Ok(path)
}

/// The manifest with its table replaced.
fn with_table(manifest: &str, points: &[Measured], origin: &str) -> String {
    let kept = manifest.split(MARK).next().unwrap_or_default().trim_end();
    let mut text = format!(
        "{kept}\n\n{MARK} on {origin}:\n# thresholds (Q15) from which one comparison of different people in `one_in` matches.\n[calibration]\npoints = [\n"
    );
    for Measured { point, extrapolated } in points {
        let note = if *extrapolated { " # extrapolated" } else { "" };
        // A write to a String cannot fail.
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
        let point = |one_in, threshold| Measured {
            point: CalibrationPoint { one_in, threshold },
            extrapolated: one_in > 100,
        };
        let once = with_table("name = \"x\"\n", &[point(10, 5000)], "7 comparisons");
        let twice = with_table(&once, &[point(100, 6000), point(1000, 7000)], "8 comparisons");
        assert!(twice.starts_with("name = \"x\"\n\n# Measured") && !twice.contains("5000"));
        let parsed: toml::Table = toml::from_str(&twice).unwrap();
        let points = parsed["calibration"]["points"].as_array().unwrap();
        assert_eq!(points[1]["threshold"].as_integer(), Some(7000));
    }
}
