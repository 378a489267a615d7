//! A TOSA network while it grows.

use crate::tosa::{Block, Code, Operator, Shape, Tensor, Type};

/// A value in the network: name, dimensions and type.
#[derive(Clone, Debug)]
pub struct Value {
    /// Its name.
    pub name: String,
    /// Rows, columns, channels.
    pub shape: [i32; 3],
    /// Type of its values.
    pub kind: Type,
}

/// The network, and the number of the operator of the image that is written.
///
/// Values have the name `OPERATOR.COUNT`, so that Vela's report names operators of the image.
#[derive(Debug, Default)]
pub struct Graph {
    block: Block,
    /// Number of the operator in the image.
    pub operator: usize,
    count: usize,
}

/// A multiplication by `multiplier * 2^-shift`, rounded half up, from one zero point to another.
#[derive(Clone, Debug)]
pub struct Rescale {
    /// One, or one a channel; not negative.
    pub multiplier: Vec<i32>,
    /// Between 2 and 62, one for each multiplier.
    pub shift: Vec<i8>,
    /// Zero points of input and output.
    pub zero: [i32; 2],
}

impl Rescale {
    /// No scaling.
    pub fn none(zero: [i32; 2]) -> Self {
        Self { multiplier: vec![1 << 30], shift: vec![30], zero }
    }
}

impl Graph {
    /// The input of the network.
    pub fn input(&mut self, shape: [i32; 3]) -> Value {
        let value = Value { name: "input".into(), shape, kind: Type::I8 };
        self.declare(&value);
        self.block.inputs.push(value.name.clone());
        value
    }

    /// The network with these outputs.
    pub fn finish(mut self, outputs: &[Value]) -> Block {
        self.block.outputs = outputs.iter().map(|value| value.name.clone()).collect();
        self.block
    }

    fn next(&mut self) -> String {
        self.count += 1;
        format!("{}.{}", self.operator, self.count)
    }

    fn declare(&mut self, value: &Value) {
        let [height, width, channels] = value.shape;
        let shape = vec![1, height, width, channels];
        self.block.tensors.push(Tensor {
            name: value.name.clone(),
            shape,
            kind: value.kind,
            data: Vec::new(),
        });
    }

    /// A constant with these dimensions and bytes.
    pub fn constant(&mut self, shape: &[i32], kind: Type, values: &[i32]) -> String {
        let name = self.next();
        let data =
            values.iter().flat_map(|value| value.to_le_bytes().into_iter().take(kind.bytes())).collect();
        self.block.tensors.push(Tensor { name: name.clone(), shape: shape.to_vec(), kind, data });
        self.block.operators.push(Operator { code: Code::Const, inputs: Vec::new(), output: name.clone() });
        name
    }

    /// A constant shape.
    pub fn shape(&mut self, values: &[i64]) -> String {
        let name = self.next();
        self.block.shapes.push(Shape { name: name.clone(), values: values.to_vec() });
        self.block.operators.push(Operator {
            code: Code::ConstShape,
            inputs: Vec::new(),
            output: name.clone(),
        });
        name
    }

    /// The result of an operator.
    pub fn apply(&mut self, code: Code, inputs: Vec<String>, shape: [i32; 3], kind: Type) -> Value {
        let value = Value { name: self.next(), shape, kind };
        self.declare(&value);
        self.block.operators.push(Operator { code, inputs, output: value.name.clone() });
        value
    }

    /// A value scaled to another type.
    pub fn rescale(&mut self, value: &Value, kind: Type, scale: &Rescale) -> Value {
        let count = scale.multiplier.len() as i32;
        let shifts: Vec<i32> = scale.shift.iter().map(|&shift| shift.into()).collect();
        let inputs = vec![
            value.name.clone(),
            self.constant(&[count], Type::I32, &scale.multiplier),
            self.constant(&[count], Type::I8, &shifts),
            self.constant(&[1], value.kind, &[scale.zero[0]]),
            self.constant(&[1], kind, &[scale.zero[1]]),
        ];
        self.apply(Code::Rescale { per_channel: count > 1 }, inputs, value.shape, kind)
    }

    /// A value of 32 bits without its zero point.
    pub fn widen(&mut self, value: &Value, zero: i32) -> Value {
        self.rescale(value, Type::I32, &Rescale::none([zero, 0]))
    }

    /// A value within limits.
    pub fn clamp(&mut self, value: &Value, [min, max]: [i16; 2]) -> Value {
        let bytes = |limit: i16| limit.to_le_bytes()[..value.kind.bytes()].to_vec();
        let code = Code::Clamp { min: bytes(min), max: bytes(max) };
        self.apply(code, vec![value.name.clone()], value.shape, value.kind)
    }

    /// What an operator of two values of 32 bits gives.
    pub fn both(&mut self, code: Code, a: &Value, b: &Value) -> Value {
        self.apply(code, vec![a.name.clone(), b.name.clone()], a.shape, Type::I32)
    }

    /// A function of each value of 8 bits.
    pub fn table(&mut self, value: &Value, entries: &[i32]) -> Value {
        let table = self.constant(&[entries.len() as i32], Type::I8, entries);
        self.apply(Code::Table, vec![value.name.clone(), table], value.shape, Type::I8)
    }
}
