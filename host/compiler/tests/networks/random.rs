//! Random small networks: a seed with an odd number has one near miss.

mod reshapes;

use fastrand::Rng;
use onnx::Attribute::{self, Float, Int, Ints, Text};

use super::Builder;

/// A feature map of the network under construction.
#[derive(Clone, Debug)]
struct Map {
    name: String,
    channels: i64,
    sides: [i64; 2],
}

/// A network under construction.
struct Net {
    builder: Builder,
    rng: Rng,
    /// For what comes after the layers, so that those of a seed stay what they are.
    late: Rng,
    /// For the function of a gate.
    gates: Rng,
    count: usize,
    /// The near miss that is still to be put in.
    miss: bool,
    /// What was put in, for the message of a failure.
    said: Vec<String>,
}

impl Net {
    fn name(&mut self, what: &str) -> String {
        self.count += 1;
        format!("{what}{}", self.count)
    }

    fn say(&mut self, operator: &str, inputs: &[&str], attributes: &[Attribute]) -> String {
        let name = self.name(operator);
        self.said.push(format!("{name}({}) {attributes:?}", inputs.join(", ")));
        self.builder.say(operator, &name, inputs, attributes);
        name
    }

    fn constant(&mut self, dims: &[i64], centre: f32, spread: f32) -> String {
        let name = self.name("k");
        let count: i64 = dims.iter().product();
        let values = self.numbers(count as usize, centre, spread);
        self.said.push(format!("{name}: {dims:?}"));
        self.builder.constant(&name, dims, values);
        name
    }

    /// A constant that draws nothing.
    fn number(&mut self, value: f32) -> String {
        let name = self.name("k");
        self.builder.constant(&name, &[], vec![value]);
        name
    }

    fn numbers(&mut self, count: usize, centre: f32, spread: f32) -> Vec<f32> {
        (0..count).map(|_| centre + spread * (2.0 * self.rng.f32() - 1.0)).collect()
    }

    fn integers(&mut self, values: &[i64]) -> String {
        let name = self.name("i");
        self.builder.file().integers(&name, &[values.len()], values);
        name
    }

    /// Whether the near miss goes here.
    fn misses(&mut self) -> bool {
        let now = self.miss && self.rng.u8(..) < 64;
        self.miss &= !now;
        now
    }

    fn convolution(&mut self, input: &Map) -> Map {
        let rng = &mut self.rng;
        let depthwise = rng.bool() && input.channels > 1;
        let outputs = if depthwise { input.channels } else { rng.i64(2..10) };
        let kernel = [1, 3, 2, 5].map(|side| side.min(input.sides[0]).min(input.sides[1]));
        let kernel = [*rng.choice(&kernel).unwrap(), *rng.choice(&kernel).unwrap()];
        let stride =
            if input.sides.iter().all(|&side| side > 5) { [rng.i64(1..3), rng.i64(1..3)] } else { [1, 1] };
        let pad = kernel.map(|side| rng.i64(0..side.min(3)));
        let end = kernel.map(|side| rng.i64(0..side.min(3)));
        let auto = rng.u8(..) < 64;
        let bias = rng.bool();
        // Groups in place of one filter a channel.
        let groups = match depthwise || input.channels % 2 != 0 || outputs % 2 != 0 || self.rng.bool() {
            true if depthwise => input.channels,
            true => 1,
            false => 2,
        };
        let depth = input.channels / groups;
        let fan_in = (depth * kernel[0] * kernel[1]) as f32;
        let weights = self.constant(&[outputs, depth, kernel[0], kernel[1]], 0.0, (3.0 / fan_in).sqrt());
        let mut inputs = vec![input.name.clone(), weights];
        if bias {
            inputs.push(self.constant(&[outputs], 0.0, 0.3));
        }
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let pads = [pad[0], pad[1], end[0], end[1]];
        let group = Int("group", groups);
        let mut attributes = vec![group, Ints("strides", &stride)];
        attributes.push(if auto { Text("auto_pad", "SAME_UPPER") } else { Ints("pads", &pads) });
        if self.misses() {
            attributes.push(Ints("dilations", &[2, 1]));
        }
        let name = self.say("Conv", &inputs, &attributes);
        let side = |axis: usize| match auto {
            true => (input.sides[axis] + stride[axis] - 1) / stride[axis],
            false => (input.sides[axis] + pad[axis] + end[axis] - kernel[axis]) / stride[axis] + 1,
        };
        Map { name, channels: outputs, sides: [side(0), side(1)] }
    }

