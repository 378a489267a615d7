//! The networks as a door runs them, with sections of Vela and the functional model on the board's bus: what is refused is told
//! by name, and the processor does the work.

use audit::NpuFault;
use compiler::image::Aligned;
use door::{Engine, EthosU, NetworkKind, Networks, NpuMemory};
use fixtures::{Need, need};
use npu_section::bus::{NpuBus, Wiring, block, command};
use npu_section::format::Header;
use npu_section::register::OFM_ZERO_POINT;
use npu_section::stream::{Command, commands};
use vision::{Face, Frame, PixelFormat, Rect};

use crate::Copies;

/// Bytes of the board's memory for tensors, and words of that for a stream.
const SCRATCH: usize = 1 << 20;
const STREAM: usize = 8 << 10;

/// A bus that counts the streams that are started.
struct Counted<'a>(Copies, &'a std::sync::atomic::AtomicUsize);

impl NpuBus for Counted<'_> {
    fn wiring(&self) -> Wiring {
        self.0.wiring()
    }

    fn read(&mut self, register: u16) -> u32 {
        self.0.read(register)
    }

    fn write(&mut self, register: u16, value: u32) {
        if register == block::CMD && value & command::RUN != 0 {
            self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        self.0.write(register, value);
    }

    fn address(&mut self, memory: &[u8]) -> Option<u32> {
        self.0.address(memory)
    }

    fn clean(&mut self, memory: &[u8]) {
        self.0.clean(memory);
    }

    fn invalidate(&mut self, memory: &mut [u8]) {
        self.0.invalidate(memory);
    }

    fn wait(&mut self, count: u32) -> bool {
        self.0.wait(count)
    }
}

/// What a door with an ethos-u55-128 does with a detector.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// Whether the NPU is to run it.
    on_npu: bool,
    /// Streams that it ran: for a whole frame, and then for the frame after a face.
    streams: [usize; 2],
    /// What is told.
    told: Vec<NpuFault>,
    /// What it finds in a whole frame.
    faces: vision::Faces,
}

/// Loads the image as a detector and looks at two frames.
fn look(detector: &[u8]) -> Seen {
    let encoder = Aligned::new(&std::fs::read(models::image("slim-60").expect("an image")).expect("read"));
    let detector = Aligned::new(detector);
    let started = std::sync::atomic::AtomicUsize::new(0);
    let accelerator = npu_section::ACCELERATORS.iter().find(|it| it.name == "ethos-u55-128");
    let bus = Counted(Copies::new(accelerator.expect("known")), &started);
    let mut streams = vec![0u128; 3 * STREAM / 4];
    let words: &mut [u32] = bytemuck::cast_slice_mut(&mut streams);
    let mut words = words.chunks_exact_mut(STREAM);
    let streams = std::array::from_fn(|_| words.next().expect("three"));
    let mut scratch = vec![0u128; SCRATCH / 16];
    let memory = NpuMemory { streams, scratch: bytemuck::cast_slice_mut(&mut scratch) };
    let mut npu = EthosU::new(bus, memory);
    let mut arena = vec![0u128; 1 << 16];
    let mut engine = Networks::new(bytemuck::cast_slice_mut(&mut arena)).with_npu(Some(&mut npu));
    let (detector, _) = engine.load(NetworkKind::Detector, detector.bytes()).expect("it loads");
    let on_npu = engine.is_on_npu(&detector);
    let (encoder, _) = engine.load(NetworkKind::Encoder, encoder.bytes()).expect("it loads");
    let (pair, _) = engine.join(detector, encoder).expect("they fit");
    let pixels: Vec<u8> = (0..320 * 240 * 2).map(|at: usize| (at * 7 + at / 251) as u8).collect();
    let frame = Frame::new(PixelFormat::Yuyv, 320, 240, &pixels).expect("a frame");
    let before = || started.load(std::sync::atomic::Ordering::Relaxed);
    let faces = engine.detect(&pair, &frame).expect("it runs");
    let whole = before();
    // A face that is small enough for a part of the frame.
    let near = Rect { x: 120 << 10, y: 80 << 10, width: 40 << 10, height: 50 << 10 };
    engine.track(&pair, &frame, &Face { bounds: near, ..Face::default() }).expect("it runs");
    let told = std::iter::from_fn(|| engine.take_npu_fault()).map(|(_, fault)| fault).collect();
    Seen { on_npu, streams: [whole, before() - whole], told, faces }
}

