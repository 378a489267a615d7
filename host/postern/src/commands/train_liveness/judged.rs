//! The scale of a liveness network's scores, from recorded people that its training left out.

use std::path::Path;

use anyhow::{Context, ensure};
use encoder::{Encoder, Head, Optimizer, Preprocessing, Source};
use models::ImageFile;
use recognizer::Liveness;
use train::pad::{CLASSES, Scale};

use crate::commands::eval::crops::{list, scores};
use crate::output::note;

/// The scale that fits the scores of people to whether they are alive, by the image in int8.
pub fn judge(folder: &Path, people: &[String], image: &[u8]) -> anyhow::Result<Scale> {
    let file = ImageFile::from_bytes(image);
    let liveness = Liveness::new(file.model()?)?;
    let crops = list(folder, people)?;
    let mut kinds = [Vec::new(), Vec::new()];
    for (crop, score) in crops.iter().zip(scores(&crops, &liveness, 1.0)?) {
        // A score has 15 bits.
        let score = score.clamp(1e-4, 1.0 - 1e-4);
        kinds[usize::from(crop.attack)].push((score / (1.0 - score)).ln());
    }
    let [living, attacks] = &kinds;
    ensure!(!living.is_empty() && !attacks.is_empty(), "--judge takes people with living faces and attacks");
    let scale = Scale::fit(living, attacks).with_context(|| {
        format!(
            "the network does not tell living faces from attacks of {}: train it longer",
            people.join(", ")
        )
    })?;
    note!("scores of {}: --factor {:.3} --offset {:.3}", people.join(", "), scale.factor, scale.offset);
    Ok(scale)
}

/// The network with its logits scaled.
pub fn rescaled(onnx: &[u8], scale: Scale) -> anyhow::Result<Vec<u8>> {
    // The file has the pixels' preparation in itself.
    let before = Preprocessing { mean: 0.0, scale: 1.0 };
    let mut network =
        Encoder::read(&Source { onnx, preprocessing: before, head: Head::Keep }, Optimizer::default())?;
    let mut offsets = [0.0; CLASSES];
    offsets[0] = scale.offset as f32;
    network.rescale(scale.factor as f32, &offsets)?;
    Ok(network.to_onnx())
}
