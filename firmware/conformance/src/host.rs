//! The host's side: the suite as the host computes it, and boards compared with it.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use std::boxed::Box;
use std::format;
use std::string::String;
use std::vec::Vec;
use std::{eprint, eprintln, print, println, vec};

use host_window::{AN500, AN547, Layout};
use nn::Model;
use vision::{Frame, PixelFormat};

use crate::job::{self, Job, PARTS, Status};
use crate::random::Random;
use crate::suite;

/// What it takes.
pub const USAGE: &str = "\
conformance                      print the kernel suite as the host computes it
conformance BOARD ELF            run it on an emulated board (an547 or an500) and compare
conformance BOARD ELF network IMAGE [INPUT]
                                 run a network on the board and compare; INPUT is a file of its
                                 input's bytes, pseudo-random without it
conformance BOARD ELF recognizer DETECTOR ENCODER FRAME WIDTH HEIGHT
                                 recognize a YUYV frame on the board and compare";

/// Bytes of memory for an arena on the host; a board has less.
const ARENA: usize = 64 << 20;
/// Bytes of room for an output.
const ROOM: usize = 1 << 20;

/// What went wrong besides a difference.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What board and host made of the same job.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Whether both did it, and gave the same bytes.
    pub equal: bool,
    /// How it ended on the board.
    pub status: Status,
    /// Instructions that the board took.
    pub instructions: u64,
    /// Those of each part of the recognizer by itself: detect, align, judge, encode; zero if the job
    /// was none.
    pub parts: [u64; PARTS],
    /// Bytes that differ.
    pub different: usize,
    /// The board's output as text; that of a network is none.
    pub output: String,
}

/// What a job is aligned to.
type Block = u128;

/// Does as the arguments tell; whether board and host agree.
pub fn run(arguments: &[&str]) -> Result<bool> {
    match arguments {
        [] => {
            let (text, equal) = suite()?;
            print!("{text}");
            Ok(equal)
        }
        [board, elf] => compare_suite(map(board)?, Path::new(elf)),
        [board, elf, "network", image, rest @ ..] => {
            let image = fs::read(image)?;
            let input = match rest {
                [] => noise(&image)?,
                [input] => fs::read(input)?,
                _ => return Err(USAGE.into()),
            };
            let job = Job::Network { image: &image, input: &input };
            compare_job(map(board)?, Path::new(elf), &job).map(|compared| tell(&compared, false))
        }
        [board, elf, "recognizer", detector, encoder, frame, width, height] => {
            let [detector, encoder, pixels] = [fs::read(detector)?, fs::read(encoder)?, fs::read(frame)?];
            let frame = Frame::new(PixelFormat::Yuyv, width.parse()?, height.parse()?, &pixels)
                .map_err(|error| format!("the frame: {error:?}"))?;
            let job = Job::Recognizer { detector: &detector, encoder: &encoder, frame: &frame };
            compare_job(map(board)?, Path::new(elf), &job).map(|compared| tell(&compared, true))
        }
        _ => Err(USAGE.into()),
    }
}

fn map(board: &str) -> Result<Layout> {
    match board {
        "an547" => Ok(AN547),
        "an500" => Ok(AN500),
        _ => Err(format!("no board is called {board}\n{USAGE}").into()),
    }
}

fn suite() -> Result<(String, bool)> {
    let mut text = String::new();
    let equal = suite::run(&mut Box::new(suite::Workspace::new()), &mut text)?;
    Ok((text, equal))
}

/// Prints a comparison, and whether board and host agree.
fn tell(compared: &Compared, text: bool) -> bool {
    let Compared { equal, status, instructions, different, output, .. } = compared;
    println!("board: {status:?}, {} bytes, {instructions} instructions", output.len());
    if text {
        print!("{output}");
    }
    println!("{different} bytes differ");
    *equal
}

/// Runs the suite on the board; it must print what the host does.
///
/// # Errors
/// The emulator does not start.
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
/// The job does not fit into the board's memory, or the emulator does not start.
pub fn compare_job(map: Layout, elf: &Path, job: &Job<'_>) -> Result<Compared> {
    let mut host = aligned(map.partitions.nor.len as usize);
    let host = bytes(&mut host);
    job::write(host, job, ROOM).map_err(|_| "the job does not fit into the board's memory")?;
    let memory = Memory::new(map, host)?;
    let output = memory.boot(elf)?;
    print!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    let board = memory.read()?;
    let board = job::read(&board).ok_or("the board has lost its job")?;
    let mut arena = aligned(ARENA);
    job::run(host, bytemuck::cast_slice_mut(&mut arena), || 0);
    let host = job::read(host).ok_or("the host has lost its job")?;
    let different = board.output.iter().zip(host.output).filter(|(a, b)| a != b).count();
    Ok(Compared {
        equal: board.status == Status::Done && board.status == host.status && board.output == host.output,
        status: board.status,
        instructions: instructions(map, board.ticks),
        parts: board.parts.map(|ticks| instructions(map, ticks)),
        different: different + board.output.len().abs_diff(host.output.len()),
        output: String::from_utf8_lossy(board.output).into_owned(),
    })
}

