//! The door's networks over a camera with more pixels than the door's frame: faces are found in the frame, and cropped from the
//! picture behind it.
//!
//! The door knows frames of at most 320x256 pixels, as all its boards do. Its encoder and its liveness network are given the
//! [close-up](vision::CloseUp) of a face instead of the frame, where the picture has more pixels of it.
//!
//! # Invariants
//! - Only the frame that the camera gave last has a picture. A frame of a host, or one that was kept, is used as it is.
//! - Without a camera that gives larger pictures, each call goes on as it came.
//! - A call about the camera's frame over which, or before which, the door stood still fails once: its picture counts for
//!   nothing, and what agreed before it neither. A frame of a host, and one that was kept, shows the same after a standstill.

use std::sync::{Arc, Mutex, PoisonError};

use audit::NpuFault;
use door::{Aligned, EncoderInfo, Engine, Fault, NetworkInfo, NetworkKind};
use template::Template;
use vision::{Face, Faces, Frame, Quality, Surroundings, Thumbnail, View};

use crate::pixels::{Small, Whole};
use crate::standstill::Standstill;

/// The picture behind the camera's frame.
#[derive(Debug, Clone, Default)]
pub struct Behind(Arc<Mutex<Picture>>);

#[derive(Debug, Default)]
struct Picture {
    /// Where the frame's bytes lie, and how many they are. The camera keeps them there until it gives another frame.
    frame: (usize, usize),
    whole: Option<Whole>,
}

impl Picture {
    fn is_of(&self, frame: &Frame) -> bool {
        self.frame == place(frame.bytes())
    }
}

fn place(bytes: &[u8]) -> (usize, usize) {
    (bytes.as_ptr().addr(), bytes.len())
}

impl Behind {
    /// The camera gives this frame.
    pub fn is_of(&self, small: &mut Small) {
        let mut picture = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *picture = Picture { frame: place(&small.yuyv), whole: small.whole.take() };
    }

    /// Whether this is the frame that the camera gave last.
    fn is_behind(&self, frame: &Frame) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_of(frame)
    }
}

/// An engine, and the picture behind the camera's frame.
pub struct CloseUps<E> {
    engine: E,
    behind: Behind,
    /// The bytes of the last close-up.
    part: Vec<u8>,
    still: Still,
}

/// The gap after which a call about the camera's frame failed last.
struct Still {
    standstill: Standstill,
    gap: u32,
}

impl Still {
    /// What a call gave, unless it is about the camera's frame and the door stood still.
    fn passes<T>(&mut self, of_camera: bool, given: Result<T, Fault>) -> Result<T, Fault> {
        // Somebody else may stand before a camera by now. The gap waits for the camera's next frame.
        if !of_camera {
            return given;
        }
        let gap = self.standstill.gaps();
        if core::mem::replace(&mut self.gap, gap) == gap {
            return given;
        }
        Err(Fault::new("it stood still: this picture does not count"))
    }
}

/// A face before the encoder.
pub struct Fresh<'e, A> {
    aligned: A,
    still: &'e mut Still,
    of_camera: bool,
}

impl<A: Aligned> Aligned for Fresh<'_, A> {
    fn quality(&mut self) -> Quality {
        self.aligned.quality()
    }

    fn openness(&mut self) -> u16 {
        self.aligned.openness()
    }

    fn thumbnail(&mut self) -> Thumbnail {
        self.aligned.thumbnail()
    }

    fn encode(self) -> Result<Template, Fault> {
        self.still.passes(self.of_camera, self.aligned.encode())
    }
}

impl<E> CloseUps<E> {
    /// The same engine, which looks at close-ups.
    pub fn new(engine: E, behind: Behind, standstill: Standstill) -> Self {
        Self { engine, behind, part: Vec::new(), still: Still { standstill, gap: 0 } }
    }
}

/// The close-up of a face, or what was given.
fn closer<T>(
    behind: &Behind,
    part: &mut Vec<u8>,
    (frame, face): (&Frame, &Face),
    view: View,
    look: impl FnOnce(&Frame, &Face) -> T,
) -> T {
    let picture = behind.0.lock().unwrap_or_else(PoisonError::into_inner);
    let whole = picture.whole.as_ref().filter(|_| picture.is_of(frame));
    let picture = whole.and_then(Whole::view);
    let found =
        picture.as_ref().and_then(|picture| picture.part_around(face, view).map(|part| (picture, part)));
    let Some((picture, around)) = found else { return look(frame, face) };
    part.resize(around.bytes(), 0);
    match picture.close_up(&around, face, part) {
        Some(close) => look(&close.frame, &close.face),
        None => look(frame, face),
    }
}

impl<E: Engine> Engine for CloseUps<E> {
    type Model<'i> = E::Model<'i>;
    type Pair<'i> = E::Pair<'i>;
    type Aligned<'e>
        = Fresh<'e, E::Aligned<'e>>
    where
        Self: 'e;

