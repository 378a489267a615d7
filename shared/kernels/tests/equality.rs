//! The dispatched kernels compute the bytes of `generic` on random shapes, weights and pixels.

use kernels::weights::{pack, packed_len};
use kernels::{Convolution, OutputStage, Scale, Shape, Window, generic};
use proptest::prelude::*;

/// Deterministic pseudorandom bytes for weights and pixels.
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

/// Scales of the channels: multipliers of about 2^-9, slopes of either sign, sometimes a left shift.
fn scales(seed: u64, channels: usize) -> Vec<Scale> {
    let bytes = stream(seed, 4 * channels);
    let scale = |bytes: &[i8]| {
        let [bias, multiplier, negative, shift] = [0, 1, 2, 3].map(|i| i32::from(bytes[i]));
        Scale {
            bias: bias * 1000,
            multiplier: (multiplier + 129) * 60_001,
            negative: negative * 50_021,
            shift: if shift > 120 { 2 } else { 0 },
        }
    };
    bytes.chunks_exact(4).map(scale).collect()
}

proptest! {
    #[test]
    fn convolutions(
        (height, width, depth, channels) in (1usize..12, 1usize..12, 1usize..70, 1usize..40),
        kernel in prop::array::uniform2(1usize..4),
        stride in prop::array::uniform2(1usize..3),
        pad in 0usize..2,
        prelu: bool, min in prop::sample::select(vec![-128, -3]), zero: i8, seed: u64, least in -128i8..-126,
    ) {
        prop_assume!(height + 2 * pad >= kernel[0] && width + 2 * pad >= kernel[1]);
        let pad = [pad.min(kernel[0] - 1), pad.min(kernel[1] - 1)];
        prop_assume!(height + 2 * pad[0] >= kernel[0] && width + 2 * pad[1] >= kernel[1]);
        let out = |length: usize, axis: usize| (length + 2 * pad[axis] - kernel[axis]) / stride[axis] + 1;
        let window = Window { kernel, stride, pad };
        for depthwise in [false, true] {
            let channels = if depthwise { depth } else { channels };
            let depth = if depthwise { 1 } else { depth };
            let mut plain = stream(seed ^ 7, kernel[0] * kernel[1] * channels * depth);
            // The compiler makes no weight of -128, for which some backends have other code.
            plain.iter_mut().for_each(|weight| *weight = (*weight).max(least));
            let mut weights = plain.clone();
            if !depthwise {
                weights.resize(packed_len(plain.len() / channels, channels), 0);
                pack(&plain, channels, &mut weights);
            }
            let scales = scales(seed, channels);
            let conv = Convolution {
                input: Shape::new(height, width, if depthwise { channels } else { depth }),
                output: Shape::new(out(height, 0), out(width, 1), channels),
                window, input_zero: zero, weights: &weights,
                stage: OutputStage { scales: &scales, prelu, zero_point: -3, min, max: 127 },
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
            let naive = naive(&conv, &plain, &input, depthwise);
            prop_assert_eq!(expected, naive);
        }
    }
}

/// The largest products: sums of two that just fit 16 bits, and with a weight of -128 do not.
#[test]
fn the_largest_products_are_added_right() {
    for (weight, depthwise) in
        [(-127, false), (-128, false), (127, false), (-127, true), (-128, true), (127, true)]
    {
        let (channels, kernel) = (16, [3, 3]);
        let depth = if depthwise { 1 } else { channels };
        let plain = vec![weight; 9 * channels * depth];
        let mut weights = plain.clone();
        if !depthwise {
            weights.resize(packed_len(plain.len() / channels, channels), 0);
            pack(&plain, channels, &mut weights);
        }
        let scale = Scale { bias: 0, multiplier: 1 << 17, negative: 1 << 17, shift: 0 };
        let scales = [scale; 16];
        let conv = Convolution {
            input: Shape::new(5, 5, channels),
            output: Shape::new(3, 3, channels),
            window: Window { kernel, stride: [1, 1], pad: [0, 0] },
            input_zero: 0,
            weights: &weights,
            stage: OutputStage { scales: &scales, prelu: false, zero_point: 0, min: -128, max: 127 },
        };
        let input = vec![-128; conv.input.len()];
        let mut got = vec![0i8; conv.output.len()];
        if depthwise {
            kernels::depthwise_conv2d(&conv, &input, &mut got);
        } else {
            kernels::conv2d(&conv, &input, &mut got);
        }
        assert_eq!(
            got,
            naive(&conv, &plain, &input, depthwise),
            "weights of {weight}, depthwise {depthwise}"
        );
    }
}

/// A convolution by its definition, tap by tap, in 64 bits.
fn naive(conv: &Convolution, weights: &[i8], input: &[i8], depthwise: bool) -> Vec<i8> {
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
                                weights[(ky * columns + kx) * depth + c]
                            } else {
                                weights[((c * rows + ky) * columns + kx) * depth + i]
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
