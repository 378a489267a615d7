//! The threshold of an encoder for a false-accept rate.
//!
//! An encoder's image has a table of thresholds and their false-match rates: at the threshold of a row,
//! one comparison of two different people in `one_in` is a (false) match. Rate and threshold both rise
//! from row to row. Each row says whether it was measured or modelled, see [`Basis`]. Between rows the threshold is
//! interpolated linearly in `log2(one_in)`, because the tail of impostor scores falls off nearly exponentially. It is
//! known no better than the stricter of the two rows.
//!
//! Beyond the last row nothing is promised: [`Basis::Unproven`]. The threshold goes on along a straight line in
//! `log2(one_in)`, which is never less steep than the steeper one of the last two segments, nor than [`LEAST_RISE`]. So it
//! never stays while the gallery grows.
//!
//! A search of `N` templates is `N` comparisons, each of which may falsely match. Its false-positive
//! identification rate is `1 - (1 - FMR)^N`, which is at most `N * FMR` and close to it (ISO/IEC
//! 19795-1). So each comparison gets the required rate divided by `N`.

use crate::{CosineScore, Error};

/// How a threshold is known. The better comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Basis {
    /// Enough false matches were counted.
    Measured,
    /// The tail of the impostor scores was fitted and continued, at the upper end of its band.
    Modelled,
    /// The table does not tell: nothing bears out that the rate is kept.
    Unproven,
}

/// One row: at this threshold, one comparison of different people in `one_in` matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CalibrationPoint {
    /// The false-match rate, as its inverse: 10,000 is 1 in 10,000.
    pub one_in: u32,
    /// The score from which two templates count as one person.
    pub threshold: CosineScore,
    /// How it is known.
    pub basis: Basis,
}

/// A threshold and how it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Threshold {
    /// The score from which two templates count as one person.
    pub similarity: CosineScore,
    /// How it is known.
    pub basis: Basis,
}

