//! The dispatched kernels give the bytes of `generic` on random shapes, weights and pixels.

use kernels::{Convolution, NegativeSide, OutputStage, Shape, Window, generic};
use proptest::prelude::*;

/// A small deterministic stream of bytes for weights and pixels.
fn stream(seed: u64, len: usize) -> Vec<i8> {
    let mut state = seed | 1;
    let step = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as i8
    };
    std::iter::repeat_with(step).take(len).collect()
}

/// Scales a channel: multipliers in the upper half of 31 bits, right shifts.
fn scales(seed: u64, channels: usize) -> (Vec<i32>, Vec<i32>, Vec<i32>) {
    let bytes = stream(seed, channels);
    let wide = |b: &i8| i32::from(*b);
    (
        bytes.iter().map(|b| wide(b) * 1000).collect(),
        bytes.iter().map(|b| (1 << 30) + (wide(b) + 128) * 4_000_000).collect(),
        bytes.iter().map(|b| -7 - wide(b).rem_euclid(4)).collect(),
    )
}

proptest! {
    #[test]
    fn convolutions(
        (height, width, depth, channels) in (1usize..12, 1usize..12, 1usize..70, 1usize..40),
        kernel in prop::array::uniform2(1usize..4),
        stride in prop::array::uniform2(1usize..3),
        pad in 0usize..2,
        prelu: bool, zero: i8, seed: u64,
    ) {
        prop_assume!(height + 2 * pad >= kernel[0] && width + 2 * pad >= kernel[1]);
        let pad = [pad.min(kernel[0] - 1), pad.min(kernel[1] - 1)];
        prop_assume!(height + 2 * pad[0] >= kernel[0] && width + 2 * pad[1] >= kernel[1]);
        let out = |length: usize, axis: usize| (length + 2 * pad[axis] - kernel[axis]) / stride[axis] + 1;
        let window = Window { kernel, stride, pad };
        for depthwise in [false, true] {
            let channels = if depthwise { depth } else { channels };
            let taps = kernel[0] * kernel[1];
            let weights = stream(seed ^ 7, taps * channels * if depthwise { 1 } else { depth });
            let (bias, multiplier, shift) = scales(seed, channels);
            let (_, negative, negative_shift) = scales(seed ^ 99, channels);
            let conv = Convolution {
                input: Shape::new(height, width, depth),
                output: Shape::new(out(height, 0), out(width, 1), channels),
                window, input_zero: zero, weights: &weights,
                stage: OutputStage {
                    bias: &bias, multiplier: &multiplier, shift: &shift,
                    negative: prelu.then_some(NegativeSide { multiplier: &negative, shift: &negative_shift }),
                    zero_point: -3, min: -128, max: 127,
                },
            };
            let input = stream(seed ^ 3, conv.input.len());
            let mut expected = vec![0i8; conv.output.len()];
            let mut got = expected.clone();
            if depthwise {
                generic::depthwise_conv2d(&conv, &input, &mut expected);
                kernels::depthwise_conv2d(&conv, &input, &mut got);
            } else {
                generic::conv2d(&conv, &input, &mut expected);
                kernels::conv2d(&conv, &input, &mut got);
            }
            prop_assert_eq!(&expected, &got);
            let naive = naive(&conv, &input, depthwise);
            prop_assert_eq!(expected, naive);
        }
    }
}

/// The definition of a convolution, tap by tap, in 64 bits.
fn naive(conv: &Convolution, input: &[i8], depthwise: bool) -> Vec<i8> {
    let [rows, columns] = conv.window.kernel;
    let mut all = Vec::new();
    for y in 0..conv.output.height {
        for x in 0..conv.output.width {
            for c in 0..conv.output.channels {
                let mut acc = 0i64;
                for ky in 0..rows {
                    for kx in 0..columns {
                        let row = (y * conv.window.stride[0] + ky) as isize - conv.window.pad[0] as isize;
                        let column = (x * conv.window.stride[1] + kx) as isize - conv.window.pad[1] as isize;
                        let inside = (0..conv.input.height as isize).contains(&row)
                            && (0..conv.input.width as isize).contains(&column);
                        let depth = conv.input.channels;
                        let sources = if depthwise { c..c + 1 } else { 0..depth };
                        for i in sources {
                            let pixel = if inside {
                                input[(row as usize * conv.input.width + column as usize) * depth + i]
                            } else {
                                conv.input_zero
                            };
                            let weight = if depthwise {
                                conv.weights[(ky * columns + kx) * depth + c]
                            } else {
                                conv.weights[((c * rows + ky) * columns + kx) * depth + i]
                            };
                            acc += i64::from(pixel) * i64::from(weight);
                        }
                    }
                }
                all.push(conv.stage.apply(c, acc as i32) as i8);
            }
        }
    }
    all
}
