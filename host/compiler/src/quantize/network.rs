//! The integer network.

use kernels::{Addition, Convolution, GATE_STEPS, Gate, OutputStage, Pooling, Scale, Shape, Window};

use nn::format::RemovedRecord;

use crate::graph::{self, Node, Preprocessing, TensorId};
use crate::observe::Statistics;

/// An integer network, before its tensors have a place in the arena.
#[derive(Clone, Debug)]
pub struct Network {
    /// All tensors, numbered as in the float graph.
    pub tensors: Vec<QuantizedTensor>,
    /// Operators in running order.
    pub operators: Vec<QuantizedOperator>,
    /// Output tensors.
    pub outputs: Vec<TensorId>,
    /// What was removed from operators, in their order; those alone from which something was.
    pub removed: Vec<RemovedRecord>,
}

/// A tensor with its scale.
#[derive(Clone, Debug)]
pub struct QuantizedTensor {
    /// Name in the ONNX file.
    pub name: String,
    /// Shape, NHWC.
    pub shape: Shape,
    /// Real value of one step.
    pub scale: f32,
    /// The integer that stands for zero.
    pub zero_point: i32,
    /// Bytes a value: 1, or 2 for a network's output.
    pub bytes: u8,
    /// For outputs: the scale is `2^-frac_bits`.
    pub frac_bits: i8,
    /// Whether values that no reader tells apart are left out of it, so that its mean is another than that of the float network.
    pub narrowed: bool,
}

/// Which operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperatorKind {
    /// Dense convolution.
    Dense,
    /// Depthwise convolution.
    Depthwise,
    /// Sum of two tensors.
    Add,
    /// Maximum over a window.
    MaxPool,
    /// Mean over all pixels.
    AveragePool,
    /// Twice the size.
    Resize2x,
    /// Times the sigmoid of a logit a channel.
    Gate,
    /// A function of each value.
    Table,
}

/// An operator with integer weights and scales.
#[derive(Clone, Debug)]
pub struct QuantizedOperator {
    /// Which one.
    pub kind: OperatorKind,
    /// Inputs.
    pub inputs: Vec<TensorId>,
    /// Output.
    pub output: TensorId,
    /// Kernel, stride and padding.
    pub window: Window,
    /// Weights in the order of [`kernels::Convolution::weights`], or the values of a function.
    pub weights: Vec<i8>,
    /// One a channel.
    pub scales: Vec<Scale>,
    /// Sigmoids of a gate.
    pub table: Option<Box<[i16; GATE_STEPS]>>,
    /// Whether a PReLU is fused: negative sums have multipliers of their own.
    pub prelu: bool,
    /// Least and greatest output.
    pub clamp: [i16; 2],
    /// Factors of a sum.
    pub factor: [i32; 2],
    /// Right shift of a sum.
    pub sum_shift: u32,
    /// Real value of one step of the accumulator, a channel.
    pub accumulator_scale: Vec<f32>,
}

impl OperatorKind {
    /// Whether it can write a network's output.
    pub fn writes_i16(self) -> bool {
        matches!(self, Self::Dense | Self::Depthwise | Self::AveragePool)
    }
}

impl QuantizedTensor {
    /// The network's input: pixels less 128.
    pub fn input(tensor: &graph::Tensor, before: Preprocessing) -> Self {
        Self {
            zero_point: (before.mean - 128.0).round().clamp(-128.0, 127.0) as i32,
            ..Self::new(tensor, before.scale)
        }
    }

    /// An activation whose 256 steps cover `range`.
    pub fn activation(tensor: &graph::Tensor, [low, high]: [f32; 2]) -> Self {
        let scale = ((high - low) / 255.0).max(1e-9);
        let zero_point = (-128.0 - low / scale).round().clamp(-128.0, 127.0) as i32;
        Self { zero_point, ..Self::new(tensor, scale) }
    }

    /// A network's output: 16 bits, room for twice what was seen.
    pub fn output(tensor: &graph::Tensor, seen: &Statistics) -> Self {
        let greatest = seen.range[1].max(-seen.range[0]).max(1e-3);
        let frac_bits = (32767.0 / (2.0 * greatest)).log2().floor().clamp(-15.0, 30.0);
        Self { bytes: 2, frac_bits: frac_bits as i8, ..Self::new(tensor, (-frac_bits).exp2()) }
    }

    fn new(tensor: &graph::Tensor, scale: f32) -> Self {
        Self {
            name: tensor.name.clone(),
            shape: tensor.shape,
            scale,
            zero_point: 0,
            bytes: 1,
            frac_bits: 0,
            narrowed: false,
        }
    }

    /// Doubles the scale of an output until it is at least `finest`.
    pub fn coarsen(&mut self, finest: f32) {
        while self.scale < finest && self.frac_bits > -15 {
            self.frac_bits -= 1;
            self.scale *= 2.0;
        }
    }

