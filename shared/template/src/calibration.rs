//! The threshold of an encoder for a false-accept rate.
//!
//! An encoder's image has a table of thresholds and their false-match rates: at the threshold of a row,
//! one comparison of two different people in `one_in` is a (false) match. Rate and threshold both rise
//! from row to row. Between rows the threshold is interpolated linearly in `log2(one_in)`, because the
//! tail of impostor scores falls off nearly exponentially.
//!
//! A search of `N` templates is `N` comparisons, each of which may falsely match. Its false-positive
//! identification rate is `1 - (1 - FMR)^N`, which is at most `N * FMR` and close to it (ISO/IEC
//! 19795-1). So each comparison gets the required rate divided by `N`.

use crate::{CosineScore, Error};

/// One row: at this threshold, one comparison of different people in `one_in` matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CalibrationPoint {
    /// The false-match rate, as its inverse: 10,000 is 1 in 10,000.
    pub one_in: u32,
    /// The score from which two templates count as one person.
    pub threshold: CosineScore,
}

/// Whether the table covers the required rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Coverage {
    /// The rate lies within the table: the threshold is interpolated.
    Within,
    /// The rate is laxer than the first row. The first row's stricter threshold is used.
    BelowTable,
    /// The rate is stricter than the last row. The last row's threshold is used, and the required
    /// rate is **not** guaranteed.
    BeyondTable,
}

/// A threshold and how it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Threshold {
    /// The score from which two templates count as one person.
    pub similarity: CosineScore,
    /// Whether the table covers the rate.
    pub coverage: Coverage,
}

/// An encoder's table of thresholds, checked to be non-empty and rising.
#[derive(Debug, Clone, Copy)]
pub struct Calibration<'a> {
    points: &'a [CalibrationPoint],
}

impl<'a> Calibration<'a> {
    /// Checks a table.
    ///
    /// # Errors
    /// [`Error::Calibration`] if it is empty, a rate is zero or does not rise strictly, or a
    /// threshold falls.
    pub fn new(points: &'a [CalibrationPoint]) -> Result<Self, Error> {
        let rises = points.windows(2).all(|pair| match pair {
            [a, b] => a.one_in < b.one_in && a.threshold <= b.threshold,
            _ => true,
        });
        match points.first() {
            Some(first) if first.one_in > 0 && rises => Ok(Self { points }),
            _ => Err(Error::Calibration),
        }
    }

    /// The rows.
    pub fn points(&self) -> &'a [CalibrationPoint] {
        self.points
    }

    /// The threshold at which a search of `templates` templates falsely accepts one stranger in
    /// `one_in`. For a 1:1 verification, `templates` is the number of that person's templates. Zero
    /// counts as one in both arguments.
    pub fn threshold(&self, one_in: u32, templates: u32) -> Threshold {
        let asked = log2_q16(u64::from(one_in.max(1)) * u64::from(templates.max(1)));
        let mut below: Option<&CalibrationPoint> = None;
        for point in self.points {
            let at = log2_q16(u64::from(point.one_in));
            if asked > at {
                below = Some(point);
                continue;
            }
            let Some(from) = below else {
                let coverage = if asked == at { Coverage::Within } else { Coverage::BelowTable };
                return Threshold { similarity: point.threshold, coverage };
            };
            let start = log2_q16(u64::from(from.one_in));
            // Rounded up: a threshold is never laxer than the straight line. `at > start`, as
            // rates rise and `asked` lies between; differences of i32 fit 33 bits.
            let rise = i64::from(point.threshold.0) - i64::from(from.threshold.0);
            let width = i64::from(at - start).max(1);
            let step = (rise * i64::from(asked - start) + width - 1) / width;
            let similarity = CosineScore((i64::from(from.threshold.0) + step) as i32);
            return Threshold { similarity, coverage: Coverage::Within };
        }
        let similarity = below.map_or(CosineScore::ONE, |point| point.threshold);
        Threshold { similarity, coverage: Coverage::BeyondTable }
    }
}

/// The base-two logarithm of `x >= 1` in Q16, rounded down, by squaring a Q31 mantissa.
fn log2_q16(x: u64) -> u32 {
    let whole = x.max(1).ilog2();
    // The mantissa lies in 1..2, as Q31.
    let mut mantissa = if whole > 31 { x >> (whole - 31) } else { x << (31 - whole) };
    let mut fraction = 0;
    for bit in (0..16).rev() {
        mantissa = (mantissa * mantissa) >> 31;
        if mantissa >= 1 << 32 {
            mantissa >>= 1;
            fraction |= 1 << bit;
        }
    }
    (whole << 16) | fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TABLE: [CalibrationPoint; 3] = [
        CalibrationPoint { one_in: 100, threshold: CosineScore(8000) },
        CalibrationPoint { one_in: 10_000, threshold: CosineScore(12_000) },
        CalibrationPoint { one_in: 1_000_000, threshold: CosineScore(15_000) },
    ];

    fn threshold(one_in: u32, templates: u32) -> Threshold {
        Calibration::new(&TABLE).unwrap().threshold(one_in, templates)
    }

    #[test]
    fn rows_are_met_and_between_them_the_logarithm_decides() {
        let within = |q| Threshold { similarity: CosineScore(q), coverage: Coverage::Within };
        assert_eq!(threshold(100, 1), within(8000));
        assert_eq!(threshold(10_000, 1), within(12_000));
        assert_eq!(threshold(1_000, 1), within(10_000));
        assert_eq!(threshold(1_000, 10), within(12_000));
        assert_eq!(threshold(100_000, 1), within(13_500));
        assert_eq!(threshold(1_000_000, 1), within(15_000));
    }

    #[test]
    fn beyond_the_table_it_says_so() {
        let beyond = Threshold { similarity: CosineScore(15_000), coverage: Coverage::BeyondTable };
        assert_eq!(threshold(1_000_000, 2), beyond);
        assert_eq!(threshold(u32::MAX, u32::MAX), beyond);
        let below = Threshold { similarity: CosineScore(8000), coverage: Coverage::BelowTable };
        assert_eq!(threshold(0, 0), below);
    }

    #[test]
    fn tables_that_do_not_rise_are_refused() {
        assert!(matches!(Calibration::new(&[]), Err(Error::Calibration)));
        assert!(Calibration::new(&[TABLE[1], TABLE[0]]).is_err());
        assert!(Calibration::new(&[TABLE[0], TABLE[0]]).is_err());
        let zero = CalibrationPoint { one_in: 0, threshold: CosineScore(0) };
        assert!(Calibration::new(&[zero, TABLE[0]]).is_err());
    }

    proptest! {
        #[test]
        fn logarithm_is_right(x in 1u64..) {
            let found = f64::from(log2_q16(x)) / 65536.0;
            prop_assert!((found - (x as f64).log2()).abs() < 1e-4);
        }

        #[test]
        fn stricter_rates_never_lower_the_threshold(a in any::<u32>(), b in any::<u32>(), n in any::<u32>()) {
            let (lax, strict) = (a.min(b), a.max(b));
            prop_assert!(threshold(lax, n).similarity <= threshold(strict, n).similarity);
        }
    }
}
