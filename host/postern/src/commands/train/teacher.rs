//! The embeddings of every face by a larger encoder, computed once for each picture and kept.

use std::path::Path;

use anyhow::{Context, ensure};
use encoder::{Encoder, Head, Optimizer, Source, Trainable};
use sha2::{Digest, Sha256};
use train::SIDE;
use train::data::{Cache, Crops, Finding, Stored, images};
use train::loss::{Matrix, Units};

use super::network::read;
use crate::progress::Bar;

/// Pictures that are embedded at once, and kept then.
const AT_A_TIME: usize = 64;

/// The embeddings of the first `count` of `faces` by the model `name` in float (or the ONNX file of a training), of unit
/// length.
///
/// Each is the mean of those of a face and of its mirror image, because a student sees one of the two at random.
pub fn embeddings(name: &str, faces: &dyn Crops, count: usize) -> anyhow::Result<Matrix> {
    let (onnx, preprocessing) = read(name)?;
    let source = Source { onnx: &onnx, preprocessing, head: Head::Keep };
    let encoder = Encoder::read(&source, Optimizer::default()).with_context(|| name.to_owned())?;
    let (height, width) = encoder.input();
    ensure!(
        (height, width) == (SIDE, SIDE),
        "{name} takes faces of {height}x{width} pixels, those of a training have {SIDE}x{SIDE}"
    );
    let columns = encoder.dimension();
    let asked: [u8; 32] = Sha256::digest(&onnx).into();
    let kept = Path::new(name).file_stem().context("a teacher without a name")?.to_string_lossy();
    let kept = models::data("faces").join(format!("{kept}.teacher"));
    let mut cache = Cache::open(&kept, &asked, columns * 4)?;
    let all: Vec<usize> = (0..count).collect();
    let bar = Bar::counted(all.len(), name);
    let mut places = Vec::with_capacity(all.len());
    for some in all.chunks(AT_A_TIME) {
        // Another detector may align the same picture differently, so the digest is of the aligned face.
        let faces = some.iter().map(|&picture| {
            let face = faces.read(picture)?;
            Ok((<[u8; 32]>::from(Sha256::digest(&face)), face))
        });
        let faces = faces.collect::<anyhow::Result<Vec<_>>>()?;
        let new: Vec<_> = faces.iter().filter(|(digest, _)| cache.known(digest).is_none()).collect();
        let found = if new.is_empty() { Vec::new() } else { embed(&encoder, &new) };
        for ((digest, _), embedding) in new.iter().zip(found) {
            let bytes = embedding.iter().flat_map(|value| value.to_le_bytes()).collect();
            cache.add(*digest, &Finding::Something(bytes))?;
        }
        for (digest, _) in &faces {
            match cache.known(digest) {
                Some(Stored::Something(place)) => places.push(*place),
                _ => anyhow::bail!("{name} made nothing of a face"),
            }
        }
        bar.inc(some.len() as u64);
    }
    bar.finish_and_clear();
    let store = cache.store(places);
    let mut values = Vec::with_capacity(all.len() * columns);
    for picture in all {
        let bytes = store.read(picture)?;
        let words =
            bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        values.extend(words.map(f64::from));
    }
    Ok(Matrix { columns, values })
}

/// The embedding of each face: the mean of those of the face and of its mirror image, of unit length.
fn embed(encoder: &Encoder, faces: &[&([u8; 32], Vec<u8>)]) -> Vec<Vec<f32>> {
    let [plain, turned] = [|face: &[u8]| face.to_vec(), mirrored].map(|view| {
        let faces = faces.iter().map(|(_, face)| view(face)).collect();
        Units::of(&encoder.embed(&images(faces, encoder.input()))).vectors
    });
    let mean = plain.rows().zip(turned.rows()).map(|(a, b)| {
        let sum: Vec<f64> = a.iter().zip(b).map(|(a, b)| a + b).collect();
        let length = sum.iter().map(|value| value * value).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        sum.into_iter().map(|value| (value / length) as f32).collect()
    });
    mean.collect()
}

fn mirrored(face: &[u8]) -> Vec<u8> {
    face.chunks_exact(SIDE * 3).flat_map(|row| row.chunks_exact(3).rev().flatten().copied()).collect()
}