    /// Least and greatest step for values within `bounds`.
    pub fn clamp(&self, bounds: [f32; 2]) -> [i16; 2] {
        let [least, greatest] = if self.bytes == 2 { [-32768.0, 32767.0] } else { [-128.0, 127.0] };
        let step = |bound: f32| (bound / self.scale).round() + self.zero_point as f32;
        bounds.map(|bound| step(bound).clamp(least, greatest) as i16)
    }
}

/// An operator without weights.
pub fn plain(node: &Node, kind: OperatorKind, window: Window) -> QuantizedOperator {
    QuantizedOperator {
        kind,
        inputs: node.inputs.clone(),
        output: node.output,
        window,
        weights: Vec::new(),
        scales: Vec::new(),
        table: None,
        prelu: false,
        clamp: [-128, 127],
        factor: [0; 2],
        sum_shift: 0,
        accumulator_scale: Vec::new(),
    }
}

impl Network {
    /// Runs `operator` on 8-bit inputs, by the engine's own kernels.
    pub fn run(&self, operator: &QuantizedOperator, inputs: &[&[i8]]) -> Vec<i8> {
        let shape = |tensor: TensorId| self.tensors[tensor].shape;
        let (input, output) = (shape(operator.inputs[0]), shape(operator.output));
        let mut out = vec![0; output.len()];
        match operator.kind {
            OperatorKind::Dense => kernels::conv2d(&self.convolution(operator), inputs[0], &mut out),
            OperatorKind::Depthwise => {
                kernels::depthwise_conv2d(&self.convolution(operator), inputs[0], &mut out)
            }
            OperatorKind::Add => kernels::add(&self.addition(operator), inputs[0], inputs[1], &mut out),
            OperatorKind::MaxPool => {
                kernels::max_pool(&Pooling { input, output, window: operator.window }, inputs[0], &mut out)
            }
            OperatorKind::AveragePool => {
                kernels::average_pool(input, &self.stage(operator), inputs[0], &mut out)
            }
            OperatorKind::Resize2x => kernels::resize_nearest_2x(input, inputs[0], &mut out),
            OperatorKind::Gate => kernels::gate(&self.gate(operator), inputs[0], inputs[1], &mut out),
            OperatorKind::Table => {
                let table = operator.weights.first_chunk().expect("a function has a table");
                kernels::table(table, inputs[0], &mut out);
            }
        }
        out
    }

    /// The sums of a convolution with their bias, unscaled.
    pub fn sums(&self, operator: &QuantizedOperator, input: &[i8]) -> Vec<i32> {
        let one = |scale: &Scale| Scale { multiplier: 1 << 30, shift: 1, ..*scale };
        let scales: Vec<Scale> = operator.scales.iter().map(one).collect();
        let stage =
            OutputStage { scales: &scales, prelu: false, zero_point: 0, min: i32::MIN, max: i32::MAX };
        let conv = Convolution { stage, ..self.convolution(operator) };
        let mut sums = vec![0; conv.output.len()];
        match operator.kind {
            OperatorKind::Depthwise => kernels::depthwise_conv2d(&conv, input, &mut sums),
            _ => kernels::conv2d(&conv, input, &mut sums),
        }
        sums
    }

    fn convolution<'a>(&self, operator: &'a QuantizedOperator) -> Convolution<'a> {
        let input = &self.tensors[operator.inputs[0]];
        Convolution {
            input: input.shape,
            output: self.tensors[operator.output].shape,
            window: operator.window,
            input_zero: input.zero_point as i8,
            weights: &operator.weights,
            stage: self.stage(operator),
        }
    }

    fn stage<'a>(&self, operator: &'a QuantizedOperator) -> OutputStage<'a> {
        OutputStage {
            scales: &operator.scales,
            prelu: operator.prelu,
            zero_point: self.tensors[operator.output].zero_point,
            min: operator.clamp[0].into(),
            max: operator.clamp[1].into(),
        }
    }

    fn gate<'a>(&self, operator: &'a QuantizedOperator) -> Gate<'a> {
        let scale = operator.scales[0];
        Gate {
            table: operator.table.as_deref().expect("a gate has a table"),
            input_zero: self.tensors[operator.inputs[0]].zero_point,
            multiplier: scale.multiplier,
            shift: scale.shift,
            zero_point: self.tensors[operator.output].zero_point,
        }
    }

    fn addition(&self, operator: &QuantizedOperator) -> Addition {
        let zero = |i: usize| self.tensors[operator.inputs[i]].zero_point;
        Addition {
            input_zero: [zero(0), zero(1)],
            multiplier: operator.factor,
            shift: operator.sum_shift,
            zero_point: self.tensors[operator.output].zero_point,
            min: operator.clamp[0].into(),
            max: operator.clamp[1].into(),
        }
    }
}