/// The section with another zero point of the last operator's output.
fn with_other_zero_point(section: &[u8]) -> Vec<u8> {
    let header: Header = bytemuck::pod_read_unaligned(&section[..size_of::<Header>()]);
    let stream = &section[header.stream as usize..][..header.words as usize * 4];
    let words: Vec<u32> = bytemuck::pod_collect_to_vec(stream);
    let sets = |command: &Command| matches!(command, Command::Set { register: OFM_ZERO_POINT, .. });
    let commands = commands(&words).map(|command| command.expect("a command"));
    let (at, _) = commands.filter(|(_, command)| sets(command)).last().expect("it is set");
    let mut changed = section.to_vec();
    // The number lies in the upper half of the word.
    let place = header.stream as usize + at * 4 + 2;
    changed[place] = changed[place].wrapping_add(1);
    changed
}

#[test]
fn a_door_runs_what_suits_its_npu_and_tells_what_does_not() {
    need!(Need::Cached("vela"), Need::Cached("images/yunet.pstn"));
    let file = std::fs::read(models::image("yunet").expect("an image")).expect("read");
    let aligned = Aligned::new(&file);
    let image = npu::Image::read(aligned.bytes()).expect("an image");
    let made = |name| npu::compile(&image, name, &fixtures::cache("vela")).expect("compiled");
    let with = |section: &[u8]| look(&compiler::image::with_npu(&file, section).expect("an image"));
    let alone = look(&file);
    assert_eq!((alone.on_npu, alone.streams, &alone.told[..]), (false, [0, 0], &[][..]));

    let whole = made("ethos-u55-128");
    let good = with(&whole);
    assert_eq!((good.on_npu, &good.told[..]), (true, &[][..]));
    // Also the frame after a face goes through the whole detector: an NPU is quicker with it than the processor with a part.
    assert_eq!(good.streams, [1, 1]);
    assert_eq!(good.faces, alone.faces);

    let changed = |change: fn(&mut Header)| {
        let mut section = whole.clone();
        let (head, _) = section.split_at_mut(size_of::<Header>());
        let mut header: Header = bytemuck::pod_read_unaligned(head);
        change(&mut header);
        head.copy_from_slice(bytemuck::bytes_of(&header));
        section
    };
    let refused = [
        ("truncated", whole[..whole.len() - 16].to_vec(), NpuFault::Section),
        ("of a newer format", changed(|header| header.version += 1), NpuFault::Section),
        ("of a newer architecture", changed(|header| header.id += 1 << 28), NpuFault::Section),
        ("of an unknown configuration", changed(|header| header.config += 0x100), NpuFault::Section),
        ("of another image", changed(|header| header.identity[0] ^= 1), NpuFault::Section),
        ("for another NPU", made("ethos-u55-256"), NpuFault::OtherNpu),
        ("with a large scratch", changed(|header| header.scratch = 64 << 20), NpuFault::NoRoom),
    ];
    for (what, section, fault) in refused {
        let seen = with(&section);
        assert_eq!((seen.on_npu, seen.streams), (false, [0, 0]), "a section {what} does not run");
        assert_eq!(seen.told, [fault], "{what}");
        assert_eq!(seen.faces, alone.faces, "the processor does the work of a section {what}");
    }

    // A zero point decides no address either. The NPU then computes something else, which the processor finds at the first run.
    let seen = with(&with_other_zero_point(&whole));
    assert_eq!((seen.on_npu, seen.streams), (true, [1, 0]), "it rests then");
    assert_eq!(seen.told, [NpuFault::Differs]);
    assert_eq!(seen.faces, alone.faces, "the processor's result counts");

    // Weights decide no address, so only the NPU sees that they are none. The processor then runs the same frame.
    let mut weights = whole.clone();
    let header: Header = bytemuck::pod_read_unaligned(&whole[..size_of::<Header>()]);
    weights[header.data as usize..][..header.data_bytes as usize].fill(0xff);
    let seen = with(&weights);
    assert_eq!((seen.on_npu, seen.streams), (true, [1, 1]));
    assert_eq!(seen.told, [NpuFault::Stopped; 2]);
    assert_eq!(seen.faces, alone.faces, "within the frame");
}
