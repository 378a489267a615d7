//! Public architectures in small, with random weights: what people's networks are made of, block by block.
//!
//! Each is named after the family whose blocks it has. The weights are random, so an output means nothing; it must be the same
//! in the file and in the engine.

use onnx::Attribute::{Float, Int, Ints};

use super::Builder;

/// Height and width of the pictures.
pub const SIDES: [i64; 2] = [48, 48];

/// A feature map of the network under construction.
#[derive(Clone)]
struct Map {
    name: String,
    channels: i64,
    /// About the mean square of its values: the weights that read it make that one again, as in a trained network.
    power: f32,
}

/// What follows a convolution.
#[derive(Clone, Copy, PartialEq)]
enum Then {
    Nothing,
    Relu,
    Relu6,
    /// `HardSwish`, as files since opset 14 have it.
    Swish,
    /// A hard swish as four nodes, as older files have it.
    Parts,
    /// `x * Sigmoid(x)`.
    Silu,
}

struct Net {
    builder: Builder,
    count: usize,
}

/// A convolution: filters, kernel, stride, groups.
type Form = [i64; 4];

impl Net {
    fn new() -> Self {
        let mut builder = Builder::with_input(&[1, 3, SIDES[0], SIDES[1]], 14);
        for (name, value) in
            [("mean", 127.5), ("pixel", 1.0 / 64.0), ("zero", 0.0), ("six", 6.0), ("three", 3.0)]
        {
            builder.constant(name, &[], vec![value]);
        }
        builder.say("Sub", "centred", &["input", "mean"], &[]);
        builder.say("Mul", "prepared", &["centred", "pixel"], &[]);
        Self { builder, count: 0 }
    }

    fn input() -> Map {
        Map { name: "prepared".into(), channels: 3, power: 1.0 }
    }

    fn say(&mut self, operator: &str, inputs: &[&str], attributes: &[onnx::Attribute]) -> String {
        self.count += 1;
        let name = format!("{operator}_{}", self.count);
        self.builder.say(operator, &name, inputs, attributes);
        name
    }

    /// A convolution with its batch norm, and what follows.
    fn conv(&mut self, input: &Map, [filters, kernel, stride, group]: Form, then: Then) -> Map {
        self.count += 1;
        let name = format!("conv_{}", self.count);
        let depth = input.channels / group;
        let count = depth * kernel * kernel;
        let weights =
            self.builder.random((filters * count) as usize, (3.0 / (count as f32 * input.power)).sqrt());
        let weight = format!("{name}_w");
        self.builder.constant(&weight, &[filters, depth, kernel, kernel], weights);
        let pad = kernel / 2;
        let attributes =
            [Ints("strides", &[stride, stride]), Ints("pads", &[pad, pad, pad, pad]), Int("group", group)];
        self.builder.say("Conv", &name, &[&input.name, &weight], &attributes);
        let parts =
            [("gamma", 1.0), ("beta", 0.0), ("mean", 0.0), ("variance", 1.0)].map(|(part, centre)| {
                let values = self.builder.random(filters as usize, 0.1).iter().map(|x| x + centre).collect();
                let part = format!("{name}_{part}");
                self.builder.constant(&part, &[filters], values);
                part
            });
        let inputs: Vec<&str> = [&name].into_iter().chain(&parts).map(String::as_str).collect();
        let norm = self.say("BatchNormalization", &inputs, &[]);
        let power = match then {
            Then::Nothing => 1.0,
            Then::Relu | Then::Relu6 => 0.5,
            Then::Swish | Then::Parts | Then::Silu => 0.36,
        };
        Map { name: self.then(&norm, then), channels: filters, power }
    }

