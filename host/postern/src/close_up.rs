//! Large photographs: the part around the largest face, at the photograph's own scale.
//!
//! A photograph before the door's camera is shrunk to the camera's frame. A face that is small in it then has too few pixels,
//! although the photograph has enough. So the face is looked for in the photograph itself, first in a small copy and then in
//! larger ones, and the door is shown the part around it. Without the detector's network on this computer, or without a face,
//! the whole photograph is shown.

use imaging::{Photo, Region};
use models::Manifest;
use reference::{Detection, Detector, Rgb};

/// The longest sides of the copies in which a face is looked for. The detector finds faces from about 12 pixels on.
const LEVELS: [u32; 3] = [320, 1_280, 2_560];

/// A face needs no closer look that is this high, in pixels, where the photograph's longer side is as long as that of the camera's
/// frame.
const CLEAR: f32 = 48.0;

/// The longer side of the camera's frame.
const FRAME: u32 = 320;

/// The least distance of the eyes in the camera's frame: what the board asks for. The detector sets the eyes of a tilted or a turned
/// head closer together than its height tells, and the height of the frame limits a photograph that is not wide.
const EYES: f32 = 12.0;

/// The part of a photograph around its largest face.
pub struct CloseUp {
    /// The part.
    pub photo: Photo,
    /// The sides of the faces in the whole photograph, the lesser of width and height in its pixels, largest first.
    pub sides: Vec<i32>,
}

/// The part of `photo` around its largest face, where that is too small in the camera's frame.
pub fn of(photo: &Photo) -> Option<CloseUp> {
    let longest = photo.width().max(photo.height());
    let shown = photo.frame_scale() as f32;
    if shown >= 1.0 {
        return None;
    }
    let detector = Detector::open(&Manifest::read(models::DETECTOR).ok()?).ok()?;
    let mut faces = Vec::new();
    for level in LEVELS {
        let level = level.min(longest);
        let scale = level as f32 / longest as f32;
        faces = detect(&detector, photo, scale)?;
        let clear = |face: &Detection| {
            face.area[3] / scale * FRAME as f32 / longest as f32 >= CLEAR
                && eyes(face) / scale * shown >= EYES
        };
        if faces.iter().any(clear) {
            return None;
        }
        if !faces.is_empty() || level == longest {
            faces.iter_mut().for_each(|face| face.area = face.area.map(|value| value / scale));
            break;
        }
    }
    let side = |face: &Detection| face.area[2].min(face.area[3]) as i32;
    faces.sort_by_key(|face| -side(face));
    let [x, y, width, height] = faces.first()?.area.map(f64::from);
    let part = photo.crop_around(Region { x, y, width, height });
    Some(CloseUp { photo: part, sides: faces.iter().map(side).collect() })
}

/// The distance of the eyes.
fn eyes(face: &Detection) -> f32 {
    let [[right, above], [left, below], ..] = face.landmarks;
    (left - right).hypot(below - above)
}

/// The faces in a copy of `photo`, in the copy's pixels.
fn detect(detector: &Detector, photo: &Photo, scale: f32) -> Option<Vec<Detection>> {
    let side = |side: u32| ((side as f32 * scale).round() as u32).max(1);
    let copy = photo.scaled(side(photo.width()), side(photo.height()));
    let (width, height) = (copy.width() as usize, copy.height() as usize);
    detector.detect(Rgb { width, height, pixels: copy.rgb() }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use fixtures::{Need, need};

    /// The height of the largest face that the detector finds in what the camera shows of `photo`.
    fn seen(photo: &Photo) -> f32 {
        let frame = photo.to_frame(vision::PixelFormat::Yuyv);
        let view = Photo::from_frame(&frame.view().expect("a frame"));
        let detector =
            Detector::open(&Manifest::read(models::DETECTOR).expect("it is there")).expect("it is there");
        let faces = detect(&detector, &view, 1.0).expect("it runs");
        faces.iter().map(|face| face.area[3]).fold(0.0, f32::max)
    }

    #[test]
    fn a_face_of_120_pixels_is_found_in_twelve_megapixels() {
        need!(Need::Cached("models/yunet.onnx"), Need::Cached("pictures/obama.jpg"));
        let portrait = Photo::open(fixtures::cache("pictures/obama.jpg")).expect("it is there");
        let detector =
            Detector::open(&Manifest::read(models::DETECTOR).expect("it is there")).expect("it is there");
        let scale = 320.0 / portrait.width().max(portrait.height()) as f32;
        let faces = detect(&detector, &portrait, scale).expect("it runs");
        let height = faces.iter().map(|face| face.area[3] / scale).fold(0.0, f32::max);
        for pixels in [120.0, 250.0] {
            let far = portrait.placed([4_000, 3_000], f64::from(pixels / height), [2_900, 300]);
            assert!(seen(&far) < 30.0, "the frame alone shows a face that is too small");
            let near = of(&far).expect("a face");
            assert_eq!(near.sides.len(), 1);
            assert!((near.sides[0] as f32 / pixels - 1.0).abs() < 0.4, "{} for {pixels}", near.sides[0]);
            assert!(seen(&near.photo) > CLEAR, "the part shows {}", seen(&near.photo));
        }
        assert!(of(&portrait).is_none(), "a portrait stays whole");
    }

    /// The board would call such a face too small.
    #[test]
    fn a_tilted_face_whose_eyes_are_close_together_is_shown_larger() {
        need!(Need::Cached("models/yunet.onnx"), Need::Cached("pictures/biden.jpg"));
        let upright = Photo::open(fixtures::cache("pictures/biden.jpg")).expect("it is there");
        assert!(of(&upright).is_none(), "high enough");
        let corner = [(2_300 - i64::from(upright.width())) / 2, (2_300 - i64::from(upright.height())) / 2];
        let tilted = upright.placed([2_300, 2_300], 1.0, corner).tilted(-50.0);
        let near = of(&tilted).expect("a part");
        assert!(near.photo.height() < tilted.height() / 2, "{:?}", near.photo);
    }

    #[test]
    fn a_photograph_without_a_face_stays_whole() {
        let grey = Photo::from_rgb(1_000, 800, vec![128; 1_000 * 800 * 3]).expect("as many pixels");
        assert!(of(&grey).is_none());
    }
}
