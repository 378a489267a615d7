//! A job in the memory of the board: one run of a network, or the recognition of one frame.
//!
//! The memory after [`OFFSET`], where the door has its NOR flash, contains a header, the model images, the
//! input, and at the end space for the output. The same function runs the job on the board, and on the host
//! with a copy of the memory.
//!
//! ```text
//! offset  word
//! 0x00    magic "PJOB"
//! 0x04    kind: 1 network, 2 recognizer, 3 profile of a network, 4 search, 5 liveness
//! 0x08    status, written at the end: 0 not run, 1 done, others see `Status`
//! 0x0c    bytes of output written
//! 0x10    duration of the computation in ticks of the board's counter, 64 bits
//! 0x18    offset and length of the first image (network, or detector), multiples of 16
//! 0x20    offset and length of the second image (encoder), or of the box of a face: left, top,
//!         width and height in 1/1024 pixel, one word each
//! 0x28    offset and length of the input
//! 0x30    width, height and format of the input, if it is a frame: 1 YUYV, 2 RGB565
//! 0x3c    offset and length of the space for the output
//! 0x44    ticks of each step of the recognizer: detect, align, assess quality, encode, track
//! 0x58    1 if an NPU runs the networks, by the sections of their images
//! ```
//!
//! | job | output |
//! |---|---|
//! | network | all outputs, `i16` little-endian |
//! | profile | ticks of each operator, 64 bits each |
//! | search | number of the nearest row and its dot product, one word each |
//! | liveness | the score, as text |
//! | recognizer | a line for each face, quality and template of the largest face, and a line for each face near it, as text |
//!
//! The text lets people read a difference.

use core::{cell::Cell, fmt::Write, ops::Range};

use nn::Model;
use recognizer::{DEFAULT_MIN_SCORE, Liveness, Recognizer};
use vision::{Face, Frame, PixelFormat, Rect};

use crate::{recognize::recognize, status::Computed, text::Text};

pub use crate::status::{PARTS, Status};

/// Offset of the job in the shared memory.
pub const OFFSET: usize = 0x10_0000;
/// The first word of a job: `PJOB` in ASCII.
pub const MAGIC: u32 = u32::from_le_bytes(*b"PJOB");
/// Bytes of the header.
pub const HEADER: usize = 0x60;
/// Alignment of images and output.
pub const ALIGN: usize = 16;

const KIND: usize = 0x04;
const STATUS: usize = 0x08;
const WRITTEN: usize = 0x0c;
const TICKS: usize = 0x10;
const FIRST: usize = 0x18;
const SECOND: usize = 0x20;
const INPUT: usize = 0x28;
const FRAME: usize = 0x30;
const OUTPUT: usize = 0x3c;
const PART_TICKS: usize = 0x44;
const NPU: usize = 0x58;

/// The computation of a job.
#[derive(Clone, Copy, Debug)]
pub enum Job<'a> {
    /// Runs a network on an input.
    Network {
        /// The model image.
        image: &'a [u8],
        /// The values of the network's input, each an `i8`.
        input: &'a [u8],
    },
    /// Measures each operator of a network.
    Profile {
        /// The model image.
        image: &'a [u8],
        /// The values of the network's input, each an `i8`.
        input: &'a [u8],
    },
    /// Searches for the nearest row to a template.
    Search {
        /// The template.
        query: &'a [u8],
        /// Rows with the length of the template, read in place.
        rows: &'a [u8],
    },
    /// Computes the liveness score of a face.
    Liveness {
        /// The image of the liveness network.
        image: &'a [u8],
        /// The frame.
        frame: &'a Frame<'a>,
        /// Left, top, width and height of the face, as in [`vision::Rect`], little-endian.
        face: &'a [u8; 16],
    },
    /// Recognizes the faces of a frame.
    Recognizer {
        /// The image of the detector.
        detector: &'a [u8],
        /// The image of the encoder.
        encoder: &'a [u8],
        /// The frame.
        frame: &'a Frame<'a>,
    },
}

/// The result of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome<'a> {
    /// The status.
    pub status: Status,
    /// Duration in ticks of the board's counter; zero on the host.
    pub ticks: u64,
    /// Ticks of each step of the recognizer; zero for other jobs.
    pub parts: [u64; PARTS],
    /// The output.
    pub output: &'a [u8],
}