    fn then(&mut self, x: &str, then: Then) -> String {
        match then {
            Then::Nothing => x.into(),
            Then::Relu => self.say("Relu", &[x], &[]),
            Then::Relu6 => self.say("Clip", &[x, "zero", "six"], &[]),
            Then::Swish => self.say("HardSwish", &[x], &[]),
            Then::Silu => {
                let gate = self.say("Sigmoid", &[x], &[]);
                self.say("Mul", &[x, &gate], &[])
            }
            Then::Parts => {
                let line = self.say("Add", &[x, "three"], &[]);
                let clip = self.say("Clip", &[&line, "zero", "six"], &[]);
                let product = self.say("Mul", &[x, &clip], &[]);
                self.say("Div", &[&product, "six"], &[])
            }
        }
    }

    fn add(&mut self, a: &Map, b: &Map) -> Map {
        Map {
            name: self.say("Add", &[&a.name, &b.name], &[]),
            channels: a.channels,
            power: a.power + b.power,
        }
    }

    /// Expand, depthwise, squeeze and excite, project.
    fn inverted(&mut self, x: &Map, [wide, out, kernel, stride]: Form, then: Then, excite: bool) -> Map {
        let expanded = self.conv(x, [wide, 1, 1, 1], then);
        let mut deep = self.conv(&expanded, [wide, kernel, stride, wide], then);
        if excite {
            deep = self.excite(&deep);
        }
        let narrow = self.conv(&deep, [out, 1, 1, 1], Then::Nothing);
        if stride == 1 && out == x.channels { self.add(x, &narrow) } else { narrow }
    }

    fn excite(&mut self, x: &Map) -> Map {
        let squeezed = self.say("GlobalAveragePool", &[&x.name], &[]);
        let squeezed = Map { name: squeezed, channels: x.channels, power: x.power / 4.0 };
        let less = self.conv(&squeezed, [x.channels / 4, 1, 1, 1], Then::Relu);
        let more = self.conv(&less, [x.channels, 1, 1, 1], Then::Nothing);
        let gate = self.say("HardSigmoid", &[&more.name], &[Float("alpha", 1.0 / 6.0), Float("beta", 0.5)]);
        Map { name: self.say("Mul", &[&x.name, &gate], &[]), channels: x.channels, power: x.power / 4.0 }
    }

    /// The mean over all pixels, a fully connected layer, and with `unit` a division by the length.
    fn finish(mut self, x: &Map, unit: bool) -> Vec<u8> {
        let pooled = self.say("GlobalAveragePool", &[&x.name], &[]);
        let flat = self.say("Flatten", &[&pooled], &[Int("axis", 1)]);
        let weights = self.builder.random((64 * x.channels) as usize, (3.0 / x.channels as f32).sqrt());
        self.builder.constant("head", &[64, x.channels], weights);
        let mut last = self.say("Gemm", &[&flat, "head"], &[Int("transB", 1)]);
        if unit {
            let length = self.say("ReduceL2", &[&last], &[Ints("axes", &[1]), Int("keepdims", 1)]);
            last = self.say("Div", &[&last, &length], &[]);
        }
        self.builder.finish(&[(&last, &[1, 64])])
    }
}

fn mobilenet_v2() -> Vec<u8> {
    let mut net = Net::new();
    let mut x = net.conv(&Net::input(), [16, 3, 2, 1], Then::Relu6);
    for [wide, out, kernel, stride] in [[32, 16, 3, 1], [48, 24, 3, 2], [72, 24, 3, 1], [72, 32, 3, 2]] {
        x = net.inverted(&x, [wide, out, kernel, stride], Then::Relu6, false);
    }
    net.finish(&x, false)
}

fn mobilenet_v3(then: Then) -> Vec<u8> {
    let mut net = Net::new();
    let mut x = net.conv(&Net::input(), [16, 3, 2, 1], then);
    x = net.inverted(&x, [16, 16, 3, 2], Then::Relu, true);
    x = net.inverted(&x, [48, 24, 3, 1], Then::Relu, false);
    x = net.inverted(&x, [64, 24, 5, 1], then, true);
    x = net.inverted(&x, [64, 32, 5, 2], then, true);
    x = net.conv(&x, [96, 1, 1, 1], then);
    net.finish(&x, false)
}

