//! What an NPU runs gives the engine's own bytes: networks go through Vela, the checker and the functional model. What Vela is
//! given is held to Arm's reference model, too.

mod cycles;
mod door;
mod reference;
mod refused;

use compiler::image::Aligned;
use fixtures::{Need, need};
use npu_section::bus::NpuBus;
use npu_section::format::Header;
use npu_section::{Fault, Npu, Section};

/// The outputs of the engine, the bytes of each one.
fn engine(image: &[u8], input: &[u8]) -> Vec<Vec<u8>> {
    let model = nn::Model::load(image).expect("an image");
    let mut arena = vec![0u128; model.arena_len().div_ceil(16)];
    let arena: &mut [i8] = bytemuck::cast_slice_mut(&mut arena);
    model.input_mut(arena).copy_from_slice(bytemuck::cast_slice(input));
    model.run(arena).expect("it runs");
    let bytes = |index| model.read(arena, index).iter().flat_map(i16::to_le_bytes).collect();
    (0..model.output_count()).map(bytes).collect()
}

/// Noise, and a smooth picture, of `length` bytes.
fn pictures(length: usize) -> [Vec<u8>; 2] {
    let mut state = 1u32;
    let mut random = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let noise = (0..length).map(|_| random()).collect();
    let wave = |at: usize| ((at as f32 / 211.0).sin() * (at as f32 / 37.0).cos() * 100.0) as i8;
    [noise, (0..length).map(|at| wave(at) as u8).collect()]
}

fn equals(name: &str, accelerator: &str) {
    let path = models::image(name).expect("an image");
    let file = std::fs::read(&path).expect("read");
    let aligned = Aligned::new(&file);
    let image = npu::Image::read(aligned.bytes()).expect("an image");
    let section = npu::compile(&image, accelerator, &fixtures::cache(npu::vela::FOLDER)).expect("compiled");
    let section = Aligned::new(&section);
    let section = Section::read(section.bytes(), npu::network(&image.model)).expect("a section");
    assert_eq!(section.accelerator().name, accelerator);
    assert!(section.layers().iter().map(|layer| u64::from(layer.cycles)).sum::<u64>() > 0);
    for picture in pictures(section.header().input.bytes as usize) {
        let (here, there) =
            (engine(aligned.bytes(), &picture), npu_model::run(&section, &picture).expect("it runs"));
        assert_eq!(here.len(), there.len());
        for (index, (here, there)) in here.iter().zip(&there).enumerate() {
            let apart = here.iter().zip(there).filter(|(a, b)| a != b).count();
            assert!(here.len() == there.len() && apart == 0, "{name}: output {index}: {apart} bytes differ");
        }
    }
    let words = section.stream();
    println!("{name} on {accelerator}: {} words, {} cycles", words.len(), section.header().cycles);
}

#[test]
fn a_detector_gives_the_same_bytes() {
    need!(Need::Cached("vela"), Need::Cached("images/yunet.pstn"));
    equals("yunet", "ethos-u55-128");
    equals("yunet", "ethos-u55-256");
}

#[test]
fn an_encoder_with_slopes_above_one_gives_the_same_bytes() {
    need!(Need::Cached("vela"));
    equals("slim-60", "ethos-u55-128");
    equals("slim-60", "ethos-u55-256");
}

#[test]
fn a_network_with_gates_gives_the_same_bytes() {
    need!(Need::Cached("vela"), Need::Cached("images/minifasnet.pstn"));
    equals("minifasnet", "ethos-u55-128");
}

/// What a door has if nobody chose other networks.
#[test]
fn the_default_encoder_and_liveness_network_give_the_same_bytes() {
    need!(Need::Cached("vela"));
    equals(models::ENCODER, "ethos-u55-128");
    equals(models::LIVENESS, "ethos-u55-128");
    equals(models::LIVENESS, "ethos-u55-256");
}

/// The large networks, which take long, and the accelerator that the small ones are not tried on: `cargo xtask npu`.
#[test]
fn large_networks_give_the_same_bytes_when_they_are_asked_for() {
    if !all_are_asked_for() {
        return;
    }
    need!(Need::Cached("vela"), Need::Cached("images/mobilefacenet.pstn"), Need::Cached("images/sface.pstn"));
    equals("minifasnet", "ethos-u55-256");
    for name in LARGE {
        if name != models::ENCODER {
            equals(name, "ethos-u55-128");
        }
        equals(name, "ethos-u55-256");
    }
}

