//! Every kernel on pseudo-random shapes: the dispatched kernel is compared with `generic`, and a checksum is
//! computed.
//!
//! The comparison on the board detects a wrong backend. The checksum, which must be the same on every board
//! and on the host, also detects a wrong compiler or processor, which would affect `generic` as well.

use core::fmt::{self, Write};
use core::hint::black_box;

use crc::{CRC_32_ISO_HDLC, Crc, Digest};
use kernels::weights::{PIECE, packed_len, row_len};
use kernels::{Addition, Convolution, Gate, OutputStage, Pooling, Scale, Shape, Window, generic};

use crate::{parsers, random::Random};

/// Number of shapes per kernel.
const CASES: u64 = 96;
/// Cases of the convolutions, which have the most code of their own.
const CONVOLUTIONS: u64 = 3 * CASES;
const MAX_SIDE: usize = 11;
const MAX_CHANNELS: usize = 70;
const MAX_TAPS: usize = 9;
const MAX_FILTERS: usize = 40;
const MAX_WEIGHTS: usize = packed_len(MAX_TAPS * MAX_CHANNELS, MAX_FILTERS);
const MAX_TENSOR: usize = 4 * MAX_SIDE * MAX_SIDE * MAX_CHANNELS;
/// Bytes among which some are copied.
const ROOM: usize = 160;

static CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// The buffers of the suite, about 250 KiB.
pub struct Workspace {
    inputs: [[i8; MAX_TENSOR]; 2],
    weights: [i8; MAX_WEIGHTS],
    narrow: [[i8; MAX_TENSOR]; 2],
    wide: [[i16; MAX_TENSOR]; 2],
    scales: [Scale; MAX_CHANNELS],
}

impl Workspace {
    /// Zeroed buffers.
    pub const fn new() -> Self {
        Self {
            inputs: [[0; MAX_TENSOR]; 2],
            weights: [0; MAX_WEIGHTS],
            narrow: [[0; MAX_TENSOR]; 2],
            wide: [[0; MAX_TENSOR]; 2],
            scales: [Scale { bias: 0, multiplier: 0, negative: 0, shift: 0 }; MAX_CHANNELS],
        }
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs a kernel and its reference on one shape.
type Case = fn(&mut Random, &mut Workspace, &mut Tally);

/// The result for one kernel: the checksum of all outputs, and whether all were equal.
struct Tally {
    digest: Digest<'static, u32>,
    equal: bool,
}

impl Tally {
    fn new() -> Self {
        Self { digest: CRC.digest(), equal: true }
    }

    fn take<T: PartialEq + Copy + Into<i32>>(&mut self, reference: &[T], dispatched: &[T]) {
        self.equal &= reference == dispatched;
        for &value in reference {
            self.digest.update(&value.into().to_le_bytes());
        }
    }
}

/// Runs the suite, prints a line per kernel and per parser, and returns whether all kernels agree with `generic`.
///
/// # Errors
/// Those of `out`.
pub fn run(workspace: &mut Workspace, out: &mut impl Write) -> Result<bool, fmt::Error> {
    let kernels: [(&str, Case); 12] = [
        ("conv2d", |random, workspace, tally| convolution(false, random, workspace, tally)),
        ("depthwise_conv2d", |random, workspace, tally| convolution(true, random, workspace, tally)),
        ("add", addition),
        ("average_pool", average),
        ("max_pool", maximum),
        ("resize_nearest_2x", resize),
        ("gate", gate),
        ("table", table),
        ("dot", dot),
        ("nearest", nearest),
        ("yuyv_to_rgb", pixels),
        ("memory", memory),
    ];
    let mut all_equal = true;
    for (name, kernel) in kernels {
        let mut tally = Tally::new();
        let cases = if name.ends_with("conv2d") { CONVOLUTIONS } else { CASES };
        for case in 0..cases {
            kernel(&mut Random::new(0x9e37_79b9_7f4a_7c15 ^ case << 20), workspace, &mut tally);
        }
        let verdict = if tally.equal { "equal" } else { "NOT EQUAL" };
        all_equal &= tally.equal;
        writeln!(out, "{name:<18} {cases} cases {:08x} {verdict}", tally.digest.finalize())?;
    }
    parsers::run(out)?;
    Ok(all_equal)
}

/// Fills the scales of all channels: multipliers of about 2^-9, and slopes of either sign.
///
/// One operator in four also has left shifts, for which the backends have code of their own.
fn scales(random: &mut Random, scales: &mut [Scale]) {
    let shifted = random.within(0, 3) == 0;
    for scale in scales {
        *scale = Scale {
            bias: i32::from(random.byte()) * 1000,
            multiplier: (i32::from(random.byte()) + 129) * 60_001,
            negative: i32::from(random.byte()) * 50_021,
            shift: if shifted && random.within(0, 9) == 0 { 2 } else { 0 },
        };
    }
}

fn stage<'a>(random: &mut Random, scales: &'a [Scale]) -> OutputStage<'a> {
    let prelu = random.within(0, 1) == 1;
    // A PReLU with a least output is rare, and the backends have no code of their own for it.
    let clamped = random.within(0, if prelu { 7 } else { 1 }) == 1;
    OutputStage { scales, prelu, zero_point: -3, min: if clamped { -3 } else { -128 }, max: 127 }
}

