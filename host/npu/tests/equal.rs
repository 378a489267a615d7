//! What an NPU runs gives the engine's own bytes: networks go through Vela, the checker and the functional model.

use compiler::image::Aligned;
use fixtures::{Need, need};
use npu_section::Section;

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
    let section = Section::read(section.bytes()).expect("a section");
    assert_eq!(section.accelerator(), accelerator);
    assert!(section.layers().iter().map(|layer| layer.cycles).sum::<u32>() > 0);
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
    need!(Need::Cached("vela"), Need::Cached("images/liveness.pstn"));
    equals("liveness", "ethos-u55-128");
}

/// The large networks, which take minutes: `POSTERN_NPU=all`.
#[test]
fn large_networks_give_the_same_bytes_when_they_are_asked_for() {
    if std::env::var_os("POSTERN_NPU").is_none_or(|asked| asked != "all") {
        eprintln!("only with POSTERN_NPU=all");
        return;
    }
    need!(Need::Cached("vela"), Need::Cached("images/mobilefacenet.pstn"), Need::Cached("images/sface.pstn"));
    for name in ["postern-128", "mobilefacenet", "sface"] {
        equals(name, "ethos-u55-128");
    }
}

/// Each address, length and region of a real stream, made too large, one at a time.
#[test]
fn a_real_stream_with_one_field_changed_is_refused() {
    need!(Need::Cached("vela"));
    let path = models::image("slim-60").expect("an image");
    let file = Aligned::new(&std::fs::read(&path).expect("read"));
    let image = npu::Image::read(file.bytes()).expect("an image");
    let bytes = npu::compile(&image, "ethos-u55-128", &fixtures::cache("vela")).expect("compiled");
    let (start, end) = {
        let aligned = Aligned::new(&bytes);
        let section = Section::read(aligned.bytes()).expect("a section");
        let start = section.header().stream as usize;
        (start, start + 4 * section.stream().len())
    };
    let mut changed = bytes.clone();
    let word = |bytes: &[u8], at: usize| {
        u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
    };
    let (mut at, mut tried) = (start, 0);
    while at < end {
        let first = word(&bytes, at);
        let (wide, code) = (first >> 14 & 3 == 1, first & 0x3ff);
        // BASE0 of input, output and second input; WEIGHT_BASE, SCALE_BASE and the copies; their lengths.
        let reaches = wide && matches!(code, 0x00 | 0x10 | 0x80 | 0x20..=0x23 | 0x30..=0x32);
        let region = !wide && matches!(code, 0x10f | 0x11f | 0x128 | 0x129 | 0x130 | 0x131 | 0x18f);
        if reaches || region {
            let value = if region { first | 7 << 16 } else { first | 0xff << 16 };
            changed[at..at + 4].copy_from_slice(&value.to_le_bytes());
            let aligned = Aligned::new(&changed);
            assert!(
                Section::read(aligned.bytes()).is_err(),
                "word {} with {value:#x} is taken",
                (at - start) / 4
            );
            changed[at..at + 4].copy_from_slice(&bytes[at..at + 4]);
            tried += 1;
        }
        at += if wide { 8 } else { 4 };
    }
    assert!(tried > 500, "{tried} fields");
}

#[test]
fn without_the_compiler_the_error_says_what_to_do() {
    let path = models::image("postern-128").expect("an image");
    let file = Aligned::new(&std::fs::read(&path).expect("read"));
    let image = npu::Image::read(file.bytes()).expect("an image");
    let error = npu::compile(&image, "ethos-u55-128", std::path::Path::new("/nowhere")).unwrap_err();
    assert!(error.to_string().contains("cargo xtask setup --npu"), "{error}");
}
