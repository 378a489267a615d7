//! Runs kernels, networks and the recognizer on an emulated board, compares the results with the host's and counts
//! instructions.
//!
//! The board runs the conformance suite (`conformance`) in place of the door. A job lies in the board's memory where
//! the flash is; without a job the suite prints the checksum of each kernel.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use conformance::job::{self, Job, PARTS, Status};
use conformance::random::Random;
use conformance::suite;
use host_window::{AN547, Layout};
use nn::Model;
use npu_section::Accelerator;

use crate::npu::Player;
use crate::{Error, Result, qemu};

/// Bytes of memory for an arena on the host; a board has less.
const ARENA: usize = 64 << 20;
/// How often the doorbell of an NPU is looked at.
const POLL: Duration = Duration::from_micros(200);
/// Bytes of room for an output.
pub(crate) const ROOM: usize = 1 << 20;

/// The results of board and host for the same job.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Whether both succeeded and gave the same bytes.
    pub equal: bool,
    /// The status on the board.
    pub status: Status,
    /// Instructions that the board executed.
    pub instructions: u64,
    /// Those of each part of the recognizer by itself: detect, align, assess quality, encode; zero for another job.
    pub parts: [u64; PARTS],
    /// Streams that the board's NPU ran.
    pub on_npu: usize,
    /// Bytes that differ.
    pub different: usize,
    /// The board's output as text; the output of a network is not text.
    pub output: String,
}

/// The alignment of a job.
pub(crate) type Block = u128;

/// The suite as the host computes it: its lines, and whether all kernels agree with the reference.
///
/// # Errors
/// [`Error::Job`].
pub fn suite() -> Result<(String, bool)> {
    let mut text = String::new();
    let equal = suite::run(&mut Box::new(suite::Workspace::new()), &mut text);
    Ok((text, equal.map_err(|_| failed("the suite cannot print"))?))
}

/// Runs the suite on the board. Returns whether it prints what the host computes.
///
/// # Errors
/// [`Error::NoEmulator`], [`Error::File`], [`Error::Job`].
pub fn compare_suite(map: Layout, elf: &Path) -> Result<bool> {
    let memory = Memory::new(map, &[])?;
    let output = memory.boot(elf)?;
    let board = String::from_utf8_lossy(&output.stdout).into_owned();
    let (host, equal) = suite()?;
    print!("{board}");
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    if board != host {
        eprintln!("the host computes:\n{host}");
    }
    Ok(equal && output.status.success() && board == host)
}

/// Runs a job on the board and on the host; the outputs must be equal.
///
/// # Errors
/// [`Error::Job`] if the job does not fit into the board's memory; [`Error::NoEmulator`], [`Error::File`].
pub fn compare_job(map: Layout, elf: &Path, job: &Job<'_>) -> Result<Compared> {
    compare(map, elf, job, None)
}

/// As [`compare_job`], where the networks run on the board's NPU, which this plays, by the sections of their images. The host
/// runs their operators.
///
/// # Errors
/// As [`compare_job`]; [`Error::NoNpu`].
pub fn compare_job_on_npu(
    map: Layout,
    elf: &Path,
    job: &Job<'_>,
    accelerator: &Accelerator,
) -> Result<Compared> {
    compare(map, elf, job, Some(accelerator))
}

fn compare(map: Layout, elf: &Path, job: &Job<'_>, npu: Option<&Accelerator>) -> Result<Compared> {
    let mut host = aligned(map.partitions.nor.len as usize);
    let host = bytes(&mut host);
    job::write(host, job, ROOM).map_err(|_| failed("the job does not fit into the board's memory"))?;
    if npu.is_some() {
        job::ask_for_npu(host);
    }
    let memory = Memory::new(map, host)?;
    let (output, on_npu) = match npu {
        Some(accelerator) => memory.boot_with(elf, accelerator)?,
        None => (memory.boot(elf)?, 0),
    };
    print!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    let board = memory.read()?;
    let board = job::read(&board).ok_or_else(|| failed("the board has lost its job"))?;
    let mut arena = aligned(ARENA);
    job::run(host, bytemuck::cast_slice_mut(&mut arena), || 0);
    let host = job::read(host).ok_or_else(|| failed("the host has lost its job"))?;
    let different = board.output.iter().zip(host.output).filter(|(a, b)| a != b).count();
    Ok(Compared {
        equal: board.status == Status::Done && board.status == host.status && board.output == host.output,
        status: board.status,
        instructions: instructions(map, board.ticks),
        parts: board.parts.map(|ticks| instructions(map, ticks)),
        on_npu,
        different: different + board.output.len().abs_diff(host.output.len()),
        output: String::from_utf8_lossy(board.output).into_owned(),
    })
}

/// The NPU that the section of an image is for, by its name in the section.
///
/// # Errors
/// [`Error::Job`] if the image is not valid, or has no section for an NPU that is known.
pub fn accelerator_of(image: &[u8]) -> Result<&'static Accelerator> {
    let mut copy = aligned(image.len());
    let copy = &mut bytes(&mut copy)[..image.len()];
    copy.copy_from_slice(image);
    let model = Model::load(copy).map_err(|error| failed(&format!("the image: {error}")))?;
    let section = model.npu().unwrap_or_default();
    let of = |it: &&Accelerator| section.get(8..12) == Some(&it.config.to_le_bytes());
    let found = npu_section::ACCELERATORS.iter().find(of);
    found.ok_or_else(|| failed("the image has no section for a known NPU: `postern compile --npu` makes one"))
}

