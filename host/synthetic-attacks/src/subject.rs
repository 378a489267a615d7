//! The photograph that a sequence is made of.

use imaging::{Photo, Region};
use vision::{Face, PixelFormat, SUBPIXEL_BITS};

use crate::picture::Picture;

/// A face that is less high in the camera's frame, in pixels, has its photograph cut around it.
const LEAST_HEIGHT: f32 = 48.0;

/// A photograph with its face, at a working size.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The photograph.
    pub(crate) picture: Picture,
    /// Box of the face: left, top, width, height, in pixels of the picture.
    pub(crate) face: [f32; 4],
    /// Five landmarks in pixels of the picture, in the order of [`vision::Landmark`].
    pub(crate) landmarks: [[f32; 2]; 5],
}

impl Subject {
    /// The photograph as it stands before the camera; `find` finds the face of a camera's frame.
    ///
    /// Of a photograph whose face is small in it, the part around the face is taken. `None` where `find`
    /// finds none.
    pub fn new(photo: &Photo, mut find: impl FnMut(&vision::Frame) -> Option<Face>) -> Option<Self> {
        let frame = photo.to_frame(PixelFormat::Yuyv);
        let face = find(&frame.view().ok()?)?;
        let pixels = |value: i32| value as f32 / (1 << SUBPIXEL_BITS) as f32;
        let (frame, face) = if pixels(face.bounds.height) < LEAST_HEIGHT {
            let near = around(photo, &frame, &face).to_frame(PixelFormat::Yuyv);
            let face = find(&near.view().ok()?)?;
            (near, face)
        } else {
            (frame, face)
        };
        let bounds = face.bounds;
        Some(Self {
            picture: Picture::of(&Photo::from_frame(&frame.view().ok()?)),
            face: [bounds.x, bounds.y, bounds.width, bounds.height].map(pixels),
            landmarks: face.landmarks.map(|point| [pixels(point.x), pixels(point.y)]),
        })
    }

    /// The photograph at its working size, without any presentation.
    pub fn photo(&self) -> Photo {
        self.picture.photo()
    }

    /// A face that is skin but for two dark eyes, in whose middles its first landmarks lie.
    #[cfg(test)]
    pub(crate) fn of_skin([width, height]: [usize; 2], landmarks: [[f32; 2]; 5]) -> Self {
        let picture = Picture::new(width, height, |x, y| {
            let near = landmarks[..2].iter().any(|eye| (x - eye[0]).hypot(y - eye[1]) < 4.0);
            if near { [20.0; 3] } else { [180.0, 140.0, 120.0] }
        });
        Self { picture, face: [0.0, 0.0, width as f32, height as f32], landmarks }
    }

    /// Distance between the eyes in pixels, at least one.
    pub(crate) fn eye_distance(&self) -> f32 {
        let [right, left, ..] = self.landmarks;
        (left[0] - right[0]).hypot(left[1] - right[1]).max(1.0)
    }

    /// The middle of the face, between eyes and mouth.
    pub(crate) fn middle(&self) -> [f32; 2] {
        [0, 1].map(|axis| self.landmarks.iter().map(|point| point[axis]).sum::<f32>() / 5.0)
    }
}

/// The part of the photograph in which the face is a third as high as the picture.
fn around(photo: &Photo, frame: &imaging::CameraFrame, face: &Face) -> Photo {
    let region = frame.to_photo(Region::of_face(face));
    let (width, height) = (region.width * 0.5, region.height * 0.5);
    photo.crop_around(Region {
        x: region.x - width / 2.0,
        y: region.y - height / 2.0,
        width: region.width + width,
        height: region.height + height,
    })
}