    fn normalization(&mut self, input: &Map) -> Map {
        let c = input.channels;
        let parts = [(1.0, 0.5), (0.0, 0.3), (0.0, 0.3), (1.0, 0.5)];
        let parts = parts.map(|(centre, spread)| self.constant(&[c], centre, spread));
        let inputs: Vec<&str> =
            [input.name.as_str()].into_iter().chain(parts.iter().map(String::as_str)).collect();
        let name = self.say("BatchNormalization", &inputs, &[Float("epsilon", 1e-4)]);
        Map { name, ..input.clone() }
    }

    fn activation(&mut self, input: &Map) -> Map {
        let x = input.name.as_str();
        let name = match self.rng.u8(..8) {
            5 => self.say("HardSwish", &[x], &[]),
            6 => self.sigmoid(x),
            7 => self.swish(x),
            0 => self.say("Relu", &[x], &[]),
            1 => self.say("LeakyRelu", &[x], &[Float("alpha", 0.2)]),
            2 => {
                let dims = if self.misses() { vec![input.sides[1]] } else { vec![input.channels, 1, 1] };
                let slopes = self.constant(&dims, 0.0, 0.5);
                self.say("PRelu", &[x, &slopes], &[])
            }
            3 => {
                let (low, high) = (self.constant(&[], -0.2, 0.2), self.constant(&[], 1.5, 0.5));
                self.say("Clip", &[x, &low, &high], &[])
            }
            _ => {
                let low = self.constant(&[], 0.0, 0.0);
                self.say("Clip", &[x, &low], &[])
            }
        };
        Map { name, ..input.clone() }
    }

    /// A sigmoid of each value.
    fn sigmoid(&mut self, x: &str) -> String {
        match self.rng.bool() {
            true => self.say("Sigmoid", &[x], &[]),
            false => self.say("HardSigmoid", &[x], &[Float("alpha", 0.25), Float("beta", 0.4)]),
        }
    }

    /// A value times a sigmoid of it, as one node or as several.
    fn swish(&mut self, x: &str) -> String {
        if self.rng.bool() {
            let gate = self.sigmoid(x);
            return self.say("Mul", &[x, &gate], &[]);
        }
        // A lower bound below zero is no sigmoid.
        let low = if self.misses() { -1.0 } else { 0.0 };
        let [three, low, six] = [3.0, low, 6.0].map(|value| self.constant(&[], value, 0.0));
        let line = self.say("Add", &[x, &three], &[]);
        let clip = self.say("Clip", &[&line, &low, &six], &[]);
        if self.rng.bool() {
            let product = self.say("Mul", &[x, &clip], &[]);
            return self.say("Div", &[&product, &six], &[]);
        }
        let share = self.say("Div", &[&clip, &six], &[]);
        self.say("Mul", &[&share, x], &[])
    }

    /// Zeros around the map, with a convolution after them or not.
    fn pad(&mut self, input: &Map) -> Map {
        let pads: [i64; 4] = std::array::from_fn(|_| self.rng.i64(0..3));
        let [top, left, bottom, right] = pads;
        let list = self.integers(&[0, 0, top, left, 0, 0, bottom, right]);
        let mode = if self.misses() { "reflect" } else { "constant" };
        let name = self.say("Pad", &[&input.name, &list], &[Text("mode", mode)]);
        let sides = [input.sides[0] + top + bottom, input.sides[1] + left + right];
        let padded = Map { name, sides, ..input.clone() };
        if self.rng.bool() { self.convolution(&padded) } else { padded }
    }

    fn arithmetic(&mut self, input: &Map) -> Map {
        let (c, [h, w]) = (input.channels, input.sides);
        let dims = match (self.misses(), self.rng.u8(..4)) {
            (false, 0) => vec![],
            (false, 1) => vec![1, c, 1, 1],
            (false, _) => vec![c, 1, 1],
            (true, 0) => vec![w],
            (true, 1) => vec![h, 1],
            (true, 2) => vec![c, 1, w],
            (true, _) => vec![1, 1, h, w],
        };
        let k = self.constant(&dims, 1.0, 0.4);
        let x = input.name.as_str();
        let name = match self.rng.u8(..6) {
            0 => self.say("Add", &[x, &k], &[]),
            1 => self.say("Mul", &[&k, x], &[]),
            2 => self.say("Sub", &[x, &k], &[]),
            3 => self.say("Sub", &[&k, x], &[]),
            4 => self.say("Div", &[x, &k], &[]),
            _ => self.say("Mul", &[x, &k], &[]),
        };
        Map { name, ..input.clone() }
    }