/// The instructions of each operator of a network on the board, for pseudo-random input.
///
/// # Errors
/// [`Error::Job`] if the image is not valid, or the job does not fit or fails; [`Error::NoEmulator`], [`Error::File`].
pub fn profile(map: Layout, elf: &Path, image: &[u8]) -> Result<Vec<u64>> {
    let job = Job::Profile { image, input: &noise(image)? };
    let (_, output) = run_job(map, elf, &job)?;
    let ticks = output.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap_or_default()));
    Ok(ticks.map(|ticks| instructions(map, ticks)).collect())
}

/// The instructions of a search through `count` pseudo-random templates on the board.
///
/// # Errors
/// As [`profile`].
pub fn search(map: Layout, elf: &Path, dimension: usize, count: usize) -> Result<u64> {
    let (query, rows) = templates(dimension, count);
    let (instructions, _) = run_job(map, elf, &Job::Search { query: &query, rows: &rows })?;
    Ok(instructions)
}

/// A pseudo-random template to look for, and `count` to look among.
pub(crate) fn templates(dimension: usize, count: usize) -> (Vec<u8>, Vec<u8>) {
    let mut random = Random::new(2);
    let mut bytes = |len: usize| (0..len).map(|_| random.byte() as u8).collect::<Vec<u8>>();
    (bytes(dimension), bytes(dimension * count))
}

/// Runs a job on the board alone: instructions and output.
fn run_job(map: Layout, elf: &Path, job: &Job<'_>) -> Result<(u64, Vec<u8>)> {
    let mut host = aligned(map.partitions.nor.len as usize);
    let host = bytes(&mut host);
    job::write(host, job, ROOM).map_err(|_| failed("the job does not fit into the board's memory"))?;
    let memory = Memory::new(map, host)?;
    let said = memory.boot(elf)?;
    let board = memory.read()?;
    let board = job::read(&board).ok_or_else(|| failed("the board has lost its job"))?;
    if board.status != Status::Done {
        let said = String::from_utf8_lossy(&said.stderr);
        return Err(failed(&format!("{:?}: {said}", board.status)));
    }
    Ok((instructions(map, board.ticks), board.output.to_vec()))
}

/// Nanoseconds, which are instructions under `-icount shift=0`.
fn instructions(map: Layout, ticks: u64) -> u64 {
    let nanoseconds_in_4_ticks = if map == AN547 { 125 } else { 160 };
    ticks * nanoseconds_in_4_ticks / 4
}

/// Pseudo-random bytes for the input of a network.
///
/// # Errors
/// [`Error::Job`] if the image is not valid.
pub fn noise(image: &[u8]) -> Result<Vec<u8>> {
    let mut copy = aligned(image.len());
    let copy = &mut bytes(&mut copy)[..image.len()];
    copy.copy_from_slice(image);
    let model = Model::load(copy).map_err(|error| failed(&format!("the image: {error}")))?;
    let mut random = Random::new(1);
    Ok((0..model.input().len()).map(|_| random.byte() as u8).collect())
}

pub(crate) fn aligned(len: usize) -> Vec<Block> {
    vec![0; len.div_ceil(16)]
}

pub(crate) fn bytes(blocks: &mut [Block]) -> &mut [u8] {
    bytemuck::cast_slice_mut(blocks)
}

pub(crate) fn failed(reason: &str) -> Error {
    Error::Job { reason: reason.to_owned() }
}

/// The memory of a board that runs one job; the file is removed at the end.
pub(crate) struct Memory {
    map: Layout,
    file: tempfile::NamedTempFile,
}

impl Memory {
    /// A new memory with `content` where the job lies.
    pub(crate) fn new(map: Layout, content: &[u8]) -> Result<Self> {
        let folder = std::env::temp_dir();
        let file = tempfile::NamedTempFile::with_prefix("conformance-").map_err(Error::file(folder))?;
        let written = file.as_file().set_len(map.file_len);
        written
            .and_then(|()| file.as_file().write_all_at(content, job::OFFSET as u64))
            .map_err(Error::file(file.path()))?;
        Ok(Self { map, file })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Boots the board and waits until it ends.
    fn boot(&self, elf: &Path) -> Result<Output> {
        qemu::command(&self.map, self.file.path(), elf)
            .args(["-serial", "null", "-semihosting-config", "enable=on,target=native"])
            .output()
            .map_err(qemu::start_error)
    }

    /// Boots the board, plays its NPU, and waits until the board ends; how many streams the NPU ran.
    fn boot_with(&self, elf: &Path, accelerator: &Accelerator) -> Result<(Output, usize)> {
        let reach = self.map.npu.ok_or(Error::NoNpu { machine: self.map.machine })?;
        let memory = crate::Memory::open(self.file.path(), self.map)?;
        memory.provide_npu(Some(accelerator))?;
        let mut player = Player::new(memory, reach, accelerator);
        let mut board = qemu::command(&self.map, self.file.path(), elf)
            .args(["-serial", "null", "-semihosting-config", "enable=on,target=native"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(qemu::start_error)?;
        let played = loop {
            match player.answer() {
                Ok(true) => {}
                Ok(false) => match board.try_wait() {
                    Ok(None) => std::thread::sleep(POLL),
                    Ok(Some(_)) => break Ok(player.ran()),
                    Err(error) => break Err(qemu::start_error(error)),
                },
                Err(error) => break Err(error),
            }
        };
        if played.is_err() {
            // It would wait for the NPU for ever. If it has ended, there is nothing to end.
            let _ = board.kill();
        }
        let output = board.wait_with_output().map_err(qemu::start_error)?;
        Ok((output, played?))
    }

    /// The memory from the job on.
    pub(crate) fn read(&self) -> Result<Vec<u8>> {
        let mut content = vec![0; self.map.partitions.nor.len as usize];
        let path = self.file.path();
        let file = File::open(path).map_err(Error::file(path))?;
        file.read_exact_at(&mut content, job::OFFSET as u64).map_err(Error::file(path))?;
        Ok(content)
    }
}
