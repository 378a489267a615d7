//! The door at one threshold, and the interval of a rate.

use schemars::JsonSchema;
use serde::Serialize;

/// The door at one threshold.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct OperatingPoint {
    /// The false-match rate asked for.
    pub fmr: f64,
    /// Share of genuine comparisons at or above the threshold. `null` where fewer than ten impostors lie beyond, so
    /// that the pictures cannot tell.
    pub tar: Option<f64>,
    /// 95 % interval of that share, from drawing the people again. `null` if the pictures cannot tell.
    pub interval: Option<Interval>,
    /// The cosine from which two pictures are held to show one person. `null` if the pictures cannot tell.
    pub threshold: Option<f64>,
}

/// A 95 % interval: the 2.5th to the 97.5th percentile of the draws.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}
