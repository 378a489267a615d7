//! Which blocks of a job ran on a board, and estimated cycles of each part of it.
//!
//! QEMU logs each block that it runs to its standard error, where this module counts them. Parts of a job begin where the
//! board reads its clock ([`MARK`]): so they are the same that [`measure`](crate::measure) counts instructions of.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use conformance::job::{self, Job, PARTS, Status};
pub use cycles::Cost;
use cycles::{Core, Program, Trace};
use host_window::{AN547, Layout};
use nn::Model;

use crate::measure::{Memory, ROOM, aligned, bytes, failed, noise, templates};
use crate::{Error, Result, qemu};

/// The function of the conformance suite that reads the clock.
pub const MARK: &str = "conformance_clock";

/// Bytes of memory for an arena on the host; a board has less.
const ARENA: usize = 64 << 20;

/// A job that ran on a board.
#[derive(Clone, Debug)]
pub struct Executed {
    /// The suite that ran.
    pub program: Program,
    /// Its blocks.
    pub trace: Trace,
    core: Core,
}

/// The cost of a frame: of all of it in one run, and of its parts by themselves.
#[derive(Clone, Copy, Debug)]
pub struct FrameCost {
    /// From the camera's pixels to the template.
    pub whole: Cost,
    /// Detect, align, assess quality, encode; and track, which is a step of the next frame.
    pub parts: [Cost; PARTS],
}

/// Runs a job on the board and keeps which blocks ran.
///
/// # Errors
/// [`Error::Job`] if the job does not fit or fails, [`Error::Cycles`], [`Error::NoEmulator`], [`Error::File`].
pub fn run(map: Layout, elf: &Path, job: &Job<'_>) -> Result<Executed> {
    let program = Program::read(&std::fs::read(elf).map_err(Error::file(elf))?)?;
    let mut content = aligned(map.partitions.nor.len as usize);
    let content = bytes(&mut content);
    job::write(content, job, ROOM).map_err(|_| failed("the job does not fit into the board's memory"))?;
    let memory = Memory::new(map, content)?;
    let mut trace = Trace::new(Some(program.function(MARK)?));
    let mut child = qemu::without_time(&map, memory.path(), elf)
        .args(["-serial", "null", "-semihosting-config", "enable=on,target=native"])
        .args(["-d", "in_asm,exec,nochain"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(qemu::start_error)?;
    if let Some(log) = child.stderr.take() {
        let mut log = BufReader::with_capacity(1 << 20, log);
        let mut line = Vec::new();
        while log.read_until(b'\n', &mut line).map_err(Error::file(qemu::EMULATOR))? > 0 {
            trace.line(line.trim_ascii_end());
            line.clear();
        }
    }
    child.wait().map_err(Error::file(qemu::EMULATOR))?;
    let content = memory.read()?;
    let board = job::read(&content).ok_or_else(|| failed("the board has lost its job"))?;
    if board.status != Status::Done {
        return Err(failed(&format!("{:?}", board.status)));
    }
    let core = if map == AN547 { Core::M55 } else { Core::M7 };
    Ok(Executed { program, trace, core })
}

impl Executed {
    /// The estimated cost of each part, by how often the clock was read before.
    ///
    /// # Errors
    /// [`Error::Cycles`].
    pub fn costs(&self) -> Result<Vec<Cost>> {
        Ok(cycles::estimate(self.core, &self.program, &self.trace)?)
    }

    /// The estimated cost of a frame, if the job was to recognize one.
    ///
    /// # Errors
    /// [`Error::Cycles`].
    pub fn frame(&self) -> Result<FrameCost> {
        let costs = self.costs()?;
        // The clock is read around the whole, then around each part.
        let part = |number: usize| costs.get(number).copied().unwrap_or_default();
        Ok(FrameCost { whole: part(1), parts: std::array::from_fn(|at| part(3 + 2 * at)) })
    }

    /// The estimated cost of a job that has one part: a liveness score, a search.
    ///
    /// # Errors
    /// [`Error::Cycles`].
    pub fn single(&self) -> Result<Cost> {
        Ok(self.costs()?.get(1).copied().unwrap_or_default())
    }

    /// What each assumption of the high estimate adds to the low one, in cycles of the whole job.
    ///
    /// # Errors
    /// [`Error::Cycles`].
    pub fn weigh(&self) -> Result<Vec<(&'static str, f64)>> {
        Ok(cycles::weigh(self.core, &self.program, &self.trace)?)
    }
}

/// The estimated cost of each operator of a network on the board, for pseudo-random input.
///
/// # Errors
/// As [`run`].
pub fn profile(map: Layout, elf: &Path, image: &[u8]) -> Result<Vec<Cost>> {
    let executed = run(map, elf, &Job::Profile { image, input: &noise(image)? })?;
    operators(image, &executed.costs()?)
}

/// The estimated cost of a search through `count` pseudo-random templates on the board.
///
/// # Errors
/// As [`run`].
pub fn search(map: Layout, elf: &Path, dimension: usize, count: usize) -> Result<Cost> {
    let (query, rows) = templates(dimension, count);
    run(map, elf, &Job::Search { query: &query, rows: &rows })?.single()
}

/// Of the parts of a profile, those of each operator.
///
/// # Errors
/// [`Error::Job`] if the image is not valid.
pub fn operators(image: &[u8], parts: &[Cost]) -> Result<Vec<Cost>> {
    let order = order(image)?;
    let count = order.iter().max().map_or(0, |&last| last + 1);
    let mut costs = vec![Cost::default(); count];
    // The clock is read before the profile and before its first operator, then after each.
    for (&operator, &part) in order.iter().zip(parts.iter().skip(2)) {
        costs[operator] = costs[operator].plus(part);
    }
    Ok(costs)
}

/// The operators of a network in the order in which they run; those of a chain run once per band.
fn order(image: &[u8]) -> Result<Vec<usize>> {
    let mut copy = aligned(image.len());
    let copy = &mut bytes(&mut copy)[..image.len()];
    copy.copy_from_slice(image);
    let model = Model::load(copy).map_err(|error| failed(&format!("the image: {error}")))?;
    let mut arena = aligned(ARENA);
    let mut order = Vec::new();
    let ran = model.run_observed(bytemuck::cast_slice_mut(&mut arena), |operator| order.push(operator));
    ran.map_err(|error| failed(&format!("the image: {error}")))?;
    Ok(order)
}