    fn load<'i>(&mut self, kind: NetworkKind, image: &'i [u8]) -> Result<(E::Model<'i>, NetworkInfo), Fault> {
        self.engine.load(kind, image)
    }

    fn join<'i>(
        &self,
        detector: E::Model<'i>,
        encoder: E::Model<'i>,
    ) -> Result<(E::Pair<'i>, EncoderInfo), Fault>
    where
        'i: 'i,
    {
        self.engine.join(detector, encoder)
    }

    fn fits(&self, detector: E::Model<'_>, encoder: E::Model<'_>) -> Result<EncoderInfo, Fault> {
        self.engine.fits(detector, encoder)
    }

    fn detect(&mut self, pair: &E::Pair<'_>, frame: &Frame) -> Result<Faces, Fault> {
        self.still.passes(self.behind.is_behind(frame), self.engine.detect(pair, frame))
    }

    fn track(&mut self, pair: &E::Pair<'_>, frame: &Frame, face: &Face) -> Result<Faces, Fault> {
        self.still.passes(self.behind.is_behind(frame), self.engine.track(pair, frame, face))
    }

    fn align<'e>(
        &'e mut self,
        pair: &'e E::Pair<'_>,
        frame: &Frame,
        face: &Face,
    ) -> Result<Self::Aligned<'e>, Fault> {
        let Self { engine, behind, part, still } = self;
        let aligned =
            closer(behind, part, (frame, face), View::Crop, |frame, face| engine.align(pair, frame, face));
        let of_camera = behind.is_behind(frame);
        let aligned = still.passes(of_camera, aligned)?;
        Ok(Fresh { aligned, still, of_camera })
    }

    fn live(&mut self, liveness: &E::Model<'_>, frame: &Frame, face: &Face) -> Result<u16, Fault> {
        let Self { engine, behind, part, still } = self;
        // The widest view: one that is narrower lies inside it.
        let view = View::Surroundings(Surroundings::WIDE);
        let live =
            closer(behind, part, (frame, face), view, |frame, face| engine.live(liveness, frame, face));
        still.passes(behind.is_behind(frame), live)
    }

    fn is_on_npu(&self, model: &E::Model<'_>) -> bool {
        self.engine.is_on_npu(model)
    }

    fn take_npu_fault(&mut self) -> Option<(NetworkKind, NpuFault)> {
        self.engine.take_npu_fault()
    }
}

#[cfg(test)]
mod tests {
    use vision::PixelFormat;

    use super::*;
    use crate::pixels::{Format, small};

    #[test]
    fn a_standstill_fails_the_next_frame_of_the_camera_and_no_frame_of_a_host() {
        let bytes = vec![90; 320 * 240];
        let mut of_camera = small(Format::Grey, 320, 240, 320, &bytes).expect("a frame");
        let of_host = of_camera.yuyv.clone();
        let behind = Behind::default();
        behind.is_of(&mut of_camera);
        let standstill = Standstill::default();
        let mut still = Still { standstill: standstill.clone(), gap: 0 };
        let mut passes = |bytes: &[u8]| {
            let frame = Frame::new(PixelFormat::Yuyv, 320, 240, bytes).expect("a frame");
            still.passes(behind.is_behind(&frame), Ok(())).is_ok()
        };
        assert!(passes(&of_camera.yuyv) && passes(&of_host));
        standstill.stood();
        assert!(passes(&of_host), "what a host sends is the same as before");
        assert!(!passes(&of_camera.yuyv), "somebody else may stand there");
        assert!(passes(&of_camera.yuyv), "it fails once");
    }

    #[test]
    fn the_frame_of_the_camera_has_a_close_up_and_another_frame_has_none() {
        // A picture of 640x480 with columns of two greys, which are one grey in the frame.
        let bytes: Vec<u8> = (0..640 * 480).map(|at| if at % 2 == 0 { 60 } else { 100 }).collect();
        let mut of_camera = small(Format::Grey, 640, 480, 640, &bytes).expect("a frame");
        let behind = Behind::default();
        behind.is_of(&mut of_camera);
        let other = of_camera.yuyv.clone();
        let face = Face {
            bounds: vision::Rect { x: 100 << 10, y: 80 << 10, width: 30 << 10, height: 40 << 10 },
            landmarks: [[110, 95], [122, 95], [116, 102], [111, 109], [121, 109]]
                .map(|[x, y]| vision::Point { x: x << 10, y: y << 10 }),
            ..Face::default()
        };
        let mut part = Vec::new();
        let mut luma_of = |bytes: &[u8]| {
            let frame = Frame::new(PixelFormat::Yuyv, 320, 240, bytes).expect("a frame");
            closer(&behind, &mut part, (&frame, &face), View::Crop, |frame, seen| {
                (frame.bytes()[0], frame.bytes()[2], seen.bounds.height >> 10)
            })
        };
        assert_eq!(luma_of(&of_camera.yuyv), (60, 100, 80));
        assert_eq!(luma_of(&other), (80, 80, 40), "a frame of a host");
        // The camera gives the next one, which fits a frame.
        let mut next = small(Format::Grey, 320, 240, 320, &bytes[..320 * 240]).expect("a frame");
        behind.is_of(&mut next);
        assert_eq!(luma_of(&next.yuyv), (60, 100, 40));
        assert_eq!(luma_of(&of_camera.yuyv).2, 40, "its picture is gone");
    }
}
