//! Small ONNX networks built for the tests, with pseudo-random weights.
#![allow(dead_code, reason = "each test uses some of it")]

pub mod architectures;
pub mod random;

use onnx::{Attribute, Dimension, Writer};

/// A network under construction.
pub struct Builder {
    file: Writer,
    state: u64,
}

impl Builder {
    /// A network with one input `input` of 1 x `channels` x `height` x `width`.
    pub fn new([channels, height, width]: [i64; 3]) -> Self {
        let mut file = Writer::new("test", 6, 11);
        file.input("input", &dimensions(&[1, channels, height, width]));
        Self { file, state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// Pseudo-random numbers in -1..1, scaled.
    pub fn random(&mut self, count: usize, scale: f32) -> Vec<f32> {
        let mut step = || {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            (self.state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| step() * scale).collect()
    }

    /// A constant.
    pub fn constant(&mut self, name: &str, dims: &[i64], values: Vec<f32>) {
        let dims: Vec<usize> = dims.iter().map(|&side| side as usize).collect();
        self.file.constant(name, &dims, &values);
    }

    /// A node; its output bears the node's name.
    pub fn node(&mut self, operator: &str, name: &str, inputs: &[&str], attributes: &[(&str, &[i64])]) {
        let attributes = attributes.iter().map(|&(name, ints)| match name {
            "group" | "transB" | "axis" => Attribute::Int(name, ints[0]),
            _ => Attribute::Ints(name, ints),
        });
        let attributes: Vec<Attribute> = attributes.collect();
        self.file.node(operator, name, inputs, &attributes);
    }

    /// A node with attributes of any kind; its output bears the node's name.
    pub fn say(&mut self, operator: &str, name: &str, inputs: &[&str], attributes: &[Attribute]) {
        self.file.node(operator, name, inputs, attributes);
    }

    /// The file, for what has no method here.
    pub fn file(&mut self) -> &mut Writer {
        &mut self.file
    }

    /// A network whose input has these dimensions.
    pub fn with_input(dims: &[i64], opset: i64) -> Self {
        let mut file = Writer::new("test", 8, opset);
        file.input("input", &dimensions(dims));
        Self { file, state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// A convolution with random weights.
    pub fn conv(
        &mut self,
        name: &str,
        input: &str,
        [outputs, depth, kernel]: [i64; 3],
        stride: i64,
        group: i64,
    ) {
        let count = (outputs * depth * kernel * kernel) as usize;
        let weights = self.random(count, (2.0 / (depth * kernel * kernel) as f32).sqrt());
        let bias = self.random(outputs as usize, 0.2);
        self.constant(&format!("{name}.w"), &[outputs, depth, kernel, kernel], weights);
        self.constant(&format!("{name}.b"), &[outputs], bias);
        let pad = kernel / 2;
        self.node(
            "Conv",
            name,
            &[input, &format!("{name}.w"), &format!("{name}.b")],
            &[
                ("kernel_shape", &[kernel, kernel]),
                ("strides", &[stride, stride]),
                ("pads", &[pad, pad, pad, pad]),
                ("group", &[group]),
            ],
        );
    }

    /// A PReLU with random slopes, some of them negative.
    pub fn prelu(&mut self, name: &str, input: &str, channels: i64) {
        let slopes = self.random(channels as usize, 0.5);
        self.constant(&format!("{name}.s"), &[channels, 1, 1], slopes);
        self.node("PRelu", name, &[input, &format!("{name}.s")], &[]);
    }

    /// A batch norm with random statistics.
    pub fn batch_norm(&mut self, name: &str, input: &str, channels: i64) {
        let parts = [("gamma", 1.0, 0.5), ("beta", 0.0, 0.3), ("mean", 0.0, 0.3), ("variance", 1.0, 0.5)];
        for (part, centre, spread) in parts {
            let values = self.random(channels as usize, spread).iter().map(|v| v + centre).collect();
            self.constant(&format!("{name}.{part}"), &[channels], values);
        }
        let input_names: Vec<String> = parts.iter().map(|(part, ..)| format!("{name}.{part}")).collect();
        let mut inputs = vec![input];
        inputs.extend(input_names.iter().map(String::as_str));
        self.node("BatchNormalization", name, &inputs, &[]);
    }

    /// The bytes of the file, with the given outputs.
    pub fn finish(mut self, outputs: &[(&str, &[i64])]) -> Vec<u8> {
        for (name, dims) in outputs {
            self.file.output(name, &dimensions(dims));
        }
        self.file.finish()
    }
}

/// A network with every operator of the engine: residual sum, depthwise, pooling, resize, batch
/// norms before and after activations, and a fully connected layer at its end.
pub fn everything() -> Vec<u8> {
    let mut net = Builder::new([3, 16, 12]);
    net.constant("mean", &[1], vec![127.5]);
    net.constant("scale", &[1], vec![1.0 / 128.0]);
    net.node("Sub", "centred", &["input", "mean"], &[]);
    net.node("Mul", "scaled", &["centred", "scale"], &[]);
    net.conv("stem", "scaled", [8, 3, 3], 1, 1);
    net.batch_norm("stem_bn", "stem", 8);
    net.prelu("stem_prelu", "stem_bn", 8);
    net.conv("depthwise", "stem_prelu", [8, 1, 3], 1, 8);
    net.node("Relu", "depthwise_relu", &["depthwise"], &[]);
    net.conv("project", "depthwise_relu", [8, 8, 1], 1, 1);
    net.node("Add", "residual", &["stem_prelu", "project"], &[]);
    net.node("MaxPool", "pooled", &["residual"], &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])]);
    net.conv("lateral", "pooled", [8, 8, 1], 1, 1);
    net.constant("roi", &[0], vec![]);
    net.constant("twice", &[4], vec![1.0, 1.0, 2.0, 2.0]);
    net.node("Resize", "resized", &["lateral", "roi", "twice"], &[]);
    net.node("Add", "merged", &["resized", "residual"], &[]);
    net.conv("down", "merged", [16, 8, 3], 2, 1);
    net.prelu("down_prelu", "down", 16);
    net.batch_norm("late_bn", "down_prelu", 16);
    net.node("Flatten", "flat", &["late_bn"], &[]);
    let weights = net.random(10 * 16 * 8 * 6, 0.05);
    net.constant("head.w", &[10, 16 * 8 * 6], weights);
    let bias = net.random(10, 0.1);
    net.constant("head.b", &[10], bias);
    net.node("Gemm", "head", &["flat", "head.w", "head.b"], &[("transB", &[1])]);
    net.batch_norm("head_bn", "head", 10);
    net.finish(&[("head_bn", &[1, 10])])
}

/// Pictures of 16 x 12 with some structure.
pub fn samples(count: usize) -> Vec<Vec<u8>> {
    let mut noise = Builder::new([3, 16, 12]);
    let picture = |noise: Vec<f32>, phase: usize| {
        let pixel =
            |(i, n): (usize, f32)| (128.0 + 70.0 * ((i + 7 * phase) as f32 / 40.0).sin() + 50.0 * n) as u8;
        noise.into_iter().enumerate().map(pixel).collect()
    };
    (0..count).map(|phase| picture(noise.random(16 * 12 * 3, 1.0), phase)).collect()
}

fn dimensions(dims: &[i64]) -> Vec<Dimension<'static>> {
    dims.iter().map(|&side| Dimension::Fixed(side as usize)).collect()
}
