//! The network: it looks at the texture of each place of a face, and takes the mean over all places.
//!
//! | layer | window | channels | map |
//! |---|---|---|---|
//! | first | 3 x 3, stride 2 | n | 48 x 48 |
//! | second | depthwise 3 x 3, then 1 x 1 | 2n | 48 x 48 |
//! | third | depthwise 3 x 3, stride 2, then 1 x 1 | 2n | 24 x 24 |
//! | block 1, 2, ... | depthwise 3 x 3, then 1 x 1 | 4n | 24 x 24 |
//! | mean | all places | 4n | 1 x 1 |
//! | head | 1 x 1 | a class each | 1 x 1 |
//!
//! **Why a mean.** Each place sees 19 of the 96 pixels (with one block), and does not know where it is. So the network cannot
//! learn what a person of its training looks like, or how their face is lit. It can learn only what surfaces look like.
//! The head is linear, so its output is the mean of what it would say of each place alone.
//!
//! It is written as ONNX, which [`encoder::Encoder::read`] reads like any network that is trained further.

use encoder::{Encoder, Error, Head, Optimizer, Preprocessing, Source};
use fastrand::Rng;
use onnx::{Attribute, Dimension, Window, Writer};

use super::{CLASSES, SEEN};

/// Version of the operators' meaning, and of the file format that goes with it.
const OPSET: i64 = 13;
const IR_VERSION: i64 = 7;

/// Slope below zero that a PReLU begins with (He et al. 2015).
const SLOPE: f32 = 0.25;

/// The sizes of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Texture {
    /// Channels of the first layer.
    pub channels: usize,
    /// Blocks at the smallest map, at least one.
    pub blocks: usize,
}

impl Texture {
    /// The network with weights drawn from `seed`.
    ///
    /// # Errors
    /// [`Error::Specification`] for a size of nothing, or beyond what a board could hold.
    pub fn build(&self, seed: u64, optimizer: Optimizer) -> Result<Encoder, Error> {
        if !(1..=128).contains(&self.channels) || !(1..=16).contains(&self.blocks) {
            let Self { channels, blocks } = self;
            let reason = format!("{channels} channels (1 to 128) and {blocks} blocks (1 to 16)");
            return Err(Error::Specification(reason));
        }
        let onnx = self.onnx(seed);
        let preprocessing = Preprocessing { mean: 128.0, scale: 1.0 / 128.0 };
        Encoder::read(&Source { onnx: &onnx, preprocessing, head: Head::Keep }, optimizer)
    }

    fn onnx(&self, seed: u64) -> Vec<u8> {
        let mut file =
            File { writer: Writer::new("texture", IR_VERSION, OPSET), random: Rng::with_seed(seed) };
        let [channels, side] = [3, SEEN].map(Dimension::Fixed);
        let pictures = Dimension::Open("pictures");
        file.writer.input("pixels", &[pictures, channels, side, side]);
        file.writer.output("classes", &[pictures, Dimension::Fixed(CLASSES)]);
        let n = self.channels;
        file.convolution("first", &["pixels", "first.weight"], [3, n], Side::Three { stride: 2 });
        let mut x = file.activated("first", n);
        x = file.separable("second", &x, [n, 2 * n], 1);
        x = file.separable("third", &x, [2 * n, 2 * n], 2);
        for block in 0..self.blocks {
            let inputs = if block == 0 { 2 * n } else { 4 * n };
            x = file.separable(&format!("block{}", block + 1), &x, [inputs, 4 * n], 1);
        }
        file.writer.node("GlobalAveragePool", "mean", &[&x], &[]);
        file.writer.constant("head.bias", &[CLASSES], &[0.0; CLASSES]);
        file.convolution("head", &["mean", "head.weight", "head.bias"], [4 * n, CLASSES], Side::One);
        file.writer.node("Flatten", "classes", &["head"], &[Attribute::Int("axis", 1)]);
        file.writer.finish()
    }
}

/// The window of a convolution.
#[derive(Clone, Copy)]
enum Side {
    /// One pixel.
    One,
    /// 3 x 3 pixels.
    Three {
        /// Pixels from place to place.
        stride: usize,
    },
    /// 3 x 3 pixels of each channel alone.
    Depthwise {
        /// Pixels from place to place.
        stride: usize,
    },
}

struct File {
    writer: Writer,
    random: Rng,
}

