//! The order of a convolution's weights: ours, and that of ONNX and of tensors.
//!
//! Ours is row, column, input, output, so that the weights are the matrix that windows are multiplied
//! with. Elsewhere it is output, input, row, column. A depthwise convolution has one input.

/// Outputs, inputs of each, and taps of a window.
pub type Sizes = [usize; 3];

/// From our order to output, input, tap.
pub fn to_filters(ours: &[f32], [outputs, depth, taps]: Sizes) -> Vec<f32> {
    let place = |n: usize| {
        let (o, i, tap) = (n / taps / depth, n / taps % depth, n % taps);
        (tap * depth + i) * outputs + o
    };
    (0..ours.len()).map(|n| ours[place(n)]).collect()
}

/// From output, input, tap to our order.
pub fn from_filters(filters: &[f32], [outputs, depth, taps]: Sizes) -> Vec<f32> {
    let place = |n: usize| {
        let (tap, i, o) = (n / outputs / depth, n / outputs % depth, n % outputs);
        (o * depth + i) * taps + tap
    };
    (0..filters.len()).map(|n| filters[place(n)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_is_where_it_was() {
        let sizes = [3, 2, 4];
        let filters: Vec<f32> = (0u8..24).map(f32::from).collect();
        let ours = from_filters(&filters, sizes);
        // Tap 0 of input 0 for the three outputs comes first.
        assert_eq!(ours[..3], [0.0, 8.0, 16.0]);
        assert_eq!(to_filters(&ours, sizes), filters);
    }
}