/// The large networks.
const LARGE: [&str; 3] = ["postern-128", "mobilefacenet", "sface"];

/// Whether the task runs that compares all networks; the test command compares the small ones.
fn all_are_asked_for() -> bool {
    let asked = std::env::var_os("POSTERN_NPU").is_some_and(|asked| asked == "all");
    if !asked {
        eprintln!("only in `cargo xtask npu`");
    }
    asked
}

/// A section of slim-60's, and its image.
fn slim() -> (Vec<u8>, Aligned) {
    let path = models::image("slim-60").expect("an image");
    let file = Aligned::new(&std::fs::read(&path).expect("read"));
    let image = npu::Image::read(file.bytes()).expect("an image");
    let bytes = npu::compile(&image, "ethos-u55-128", &fixtures::cache("vela")).expect("compiled");
    (bytes, file)
}

/// The section with a word changed, read with its image.
fn read(bytes: &[u8], image: &Aligned) -> Result<Header, npu_section::Error> {
    let image = npu::Image::read(image.bytes()).expect("an image");
    Section::read(Aligned::new(bytes).bytes(), npu::network(&image.model)).map(|section| *section.header())
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Each first address and length of a real stream, set far outside and just outside, and each region, one at a time.
#[test]
fn a_real_stream_with_one_field_changed_is_refused() {
    need!(Need::Cached("vela"));
    let (bytes, image) = slim();
    let header = read(&bytes, &image).expect("a section");
    let (start, end) = (header.stream as usize, (header.stream + 4 * header.words) as usize);
    let behind = header.scratch.max(header.data_bytes).next_multiple_of(16);
    let mut changed = bytes.clone();
    let mut refused = |at: usize, value: u32| {
        changed[at..at + 4].copy_from_slice(&value.to_le_bytes());
        assert!(read(&changed, &image).is_err(), "word {} with {value:#x} is taken", (at - start) / 4);
        changed[at..at + 4].copy_from_slice(&bytes[at..at + 4]);
    };
    let (mut at, mut tried) = (start, 0);
    while at < end {
        let first = word(&bytes, at);
        let (wide, code) = (first >> 14 & 3 == 1, first & 0x3ff);
        // BASE0 of input, output and second input; WEIGHT_BASE, SCALE_BASE and the copies; their lengths.
        let address = wide && matches!(code, 0x00 | 0x10 | 0x80 | 0x20 | 0x22 | 0x30 | 0x31);
        let length = wide && matches!(code, 0x21 | 0x23 | 0x32);
        let region = !wide && matches!(code, 0x10f | 0x11f | 0x128 | 0x129 | 0x130 | 0x131 | 0x18f);
        if region {
            refused(at, first | 7 << 16);
        } else if address || length {
            refused(at, first | 0xff << 16);
            refused(at + 4, 0xffff_fff0);
            // The first byte behind both memories, or one piece more than they have.
            refused(at + 4, behind + if length { 16 } else { 0 });
        }
        tried += usize::from(region || address || length);
        at += if wide { 8 } else { 4 };
    }
    assert!(tried > 500, "{tried} fields");
}

/// A real stream uses its memories to their end.
#[test]
fn a_real_stream_with_less_memory_than_it_uses_is_refused() {
    need!(Need::Cached("vela"));
    let (bytes, image) = slim();
    let header = read(&bytes, &image).expect("a section");
    let less = |header: &Header| {
        let mut changed = bytes.clone();
        changed[..size_of::<Header>()].copy_from_slice(bytemuck::bytes_of(header));
        read(&changed, &image).map(|_| ())
    };
    assert_eq!(less(&header), Ok(()));
    for less_by in [1, 16] {
        let scratch = less(&Header { scratch: header.scratch - less_by, ..header });
        assert!(matches!(scratch, Err(npu_section::Error::Outside(..))), "{scratch:?}");
        let data = less(&Header { data_bytes: header.data_bytes - less_by, ..header });
        assert!(matches!(data, Err(npu_section::Error::Outside(..))), "{data:?}");
    }
}

/// The section of a network is no section of another one, even if it is safe.
#[test]
fn a_section_with_another_image_is_refused() {
    need!(Need::Cached("vela"));
    let (bytes, image) = slim();
    let file = std::fs::read(models::image("slim-60").expect("an image")).expect("read");
    let with = compiler::image::with_npu(&file, &bytes).expect("an image");
    let with = Aligned::new(&with);
    let model = nn::Model::load(with.bytes()).expect("an image");
    assert!(npu::section(&model).expect("its own section").is_some());
    assert!(npu::section(&npu::Image::read(image.bytes()).expect("an image").model).expect("none").is_none());

    let other = std::fs::read(models::image("postern-128").expect("an image")).expect("read");
    let with = compiler::image::with_npu(&other, &bytes).expect("an image");
    let with = Aligned::new(&with);
    let model = nn::Model::load(with.bytes()).expect("an image");
    assert_eq!(npu::section(&model).map(|_| ()), Err(npu_section::Error::Identity));
}

/// An NPU that has a memory of its own, to which the driver's memories are copied and back.
struct Copies {
    block: npu_model::Block,
    memory: Vec<u8>,
    /// Where each memory of the driver lies in it.
    places: Vec<(usize, usize)>,
    /// Whether the bus leads nowhere.
    broken: bool,
}

/// The address of its memory.
const BASE: u32 = 0x6000_0000;

impl Copies {
    fn new(accelerator: &npu_section::Accelerator) -> Self {
        let block = npu_model::Block::new(accelerator);
        Self { block, memory: Vec::new(), places: Vec::new(), broken: false }
    }

    fn place(&mut self, memory: &[u8]) -> usize {
        let key = memory.as_ptr() as usize;
        if let Some((_, place)) = self.places.iter().find(|(address, _)| *address == key) {
            return *place;
        }
        let place = self.memory.len();
        self.memory.resize((place + memory.len()).next_multiple_of(16), 0);
        self.places.push((key, place));
        place
    }
}

impl NpuBus for Copies {
    fn read(&mut self, register: u16) -> u32 {
        self.block.read(register)
    }

    fn write(&mut self, register: u16, value: u32) {
        let memory = if self.broken { &mut [] } else { &mut self.memory[..] };
        self.block.write(register, value, memory, BASE);
    }

    fn address(&mut self, memory: &[u8]) -> Option<u32> {
        Some(BASE + self.place(memory) as u32)
    }

    fn clean(&mut self, memory: &[u8]) {
        let place = self.place(memory);
        self.memory[place..place + memory.len()].copy_from_slice(memory);
    }

    fn invalidate(&mut self, memory: &mut [u8]) {
        let place = self.place(memory);
        memory.copy_from_slice(&self.memory[place..place + memory.len()]);
    }

    fn wait(&mut self, _: u32) -> bool {
        panic!("the model is never busy")
    }
}

/// The whole way of a door: image, section, driver, registers, output.
#[test]
fn the_driver_gives_the_same_bytes_and_a_broken_bus_a_fault() {
    need!(Need::Cached("vela"));
    let (bytes, file) = slim();
    let image = npu::Image::read(file.bytes()).expect("an image");
    let aligned = Aligned::new(&bytes);
    let section = Section::read(aligned.bytes(), npu::network(&image.model)).expect("a section");
    let copies = Copies::new(section.accelerator());
    let mut npu = Npu::new(copies).expect("an NPU");
    let header = section.header();
    let mut scratch = vec![0u128; (header.scratch as usize).div_ceil(16)];
    let scratch: &mut [u8] = bytemuck::cast_slice_mut(&mut scratch);
    for picture in pictures(header.input.bytes as usize) {
        let start = header.input.offset as usize;
        scratch[start..start + picture.len()].copy_from_slice(&picture);
        npu.run(&section, scratch).expect("it runs");
        let outputs = section.outputs().iter().map(|place| {
            let start = place.offset as usize;
            scratch[start..start + place.bytes as usize].to_vec()
        });
        assert!(outputs.eq(engine(file.bytes(), &picture)));
    }
    npu.bus().broken = true;
    let run = npu.run(&section, scratch);
    assert_eq!(run, Err(Fault::Stopped(npu_section::bus::status::BUS)));
    npu.bus().broken = false;
    assert_eq!(npu.run(&section, scratch), Ok(()));
}

#[test]
fn without_the_compiler_the_error_says_what_to_do() {
    let path = models::image("postern-128").expect("an image");
    let file = Aligned::new(&std::fs::read(&path).expect("read"));
    let image = npu::Image::read(file.bytes()).expect("an image");
    let error = npu::compile(&image, "ethos-u55-128", std::path::Path::new("/nowhere")).unwrap_err();
    assert!(error.to_string().contains("cargo xtask setup --npu"), "{error}");
}
