//! Bias correction: rounding errors that do not average out are taken off the biases.
//!
//! Rounded weights and clipped activations move the mean of a channel, and what is moved in one
//! layer is moved further in the next. Layer by layer, with the layers before it already
//! corrected, the mean of a channel's sums over the samples is compared with the float network's,
//! and the difference goes to its bias (Nagel et al., 2019, section 4.2, measured rather than
//! derived).

use kernels::requantize_bound;
use rayon::prelude::*;

use crate::observe::Statistics;
use crate::quantize::{Network, OperatorKind, QuantizedOperator};

/// Corrects the biases of `network`, whose float sums have the means in `statistics`.
pub fn correct_bias(
    network: &mut Network,
    statistics: &[Statistics],
    samples: &[Vec<u8>],
    done: &(dyn Fn(usize) + Sync),
) {
    let pixels = |sample: &Vec<u8>| sample.iter().map(|&p| (p ^ 0x80) as i8).collect::<Vec<i8>>();
    // What every sample has in every tensor that is still read later.
    let mut values: Vec<Vec<Vec<i8>>> = samples
        .iter()
        .map(|sample| {
            let mut values = vec![Vec::new(); network.tensors.len()];
            values[0] = pixels(sample);
            values
        })
        .collect();
    for n in 0..network.operators.len() {
        let mut operator = network.operators[n].clone();
        // What was cut off before an activation instead of by it moves the mean of the sums, and no value after it.
        let is_cut = network.tensors[operator.inputs[0]].narrowed;
        if matches!(operator.kind, OperatorKind::Dense | OperatorKind::Depthwise) && !is_cut {
            let means = mean_sums(network, &operator, &values);
            let products = depth(network, &operator) as i64 * 128 * 128;
            let float = &statistics[operator.output].sum_mean;
            for (c, scale) in operator.scales.iter_mut().enumerate() {
                let error = means[c] - float[c] / f64::from(operator.accumulator_scale[c]);
                let corrected = i64::from(scale.bias) - error.round() as i64;
                // A correction never makes a sum that leaves its 32 bits.
                let room = (requantize_bound(scale.shift) - products).max(i64::from(scale.bias).abs());
                scale.bias = corrected.clamp(-room, room) as i32;
            }
        }
        let finished: Vec<usize> = operator
            .inputs
            .iter()
            .copied()
            .filter(|input| !network.operators[n + 1..].iter().any(|later| later.inputs.contains(input)))
            .collect();
        let read_later =
            network.operators[n + 1..].iter().any(|later| later.inputs.contains(&operator.output));
        values.par_iter_mut().for_each(|values| {
            if read_later {
                let inputs: Vec<&[i8]> = operator.inputs.iter().map(|&input| &values[input][..]).collect();
                values[operator.output] = network.run(&operator, &inputs);
            }
            finished.iter().for_each(|&tensor| values[tensor] = Vec::new());
        });
        network.operators[n] = operator;
        done(n + 1);
    }
}

/// Weights of a filter.
fn depth(network: &Network, operator: &QuantizedOperator) -> usize {
    let taps = operator.window.kernel[0] * operator.window.kernel[1];
    match operator.kind {
        OperatorKind::Dense => taps * network.tensors[operator.inputs[0]].shape.channels,
        _ => taps,
    }
}

/// Mean of every channel's sums over all samples and pixels.
fn mean_sums(network: &Network, operator: &QuantizedOperator, values: &[Vec<Vec<i8>>]) -> Vec<f64> {
    let channels = operator.scales.len();
    let zero = || vec![0i64; channels];
    let add = |mut totals: Vec<i64>, sums: Vec<i64>| {
        totals.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
        totals
    };
    let of_sample = |values: &Vec<Vec<i8>>| {
        let mut totals = zero();
        for pixel in network.sums(operator, &values[operator.inputs[0]]).chunks_exact(channels) {
            totals.iter_mut().zip(pixel).for_each(|(total, &sum)| *total += i64::from(sum));
        }
        totals
    };
    let totals = values.par_iter().map(of_sample).reduce(zero, add);
    let count = (values.len() * network.tensors[operator.output].shape.pixels()) as f64;
    totals.iter().map(|&total| total as f64 / count).collect()
}
