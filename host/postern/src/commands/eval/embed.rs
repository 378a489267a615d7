//! From a folder of pictures to their embeddings: as the device computes them, or in float as the networks were published.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use eval::{Embeddings, Picture};
use imaging::Photo;
use rayon::prelude::*;
use recognizer::{Aligned, DEFAULT_MIN_SCORE, Recognizer};
use reference::{Detector, Encoder, Rgb};
use vision::{Limits, PixelFormat};

use crate::encoding::Encoding;
use crate::picture::nearest_centre;
use crate::progress::Bar;
use models::Manifest;
use models::{Arena, ImageFile};

/// The device's own code on the device's own images.
pub fn on_device(
    detector: &Path,
    encoder: &Path,
    folder: &Path,
    pictures: &[Picture],
) -> anyhow::Result<Embeddings> {
    let (detector_file, encoder_file) = (ImageFile::read(detector)?, ImageFile::read(encoder)?);
    let model = encoder_file.model().with_context(|| encoder.display().to_string())?;
    let recognizer = Recognizer::new(
        detector_file.model().with_context(|| detector.display().to_string())?,
        model,
        DEFAULT_MIN_SCORE,
    )?;
    let encoding = Encoding::of(&model)?;
    let arena = || Arena::new(recognizer.arena_len());
    let templates = for_each(folder, pictures, arena, |arena, photo| {
        let frame = photo.to_frame(PixelFormat::Yuyv);
        let frame = frame.view()?;
        let faces = recognizer.detect(&frame, arena.bytes())?;
        match nearest_centre(&faces, frame.width(), frame.height()) {
            Some(face) => Ok(Some(encoding.encode(recognizer.align(&frame, face, arena.bytes())?)?)),
            None => Ok(None),
        }
    })?;
    Ok(Embeddings::Templates(templates))
}

/// The pictures in which the device's code finds a face, and would refuse its view.
pub fn refused(detector: &str, folder: &Path, pictures: &[Picture]) -> anyhow::Result<BTreeSet<Picture>> {
    let [detector, encoder] = [detector, models::ENCODER].map(models::image);
    let (detector, encoder) = (ImageFile::read(&detector?)?, ImageFile::read(&encoder?)?);
    let recognizer = Recognizer::new(detector.model()?, encoder.model()?, DEFAULT_MIN_SCORE)?;
    let arena = || Arena::new(recognizer.arena_len());
    let refused = for_each(folder, pictures, arena, |arena, photo| {
        let frame = photo.to_frame(PixelFormat::Yuyv);
        let frame = frame.view()?;
        let faces = recognizer.detect(&frame, arena.bytes())?;
        let Some(face) = nearest_centre(&faces, frame.width(), frame.height()) else { return Ok(None) };
        let mut face = recognizer.align(&frame, face, arena.bytes())?;
        Ok((!is_good(&mut face)).then_some(()))
    })?;
    let refused = pictures.iter().zip(refused).filter(|(_, refused)| refused.is_some());
    Ok(refused.map(|(picture, _)| picture.clone()).collect())
}

/// The networks in float: as published, or an encoder in an ONNX file that a training wrote.
pub fn in_float(
    detector: &str,
    encoder: &str,
    folder: &Path,
    pictures: &[Picture],
) -> anyhow::Result<Embeddings> {
    let detector = Detector::open(&named(detector)?)?;
    let file = Path::new(encoder);
    let encoder = match file.extension() {
        Some(extension) if extension == "onnx" => Encoder::trained(file)?,
        _ => Encoder::open(&named(encoder)?)?,
    };
    let vectors = for_each(
        folder,
        pictures,
        || (),
        |(), photo| {
            let (width, height) = (photo.width() as usize, photo.height() as usize);
            let picture = Rgb { width, height, pixels: photo.rgb() };
            let faces = detector.detect(picture)?;
            match reference::nearest_centre(&faces, width, height) {
                Some(face) => Ok(Some(encoder.embed(&encoder.align(picture, &face.landmarks))?)),
                None => Ok(None),
            }
        },
    )?;
    Ok(Embeddings::Float(vectors))
}

fn named(name: &str) -> anyhow::Result<Manifest> {
    Manifest::read(name)
        .context("--float takes models by name, or an encoder's ONNX file that a training wrote")
}

/// Calls `embed` with every picture, on all cores, behind a progress bar.
fn for_each<S, T: Send>(
    folder: &Path,
    pictures: &[Picture],
    state: impl Fn() -> S + Sync + Send,
    embed: impl Fn(&mut S, &Photo) -> anyhow::Result<Option<T>> + Sync + Send,
) -> anyhow::Result<Vec<Option<T>>> {
    let bar = Bar::counted(pictures.len(), "pictures");
    let result = pictures
        .par_iter()
        .map_init(state, |state, picture| {
            let path = folder.join(picture.path());
            let photo = Photo::open(&path)?;
            let embedding = embed(state, &photo).with_context(|| path.display().to_string())?;
            bar.inc(1);
            Ok(embedding)
        })
        .collect();
    bar.finish_and_clear();
    result
}

/// Whether the view of a face passes the door's quality gate.
pub fn is_good(face: &mut Aligned) -> bool {
    Limits::default().judge(&face.quality()).flaws().next().is_none()
}
