//! The door at one threshold, and the interval of a rate.

use serde::Serialize;

/// The door at one threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperatingPoint {
    /// The false-match rate asked for.
    pub fmr: f64,
    /// Share of genuine comparisons at or above the threshold; nothing where fewer than ten
    /// impostors lie beyond, so that the pictures cannot tell.
    pub tar: Option<f64>,
    /// 95 % interval of it, from drawing the people again.
    pub interval: Option<Interval>,
    /// The cosine from which two pictures are held to show one person.
    pub threshold: Option<f64>,
}

/// A 95 % interval: the 2.5th to the 97.5th percentile of the draws.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}
