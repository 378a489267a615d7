//! Somebody who is enrolled already, beside the pictures that were to be enrolled.

use std::path::PathBuf;

use client::protocol::Error as Refusal;
use console::station::Known;
use imaging::Photo;

use super::line::{refusal, refused};

/// Most pictures that are shown.
const MOST: usize = 4;

/// The longest side of one, in pixels.
const SIDE: u32 = 240;

/// The pictures of a form, made small, as PNG files.
///
/// # Errors
/// One cannot be written.
pub fn small(photos: &[(PathBuf, Photo)]) -> anyhow::Result<Vec<Vec<u8>>> {
    let small = |(_, photo): &(PathBuf, Photo)| {
        let longest = photo.width().max(photo.height()).max(1);
        let side = |length: u32| (length.saturating_mul(SIDE) / longest).max(1);
        let is_small = longest <= SIDE;
        let photo =
            if is_small { photo.clone() } else { photo.scaled(side(photo.width()), side(photo.height())) };
        Ok(photo.to_png()?)
    };
    photos.iter().take(MOST).map(small).collect()
}

/// Who is enrolled already, if an enrolment was refused because of them.
pub fn of(error: &anyhow::Error, pictures: Vec<Vec<u8>>) -> Option<Known> {
    match refused(error)? {
        Refusal::DuplicateFace { name, .. } | Refusal::DuplicateName { name } => {
            Some(Known { sentence: refusal(error).sentence, name: name.to_string(), pictures })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_enrolled_is_found_in_the_refusal_and_pictures_are_made_small() {
        let face = Refusal::DuplicateFace { name: "Ada".try_into().unwrap(), similarity: 0 };
        let sent = client::Error::Refused(face.clone());
        let shown = emulator::Error::Client(client::Error::Refused(face));
        for error in [anyhow::Error::from(sent), shown.into()] {
            let known = of(&error.context("nothing is kept"), Vec::new()).unwrap();
            assert_eq!(known.name, "Ada");
            let sentence = "nothing is kept: this face is already enrolled as Ada";
            assert!(known.sentence.contains(sentence), "{known:?}");
        }
        assert!(of(&anyhow::anyhow!("another reason"), Vec::new()).is_none());

        let photo = |width, height| {
            let rgb = vec![9; width as usize * height as usize * 3];
            (PathBuf::new(), Photo::from_rgb(width, height, rgb).unwrap())
        };
        let pngs = small(&[photo(960, 480), photo(16, 16), photo(1, 2_000)]).unwrap();
        // As the header of a PNG file has them.
        let size = |png: &[u8]| {
            let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
            (number(16), number(20))
        };
        assert_eq!(pngs.iter().map(|png| size(png)).collect::<Vec<_>>(), [(240, 120), (16, 16), (1, 240)]);
        assert_eq!(small(&[(); 9].map(|()| photo(4, 4))).unwrap().len(), MOST);
    }
}
