//! A face template: an embedding scaled to constant length and rounded to int8.
//!
//! Values are `round(e_i * 32 * sqrt(d) / |e|)`, halves away from zero, clipped to +-127. At this
//! scale the values of an embedding have a standard deviation of 32, whatever its dimension, so
//! that clipping touches only values beyond four standard deviations. As `d` is a power of two the
//! cosine is then a dot product and a shift: `dot * 32 / d` in Q15.

use core::fmt;

use crate::{CosineScore, Error};

/// The smallest dimension of a template.
pub const MIN_DIMENSION: usize = 64;
/// The largest dimension of a template.
pub const MAX_DIMENSION: usize = 512;

/// Magnitudes are brought below 2^21, so that `4 * 1024 * d * e^2` stays within 64 bits.
const MAGNITUDE_BITS: u32 = 21;

/// SHA-256 of the encoder's model image. A template belongs to one encoder.
///
/// Templates of different encoders live in different spaces and are never compared.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct EncoderHash(pub [u8; 32]);

impl fmt::Display for EncoderHash {
    /// The first eight bytes in hexadecimal: enough to distinguish encoders by eye.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().take(8).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for EncoderHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncoderHash({self})")
    }
}

/// A template that owns its values. Its dimension is a power of two in 64..=512.
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    dimension: u16,
    values: [i8; MAX_DIMENSION],
}

impl Template {
    /// Scales an embedding to a template. The embedding's own scale does not matter.
    ///
    /// The result is correctly rounded for magnitudes below 2^21 (an `i16` always is); larger
    /// embeddings are first halved until they fit.
    ///
    /// # Errors
    /// [`Error::Dimension`] if the number of values is no power of two in 64..=512, and
    /// [`Error::ZeroEmbedding`] if all of them are zero.
    pub fn normalise<I>(embedding: I) -> Result<Self, Error>
    where
        I: IntoIterator,
        I::Item: Into<i32>,
        I::IntoIter: Clone,
    {
        let embedding = embedding.into_iter().map(|value| {
            let value: i32 = value.into();
            value
        });
        let mut dimension = 0usize;
        let mut largest = 0u32;
        for value in embedding.clone() {
            dimension += 1;
            largest = largest.max(value.unsigned_abs());
            if dimension > MAX_DIMENSION {
                return Err(Error::Dimension(dimension));
            }
        }
        let shift_of_dimension = check_dimension(dimension)?;
        let halvings = (u32::BITS - largest.leading_zeros()).saturating_sub(MAGNITUDE_BITS);
        let squares: u64 =
            embedding.clone().map(|value| u64::from(value.unsigned_abs() >> halvings).pow(2)).sum();
        if squares == 0 {
            return Err(Error::ZeroEmbedding);
        }
        let mut values = [0i8; MAX_DIMENSION];
        for (value, scaled) in embedding.zip(&mut values) {
            // With y = |e| * 32 * sqrt(d / squares): floor(y + 1/2) = (floor(2 y) + 1) / 2, and
            // floor(2 y) is the integer root of 4 * 1024 * d * e^2 / squares. So this is exact.
            let square = u64::from(value.unsigned_abs() >> halvings).pow(2);
            let twice = ((square << (12 + shift_of_dimension)) / squares).isqrt();
            let magnitude = twice.div_ceil(2).min(127) as i8;
            *scaled = if value < 0 { -magnitude } else { magnitude };
        }
        Ok(Self { dimension: dimension as u16, values })
    }

    /// A template from stored values that [`Template::normalise`] made earlier.
    ///
    /// # Errors
    /// [`Error::Dimension`] if there is no power of two in 64..=512 of them.
    pub fn from_values(values: &[i8]) -> Result<Self, Error> {
        TemplateView::new(values).map(|view| view.to_owned())
    }

    /// The values, as many as the dimension.
    pub fn values(&self) -> &[i8] {
        self.values.get(..usize::from(self.dimension)).unwrap_or(&self.values)
    }

    /// The template, borrowed.
    pub fn view(&self) -> TemplateView<'_> {
        TemplateView { values: self.values() }
    }

    /// The number of values.
    pub fn dimension(&self) -> usize {
        usize::from(self.dimension)
    }

    /// The cosine with another template; `None` if their dimensions differ.
    pub fn similarity(&self, other: &Self) -> Option<CosineScore> {
        self.view().similarity(other.view())
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({} values)", self.dimension)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Template {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Template({} values)", self.dimension);
    }
}

/// A template whose values are borrowed, for example from the gallery's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TemplateView<'a> {
    values: &'a [i8],
}

impl<'a> TemplateView<'a> {
    /// Views values as a template.
    ///
    /// # Errors
    /// [`Error::Dimension`] if there is no power of two in 64..=512 of them.
    pub fn new(values: &'a [i8]) -> Result<Self, Error> {
        check_dimension(values.len())?;
        Ok(Self { values })
    }