/// The least rise of a threshold beyond the table for each halving of the rate, Q15: a table whose last rows are level
/// would otherwise stop it.
pub const LEAST_RISE: i32 = 256;

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
            // A rate that is laxer than the first row gets the first row's threshold.
            let Some(from) = below else {
                return Threshold { similarity: point.threshold, basis: point.basis };
            };
            let start = log2_q16(u64::from(from.one_in));
            // Rounded up: a threshold is never laxer than the straight line. `at > start`, as
            // rates rise and `asked` lies between; differences of i32 fit 33 bits.
            let rise = i64::from(point.threshold.0) - i64::from(from.threshold.0);
            let width = i64::from(at - start).max(1);
            let step = (rise * i64::from(asked - start) + width - 1) / width;
            let similarity = CosineScore((i64::from(from.threshold.0) + step) as i32);
            // Rates that differ by less than the logarithm resolves find the laxer row first: so the worse of both.
            return Threshold { similarity, basis: point.basis.max(from.basis) };
        }
        let similarity = below.map_or(CosineScore::ONE, |last| self.beyond(last, asked));
        Threshold { similarity, basis: Basis::Unproven }
    }

    /// The threshold for a rate beyond the `last` row, given as `log2(one_in)` in Q16. It rises with the rate.
    fn beyond(&self, last: &CalibrationPoint, asked: u32) -> CosineScore {
        let tail = self.points.get(self.points.len().saturating_sub(3)..).unwrap_or_default();
        let rises = tail.windows(2).map(|pair| match pair {
            [a, b] => {
                let rise = i64::from(b.threshold.0) - i64::from(a.threshold.0);
                let width = log2_q16(u64::from(b.one_in)) - log2_q16(u64::from(a.one_in));
                // Q15 for each halving, rounded up; the rates differ, so that the width is rarely zero.
                (rise << 16).div_euclid(i64::from(width).max(1)) + 1
            }
            _ => 0,
        });
        let rise = rises.max().unwrap_or_default().max(LEAST_RISE.into());
        let halvings = i64::from(asked.saturating_sub(log2_q16(u64::from(last.one_in)))) + 1;
        // Both factors are below 2^48 and 2^22 at worst: saturating, the result is the cap.
        let step = (rise.saturating_mul(halvings) >> 16).saturating_add(1);
        let similarity = i64::from(last.threshold.0).saturating_add(step).min(CosineScore::ONE.0.into());
        CosineScore((similarity as i32).max(last.threshold.0))
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
    extern crate std;
    use super::*;
    use proptest::prelude::*;

    const fn row(one_in: u32, threshold: i32, basis: Basis) -> CalibrationPoint {
        CalibrationPoint { one_in, threshold: CosineScore(threshold), basis }
    }

    const TABLE: [CalibrationPoint; 3] = [
        row(100, 8000, Basis::Measured),
        row(10_000, 12_000, Basis::Measured),
        row(1_000_000, 15_000, Basis::Modelled),
    ];

    fn threshold(one_in: u32, templates: u32) -> Threshold {
        Calibration::new(&TABLE).unwrap().threshold(one_in, templates)
    }

    #[test]
    fn rows_are_met_and_between_them_the_logarithm_decides() {
        let of = |q, basis| Threshold { similarity: CosineScore(q), basis };
        // Laxer than the table: the first row.
        assert_eq!(threshold(0, 0), of(8000, Basis::Measured));
        assert_eq!(threshold(100, 1), of(8000, Basis::Measured));
        assert_eq!(threshold(10_000, 1), of(12_000, Basis::Measured));
        assert_eq!(threshold(1_000, 1), of(10_000, Basis::Measured));
        assert_eq!(threshold(1_000, 10), of(12_000, Basis::Measured));
        // Between a measured and a modelled row, it is modelled.
        assert_eq!(threshold(1_000, 11).basis, Basis::Modelled);
        assert_eq!(threshold(100_000, 1), of(13_500, Basis::Modelled));
        assert_eq!(threshold(1_000_000, 1), of(15_000, Basis::Modelled));
    }

    #[test]
    fn beyond_the_table_nothing_is_proven() {
        // The steeper segment rises 4000 in 6.64 halvings: 602 in one.
        let beyond = |q| Threshold { similarity: CosineScore(q), basis: Basis::Unproven };
        assert_eq!(threshold(1_000_000, 2), beyond(15_604));
        assert_eq!(threshold(u32::MAX, u32::MAX), beyond(CosineScore::ONE.0));
    }

    #[test]
    fn tables_that_do_not_rise_are_refused() {
        assert!(matches!(Calibration::new(&[]), Err(Error::Calibration)));
        assert!(Calibration::new(&[TABLE[1], TABLE[0]]).is_err());
        assert!(Calibration::new(&[TABLE[0], TABLE[0]]).is_err());
        let zero = row(0, 0, Basis::Measured);
        assert!(Calibration::new(&[zero, TABLE[0]]).is_err());
    }

    /// The tables of encoders that are shipped, a level one, and one with a single row.
    const SHIPPED: [&[(u32, i32)]; 4] = [
        &[(10, 9018), (100, 12334), (1000, 14721), (10_000, 16849), (100_000, 18767), (1_000_000, 20749)],
        &[(10, 6869), (100, 9856), (1000, 12038), (10_000, 13841), (100_000, 15457), (1_000_000, 17507)],
        &[(100, 9000), (1000, 9000), (10_000, 9000)],
        &[(1000, 12_000)],
    ];

    #[test]
    fn the_threshold_never_stays_while_the_gallery_grows() {
        for table in SHIPPED {
            let point = |&(one_in, q): &(u32, i32)| row(one_in, q, Basis::Measured);
            let points: std::vec::Vec<_> = table.iter().map(point).collect();
            let calibration = Calibration::new(&points).unwrap();
            let last = points.last().unwrap();
            // The score that the model takes for each halving, beside the integers.
            let slopes = points.windows(2).rev().take(2).map(|pair| {
                let rise = f64::from(pair[1].threshold.0 - pair[0].threshold.0);
                rise / (f64::from(pair[1].one_in) / f64::from(pair[0].one_in)).log2()
            });
            let slope = slopes.fold(f64::from(LEAST_RISE), f64::max);
            for promised in [100, 1000, 10_000, 100_000, 1_000_000] {
                let of = |templates| calibration.threshold(promised, templates);
                for n in 1..=1024 {
                    let Threshold { similarity, basis } = of(n);
                    assert!(of(n + 1).similarity >= similarity, "{promised}, {n} templates");
                    let asked = f64::from(promised) * f64::from(n);
                    assert_eq!(basis == Basis::Unproven, asked > f64::from(last.one_in));
                    if basis != Basis::Unproven || similarity == CosineScore::ONE {
                        continue;
                    }
                    assert!(of(2 * n).similarity > similarity, "{promised}, {n} templates");
                    // The modelled rate of one comparison at this threshold, times the comparisons.
                    let halvings = f64::from(similarity.0 - last.threshold.0) / slope;
                    let rate = f64::from(n) / (f64::from(last.one_in) * halvings.exp2());
                    assert!(rate * f64::from(promised) <= 1.0, "{promised}, {n} templates: {rate}");
                }
            }
        }
    }

    #[test]
    fn galleries_of_200_and_1024_templates_are_not_promised_what_the_table_does_not_reach() {
        // A review found these galleries at 1 stranger in 5,000 and in 977, for 1 in 10,000.
        let short: std::vec::Vec<_> =
            SHIPPED[0].iter().map(|&(one_in, q)| row(one_in, q, Basis::Measured)).collect();
        let mut long = short.clone();
        long.push(row(10_000_000, 22_600, Basis::Measured));
        long.push(row(100_000_000, 24_300, Basis::Modelled));
        let [short, long] = [&short, &long].map(|rows| Calibration::new(rows).unwrap());
        assert_eq!(short.threshold(10_000, 100).basis, Basis::Measured);
        for (templates, basis) in [(200, Basis::Measured), (1024, Basis::Modelled)] {
            assert_eq!(short.threshold(10_000, templates).basis, Basis::Unproven);
            assert_eq!(long.threshold(10_000, templates).basis, basis);
        }
        let at = |templates| long.threshold(10_000, templates).similarity;
        assert!(at(100) < at(200) && at(200) < at(1024));
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

        #[test]
        fn whatever_the_table_the_threshold_rises_with_strictness_and_gallery_and_is_known_no_better(
            steps in proptest::collection::vec((1u32..1000, 0i32..3000), 1..12),
            measured in 0usize..12,
            rates in (any::<u32>(), any::<u32>()),
            templates in (0u32..20_000, 0u32..20_000),
        ) {
            let (mut one_in, mut q) = (0u32, 0);
            let rows: std::vec::Vec<_> = steps.iter().enumerate().map(|(at, (factor, rise))| {
                one_in = one_in.saturating_mul(*factor).saturating_add(1 + at as u32).min(u32::MAX - 100 + at as u32);
                q += rise;
                row(one_in, q, if at < measured { Basis::Measured } else { Basis::Modelled })
            }).collect();
            let table = Calibration::new(&rows).unwrap();
            let lax = table.threshold(rates.0.min(rates.1), templates.0.min(templates.1));
            let strict = table.threshold(rates.0.max(rates.1), templates.0.max(templates.1));
            prop_assert!(lax.similarity <= strict.similarity, "{lax:?} {strict:?}");
            prop_assert!(lax.basis <= strict.basis, "{lax:?} {strict:?}");
        }
    }
}
