//! Convolutions, with PReLU as the greater or lesser of two.

use kernels::Scale;
use nn::format::{OperatorRecord, code};

use crate::graph::{Graph, Rescale, Value};
use crate::image::Image;
use crate::record::{kind, shape, shift_of};
use crate::tosa::{Code, Type};

/// An accumulator beyond every output, for a channel that a comparison is to leave alone.
const FAR: i32 = 1 << 20;

/// The filters of one convolution: weights in the order of TOSA, what is added to the sums, and the scale.
struct Filters {
    weights: Vec<i8>,
    scales: Vec<Scale>,
}

/// A convolution, before its limits.
pub fn lower(
    graph: &mut Graph,
    image: &Image,
    record: &OperatorRecord,
    a: &Value,
) -> Result<Value, &'static str> {
    let scales = image.scales(record);
    let weights = match record.code {
        code::AVERAGE_POOL => {
            let [height, width, channels] = shape(image.tensor(record.input[0]));
            vec![1; (height * width * channels) as usize]
        }
        _ => image.weights(record),
    };
    let layer = Layer { image, record };
    let convolve = |graph: &mut Graph, filters: &Filters| layer.convolution(graph, a, filters);
    let positive: Vec<Scale> =
        scales.iter().map(|scale| Scale { negative: scale.multiplier, ..*scale }).collect();
    let result = convolve(graph, &layer.scaled_by(&weights, &positive)?)?;
    if record.prelu == 0 {
        return Ok(result);
    }
    let steep = |scale: &Scale| scale.negative > scale.multiplier;
    let mut result = result;
    for (code, taken, far) in [(Code::Maximum, false, -FAR), (Code::Minimum, true, FAR)] {
        if !scales.iter().any(|scale| steep(scale) == taken) {
            continue;
        }
        let mut filters = layer.scaled_by(&weights, scales)?;
        for (channel, scale) in scales.iter().enumerate() {
            if steep(scale) != taken {
                layer.silence(&mut filters, channel, far);
            }
        }
        let other = convolve(graph, &filters)?;
        let out = image.tensor(record.output);
        let (x, y) = (graph.widen(&result, out.zero_point), graph.widen(&other, out.zero_point));
        let chosen = graph.both(code, &x, &y);
        result = graph.rescale(&chosen, kind(out), &Rescale::none([0, out.zero_point]));
    }
    Ok(result)
}

/// A convolution of the image.
struct Layer<'a> {
    image: &'a Image<'a>,
    record: &'a OperatorRecord,
}

impl Layer<'_> {
    fn channels(&self) -> usize {
        self.image.tensor(self.record.output).channels.into()
    }

    /// Places in the weights of an output channel.
    fn places(&self, channel: usize, count: usize) -> impl Iterator<Item = usize> {
        let channels = self.channels();
        let each = count / channels.max(1);
        let (start, step) =
            if self.record.code == code::CONV { (channel * each, 1) } else { (channel, channels) };
        (0..each).map(move |number| start + number * step)
    }

    /// The filters with the multipliers for negative sums. A negative multiplier becomes a positive one of the negated
    /// filter, which is the same product.
    fn scaled_by(&self, weights: &[i8], scales: &[Scale]) -> Result<Filters, &'static str> {
        let mut filters = Filters { weights: weights.to_vec(), scales: scales.to_vec() };
        for (channel, scale) in filters.scales.iter_mut().enumerate() {
            if scale.negative < 0 {
                for place in self.places(channel, weights.len()) {
                    filters.weights[place] =
                        weights[place].checked_neg().ok_or("a weight of -128 cannot be negated")?;
                }
                (scale.negative, scale.bias) = (-scale.negative, -scale.bias);
            }
        }
        Ok(filters)
    }

    /// Makes a channel a constant.
    fn silence(&self, filters: &mut Filters, channel: usize, value: i32) {
        for place in self.places(channel, filters.weights.len()) {
            filters.weights[place] = 0;
        }
        filters.scales[channel] = Scale { bias: value, multiplier: 0, negative: 1 << 30, shift: 0 };
    }

    fn convolution(&self, graph: &mut Graph, a: &Value, filters: &Filters) -> Result<Value, &'static str> {
        let (image, record) = (self.image, self.record);
        let (from, to) = (image.tensor(record.input[0]), image.tensor(record.output));
        let (input, output) = (shape(from), shape(to));
        let pair = |pair: [u8; 2]| pair.map(i32::from);
        let (mut kernel, mut stride, mut pad) = (pair(record.kernel), pair(record.stride), pair(record.pad));
        if record.code == code::AVERAGE_POOL {
            (kernel, stride, pad) = ([input[0], input[1]], [1, 1], [0, 0]);
        }
        // What lies below and to the right of the last window is cut off.
        let after: [i32; 2] = std::array::from_fn(|axis| {
            (output[axis] - 1) * stride[axis] + kernel[axis] - input[axis] - pad[axis]
        });
        let source = if after.iter().any(|&rest| rest < 0) {
            let cut = [input[0] + after[0].min(0), input[1] + after[1].min(0), input[2]];
            let size = [1, cut[0], cut[1], cut[2]].map(i64::from);
            let inputs = vec![a.name.clone(), graph.shape(&[0; 4]), graph.shape(&size)];
            graph.apply(Code::Slice, inputs, cut, a.kind)
        } else {
            a.clone()
        };
        let pad = [pad[0], after[0].max(0), pad[1], after[1].max(0)];
        let weights: Vec<i32> = filters.weights.iter().map(|&weight| weight.into()).collect();
        let (code, dimensions) = if record.code == code::CONV {
            (Code::Conv2d { pad, stride }, [output[2], kernel[0], kernel[1], input[2]])
        } else {
            (Code::DepthwiseConv2d { pad, stride }, [kernel[0], kernel[1], output[2], 1])
        };
        // The engine's bias contains the zero point of the input; here the convolution subtracts it.
        let biases: Option<Vec<i32>> = filters
            .scales
            .iter()
            .enumerate()
            .map(|(channel, scale)| {
                let sum: i32 = self.places(channel, weights.len()).map(|place| weights[place]).sum();
                let silent = scale.multiplier == 0 && scale.bias.abs() == FAR;
                if silent {
                    Some(scale.bias)
                } else {
                    scale.bias.checked_add(from.zero_point.checked_mul(sum)?)
                }
            })
            .collect();
        let biases = biases.ok_or("a bias has more than 32 bits")?;
        let inputs = vec![
            source.name,
            graph.constant(&dimensions, Type::I8, &weights),
            graph.constant(&[output[2]], Type::I32, &biases),
            graph.constant(&[1], Type::I8, &[from.zero_point]),
            graph.constant(&[1], Type::I8, &[0]),
        ];
        let sums = graph.apply(code, inputs, output, Type::I32);
        let shift: Result<Vec<i8>, &str> = filters.scales.iter().map(shift_of).collect();
        let multiplier = filters.scales.iter().map(|scale| scale.negative).collect();
        let scale = Rescale { multiplier, shift: shift?, zero: [0, to.zero_point] };
        Ok(graph.rescale(&sums, kind(to), &scale))
    }
}