/// Writes `job` to `memory`, which starts at [`OFFSET`], with `room` bytes for the output.
///
/// # Errors
/// [`Status::Room`] if it does not fit.
pub fn write(memory: &mut [u8], job: &Job<'_>, room: usize) -> Result<(), Status> {
    let (kind, first, second, input) = match job {
        Job::Network { image, input } => (1, *image, &[][..], *input),
        Job::Profile { image, input } => (3, *image, &[][..], *input),
        Job::Search { query, rows } => (4, *rows, &[][..], *query),
        Job::Liveness { image, frame, face } => (5, *image, &face[..], frame.bytes()),
        Job::Recognizer { detector, encoder, frame } => (2, *detector, *encoder, frame.bytes()),
    };
    let mut at = HEADER;
    let mut fields = [(FIRST, first), (SECOND, second), (INPUT, input)].map(|(field, bytes)| {
        let start = at.next_multiple_of(ALIGN);
        at = start + bytes.len();
        (field, start, bytes)
    });
    let output = at.next_multiple_of(ALIGN);
    if output + room > memory.len() {
        return Err(Status::Room);
    }
    memory[..HEADER].fill(0);
    for (field, start, bytes) in &mut fields {
        memory[*start..*start + bytes.len()].copy_from_slice(bytes);
        put(memory, *field, *start);
        put(memory, *field + 4, bytes.len());
    }
    if let Job::Recognizer { frame, .. } | Job::Liveness { frame, .. } = job {
        put(memory, FRAME, frame.width());
        put(memory, FRAME + 4, frame.height());
        put(memory, FRAME + 8, if frame.format() == PixelFormat::Yuyv { 1 } else { 2 });
    }
    put(memory, OUTPUT, output);
    put(memory, OUTPUT + 4, room);
    put(memory, KIND, kind);
    put(memory, 0, MAGIC as usize);
    Ok(())
}

/// Has the networks of the job in `memory` run on an NPU, where there is one.
pub fn ask_for_npu(memory: &mut [u8]) {
    put(memory, NPU, 1);
}

/// Reads the result of the job in `memory`; `None` if there is no job.
pub fn read(memory: &[u8]) -> Option<Outcome<'_>> {
    if !is_job(memory) {
        return None;
    }
    let start = get(memory, OUTPUT);
    let ticks = memory[TICKS..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    Some(Outcome {
        status: Status::from_word(get(memory, STATUS) as u32),
        ticks,
        parts: core::array::from_fn(|part| get(memory, PART_TICKS + 4 * part) as u64),
        output: memory.get(start..start + get(memory, WRITTEN))?,
    })
}

/// Whether `memory` starts with a job.
pub fn is_job(memory: &[u8]) -> bool {
    memory.len() >= HEADER && get(memory, 0) == MAGIC as usize
}

/// Runs the job in `memory` with `arena`, which must be aligned to 16 bytes; `ticks` reads the counter. The processor runs the
/// networks, also those of a job that asks for an NPU: the bytes are to be the same.
pub fn run(memory: &mut [u8], arena: &mut [i8], ticks: impl Fn() -> u64) -> Status {
    run_with(memory, arena, |model, arena| model.run(arena).is_ok(), ticks)
}

/// As [`run`], where `npu` runs the networks of a job that asks for it, in the place of [`Model::run`]; `false` if it did not.
pub fn run_with(
    memory: &mut [u8],
    arena: &mut [i8],
    npu: impl FnMut(&Model<'_>, &mut [i8]) -> bool,
    ticks: impl Fn() -> u64,
) -> Status {
    if memory.len() < HEADER {
        return Status::Header;
    }
    let result = compute(memory, arena, npu, ticks);
    let status = match result {
        Ok(Computed { written, ticks, parts }) => {
            put(memory, WRITTEN, written);
            memory[TICKS..TICKS + 8].copy_from_slice(&ticks.to_le_bytes());
            for (at, part) in parts.into_iter().enumerate() {
                put(memory, PART_TICKS + 4 * at, part as usize);
            }
            Status::Done
        }
        Err(status) => status,
    };
    put(memory, STATUS, status as usize);
    status
}

fn compute(
    memory: &mut [u8],
    arena: &mut [i8],
    mut npu: impl FnMut(&Model<'_>, &mut [i8]) -> bool,
    ticks: impl Fn() -> u64,
) -> Result<Computed, Status> {
    let refused = Cell::new(false);
    let on_npu = get(memory, NPU) == 1;
    let run = |model: &Model<'_>, arena: &mut [i8]| {
        if !on_npu {
            return model.run(arena);
        }
        let ran = npu(model, arena);
        refused.set(!ran || refused.get());
        // What the network's caller does with this error is lost: the status is that of the NPU.
        if ran { Ok(()) } else { Err(nn::Error::Corrupted) }
    };
    let computed = compute_with(memory, arena, run, ticks);
    if refused.get() { Err(Status::Npu) } else { computed }
}

fn compute_with(
    memory: &mut [u8],
    arena: &mut [i8],
    mut run: impl FnMut(&Model<'_>, &mut [i8]) -> Result<(), nn::Error>,
    ticks: impl Fn() -> u64,
) -> Result<Computed, Status> {
    let output = range(memory, OUTPUT)?;
    let (before, rest) = memory.split_at_mut(output.start);
    let room = rest.get_mut(..output.len()).ok_or(Status::Header)?;
    let slice = |field| before.get(range(before, field)?).ok_or(Status::Header);
    let (first, second, input) = (slice(FIRST)?, slice(SECOND)?, slice(INPUT)?);
    let start;
    let written = match get(before, KIND) {
        1 => {
            let model = Model::load(first).map_err(|_| Status::Image)?;
            start = ticks();
            network(&model, input, arena, room, run)?
        }
        2 => {
            let detector = Model::load(first).map_err(|_| Status::Image)?;
            let encoder = Model::load(second).map_err(|_| Status::Image)?;
            let recognizer = Recognizer::new(detector, encoder, DEFAULT_MIN_SCORE);
            let recognizer = recognizer.map_err(|_| Status::Image)?;
            let frame = frame(before, input)?;
            return recognize(&recognizer, &frame, arena, room, &mut run, &ticks);
        }
        3 => {
            let model = Model::load(first).map_err(|_| Status::Image)?;
            start = ticks();
            profile(&model, input, arena, room, &ticks)?
        }
        4 => {
            start = ticks();
            let (query, rows) = (bytemuck::cast_slice(input), bytemuck::cast_slice(first));
            let found = kernels::nearest(query, rows, query.len());
            let (number, product) = found.ok_or(Status::Input)?;
            let words = room.get_mut(..8).ok_or(Status::Room)?;
            words[..4].copy_from_slice(&(number as u32).to_le_bytes());
            words[4..].copy_from_slice(&product.to_le_bytes());
            8
        }
        5 => {
            let model = Model::load(first).map_err(|_| Status::Image)?;
            let liveness = Liveness::new(model).map_err(|_| Status::Image)?;
            let frame = frame(before, input)?;
            let word =
                |at: usize| second.get(4 * at..)?.first_chunk().map(|bytes| i32::from_le_bytes(*bytes));
            let word = |at: usize| word(at).ok_or(Status::Input);
            let bounds = Rect { x: word(0)?, y: word(1)?, width: word(2)?, height: word(3)? };
            start = ticks();
            let face = Face { bounds, ..Face::default() };
            let score = liveness.score_with(&frame, &face, arena, run).map_err(|_| Status::Run)?;
            let mut text = Text { room, written: 0 };
            writeln!(text, "score {score}").map_err(|_| Status::Room)?;
            text.written
        }
        _ => return Err(Status::Header),
    };
    Ok(Computed { written, ticks: ticks().wrapping_sub(start), parts: [0; PARTS] })
}

/// The frame in `input`, with size and format from the header.
fn frame<'a>(header: &[u8], input: &'a [u8]) -> Result<Frame<'a>, Status> {
    let format = if get(header, FRAME + 8) == 1 { PixelFormat::Yuyv } else { PixelFormat::Rgb565 };
    let (width, height) = (get(header, FRAME), get(header, FRAME + 4));
    Frame::new(format, width, height, input).map_err(|_| Status::Input)
}

