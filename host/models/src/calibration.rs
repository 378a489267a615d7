//! Writes an encoder's thresholds into its manifest, where the compiler reads them.

use std::fmt::Write;
use std::path::PathBuf;

use crate::store::write;
use crate::{CalibrationPoint, Miss, Misses, Result, Store, WorstGroup};

/// This module writes everything from this line on.
const MARK: &str = "# Calibration table";

/// Writes `points` and the group with the most false matches into the manifest of the model `name`, with a comment on their
/// `origin`, and returns its path.
///
/// # Errors
/// [`Error::UnknownModel`](crate::Error::UnknownModel), [`Error::File`](crate::Error::File).
pub fn save(
    name: &str,
    points: &[CalibrationPoint],
    worst: Option<&WorstGroup>,
    origin: &str,
) -> Result<PathBuf> {
    let store = Store::find();
    let manifest = store.manifest_text(name)?;
    let path = store.manifest_path(name)?;
    write(&path, with_table(&manifest, points, worst, origin).as_bytes())?;
    Ok(path)
}

/// Begins what [`save_misses`] writes.
const MISSES: &str = "\n# Comparisons of one person";

/// Writes how often pictures of one person do not match into the manifest of the model `name`, and returns its path. The next
/// [`save`] drops it.
///
/// # Errors
/// [`Error::UnknownModel`](crate::Error::UnknownModel), [`Error::File`](crate::Error::File).
pub fn save_misses(name: &str, misses: &Misses) -> Result<PathBuf> {
    let store = Store::find();
    let manifest = store.manifest_text(name)?;
    let path = store.manifest_path(name)?;
    write(&path, with_misses(&manifest, misses).as_bytes())?;
    Ok(path)
}

/// The manifest with its misses replaced.
fn with_misses(manifest: &str, misses: &Misses) -> String {
    let kept = manifest.split(MISSES).next().unwrap_or_default().trim_end();
    let point = |Miss { threshold, share }: &Miss| {
        format!("    {{ threshold = {threshold}, share = {share:.4} }},\n")
    };
    let points: String = misses.points.iter().map(point).collect();
    format!(
        "{kept}\n{MISSES}: the share below a threshold.\n[calibration.misses]\nof = {:?}\npoints = [\n{points}]\n",
        misses.of
    )
}

/// A table as a manifest has it, with a comment on its `origin`.
pub fn table(points: &[CalibrationPoint], origin: &str) -> String {
    let mut text = format!(
        "{MARK}: {origin}.\n\
         # At `threshold` (Q15), at most one in `one_in` comparisons of different people matches: it is the upper end of a\n\
         # 95 % band around `estimate`. A measured row has at least ten false matches at its threshold. A modelled one\n\
         # continues the tail of the scores.\n\
         [calibration]\npoints = [\n"
    );
    for CalibrationPoint { one_in, threshold, estimate, basis } in points {
        let basis = basis.name();
        // A write to a String cannot fail.
        let _ = writeln!(
            text,
            "    {{ one_in = {one_in}, threshold = {threshold}, estimate = {estimate}, basis = {basis:?} }},"
        );
    }
    text.push_str("]\n");
    text
}

/// The manifest with its table replaced.
fn with_table(
    manifest: &str,
    points: &[CalibrationPoint],
    worst: Option<&WorstGroup>,
    origin: &str,
) -> String {
    let kept = manifest.split(MARK).next().unwrap_or_default().trim_end();
    let worst = worst.map_or_else(String::new, |WorstGroup { group, one_in, times }| {
        format!(
            "\n# The group of strangers who pass for each other most often: their rate over that of all strangers, at the\n\
             # threshold for one in `one_in`.\n\
             [calibration.worst_group]\ngroup = {group:?}\none_in = {one_in}\ntimes = {times:.2}\n"
        )
    });
    format!("{kept}\n\n{}{worst}", table(points, origin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Basis, Manifest};

    #[test]
    fn a_table_is_replaced_and_the_rest_is_kept() {
        let point =
            |one_in, threshold, basis| CalibrationPoint { one_in, threshold, estimate: threshold - 9, basis };
        let manifest = "name = \"x\"\nkind = \"encoder\"\n";
        let once = with_table(manifest, &[point(10, 5000, Basis::Measured)], None, "7 comparisons");
        let again = [point(100, 6000, Basis::Measured), point(1000, 7000, Basis::Modelled)];
        let worst = WorstGroup { group: "x \"y\"".into(), one_in: 100, times: 2.5 };
        let twice = with_table(&once, &again, Some(&worst), "8 comparisons");
        assert!(twice.starts_with(&format!("{manifest}\n# Calibration table")) && !twice.contains("5000"));
        let parsed: Manifest = toml::from_str(&twice).unwrap();
        let calibration = parsed.calibration.unwrap();
        assert_eq!(calibration.worst_group, Some(worst));
        let points = calibration.points;
        assert_eq!((points[1].threshold, points[1].estimate), (7000, 6991));
        assert_eq!(
            points.iter().map(|point| point.basis).collect::<Vec<_>>(),
            [Basis::Measured, Basis::Modelled]
        );
    }

    #[test]
    fn misses_are_replaced_and_the_rest_is_kept() {
        let point = CalibrationPoint { one_in: 10, threshold: 5000, estimate: 4000, basis: Basis::Measured };
        let manifest = with_table("name = \"x\"\nkind = \"encoder\"\n", &[point], None, "7 comparisons");
        let misses = |share| Misses {
            of: "pictures".into(),
            points: vec![Miss { threshold: 1000, share: 0.0 }, Miss { threshold: 2000, share }],
        };
        let twice = with_misses(&with_misses(&manifest, &misses(0.5)), &misses(0.25));
        assert!(twice.starts_with(manifest.trim_end()), "{twice}");
        let parsed: Manifest = toml::from_str(&twice).unwrap();
        assert_eq!(parsed.calibration.unwrap().misses, Some(misses(0.25)));
    }

    #[test]
    fn a_row_that_does_not_say_how_it_is_known_is_refused() {
        let old =
            "name = \"x\"\nkind = \"encoder\"\n[calibration]\npoints = [{ one_in = 10, threshold = 5 }]\n";
        assert!(toml::from_str::<Manifest>(old).unwrap_err().to_string().contains("missing field"));
    }
}