    fn pool(&mut self, input: &Map) -> Map {
        if input.sides.iter().any(|&side| side < 4) {
            return input.clone();
        }
        let kernel = [self.rng.i64(2..4), self.rng.i64(2..4)];
        let pads = [self.rng.i64(0..2), self.rng.i64(0..2), self.rng.i64(0..2), self.rng.i64(0..2)];
        let miss = self.misses();
        let side = |axis: usize| (input.sides[axis] + pads[axis] + pads[axis + 2] - kernel[axis]) / 2 + 1;
        let sides = [side(0), side(1)];
        let mut attributes =
            vec![Ints("kernel_shape", &kernel), Ints("strides", &[2, 2]), Ints("pads", &pads)];
        let mean = self.rng.bool();
        match (mean, miss) {
            (true, false) => attributes.push(Int("count_include_pad", 1)),
            (false, true) => attributes.push(Int("ceil_mode", 1)),
            _ => {}
        }
        let name = self.say(if mean { "AveragePool" } else { "MaxPool" }, &[&input.name], &attributes);
        Map { name, sides, ..input.clone() }
    }

    /// A residual sum, of two values of one shape.
    fn residual(&mut self, input: &Map) -> Map {
        let weights = self.constant(&[input.channels, input.channels, 1, 1], 0.0, 0.5);
        let beside = self.say("Conv", &[&input.name, &weights], &[]);
        // The same value in another form, read by a node that could be folded.
        let shown =
            if self.rng.bool() { self.say("Identity", &[&input.name], &[]) } else { input.name.clone() };
        let positive = self.say("Relu", &[&shown], &[]);
        let other = if self.rng.bool() { &positive } else { &input.name };
        let name = self.say("Add", &[other, &beside], &[]);
        Map { name, ..input.clone() }
    }

    fn excite(&mut self, input: &Map) -> Map {
        let c = input.channels;
        let squeezed = match self.rng.bool() {
            true => self.say("GlobalAveragePool", &[&input.name], &[]),
            false => self.say("ReduceMean", &[&input.name], &[Ints("axes", &[-2, -1]), Int("keepdims", 1)]),
        };
        let weights = self.constant(&[c, c, 1, 1], 0.0, 1.0);
        let logits = self.say("Conv", &[&squeezed, &weights], &[]);
        let function = if self.rng.bool() { "Sigmoid" } else { "HardSigmoid" };
        let gate = match self.gates.u8(..4) {
            kind @ 0..2 => {
                // A gate that is shut for every picture leaves nothing to compare.
                let open = self.number(1.0);
                let opened = self.say("Add", &[&logits, &open], &[]);
                let (low, high) = (self.number(0.0), self.number(1.0));
                match kind {
                    0 => self.say("Relu", &[&opened], &[]),
                    _ => self.say("Clip", &[&opened, &low, &high], &[]),
                }
            }
            _ => self.say(function, &[&logits], &[]),
        };
        // A gate without its sigmoid is a product, which the engine does not have.
        let gate = if self.misses() { logits } else { gate };
        let name = self.say("Mul", &[&input.name, &gate], &[]);
        Map { name, ..input.clone() }
    }

    fn resize(&mut self, input: &Map) -> Map {
        if input.sides.iter().any(|&side| side > 8) {
            return input.clone();
        }
        let forms = [("asymmetric", "floor"), ("half_pixel", "round_prefer_floor")];
        let (coordinates, nearest) = match self.misses() {
            true => ("half_pixel", "floor"),
            false => *self.rng.choice(&forms).unwrap(),
        };
        let scales = self.name("k");
        self.builder.constant(&scales, &[4], vec![1.0, 1.0, 2.0, 2.0]);
        let attributes = [
            Text("mode", "nearest"),
            Text("coordinate_transformation_mode", coordinates),
            Text("nearest_mode", nearest),
        ];
        let name = self.say("Resize", &[&input.name, "", &scales], &attributes);
        Map { name, sides: input.sides.map(|side| 2 * side), ..input.clone() }
    }

    /// There and back, with arithmetic between.
    fn turned(&mut self, input: &Map) -> Map {
        let last = self.say("Transpose", &[&input.name], &[Ints("perm", &[0, 2, 3, 1])]);
        let dims = if self.misses() { vec![input.sides[1], 1] } else { vec![input.channels] };
        let k = self.constant(&dims, 0.0, 0.5);
        let sum = self.say("Add", &[&last, &k], &[]);
        let name = self.say("Transpose", &[&sum], &[Ints("perm", &[0, 3, 1, 2])]);
        Map { name, ..input.clone() }
    }

