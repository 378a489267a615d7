//! Camera pixels to network input.

use crate::Chroma;

/// See [`crate::yuyv_to_rgb`].
#[inline(always)]
pub fn yuyv_to_rgb(pixels: &[u8], rgb: &mut [i8]) {
    for (pair, out) in pixels.chunks_exact(4).zip(rgb.chunks_exact_mut(6)) {
        let chroma = Chroma::new(pair[1], pair[3]);
        let [[a, b, c], [d, e, f]] = [pair[0], pair[2]].map(|y| chroma.rgb(y));
        let both = [a, b, c, d, e, f];
        for (out, value) in out.iter_mut().zip(both) {
            *out = (value ^ 0x80) as i8;
        }
    }
}
