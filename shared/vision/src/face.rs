//! A detected face: its box, five landmarks and score, in fixed point.

/// Fraction bits of a coordinate: positions are in 1/1024 pixel.
pub const SUBPIXEL_BITS: u32 = 10;

/// Most faces reported for one frame; more than can stand in front of a door.
pub const MAX_FACES: usize = 16;

/// The faces of one frame, best score first.
pub type Faces = heapless::Vec<Face, MAX_FACES>;

/// A position in 1/1024 pixel; `(0, 0)` is the centre of the top left pixel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Point {
    /// To the right.
    pub x: i32,
    /// Down.
    pub y: i32,
}

/// An axis-aligned rectangle in 1/1024 pixel; it may extend beyond the frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Rect {
    /// Left edge.
    pub x: i32,
    /// Top edge.
    pub y: i32,
    /// Width, never negative.
    pub width: i32,
    /// Height, never negative.
    pub height: i32,
}

impl Rect {
    /// Area in 1/1048576 square pixel.
    pub fn area(&self) -> i64 {
        i64::from(self.width) * i64::from(self.height)
    }

    /// Area shared with `other`, in the unit of [`area`](Self::area).
    pub fn intersection(&self, other: &Self) -> i64 {
        let overlap = |a: i32, a_length: i32, b: i32, b_length: i32| {
            let (a, b) = (i64::from(a), i64::from(b));
            let end = (a + i64::from(a_length)).min(b + i64::from(b_length));
            (end - a.max(b)).max(0)
        };
        overlap(self.x, self.width, other.x, other.width)
            * overlap(self.y, self.height, other.y, other.height)
    }
}

/// Index of a landmark in [`Face::landmarks`]. Right and left are those of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Landmark {
    /// The person's right eye, on the left in the image.
    RightEye = 0,
    /// The person's left eye, on the right in the image.
    LeftEye = 1,
    /// Tip of the nose.
    Nose = 2,
    /// The person's right corner of the mouth, on the left in the image.
    RightMouth = 3,
    /// The person's left corner of the mouth, on the right in the image.
    LeftMouth = 4,
}

/// A detected face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Face {
    /// The detector's confidence in 1/32768, 0..=32768.
    pub score: u16,
    /// The face's box.
    pub bounds: Rect,
    /// Five landmarks in the order of [`Landmark`].
    pub landmarks: [Point; 5],
}

impl Face {
    /// One of the five landmarks.
    pub fn landmark(&self, landmark: Landmark) -> Point {
        self.landmarks[landmark as usize]
    }
}

/// The face with the largest box, which is the nearest person; `None` without faces.
///
/// Among equal sizes it is the first one, which has the best score.
pub fn largest(faces: &[Face]) -> Option<&Face> {
    let mut best: Option<&Face> = None;
    for face in faces {
        if best.is_none_or(|best| face.bounds.area() > best.bounds.area()) {
            best = Some(face);
        }
    }
    best
}