    /// A row of values from the map, and fully connected layers after it.
    fn head(&mut self, input: &Map) -> (String, i64) {
        let (c, [h, w]) = (input.channels, input.sides);
        let (flat, length) = match self.rng.u8(..4) {
            0 => (self.say("Flatten", &[&input.name], &[]), c * h * w),
            1 => {
                let shape = if self.misses() { [-1, c] } else { [1, -1] };
                let shape = self.integers(&shape);
                (self.say("Reshape", &[&input.name, &shape], &[]), c * h * w)
            }
            2 => (self.say("ReduceMean", &[&input.name], &[Ints("axes", &[2, 3]), Int("keepdims", 0)]), c),
            _ => {
                let last = self.say("Transpose", &[&input.name], &[Ints("perm", &[0, 2, 3, 1])]);
                (self.say("Flatten", &[&last], &[Int("axis", 1)]), c * h * w)
            }
        };
        let outputs = 24;
        let spread = (3.0 / length as f32).sqrt();
        let row = match self.rng.u8(..3) {
            0 => {
                let (weights, bias) =
                    (self.constant(&[outputs, length], 0.0, spread), self.constant(&[outputs], 0.0, 0.2));
                self.say("Gemm", &[&flat, &weights, &bias], &[Int("transB", 1)])
            }
            1 => {
                let weights = self.constant(&[length, outputs], 0.0, spread);
                let product = self.say("MatMul", &[&flat, &weights], &[]);
                let bias = self.constant(&[1, outputs], 0.0, 0.2);
                self.say("Add", &[&product, &bias], &[])
            }
            _ => {
                let weights = self.constant(&[outputs, length], 0.0, spread);
                let turned = self.say("Transpose", &[&weights], &[Ints("perm", &[1, 0])]);
                self.say("MatMul", &[&flat, &turned], &[])
            }
        };
        let row = if self.rng.bool() {
            let map = Map { name: row, channels: outputs, sides: [1, 1] };
            self.normalization(&map).name
        } else {
            row
        };
        if self.misses() { (self.say("Sigmoid", &[&row], &[]), outputs) } else { (row, outputs) }
    }
}

/// The network of this seed, its input size, and what is in it.
pub fn network(seed: u64) -> (Vec<u8>, [i64; 2], Vec<String>) {
    let mut rng = Rng::with_seed(seed);
    let sides = [rng.i64(6..15), rng.i64(6..15)];
    let builder = Builder::with_input(&[1, 3, sides[0], sides[1]], 14);
    let late = Rng::with_seed(!seed);
    let gates = Rng::with_seed(seed ^ 0x5e_9a7e);
    let mut net = Net { builder, rng, late, gates, count: 0, miss: seed % 2 == 1, said: Vec::new() };
    let mean = net.name("k");
    net.builder.constant(&mean, &[], vec![127.5]);
    let scale = net.name("k");
    // Apart, so that the layers of a seed stay what they are.
    let mut before = Rng::with_seed(seed ^ 0x0ddb_a115);
    let sign = if before.u8(..4) == 0 { -1.0 } else { 1.0 };
    net.builder.constant(&scale, &[1, 1, 1, 1], vec![sign / 64.0]);
    let centred = net.say("Sub", &["input", &mean], &[]);
    let mut scaled = net.say("Mul", &[&centred, &scale], &[]);
    if before.u8(..4) == 0 {
        let around = [Ints("kernel_shape", &[3, 3]), Ints("pads", &[1, 1, 1, 1])];
        scaled = net.say("MaxPool", &[&scaled], &around);
    }
    let start = Map { name: scaled, channels: 3, sides };
    let mut map = net.convolution(&start);
    for _ in 0..net.rng.usize(2..7) {
        map = match net.rng.u8(..13) {
            12 => net.pad(&map),
            0..=2 => net.convolution(&map),
            3 => net.normalization(&map),
            4 | 5 => net.activation(&map),
            6 => net.arithmetic(&map),
            7 => net.pool(&map),
            8 => net.residual(&map),
            9 => net.excite(&map),
            10 => net.resize(&map),
            _ => net.turned(&map),
        };
    }
    if net.late.bool() {
        map = net.reshaped(&map);
    }
    let (row, length) = net.head(&map);
    let said = net.said.clone();
    (net.builder.finish(&[(&row, &[1, length])]), sides, said)
}
