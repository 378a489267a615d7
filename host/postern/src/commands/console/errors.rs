//! What this computer knows of the errors of a board's encoder.

use anyhow::{Context, ensure};
use client::protocol::Hash;
use console::station::{CalibrationRow, Errors};
use sha2::{Digest, Sha256};

use crate::commands::calibrate::table::Row;

/// The calibration table in the image `name`, if it is the one with this hash, and the misses in its manifest.
pub fn of(name: &str, sha256: &Hash) -> anyhow::Result<Errors> {
    let file = models::ImageFile::read(&models::named_image(name)?)?;
    ensure!(Sha256::digest(file.bytes()).as_slice() == sha256, "another image has this name");
    let row = |record| {
        let Row { one_in, threshold, estimate, basis } = Row::of(record);
        CalibrationRow { one_in, threshold, estimate, measured: basis == "measured" }
    };
    let rows = file.model().context("the image is damaged")?.calibration().map(row).collect();
    let known = models::Manifest::read(name).ok().and_then(|manifest| manifest.calibration?.misses);
    let models::Misses { of, points } = known.unwrap_or_default();
    Ok(Errors { rows, misses: points.iter().map(|point| (point.threshold, point.share)).collect(), of })
}