/// A window that is no larger than the input, and the shape of its output.
fn window(random: &mut Random, input: Shape, channels: usize) -> (Window, Shape) {
    let mut kernel = [random.within(1, 3), random.within(1, 3)];
    let mut stride = [random.within(1, 2), random.within(1, 2)];
    // The backends have separate kernels for these.
    match random.within(0, 3) {
        0 | 1 => (kernel, stride) = ([3, 3], [stride[0]; 2]),
        2 if input.pixels() <= MAX_TAPS => (kernel, stride) = ([input.height, input.width], [1, 1]),
        2 => (kernel, stride) = ([1, 1], [1, 1]),
        _ => {}
    }
    kernel[0] = kernel[0].min(input.height);
    kernel[1] = kernel[1].min(input.width);
    let pad = match random.within(0, 3) {
        0 | 1 => kernel.map(|taps| taps / 2),
        2 => [random.within(0, kernel[0] - 1), random.within(0, kernel[1] - 1)],
        _ => [0; 2],
    };
    let side = |length: usize, axis: usize| (length + 2 * pad[axis] - kernel[axis]) / stride[axis] + 1;
    let output = Shape::new(side(input.height, 0), side(input.width, 1), channels);
    (Window { kernel, stride, pad }, output)
}

/// A shape of at most MAX_SIDE squared pixels, square, wide or tall.
fn shape(random: &mut Random) -> Shape {
    let one = random.within(1, MAX_SIDE);
    let longest = if random.within(0, 3) == 0 { MAX_SIDE * MAX_SIDE / one } else { MAX_SIDE };
    let other = random.within(1, longest);
    let (height, width) = if random.within(0, 1) == 0 { (one, other) } else { (other, one) };
    let channels = random.within(1, MAX_CHANNELS);
    // Registers hold sixteen values; multiples of that are as likely as other numbers.
    let whole = channels.next_multiple_of(16).min(MAX_CHANNELS / 16 * 16);
    Shape::new(height, width, if random.within(0, 1) == 0 { channels } else { whole })
}

fn convolution(depthwise: bool, random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let input = shape(random);
    let channels = if depthwise { input.channels } else { random.within(1, MAX_FILTERS) };
    let (window, output) = window(random, input, channels);
    let taps = window.kernel[0] * window.kernel[1];
    let len = if depthwise { taps * channels } else { packed_len(taps * input.channels, channels) };
    // The padding of packed weights is random as well, except at the ends of rows: no result may depend on
    // it.
    let weights = &mut workspace.weights[..len];
    random.fill(weights);
    if !depthwise {
        clear_row_ends(weights, taps * input.channels, channels);
    }
    let pixels = &mut workspace.inputs[0][..input.len()];
    random.fill(pixels);
    scales(random, &mut workspace.scales);
    let wide_scales = workspace.scales.map(|scale| Scale { multiplier: scale.multiplier * 16, ..scale });
    let stage = stage(random, &workspace.scales[..channels]);
    let mut conv = Convolution { input, output, window, input_zero: random.byte(), weights, stage };
    let [reference, dispatched] = &mut workspace.narrow;
    let (reference, dispatched) = (&mut reference[..output.len()], &mut dispatched[..output.len()]);
    if depthwise {
        generic::depthwise_conv2d(&conv, pixels, reference);
        kernels::depthwise_conv2d(&conv, pixels, dispatched);
    } else {
        generic::conv2d(&conv, pixels, reference);
        kernels::conv2d(&conv, pixels, dispatched);
    }
    tally.take(reference, dispatched);
    // Outputs of a network have 16 bits, and mostly no zero point. Some saturate.
    (conv.stage.min, conv.stage.max) = (-32768, 32767);
    conv.stage.zero_point *= i32::from(random.within(0, 3) == 0);
    conv.stage.scales = &wide_scales[..channels];
    let [reference, dispatched] = &mut workspace.wide;
    let (reference, dispatched) = (&mut reference[..output.len()], &mut dispatched[..output.len()]);
    if depthwise {
        generic::depthwise_conv2d(&conv, pixels, reference);
        kernels::depthwise_conv2d(&conv, pixels, dispatched);
    } else {
        generic::conv2d(&conv, pixels, reference);
        kernels::conv2d(&conv, pixels, dispatched);
    }
    tally.take(reference, dispatched);
}

