//! The host's side: the suite as the host computes it, and boards compared with it.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use conformance::job::{self, Job, Status};
use conformance::random::Random;
use conformance::suite;
use emulation::{AN500, AN547, Map};
use nn::Model;
use vision::{Frame, PixelFormat};

/// What it takes.
pub const USAGE: &str = "\
conformance                      print the kernel suite as the host computes it
conformance BOARD ELF            run it on an emulated board (an547 or an500) and compare
conformance BOARD ELF network IMAGE [INPUT]
                                 run a network on the board and compare; INPUT is a file of its
                                 input's bytes, pseudo-random without it
conformance BOARD ELF profile IMAGE
                                 print the instructions of each operator on the board
conformance BOARD ELF recognizer DETECTOR ENCODER FRAME WIDTH HEIGHT
                                 recognize a YUYV frame on the board and compare";

/// Bytes of memory for an arena on the host; a board has less.
const ARENA: usize = 64 << 20;
/// Bytes of room for an output.
const ROOM: usize = 1 << 20;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

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
            compare_job(map(board)?, Path::new(elf), &job)
        }
        [board, elf, "profile", image] => profile(map(board)?, Path::new(elf), &fs::read(image)?),
        [board, elf, "recognizer", detector, encoder, frame, width, height] => {
            let [detector, encoder, pixels] = [fs::read(detector)?, fs::read(encoder)?, fs::read(frame)?];
            let frame = Frame::new(PixelFormat::Yuyv, width.parse()?, height.parse()?, &pixels)
                .map_err(|error| format!("the frame: {error:?}"))?;
            let job = Job::Recognizer { detector: &detector, encoder: &encoder, frame: &frame };
            compare_job(map(board)?, Path::new(elf), &job)
        }
        _ => Err(USAGE.into()),
    }
}

fn map(board: &str) -> Result<Map> {
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

/// Runs the suite on the board; it must print what the host does.
fn compare_suite(map: Map, elf: &Path) -> Result<bool> {
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
fn compare_job(map: Map, elf: &Path, job: &Job<'_>) -> Result<bool> {
    let mut host = aligned(map.nor.len as usize);
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
    println!(
        "board: {:?}, {} bytes, {} instructions",
        board.status,
        board.output.len(),
        instructions(map, board.ticks)
    );
    println!("host:  {:?}, {} bytes", host.status, host.output.len());
    if matches!(job, Job::Recognizer { .. }) {
        print!("{}", String::from_utf8_lossy(board.output));
    }
    let different = board.output.iter().zip(host.output).filter(|(a, b)| a != b).count();
    println!("{different} bytes differ");
    Ok(board.status == Status::Done && board.status == host.status && board.output == host.output)
}

/// Prints the instructions of each operator.
fn profile(map: Map, elf: &Path, image: &[u8]) -> Result<bool> {
    let mut host = aligned(map.nor.len as usize);
    let host = bytes(&mut host);
    let job = Job::Profile { image, input: &noise(image)? };
    job::write(host, &job, ROOM).map_err(|_| "the job does not fit into the board's memory")?;
    let memory = Memory::new(map, host)?;
    memory.boot(elf)?;
    let board = memory.read()?;
    let board = job::read(&board).ok_or("the board has lost its job")?;
    let mut copy = aligned(image.len());
    let copy = &mut bytes(&mut copy)[..image.len()];
    copy.copy_from_slice(image);
    let model = Model::load(copy).map_err(|error| format!("the image: {error}"))?;
    let mut before = 0;
    for (number, ticks) in board.output.chunks_exact(8).enumerate() {
        let ticks = u64::from_le_bytes(ticks.try_into()?);
        let operator = model.operator(number).ok_or("more operators than the network has")?;
        let count = instructions(map, ticks - before);
        let (input, output) = (operator.input_shape(), operator.output_shape());
        let macs = operator.multiply_adds();
        let name = operator.name();
        println!("{number:>3} {name:<18} {input} -> {output}: {macs} multiply-adds, {count} instructions");
        before = ticks;
    }
    println!("all: {} instructions", instructions(map, before));
    Ok(board.status == Status::Done)
}

/// Nanoseconds, which are instructions under `-icount shift=0`.
fn instructions(map: Map, ticks: u64) -> u64 {
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

/// The file that is a board's memory; it is removed at the end.
struct Memory {
    map: Map,
    path: PathBuf,
}

impl Memory {
    /// A new memory with `content` where a job lies.
    fn new(map: Map, content: &[u8]) -> Result<Self> {
        use std::os::unix::fs::FileExt;
        let name = format!("conformance-{}-{}", map.machine, std::process::id());
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
        let mut content = vec![0; self.map.nor.len as usize];
        File::open(&self.path)?.read_exact_at(&mut content, job::OFFSET as u64)?;
        Ok(content)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
