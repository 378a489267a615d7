//! Convolutions of one filter a channel, tap by tap; a tap is a vector of channels.

use grad::multiply::Fill;
use pulp::Arch;
use rayon::prelude::*;

use super::Sweep;

/// Convolves; `weights` has a row of channels for each tap.
pub fn forward(sweep: &Sweep, x: &[f32], weights: &[f32], bias: Option<&[f32]>, out: &mut [f32]) {
    let channels = sweep.output.channels;
    let row = sweep.output.width * channels;
    out.par_chunks_mut(row).enumerate().for_each(|(number, out)| {
        let (picture, y) = (number / sweep.output.height, number % sweep.output.height);
        let picture = &x[picture * sweep.input.values()..][..sweep.input.values()];
        Arch::new().dispatch(|| {
            for (x, pixel) in out.chunks_exact_mut(channels).enumerate() {
                match bias {
                    Some(bias) => pixel.copy_from_slice(bias),
                    None => pixel.fill(0.0),
                }
                sweep.taps(y, x, |tap, start| {
                    let values = &picture[start..start + channels];
                    let weights = &weights[tap * channels..(tap + 1) * channels];
                    for c in 0..channels {
                        pixel[c] = values[c].mul_add(weights[c], pixel[c]);
                    }
                });
            }
        });
    });
}

/// The gradients of the weights and, where it is wanted, of what was convolved.
pub fn backward(
    sweep: &Sweep,
    x: &[f32],
    weights: &[f32],
    gradient: &[f32],
    to_weights: &mut [f32],
    to_input: Option<(&mut [f32], Fill)>,
) {
    let pictures = x.par_chunks(sweep.input.values()).zip(gradient.par_chunks(sweep.output.values()));
    let sums: Vec<Vec<f32>> = match to_input {
        Some((to, fill)) => pictures
            .zip(to.par_chunks_mut(sweep.input.values()))
            .map(|((x, gradient), to)| {
                if fill == Fill::Store {
                    to.fill(0.0);
                }
                picture(sweep, x, weights, gradient, to)
            })
            .collect(),
        None => pictures.map(|(x, gradient)| picture(sweep, x, weights, gradient, &mut [])).collect(),
    };
    to_weights.fill(0.0);
    for sum in sums {
        to_weights.iter_mut().zip(sum).for_each(|(to, sum)| *to += sum);
    }
}

/// Gradients of one picture: of the weights, and, unless `to` is empty, added to `to`.
fn picture(sweep: &Sweep, x: &[f32], weights: &[f32], gradient: &[f32], to: &mut [f32]) -> Vec<f32> {
    let channels = sweep.output.channels;
    let mut sums = vec![0.0; weights.len()];
    Arch::new().dispatch(|| {
        for (place, gradient) in gradient.chunks_exact(channels).enumerate() {
            let (row, column) = (place / sweep.output.width, place % sweep.output.width);
            sweep.taps(row, column, |tap, start| {
                let sums = &mut sums[tap * channels..(tap + 1) * channels];
                let x = &x[start..start + channels];
                for c in 0..channels {
                    sums[c] = gradient[c].mul_add(x[c], sums[c]);
                }
                if !to.is_empty() {
                    let to = &mut to[start..start + channels];
                    let weights = &weights[tap * channels..(tap + 1) * channels];
                    for c in 0..channels {
                        to[c] = gradient[c].mul_add(weights[c], to[c]);
                    }
                }
            });
        }
    });
    sums
}