/// Copies `input` to the input of the network.
fn fill(model: &Model, input: &[u8], arena: &mut [i8]) -> Result<(), Status> {
    let pixels = model.input_mut(arena);
    if pixels.len() != input.len() {
        return Err(Status::Input);
    }
    for (pixel, &byte) in pixels.iter_mut().zip(input) {
        *pixel = byte as i8;
    }
    Ok(())
}

fn profile(
    model: &Model,
    input: &[u8],
    arena: &mut [i8],
    room: &mut [u8],
    ticks: &impl Fn() -> u64,
) -> Result<usize, Status> {
    fill(model, input, arena)?;
    let len = 8 * model.operator_count();
    let table = room.get_mut(..len).ok_or(Status::Room)?;
    table.fill(0);
    let mut before = ticks();
    let done = |operator: usize| {
        let now = ticks();
        let place = &mut table[8 * operator..8 * operator + 8];
        let took = u64::from_le_bytes(place.try_into().unwrap_or_default());
        place.copy_from_slice(&took.wrapping_add(now.wrapping_sub(before)).to_le_bytes());
        before = now;
    };
    model.run_observed(arena, done).map_err(|_| Status::Run)?;
    Ok(len)
}

fn network(
    model: &Model,
    input: &[u8],
    arena: &mut [i8],
    room: &mut [u8],
    run: impl FnOnce(&Model<'_>, &mut [i8]) -> Result<(), nn::Error>,
) -> Result<usize, Status> {
    fill(model, input, arena)?;
    run(model, arena).map_err(|_| Status::Run)?;
    let mut written = 0;
    for index in 0..model.output_count() {
        for value in model.read(arena, index).iter() {
            let place = room.get_mut(written..written + 2).ok_or(Status::Room)?;
            place.copy_from_slice(&value.to_le_bytes());
            written += 2;
        }
    }
    Ok(written)
}

/// The word at `at`, which must be inside the header.
fn get(memory: &[u8], at: usize) -> usize {
    memory[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize
}

fn put(memory: &mut [u8], at: usize, value: usize) {
    memory[at..at + 4].copy_from_slice(&(value as u32).to_le_bytes());
}

/// The range in the two words at `field`, if it is inside `memory` after the header.
fn range(memory: &[u8], field: usize) -> Result<Range<usize>, Status> {
    let (start, len) = (get(memory, field), get(memory, field + 4));
    let end = start.checked_add(len).filter(|&end| end <= memory.len());
    let end = end.ok_or(Status::Header)?;
    if start < HEADER { Err(Status::Header) } else { Ok(start..end) }
}