/// Zeros the packed weights past the end of the row of each filter.
fn clear_row_ends(weights: &mut [i8], depth: usize, filters: usize) {
    let used = (depth - 1) % PIECE + 1;
    let last = weights.len() - row_len(filters);
    for piece in weights[last..].chunks_exact_mut(PIECE) {
        piece[used..].fill(0);
    }
}

fn addition(random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let len = random.within(1, MAX_TENSOR / 8);
    let [a, b] = &mut workspace.inputs;
    let (a, b) = (&mut a[..len], &mut b[..len]);
    random.fill(a);
    random.fill(b);
    let multiplier = |random: &mut Random| i32::from(random.byte()) << 12;
    let sum = Addition {
        input_zero: [random.byte().into(), random.byte().into()],
        multiplier: [multiplier(random), multiplier(random)],
        shift: random.within(15, 22) as u32,
        zero_point: random.byte().into(),
        min: -128,
        max: 127,
    };
    let [reference, dispatched] = &mut workspace.narrow;
    generic::add(&sum, a, b, &mut reference[..len]);
    kernels::add(&sum, a, b, &mut dispatched[..len]);
    tally.take(&reference[..len], &dispatched[..len]);
}

fn average(random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let input = shape(random);
    let pixels = &mut workspace.inputs[0][..input.len()];
    random.fill(pixels);
    scales(random, &mut workspace.scales);
    let stage = stage(random, &workspace.scales[..input.channels]);
    let [reference, dispatched] = &mut workspace.narrow;
    generic::average_pool(input, &stage, pixels, &mut reference[..input.channels]);
    kernels::average_pool(input, &stage, pixels, &mut dispatched[..input.channels]);
    tally.take(&reference[..input.channels], &dispatched[..input.channels]);
}

fn maximum(random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let input = shape(random);
    let (mut window, mut output) = window(random, input, input.channels);
    if input.height > 1 && input.width > 1 && random.within(0, 1) == 0 {
        // The pooling of real networks, for which the backends have kernels.
        window = Window { kernel: [2, 2], stride: [2, 2], pad: [0, 0] };
        output = Shape::new(input.height / 2, input.width / 2, input.channels);
    }
    let pixels = &mut workspace.inputs[0][..input.len()];
    random.fill(pixels);
    let pool = Pooling { input, output, window };
    let [reference, dispatched] = &mut workspace.narrow;
    generic::max_pool(&pool, pixels, &mut reference[..output.len()]);
    kernels::max_pool(&pool, pixels, &mut dispatched[..output.len()]);
    tally.take(&reference[..output.len()], &dispatched[..output.len()]);
}

fn resize(random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let input = shape(random);
    let pixels = &mut workspace.inputs[0][..input.len()];
    random.fill(pixels);
    let [reference, dispatched] = &mut workspace.narrow;
    generic::resize_nearest_2x(input, pixels, &mut reference[..4 * input.len()]);
    kernels::resize_nearest_2x(input, pixels, &mut dispatched[..4 * input.len()]);
    tally.take(&reference[..4 * input.len()], &dispatched[..4 * input.len()]);
}