/// The instructions that each operator of a network takes on the board, for pseudo-random input.
///
/// # Errors
/// The image is none, the job does not fit or is not done, or the emulator does not start.
pub fn profile(map: Layout, elf: &Path, image: &[u8]) -> Result<Vec<u64>> {
    let job = Job::Profile { image, input: &noise(image)? };
    let (_, output) = run_job(map, elf, &job)?;
    let ticks = output.chunks_exact(8).map(|bytes| u64::from_le_bytes(bytes.try_into().unwrap_or_default()));
    Ok(ticks.map(|ticks| instructions(map, ticks)).collect())
}

/// The instructions that a search through `count` pseudo-random templates takes on the board.
///
/// # Errors
/// Those of [`profile`].
pub fn search(map: Layout, elf: &Path, dimension: usize, count: usize) -> Result<u64> {
    let mut random = Random::new(2);
    let mut bytes = |len: usize| (0..len).map(|_| random.byte() as u8).collect::<Vec<u8>>();
    let (query, rows) = (bytes(dimension), bytes(dimension * count));
    let (instructions, _) = run_job(map, elf, &Job::Search { query: &query, rows: &rows })?;
    Ok(instructions)
}

/// Runs a job on the board alone: instructions and output.
fn run_job(map: Layout, elf: &Path, job: &Job<'_>) -> Result<(u64, Vec<u8>)> {
    let mut host = aligned(map.partitions.nor.len as usize);
    let host = bytes(&mut host);
    job::write(host, job, ROOM).map_err(|_| "the job does not fit into the board's memory")?;
    let memory = Memory::new(map, host)?;
    let said = memory.boot(elf)?;
    let board = memory.read()?;
    let board = job::read(&board).ok_or("the board has lost its job")?;
    if board.status != Status::Done {
        return Err(format!("{:?}: {}", board.status, String::from_utf8_lossy(&said.stderr)).into());
    }
    Ok((instructions(map, board.ticks), board.output.to_vec()))
}

/// Nanoseconds, which are instructions under `-icount shift=0`.
fn instructions(map: Layout, ticks: u64) -> u64 {
    let nanoseconds_in_4_ticks = if map == AN547 { 125 } else { 160 };
    ticks * nanoseconds_in_4_ticks / 4
}

/// As many pseudo-random bytes as the network's input has.
fn noise(image: &[u8]) -> Result<Vec<u8>> {
    let mut copy = aligned(image.len());
    let copy = &mut bytes(&mut copy)[..image.len()];
    copy.copy_from_slice(image);
    let model = Model::load(copy).map_err(|error| format!("the image: {error}"))?;
    let mut random = Random::new(1);
    Ok((0..model.input().len()).map(|_| random.byte() as u8).collect())
}

fn aligned(len: usize) -> Vec<Block> {
    vec![0; len.div_ceil(16)]
}

fn bytes(blocks: &mut [Block]) -> &mut [u8] {
    bytemuck::cast_slice_mut(blocks)
}

/// Numbers the memories of this process.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The file that is a board's memory; it is removed at the end.
struct Memory {
    map: Layout,
    path: PathBuf,
}

impl Memory {
    /// A new memory with `content` where a job lies.
    fn new(map: Layout, content: &[u8]) -> Result<Self> {
        use std::os::unix::fs::FileExt;
        let name = format!(
            "conformance-{}-{}-{}",
            map.machine,
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let memory = Self { map, path: std::env::temp_dir().join(name) };
        let file = File::create(&memory.path)?;
        file.set_len(map.file_len)?;
        file.write_all_at(content, job::OFFSET as u64)?;
        Ok(memory)
    }

    /// Boots the board and waits until it ends.
    fn boot(&self, elf: &Path) -> Result<Output> {
        let (machine, len) = (self.map.machine, self.map.file_len);
        let path = self.path.display();
        Ok(Command::new("qemu-system-arm")
            .args(["-machine", &format!("{machine},memory-backend=shared"), "-object"])
            .arg(format!("memory-backend-file,id=shared,size={len},mem-path={path},share=on"))
            .args(["-display", "none", "-monitor", "none", "-serial", "null", "-icount", "shift=0"])
            .args(["-semihosting-config", "enable=on,target=native", "-kernel"])
            .arg(elf)
            .output()?)
    }

    /// The memory from the job on.
    fn read(&self) -> Result<Vec<u8>> {
        use std::os::unix::fs::FileExt;
        let mut content = vec![0; self.map.partitions.nor.len as usize];
        File::open(&self.path)?.read_exact_at(&mut content, job::OFFSET as u64)?;
        Ok(content)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
