//! A gate per channel, as in squeeze-and-excitation.

use crate::{Gate, requantize};

/// Multiplies every channel of `input` by the sigmoid of its logit, see [`Gate`].
///
/// `logits` has one value per channel. The factor is looked up for every pixel, which costs little compared
/// with the multiplication, and needs no memory.
pub fn gate(gate: &Gate, input: &[i8], logits: &[i8], output: &mut [i8]) {
    let channels = logits.len().max(1);
    for (pixel, out) in input.chunks_exact(channels).zip(output.chunks_exact_mut(channels)) {
        for ((&x, &logit), out) in pixel.iter().zip(logits).zip(out) {
            let factor = i32::from(gate.table[usize::from((logit as u8) ^ 0x80)]);
            let product = (i32::from(x) - gate.input_zero) * factor;
            let value = requantize(product, gate.multiplier, gate.shift) + gate.zero_point;
            *out = value.clamp(-128, 127) as i8;
        }
    }
}