/// Half of the channels by a convolution, the other half from these by a cheap one: the sum of both by two projections, as
/// the engine has no concatenation.
fn ghost() -> Vec<u8> {
    let mut net = Net::new();
    let mut x = net.conv(&Net::input(), [16, 3, 2, 1], Then::Relu);
    for stride in [1, 2, 1, 2] {
        let primary = net.conv(&x, [24, 1, 1, 1], Then::Relu);
        let cheap = net.conv(&primary, [24, 3, 1, 24], Then::Relu);
        let both = net.add(&primary, &cheap);
        let deep = if stride == 2 { net.conv(&both, [24, 3, 2, 24], Then::Nothing) } else { both };
        let deep = net.excite(&deep);
        let narrow = net.conv(&deep, [16, 1, 1, 1], Then::Nothing);
        x = if stride == 1 { net.add(&x, &narrow) } else { narrow };
    }
    net.finish(&x, true)
}

fn efficientnet_lite(then: Then) -> Vec<u8> {
    let mut net = Net::new();
    let mut x = net.conv(&Net::input(), [16, 3, 2, 1], then);
    for [wide, out, kernel, stride] in [[16, 16, 3, 1], [64, 24, 3, 2], [96, 24, 3, 1], [96, 40, 5, 2]] {
        x = net.inverted(&x, [wide, out, kernel, stride], then, false);
    }
    net.finish(&x, false)
}

fn resnet_18() -> Vec<u8> {
    let mut net = Net::new();
    let stem = net.conv(&Net::input(), [16, 7, 2, 1], Then::Relu);
    let pool = [Ints("kernel_shape", &[3, 3]), Ints("strides", &[2, 2]), Ints("pads", &[1, 1, 1, 1])];
    let mut x = Map { name: net.say("MaxPool", &[&stem.name], &pool), channels: 16, power: 1.0 };
    for [out, stride] in [[16, 1], [16, 1], [32, 2], [32, 1], [48, 2], [48, 1], [64, 2], [64, 1]] {
        let first = net.conv(&x, [out, 3, stride, 1], Then::Relu);
        let second = net.conv(&first, [out, 3, 1, 1], Then::Nothing);
        let beside = if stride == 2 { net.conv(&x, [out, 1, 2, 1], Then::Nothing) } else { x };
        let sum = net.add(&second, &beside);
        x = Map { name: net.then(&sum.name, Then::Relu), channels: out, power: sum.power / 2.0 };
    }
    net.finish(&x, false)
}

/// EdgeFace-XXS without its attention: large depthwise kernels, and grouped convolutions in place of split channels.
fn edgeface() -> Vec<u8> {
    let mut net = Net::new();
    let mut x = net.conv(&Net::input(), [16, 4, 4, 1], Then::Nothing);
    for (stride, groups) in [(1, 4), (1, 4), (2, 1), (1, 4)] {
        if stride == 2 {
            x = net.conv(&x, [32, 3, 2, groups], Then::Nothing);
            continue;
        }
        let deep = net.conv(&x, [x.channels, 5, 1, x.channels], Then::Nothing);
        let mixed = net.conv(&deep, [2 * x.channels, 1, 1, groups], Then::Silu);
        let narrow = net.conv(&mixed, [x.channels, 1, 1, 1], Then::Nothing);
        x = net.add(&x, &narrow);
    }
    net.finish(&x, true)
}

/// All of them, by name.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("MobileNetV2", mobilenet_v2()),
        ("MobileNetV3-small", mobilenet_v3(Then::Swish)),
        ("MobileNetV3-small before opset 14", mobilenet_v3(Then::Parts)),
        ("GhostNet", ghost()),
        ("EfficientNet-lite", efficientnet_lite(Then::Relu6)),
        ("EfficientNet with SiLU", efficientnet_lite(Then::Silu)),
        ("ResNet-18", resnet_18()),
        ("EdgeFace-XXS without attention", edgeface()),
    ]
}
