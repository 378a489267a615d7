//! TOSA 1.0 files: the few tables of the schema that a network of ours needs, written with the flatbuffers builder.
//!
//! TOSA is the operator set of Arm's compilers. Its schema is `tosa.fbs` of the package `tosa-tools`; the numbers of
//! fields here are the order of the fields there. A union takes two fields, its type and its value; the types have the
//! numbers of the operators.

use flatbuffers::{FlatBufferBuilder, TableFinishedWIPOffset, VOffsetT, WIPOffset};

/// Type of the values of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Signed, 8 bits.
    I8 = 3,
    /// Signed, 16 bits.
    I16 = 4,
    /// Signed, 32 bits.
    I32 = 5,
}

impl Type {
    /// Bytes of a value.
    pub fn bytes(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 => 4,
        }
    }
}

/// An operator, with what its table of attributes holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Code {
    /// Dense convolution: padding above, below, left, right; stride.
    Conv2d {
        /// Above, below, left, right.
        pad: [i32; 4],
        /// Vertical, horizontal.
        stride: [i32; 2],
    },
    /// One filter a channel.
    DepthwiseConv2d {
        /// Above, below, left, right.
        pad: [i32; 4],
        /// Vertical, horizontal.
        stride: [i32; 2],
    },
    /// Maximum over a window, without padding.
    MaxPool2d {
        /// Rows, columns.
        kernel: [i32; 2],
        /// Vertical, horizontal.
        stride: [i32; 2],
    },
    /// Limits, in the bytes of the type.
    Clamp {
        /// Least value.
        min: Vec<u8>,
        /// Greatest value.
        max: Vec<u8>,
    },
    /// Sum.
    Add,
    /// The greater one of two values.
    Maximum,
    /// The lesser one of two values.
    Minimum,
    /// Product.
    Mul,
    /// A table of 256 values.
    Table,
    /// A part.
    Slice,
    /// Nearest neighbour.
    Resize,
    /// Multiplication by a fixed-point number with one rounding, half up.
    Rescale {
        /// Whether each channel has its own multiplier.
        per_channel: bool,
    },
    /// A constant tensor.
    Const,
    /// A constant shape.
    ConstShape,
}

impl Code {
    /// The number of the operator, and of its attributes.
    fn number(&self) -> u32 {
        match self {
            Self::Conv2d { .. } => 3,
            Self::DepthwiseConv2d { .. } => 5,
            Self::MaxPool2d { .. } => 8,
            Self::Clamp { .. } => 11,
            Self::Add => 15,
            Self::Maximum => 26,
            Self::Minimum => 27,
            Self::Mul => 28,
            Self::Table => 31,
            Self::Slice => 59,
            Self::Resize => 64,
            Self::Rescale { .. } => 66,
            Self::Const => 67,
            Self::ConstShape => 75,
        }
    }
}

/// A tensor; a constant one has data.
#[derive(Clone, Debug)]
pub struct Tensor {
    /// Name, by which operators refer to it.
    pub name: String,
    /// Dimensions, NHWC.
    pub shape: Vec<i32>,
    /// Type of its values.
    pub kind: Type,
    /// Its values, little endian; empty for one that is computed.
    pub data: Vec<u8>,
}

/// A constant shape.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Name, by which operators refer to it.
    pub name: String,
    /// Its dimensions.
    pub values: Vec<i64>,
}

/// An operator between tensors.
#[derive(Clone, Debug)]
pub struct Operator {
    /// What it computes.
    pub code: Code,
    /// Names of its inputs.
    pub inputs: Vec<String>,
    /// Name of its output.
    pub output: String,
}

/// A network: one region with one block.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// All tensors.
    pub tensors: Vec<Tensor>,
    /// Constant shapes.
    pub shapes: Vec<Shape>,
    /// Operators in order of execution.
    pub operators: Vec<Operator>,
    /// Names of the inputs of the network.
    pub inputs: Vec<String>,
    /// Names of the outputs of the network.
    pub outputs: Vec<String>,
}

type Builder = FlatBufferBuilder<'static>;
type Table = WIPOffset<TableFinishedWIPOffset>;

/// `SINGLE_ROUND`.
const SINGLE_ROUND: u32 = 1;
/// `NEAREST`.
const NEAREST: u32 = 1;
/// `PROPAGATE`: what integers do not use.
const PROPAGATE: u32 = 1;

/// The field with this number in a table.
fn field(number: u16) -> VOffsetT {
    4 + 2 * number
}

/// The bytes of a TOSA file.
pub fn write(block: &Block) -> Vec<u8> {
    let mut to = Builder::new();
    // The file as a whole is aligned to eight bytes, which constants ask for.
    to.push(0u64);
    let tensors: Vec<Table> = block.tensors.iter().map(|it| tensor(&mut to, it)).collect();
    let shapes: Vec<Table> = block.shapes.iter().map(|it| shape(&mut to, it)).collect();
    let operators: Vec<Table> = block.operators.iter().map(|it| operator(&mut to, it)).collect();
    let inputs = names(&mut to, &block.inputs);
    let outputs = names(&mut to, &block.outputs);
    let [tensors, shapes, operators] = [tensors, shapes, operators].map(|tables| to.create_vector(&tables));
    let name = to.create_string("main");
    let start = to.start_table();
    to.push_slot_always(field(0), name);
    to.push_slot_always(field(1), operators);
    to.push_slot_always(field(2), tensors);
    to.push_slot_always(field(3), inputs);
    to.push_slot_always(field(4), outputs);
    to.push_slot_always(field(5), shapes);
    let block = to.end_table(start);
    let blocks = to.create_vector(&[block]);
    let start = to.start_table();
    to.push_slot_always(field(0), name);
    to.push_slot_always(field(1), blocks);
    let region = to.end_table(start);
    let regions = to.create_vector(&[region]);
    let start = to.start_table();
    for (number, value) in [(0, 1i32), (1, 0), (2, 0)] {
        to.push_slot_always(field(number), value);
    }
    to.push_slot_always(field(3), false);
    let version = to.end_table(start);
    let start = to.start_table();
    to.push_slot_always(field(0), version);
    to.push_slot_always(field(1), regions);
    let graph = to.end_table(start);
    to.finish(graph, Some("TOSA"));
    to.finished_data().to_vec()
}