    /// The values, as many as the dimension.
    pub fn values(self) -> &'a [i8] {
        self.values
    }

    /// A copy that owns its values.
    pub fn to_owned(self) -> Template {
        let mut values = [0i8; MAX_DIMENSION];
        values.iter_mut().zip(self.values).for_each(|(to, from)| *to = *from);
        Template { dimension: self.values.len() as u16, values }
    }

    /// The cosine with another template, rounded to nearest; `None` if their dimensions differ.
    pub fn similarity(self, other: TemplateView<'_>) -> Option<CosineScore> {
        if self.values.len() != other.values.len() {
            return None;
        }
        Some(CosineScore::of_product(kernels::dot(self.values, other.values), self.values.len()))
    }
}

/// The base-two logarithm of a template dimension.
fn check_dimension(dimension: usize) -> Result<u32, Error> {
    if dimension.is_power_of_two() && (MIN_DIMENSION..=MAX_DIMENSION).contains(&dimension) {
        Ok(dimension.trailing_zeros())
    } else {
        Err(Error::Dimension(dimension))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use proptest::prelude::*;
    use std::{format, vec, vec::Vec};

    fn embeddings() -> impl Strategy<Value = Vec<i32>> {
        (6u32..=9, 1u32..=31).prop_flat_map(|(log2, bits)| {
            let limit = ((1u64 << bits) - 1) as i32;
            proptest::collection::vec(-limit..=limit, 1usize << log2)
        })
    }

    proptest! {
        #[test]
        fn normalise_follows_the_definition(embedding in embeddings()) {
            prop_assume!(embedding.iter().any(|value| *value != 0));
            let template = Template::normalise(embedding.iter().copied()).unwrap();
            let length = embedding.iter().map(|e| f64::from(*e).powi(2)).sum::<f64>().sqrt();
            let scale = 32.0 * (embedding.len() as f64).sqrt() / length;
            for (value, e) in template.values().iter().zip(&embedding) {
                let exact = (f64::from(*e) * scale).clamp(-127.0, 127.0);
                // Beyond 2^21 the halving may move a value that lies near a half.
                prop_assert!((f64::from(*value) - exact).abs() <= 0.5 + 1e-4, "{value} {exact}");
            }
        }

        #[test]
        fn similarity_is_near_the_cosine(
            a in proptest::collection::vec(-1000i32..1000, 128),
            b in proptest::collection::vec(-1000i32..1000, 128),
        ) {
            prop_assume!(a.iter().any(|v| *v != 0) && b.iter().any(|v| *v != 0));
            let norm = |v: &[i32]| v.iter().map(|e| f64::from(*e).powi(2)).sum::<f64>().sqrt();
            let dot: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            let exact = dot / norm(&a) / norm(&b);
            let (a, b) = (Template::normalise(a).unwrap(), Template::normalise(b).unwrap());
            let found = f64::from(a.similarity(&b).unwrap().0) / 32768.0;
            prop_assert!((found - exact).abs() < 0.01, "{found} {exact}");
        }
    }

    #[test]
    fn halves_round_away_from_zero_and_large_values_clip() {
        // 64 values of equal size: each becomes exactly 32.
        let flat = Template::normalise([7i16; 64]).unwrap();
        assert!(flat.values().iter().all(|value| *value == 32));
        assert_eq!(flat.similarity(&flat), Some(CosineScore::ONE));
        let mut spike = vec![0i16; 64];
        spike[3] = i16::MIN;
        let spike = Template::normalise(spike).unwrap();
        assert_eq!(spike.values()[3], -127);
        // |e| = 512 and d = 64, so that e = 1 scales to exactly one half.
        let mut half = vec![0i16; 64];
        half[..5].copy_from_slice(&[-1, 511, 31, 6, 5]);
        assert_eq!(Template::normalise(half).unwrap().values()[..2], [-1, 127]);
    }

    #[test]
    fn a_zero_vector_or_a_wrong_dimension_is_refused() {
        assert_eq!(Template::normalise([0i16; 128]), Err(Error::ZeroEmbedding));
        assert_eq!(Template::normalise([1i16; 100]), Err(Error::Dimension(100)));
        assert_eq!(Template::normalise([1i16; 32]), Err(Error::Dimension(32)));
        assert_eq!(Template::normalise([1i16; 1024]), Err(Error::Dimension(513)));
        assert_eq!(Template::from_values(&[]), Err(Error::Dimension(0)));
    }

    #[test]
    fn extremes_do_not_overflow() {
        let a = Template::normalise([i32::MIN; 512]).unwrap();
        let b = Template::from_values(&[i8::MIN; 512]).unwrap();
        assert_eq!(a.similarity(&b), Some(CosineScore(32 * 128 * 32)));
        assert_eq!(b.similarity(&b), Some(CosineScore(128 * 128 * 32)));
    }

    #[test]
    fn similarities_read_as_decimals() {
        assert_eq!(format!("{}", CosineScore::ONE), "1.000");
        assert_eq!(format!("{}", CosineScore(-16384)), "-0.500");
        assert_eq!(format!("{}", CosineScore(12345)), "0.377");
        assert_eq!(format!("{}", CosineScore(i32::MIN)), "-65536.000");
    }
}