fn gate(random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let input = shape(random);
    let [pixels, logits] = &mut workspace.inputs;
    let (pixels, logits) = (&mut pixels[..input.len()], &mut logits[..input.channels]);
    random.fill(pixels);
    random.fill(logits);
    let mut table = [0; kernels::GATE_STEPS];
    table.iter_mut().for_each(|factor| *factor = random.within(0, 32767) as i16);
    let gate = Gate {
        table: &table,
        input_zero: random.byte().into(),
        multiplier: random.within(1, 1 << 17) as i32,
        shift: random.within(0, 4) as i32,
        zero_point: random.byte().into(),
    };
    let [reference, dispatched] = &mut workspace.narrow;
    generic::gate(&gate, pixels, logits, &mut reference[..input.len()]);
    kernels::gate(&gate, pixels, logits, &mut dispatched[..input.len()]);
    tally.take(&reference[..input.len()], &dispatched[..input.len()]);
}

fn table(random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let input = shape(random);
    let pixels = &mut workspace.inputs[0][..input.len()];
    random.fill(pixels);
    let mut values = [0; kernels::TABLE_STEPS];
    random.fill(&mut values);
    let [reference, dispatched] = &mut workspace.narrow;
    generic::table(&values, pixels, &mut reference[..input.len()]);
    kernels::table(&values, pixels, &mut dispatched[..input.len()]);
    tally.take(&reference[..input.len()], &dispatched[..input.len()]);
}

fn dot(random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let len = random.within(1, 1024);
    let [a, b] = &mut workspace.inputs;
    random.fill(&mut a[..len]);
    random.fill(&mut b[..len]);
    tally.take(&[generic::dot(&a[..len], &b[..len])], &[kernels::dot(&a[..len], &b[..len])]);
}

fn nearest(random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let (dimension, count) = (64 << random.within(0, 3), random.within(0, 60));
    let pitch = if random.within(0, 1) == 0 { dimension } else { 512 };
    let [rows, query] = &mut workspace.inputs;
    let (rows, query) = (&mut rows[..count * pitch], &mut query[..dimension]);
    random.fill(rows);
    random.fill(query);
    // Equal rows, of which the first one must be found.
    if count > 2 {
        rows.copy_within(pitch..2 * pitch, (count - 1) * pitch);
    }
    let words =
        |found: Option<(usize, i32)>| found.map_or([-1, 0], |(number, product)| [number as i32, product]);
    let (reference, dispatched) =
        (generic::nearest(query, rows, pitch), kernels::nearest(query, rows, pitch));
    tally.take(&words(reference), &words(dispatched));
}

fn pixels(random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let pairs = random.within(1, 200);
    let yuyv = &mut workspace.inputs[0][..4 * pairs];
    random.fill(yuyv);
    let yuyv: &[u8] = bytemuck::cast_slice(yuyv);
    let [reference, dispatched] = &mut workspace.narrow;
    let (reference, dispatched) = (&mut reference[..6 * pairs], &mut dispatched[..6 * pairs]);
    generic::yuyv_to_rgb(yuyv, reference);
    kernels::yuyv_to_rgb(yuyv, dispatched);
    tally.take(reference, dispatched);
}

/// Copies, moves in both directions and fills, which on a Cortex-M55 are functions of ours. The reference goes byte by byte,
/// and `black_box` keeps the compiler from calling those functions for it.
fn memory(random: &mut Random, workspace: &mut Workspace, tally: &mut Tally) {
    let [bytes, others] = workspace.inputs.each_mut().map(|input| &mut input[..ROOM]);
    random.fill(bytes);
    random.fill(others);
    let mut expected: [i8; ROOM] = core::array::from_fn(|at| black_box(bytes[at]));
    for _ in 0..4 {
        let [from, to, len] = [random.within(0, 80), random.within(0, 80), random.within(0, 80)];
        let value = random.byte();
        let filled = random.within(to, to + len);
        let before = expected.map(black_box);
        for at in 0..len {
            expected[to + at] = black_box(before[from + at]);
        }
        bytes.copy_within(from..from + len, to);
        tally.take(&expected, bytes);
        (to..filled).for_each(|at| expected[at] = black_box(value));
        (filled..to + len).for_each(|at| expected[at] = black_box(others[at]));
        bytes[to..filled].fill(value);
        bytes[filled..to + len].copy_from_slice(&others[filled..to + len]);
        tally.take(&expected, bytes);
    }
}