/// Bytes whose first one lies at a multiple of eight.
fn aligned<'a>(to: &mut Builder, bytes: &[u8]) -> WIPOffset<flatbuffers::Vector<'a, u8>> {
    // A file is written from its end.
    while !(to.unfinished_data().len() + bytes.len()).is_multiple_of(8) {
        to.push(0u8);
    }
    WIPOffset::new(to.create_vector(bytes).value())
}

fn names(
    to: &mut Builder,
    names: &[String],
) -> WIPOffset<flatbuffers::Vector<'static, flatbuffers::ForwardsUOffset<&'static str>>> {
    let names: Vec<_> =
        names.iter().map(|name| WIPOffset::<&str>::new(to.create_string(name).value())).collect();
    to.create_vector(&names)
}

fn tensor(to: &mut Builder, tensor: &Tensor) -> Table {
    let name = WIPOffset::<&str>::new(to.create_string(&tensor.name).value());
    let shape = WIPOffset::<u8>::new(to.create_vector(&tensor.shape).value());
    let data = (!tensor.data.is_empty()).then(|| aligned(to, &tensor.data));
    let start = to.start_table();
    to.push_slot_always(field(0), name);
    to.push_slot_always(field(1), shape);
    to.push_slot_always(field(2), tensor.kind as u32);
    if let Some(data) = data {
        to.push_slot_always(field(3), data);
    }
    to.end_table(start)
}

fn shape(to: &mut Builder, shape: &Shape) -> Table {
    let name = WIPOffset::<&str>::new(to.create_string(&shape.name).value());
    let bytes: Vec<u8> = shape.values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let data = aligned(to, &bytes);
    let start = to.start_table();
    to.push_slot_always(field(0), name);
    to.push_slot_always(field(1), shape.values.len() as u32);
    to.push_slot_always(field(2), data);
    to.end_table(start)
}

fn operator(to: &mut Builder, operator: &Operator) -> Table {
    let attribute = attribute(to, &operator.code);
    let inputs = names(to, &operator.inputs);
    let outputs = names(to, std::slice::from_ref(&operator.output));
    let start = to.start_table();
    to.push_slot_always(field(0), operator.code.number());
    to.push_slot_always(field(1), operator.code.number() as u8);
    to.push_slot_always(field(2), attribute);
    to.push_slot_always(field(3), inputs);
    to.push_slot_always(field(4), outputs);
    to.end_table(start)
}

/// The table of attributes of an operator; most have none, and an empty table.
fn attribute(to: &mut Builder, code: &Code) -> Table {
    match code {
        Code::Conv2d { pad, stride } | Code::DepthwiseConv2d { pad, stride } => {
            let lists = [&pad[..], stride, &[1, 1]].map(|list| to.create_vector(list).value());
            let start = to.start_table();
            for (number, list) in (0..).zip(lists) {
                to.push_slot_always(field(number), WIPOffset::<u8>::new(list));
            }
            to.push_slot_always(field(3), false);
            to.push_slot_always(field(4), Type::I32 as u32);
            to.end_table(start)
        }
        Code::MaxPool2d { kernel, stride } => {
            let lists = [&kernel[..], stride, &[0; 4]].map(|list| to.create_vector(list).value());
            let start = to.start_table();
            for (number, list) in (0..).zip(lists) {
                to.push_slot_always(field(number), WIPOffset::<u8>::new(list));
            }
            to.push_slot_always(field(3), PROPAGATE);
            to.end_table(start)
        }
        Code::Clamp { min, max } => {
            let limits = [min, max].map(|limit| aligned(to, limit));
            let start = to.start_table();
            to.push_slot_always(field(0), limits[0]);
            to.push_slot_always(field(1), limits[1]);
            to.push_slot_always(field(2), PROPAGATE);
            to.end_table(start)
        }
        Code::Rescale { per_channel } => {
            let start = to.start_table();
            to.push_slot_always(field(0), true);
            to.push_slot_always(field(1), SINGLE_ROUND);
            to.push_slot_always(field(2), *per_channel);
            to.push_slot_always(field(3), false);
            to.push_slot_always(field(4), false);
            to.end_table(start)
        }
        Code::Maximum | Code::Minimum | Code::Resize => {
            let start = to.start_table();
            to.push_slot_always(field(0), if *code == Code::Resize { NEAREST } else { PROPAGATE });
            to.end_table(start)
        }
        Code::Add | Code::Mul | Code::Table | Code::Slice | Code::Const | Code::ConstShape => {
            let start = to.start_table();
            to.end_table(start)
        }
    }
}
