//! Camera YUV to RGB: BT.601, full range.
//!
//! The coefficients are those of JFIF (ITU-T T.871), in 1/65536, rounded to nearest. Half is rounded up, so a
//! pixel has the same value on every machine.

/// Fraction bits of the coefficients.
const BITS: u32 = 16;
const HALF: i32 = 1 << (BITS - 1);

// 1.402, 0.344136, 0.714136 and 1.772 of T.871.
pub(crate) const R_V: i32 = 91_881;
pub(crate) const G_U: i32 = 22_554;
pub(crate) const G_V: i32 = 46_802;
pub(crate) const B_U: i32 = 116_130;

/// The contribution of full-range BT.601 chroma to red, green and blue, shared by the pixels of a pair.
#[derive(Clone, Copy, Debug)]
pub struct Chroma([i32; 3]);

impl Chroma {
    /// The contribution of `u` and `v`.
    #[inline]
    pub fn new(u: u8, v: u8) -> Self {
        let (u, v) = (i32::from(u) - 128, i32::from(v) - 128);
        Self([R_V * v + HALF, HALF - G_U * u - G_V * v, B_U * u + HALF])
    }

    /// RGB of the pixel with luma `y`, saturated to 0..=255.
    #[inline]
    pub fn rgb(self, y: u8) -> [u8; 3] {
        let y = i32::from(y) << BITS;
        self.0.map(|share| ((y + share) >> BITS).clamp(0, 255) as u8)
    }
}
