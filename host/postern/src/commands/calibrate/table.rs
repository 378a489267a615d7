//! A calibration table as images, manifests and people have it.

use std::io::{self, Write};

use compiler::{CalibrationRecord, basis};
use eval::{Basis, CalibrationPoint};
use schemars::JsonSchema;
use serde::Serialize;

/// The table as an image has it.
pub fn records(points: &[CalibrationPoint]) -> Vec<CalibrationRecord> {
    let record = |point: &CalibrationPoint| CalibrationRecord {
        one_in: point.one_in,
        threshold: point.threshold,
        estimate: point.estimate,
        basis: match point.basis {
            Basis::Measured => basis::MEASURED,
            Basis::Modelled => basis::MODELLED,
        },
    };
    points.iter().map(record).collect()
}

/// The table as a manifest has it.
pub fn rows(points: &[CalibrationPoint]) -> Vec<models::CalibrationPoint> {
    let row = |point: &CalibrationPoint| models::CalibrationPoint {
        one_in: point.one_in,
        threshold: point.threshold,
        estimate: point.estimate,
        basis: match point.basis {
            Basis::Measured => models::Basis::Measured,
            Basis::Modelled => models::Basis::Modelled,
        },
    };
    points.iter().map(row).collect()
}

/// A row of the calibration table in an encoder's image.
#[derive(JsonSchema, Serialize)]
pub struct Row {
    /// The rate is at most one in this many comparisons of different people.
    pub one_in: u32,
    /// The threshold: the upper end of the band.
    #[schemars(extend("unit" = "1/32768"))]
    pub threshold: i32,
    /// The estimate within the band.
    #[schemars(extend("unit" = "1/32768"))]
    pub estimate: i32,
    /// How it is known: `measured`, `modelled` or `unproven`.
    pub basis: &'static str,
}

impl Row {
    /// This row of an image.
    pub fn of(record: CalibrationRecord) -> Self {
        let basis = match record.basis {
            basis::MEASURED => "measured",
            basis::MODELLED => "modelled",
            _ => "unproven",
        };
        Self { one_in: record.one_in, threshold: record.threshold, estimate: record.estimate, basis }
    }
}

/// Writes the rows for people.
pub fn print(rows: &[Row], out: &mut dyn Write) -> io::Result<()> {
    for Row { one_in, threshold, estimate, basis } in rows {
        let [threshold, estimate] = [threshold, estimate].map(|score| f64::from(*score) / 32768.0);
        let known = match *basis {
            "unproven" => "unproven: `postern calibrate` measures it".to_owned(),
            basis => format!("{basis}, upper end of the 95 % band; estimate {estimate:.3}"),
        };
        writeln!(out, "threshold      {threshold:.3} for at most one false match in {one_in} ({known})")?;
    }
    Ok(())
}
