//! How often an encoder errs, as far as a computer knows.

/// A row of an encoder's calibration table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CalibrationRow {
    /// The rate: one comparison of two people in this many matches.
    pub one_in: u32,
    /// The threshold, Q15: the upper end of its 95 % band.
    pub threshold: i32,
    /// The estimate of the threshold, Q15.
    pub estimate: i32,
    /// Whether it was counted; else it was modelled.
    pub measured: bool,
}

/// What this computer knows of how often the board's encoder errs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Errors {
    /// Its calibration table; empty if its image is not here.
    pub rows: Vec<CalibrationRow>,
    /// The share of pairs of pictures of one person below a threshold (Q15), in rising order; empty if nobody measured it.
    pub misses: Vec<(i32, f64)>,
    /// What the misses were measured on.
    pub of: String,
}

impl Errors {
    /// The share of pairs of pictures of one person that a threshold refuses. `None` where it was not measured.
    #[must_use]
    pub fn missed(&self, threshold: i32) -> Option<f64> {
        let after = self.misses.partition_point(|(at, _)| *at < threshold);
        let (next, share) = *self.misses.get(after)?;
        if next == threshold {
            return Some(share);
        }
        let (last, before) = *self.misses.get(after.checked_sub(1)?)?;
        Some(before + f64::from(threshold - last) / f64::from(next - last) * (share - before))
    }
}
