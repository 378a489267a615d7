//! Comparison of faces by their templates, which are those of the board.

use anyhow::Context;
use eval::{Comparison, Embeddings};
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use train::data::{Crops, images};

use crate::encoding::Encoding;
use models::{Arena, ImageFile};

/// All pairs of `pictures`, which show `people`, by the encoder in `image`.
pub fn by_templates(
    image: &[u8],
    crops: &dyn Crops,
    pictures: &[usize],
    people: &[usize],
) -> anyhow::Result<Comparison> {
    let detector = ImageFile::read(&models::image(models::DETECTOR)?)?;
    let encoder = ImageFile::from_bytes(image);
    let encoder = encoder.model()?;
    let input = encoder.input();
    let size = (input.height, input.width);
    let recognizer = Recognizer::new(detector.model()?, encoder, DEFAULT_MIN_SCORE)
        .context("it is no encoder that a board runs")?;
    let encoding = Encoding::of(&encoder)?;
    let templates = pictures.par_iter().map_init(
        || Arena::new(recognizer.arena_len()),
        |arena, &picture| {
            let face = images(vec![crops.read(picture)?], size).pixels;
            let crop: Vec<i8> = face.iter().map(|value| (value ^ 0x80) as i8).collect();
            Ok(encoding.encode_crop(&recognizer, &crop, arena.bytes()).ok())
        },
    );
    let templates = Embeddings::Templates(templates.collect::<anyhow::Result<_>>()?);
    let people: Vec<u32> = people.iter().map(|&person| person as u32).collect();
    Ok(Comparison::all_pairs(&templates, &people))
}