impl File {
    /// A depthwise convolution and one over the channels; gives the name of its value.
    fn separable(&mut self, name: &str, input: &str, [inputs, outputs]: [usize; 2], stride: usize) -> String {
        let depthwise = format!("{name}.depthwise");
        let weight = format!("{depthwise}.weight");
        self.convolution(&depthwise, &[input, &weight], [inputs, inputs], Side::Depthwise { stride });
        let seen = self.activated(&depthwise, inputs);
        let point = format!("{name}.point");
        let weight = format!("{point}.weight");
        self.convolution(&point, &[&seen, &weight], [inputs, outputs], Side::One);
        self.activated(&point, outputs)
    }

    /// A convolution of an input by the weights of the second name, and with the bias of the third if there is one. The weights are
    /// drawn so that their sums keep the spread of their inputs (He et al. 2015).
    fn convolution(&mut self, name: &str, operands: &[&str], [inputs, outputs]: [usize; 2], side: Side) {
        let (kernel, stride, depth, group) = match side {
            Side::One => (1, 1, inputs, 1),
            Side::Three { stride } => (3, stride, inputs, 1),
            Side::Depthwise { stride } => (3, stride, 1, inputs),
        };
        let count = outputs * depth * kernel * kernel;
        let bound = (6.0 / (depth * kernel * kernel) as f32).sqrt();
        let weights: Vec<f32> = (0..count).map(|_| (self.random.f32() * 2.0 - 1.0) * bound).collect();
        self.writer.constant(operands[1], &[outputs, depth, kernel, kernel], &weights);
        let window = Window { kernel: [kernel; 2], stride: [stride; 2], pads: [kernel / 2; 4] };
        let attributes = [Attribute::Window(&window), Attribute::Int("group", group as i64)];
        self.writer.node("Conv", name, operands, &attributes);
    }

    /// A fresh normalisation of `of` with a PReLU after it; gives the name of its value.
    fn activated(&mut self, of: &str, channels: usize) -> String {
        let norm = format!("{of}.norm");
        let parts =
            [("gain", 1.0), ("offset", 0.0), ("mean", 0.0), ("variance", 1.0)].map(|(part, value)| {
                let name = format!("{norm}.{part}");
                self.writer.constant(&name, &[channels], &vec![value; channels]);
                name
            });
        let inputs: Vec<&str> = [of].into_iter().chain(parts.iter().map(String::as_str)).collect();
        self.writer.node("BatchNormalization", &norm, &inputs, &[]);
        let (active, slope) = (format!("{norm}.activation"), format!("{norm}.slope"));
        self.writer.constant(&slope, &[channels, 1, 1], &vec![SLOPE; channels]);
        self.writer.node("PRelu", &active, &[&norm, &slope], &[]);
        active
    }
}

#[cfg(test)]
mod tests {
    use encoder::{Images, Trainable};

    use super::*;

    fn network() -> Encoder {
        Texture { channels: 8, blocks: 1 }.build(1, Optimizer::default()).unwrap()
    }

    #[test]
    fn where_a_texture_is_in_the_picture_says_nothing() {
        let network = network();
        assert_eq!((network.input(), network.dimension()), ((SEEN, SEEN), CLASSES));
        let pixels = |at: usize| {
            let mut pixels = vec![128; SEEN * SEEN * 3];
            for row in 0..8 {
                for column in 0..8 {
                    let place = ((at + row) * SEEN + at + column) * 3;
                    pixels[place] = (row * column * 4) as u8;
                }
            }
            Images { height: SEEN, width: SEEN, pixels }
        };
        let [one, other, none] =
            [pixels(20), pixels(52), pixels(SEEN - 8)].map(|seen| network.embed(&seen).values);
        assert_ne!(one, none);
        for (a, b) in one.iter().zip(&other) {
            assert!((a - b).abs() < 1e-4, "{one:?} {other:?}");
        }
    }

    #[test]
    fn rescaled_logits_are_so_many_times_the_old_ones_with_their_offsets() {
        let mut network = network();
        let random = &mut Rng::with_seed(1);
        let pixels = (0..SEEN * SEEN * 3).map(|_| random.u8(..)).collect();
        let images = Images { height: SEEN, width: SEEN, pixels };
        let old = network.embed(&images).values;
        network.rescale(3.0, &[-0.5, 0.0, 1.0]).unwrap();
        let new = network.embed(&images).values;
        for ((old, new), offset) in old.iter().zip(&new).zip([-0.5, 0.0, 1.0]) {
            assert!((3.0 * old + offset - new).abs() < 1e-4, "{old} gives {new}");
        }
        assert!(network.rescale(3.0, &[0.0]).is_err());
    }

    #[test]
    fn a_network_of_nothing_is_refused() {
        for (channels, blocks) in [(0, 1), (8, 0), (129, 1), (8, 17)] {
            assert!(Texture { channels, blocks }.build(1, Optimizer::default()).is_err());
        }
    }
}
