//! The embeddings of every face by a larger encoder, computed once for each picture and kept.

use anyhow::ensure;
use indicatif::ProgressBar;
use rayon::prelude::*;
use reference::Encoder;
use sha2::{Digest, Sha256};
use train::SIDE;
use train::data::{Cache, Crops, Finding, Stored};
use train::loss::Matrix;

use super::faces::style;
use models::{Channels, Manifest};

/// Pictures between two writes.
const AT_A_TIME: usize = 64;

/// The embeddings of the first `count` of `faces` by the model `name` in float, of unit length.
///
/// Each is the mean of a face and its mirror image, because a student sees one of the two at random.
pub fn embeddings(name: &str, faces: &dyn Crops, count: usize) -> anyhow::Result<Matrix> {
    let manifest = Manifest::read(name)?;
    ensure!(manifest.kind == models::Kind::Encoder, "{name} is no encoder");
    ensure!(manifest.input.channels == Channels::Rgb, "{name}: red must come first");
    let side = manifest.input.width;
    ensure!(side == SIDE, "{name} takes faces of {side} pixels a side, those of a training have {SIDE}");
    let encoder = Encoder::open(&manifest)?;
    let embed = |face: &[u8]| -> anyhow::Result<Vec<f32>> {
        let (plain, mirrored) = (encoder.embed(face)?, encoder.embed(&mirrored(face))?);
        let sum: Vec<f32> = plain.iter().zip(&mirrored).map(|(a, b)| a + b).collect();
        let length = sum.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        Ok(sum.into_iter().map(|value| value / length).collect())
    };
    let first = embed(&faces.read(0)?)?;
    let columns = first.len();
    let asked: [u8; 32] = Sha256::digest(encoder.onnx()).into();
    // Another detector may align the same picture differently, so the digest is of the aligned face.
    let digest = |face: &[u8]| -> [u8; 32] { Sha256::digest(face).into() };
    let mut cache = Cache::open(&models::data("faces").join(format!("{name}.teacher")), &asked, columns * 4)?;
    let all: Vec<usize> = (0..count).collect();
    let bar = ProgressBar::new(all.len() as u64).with_style(style(name));
    let mut places = Vec::with_capacity(all.len());
    for some in all.chunks(AT_A_TIME) {
        let found = some.par_iter().map(|&picture| {
            let face = faces.read(picture)?;
            let digest = digest(&face);
            let known = cache.known(&digest).is_some();
            let embedding = if known { None } else { Some(embed(&face)?) };
            bar.inc(1);
            Ok((digest, embedding))
        });
        for (digest, embedding) in found.collect::<anyhow::Result<Vec<_>>>()? {
            if let Some(embedding) = embedding {
                let bytes = embedding.iter().flat_map(|value| value.to_le_bytes()).collect();
                cache.add(digest, &Finding::Something(bytes))?;
            }
            match cache.known(&digest) {
                Some(Stored::Something(place)) => places.push(*place),
                _ => anyhow::bail!("{name} made nothing of a face"),
            }
        }
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

fn mirrored(face: &[u8]) -> Vec<u8> {
    face.chunks_exact(SIDE * 3).flat_map(|row| row.chunks_exact(3).rev().flatten().copied()).collect()
}
