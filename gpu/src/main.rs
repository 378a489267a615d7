//! Trains a small encoder on a GPU: `postern-gpu FACES OUTPUT.onnx [EPOCHS]`.
//!
//! FACES is a folder of people, each a folder of aligned faces of 112 x 112 pixels, such as the example
//! `draw_people` of `postern-train` writes. The network is MobileFaceNet at half its width, the loss that of triplets: the
//! defaults of `postern train`. OUTPUT.onnx is what `postern compile --like mobilefacenet` takes.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use encoder::{Encoder, Optimizer, Spec};
use gpu::{Device, Tensors};
use train::data::{Data, HeldOut, find, split};
use train::loss::{ALPHA, Identity, ObjectiveSettings};
use train::mining::Mining;
use train::run::{Run, Schedule, Settings, StepReport, ValidationRow, Watch, train};

const USAGE: &str = "usage: postern-gpu FACES OUTPUT.onnx [EPOCHS]";
const SEED: u64 = 1;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (faces, output, epochs) = match &arguments[..] {
        [faces, output] => (faces, output, 40),
        [faces, output, epochs] => (faces, output, epochs.parse()?),
        _ => return Err(USAGE.into()),
    };
    let (data, told) = read(Path::new(faces))?;
    let spec = Spec { width: 0.5, ..Spec::default() };
    let mut encoder = Encoder::new(&spec, SEED, Optimizer { decay: 1e-4, ..Optimizer::default() })?;
    encoder.set_engine(Box::new(Tensors { device: device() }));
    let identity = Identity::Triplet { alpha: ALPHA, mining: Mining::SemiHard };
    let settings = Settings {
        seed: SEED,
        epochs,
        people: 8,
        pictures: 4,
        schedule: Schedule { rate: 1e-3, warm_up: 0.05 },
        objective: ObjectiveSettings { identity, embedding: 0.0, relational: 0.0 },
        augment: true,
        network: format!("{spec:?} on {:?}", device()),
        data: told,
    };
    let folder = PathBuf::from(output).with_extension("training");
    std::fs::create_dir_all(&folder)?;
    let run = Run { folder: &folder, resume: false, interval: Duration::from_secs(300) };
    train(&mut encoder, &data, &settings, run, &mut Lines)?;
    std::fs::write(output, encoder.to_onnx())?;
    eprintln!("wrote {output}");
    Ok(())
}

/// The first GPU, or the processor without one.
fn device() -> Device {
    #[cfg(feature = "cuda")]
    return Device::cuda(0);
    #[cfg(all(feature = "wgpu", not(feature = "cuda")))]
    return Device::wgpu(gpu::DeviceKind::DefaultDevice);
    #[cfg(all(feature = "flex", not(feature = "wgpu"), not(feature = "cuda")))]
    return Device::flex();
    #[cfg(not(any(feature = "flex", feature = "wgpu", feature = "cuda")))]
    compile_error!("choose a backend: --features wgpu, cuda or flex");
}

/// The faces below a folder, and a line that tells them from others.
fn read(folder: &Path) -> Result<(Data, String), Box<dyn Error>> {
    let found = find(folder, |_| true)?;
    let mut crops = Vec::new();
    for picture in &found.pictures {
        let face = image::open(&picture.path)?.into_rgb8();
        if face.width() as usize != train::SIDE || face.height() as usize != train::SIDE {
            return Err(format!("{} is not 112 x 112 pixels", picture.path.display()).into());
        }
        crops.push(face.into_raw());
    }
    let people: Vec<usize> = found.pictures.iter().map(|picture| picture.person).collect();
    let (train, held_out) = split(&people, HeldOut::Tenth, SEED)?;
    let morphs = people.len()..people.len();
    let told = format!("{} faces below {}", people.len(), folder.display());
    Ok((Data { crops: Box::new(crops), people, train, morphs, held_out, teacher: None }, told))
}

/// Prints a line each ten steps and each validation.
struct Lines;

impl Watch for Lines {
    fn step(&mut self, report: &StepReport) -> ControlFlow<()> {
        if report.row.done % 10 == 1 {
            eprintln!("step {}, {:.1} %: loss {:.4}", report.row.done, 100.0 * report.share, report.row.loss);
        }
        ControlFlow::Continue(())
    }

    fn validated(&mut self, row: &ValidationRow) {
        eprintln!("after step {}: equal error rate {:.4}", row.done, row.equal_error_rate);
    }
}
