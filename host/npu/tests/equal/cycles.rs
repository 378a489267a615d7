//! What a frame costs on an NPU, by the estimate of Arm's compiler.

use compiler::image::Aligned;
use fixtures::{Need, need};
use nn::format::OperatorRecord;

use crate::all_are_asked_for;

/// Cycles of a network on an ethos-u55-128; with ReLU in the place of each PReLU, as a twin of it would have. Such a twin has
/// other weights, but as many.
fn cycles(name: &str, with_relu: bool) -> u32 {
    let path = models::image(name).expect("an image");
    let file = Aligned::new(&std::fs::read(&path).expect("read"));
    let mut image = npu::Image::read(file.bytes()).expect("an image");
    let relu = |record: &OperatorRecord| match record.prelu {
        0 => *record,
        _ => {
            let zero = image.tensor(record.output).zero_point as i16;
            OperatorRecord { prelu: 0, clamp: [record.clamp[0].max(zero), record.clamp[1]], ..*record }
        }
    };
    let twin: Vec<OperatorRecord> = image.operators.iter().map(relu).collect();
    if with_relu {
        image.operators = &twin;
    }
    let section = npu::compile(&image, "ethos-u55-128", &fixtures::cache(npu::vela::FOLDER));
    let section = Aligned::new(&section.expect("compiled"));
    let section = npu_section::Section::read(section.bytes(), npu::network(&image.model));
    let cycles = section.expect("a section").header().cycles;
    println!("{name}{}: {cycles} cycles", if with_relu { " with ReLU" } else { "" });
    cycles
}

/// The networks of a frame: detector, liveness network and `encoder`. Aligning a face is no network.
fn frame(encoder: &str, with_relu: bool) -> u32 {
    ["yunet", "liveness", encoder].map(|name| cycles(name, with_relu)).iter().sum()
}

/// At 500 MHz, 12 million cycles are 24 ms.
#[test]
fn a_frame_with_slim_60_takes_at_most_twelve_million_cycles_and_with_relu_nine() {
    need!(Need::Cached("vela"), Need::Cached("images/yunet.pstn"));
    assert!(frame("slim-60", false) <= 12_000_000);
    assert!(frame("slim-60", true) <= 9_000_000);
}

/// The same for the larger encoder, which is the default.
#[test]
fn a_frame_with_the_larger_encoder_takes_at_most_nine_million_cycles_with_relu_when_it_is_asked_for() {
    if !all_are_asked_for() {
        return;
    }
    need!(Need::Cached("vela"), Need::Cached("images/yunet.pstn"));
    assert!(frame("postern-128", true) <= 9_000_000);
    assert!(frame("postern-128", false) <= 12_000_000);
}
