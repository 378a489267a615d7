//! Colour conversion: BT.601 full-range YUV and RGB565, to and from 8-bit RGB.
//!
//! The coefficients are those of JFIF (ITU-T T.871), in 1/65536, rounded to nearest. Half is rounded up
//! everywhere, so a pixel has the same value on every machine. [`kernels::Chroma`] implements the conversion
//! to RGB.

use kernels::Chroma;

/// Fraction bits of the conversion coefficients.
const BITS: u32 = 16;
const HALF: i32 = 1 << (BITS - 1);

// 0.299, 0.587 and 0.114; they sum to exactly one.
const Y_R: i32 = 19_595;
const Y_G: i32 = 38_470;
const Y_B: i32 = 7_471;

// Chroma, 0.168736, 0.331264, 0.5, 0.418688 and 0.081312; each row sums to exactly zero.
const U_R: i32 = -11_058;
const U_G: i32 = -21_710;
const U_B: i32 = 32_768;
const V_R: i32 = 32_768;
const V_G: i32 = -27_439;
const V_B: i32 = -5_329;

/// RGB of a full-range BT.601 sample, saturated to 0..=255.
#[inline]
pub fn yuv_to_rgb(y: u8, u: u8, v: u8) -> [u8; 3] {
    Chroma::new(u, v).rgb(y)
}

/// Full-range BT.601 Y, U and V of an RGB pixel.
#[inline]
pub fn rgb_to_yuv([r, g, b]: [u8; 3]) -> [u8; 3] {
    let (r, g, b) = (i32::from(r), i32::from(g), i32::from(b));
    let chroma = |value: i32| saturate(((value + HALF) >> BITS) + 128);
    [
        saturate((Y_R * r + Y_G * g + Y_B * b + HALF) >> BITS),
        chroma(U_R * r + U_G * g + U_B * b),
        chroma(V_R * r + V_G * g + V_B * b),
    ]
}

/// Brightness of an RGB pixel: the Y of BT.601, 0..=255.
#[inline]
pub fn luma(rgb: [u8; 3]) -> u8 {
    rgb_to_yuv(rgb)[0]
}

/// RGB of a 5-6-5 pixel; the high bits are replicated into the low bits, so that white stays white.
#[inline]
pub fn rgb565_to_rgb(pixel: u16) -> [u8; 3] {
    let r = (pixel >> 11) as u8 & 0x1f;
    let g = (pixel >> 5) as u8 & 0x3f;
    let b = pixel as u8 & 0x1f;
    [(r << 3) | (r >> 2), (g << 2) | (g >> 4), (b << 3) | (b >> 2)]
}

/// The 5-6-5 pixel nearest to an RGB pixel.
#[inline]
pub fn rgb_to_rgb565([r, g, b]: [u8; 3]) -> u16 {
    let level = |value: u8, top: u16| (u16::from(value) * top + 127) / 255;
    (level(r, 31) << 11) | (level(g, 63) << 5) | level(b, 31)
}

#[inline]
fn saturate(value: i32) -> u8 {
    value.clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_keep_grey_grey() {
        assert_eq!(Y_R + Y_G + Y_B, 1 << BITS);
        assert_eq!(U_R + U_G + U_B, 0);
        assert_eq!(V_R + V_G + V_B, 0);
        for level in 0..=255 {
            assert_eq!(rgb_to_yuv([level; 3]), [level, 128, 128]);
            assert_eq!(yuv_to_rgb(level, 128, 128), [level; 3]);
        }
    }

    #[test]
    fn yuv_is_within_half_a_level_of_the_standard() {
        for y in (0..=255).step_by(5) {
            for u in (0..=255).step_by(5) {
                for v in (0..=255).step_by(5) {
                    let (du, dv) = (f64::from(u) - 128.0, f64::from(v) - 128.0);
                    let y = y as u8;
                    let exact = [
                        f64::from(y) + 1.402 * dv,
                        f64::from(y) - 0.344136 * du - 0.714136 * dv,
                        f64::from(y) + 1.772 * du,
                    ];
                    for (got, exact) in yuv_to_rgb(y, u as u8, v as u8).into_iter().zip(exact) {
                        assert!((f64::from(got) - exact.clamp(0.0, 255.0)).abs() < 0.51);
                    }
                }
            }
        }
    }

    #[test]
    fn rgb565_survives_a_round_trip() {
        for pixel in 0..=u16::MAX {
            assert_eq!(rgb_to_rgb565(rgb565_to_rgb(pixel)), pixel);
        }
    }
}
