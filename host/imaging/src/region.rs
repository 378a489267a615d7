//! A rectangle in a photograph.

/// A rectangle in a photograph, in pixels; it may reach out of the photograph.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Region {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

impl Region {
    /// The box of a face, in pixels of the frame in which it was found.
    pub fn of_face(face: &vision::Face) -> Self {
        let pixels = |value: i32| f64::from(value) / f64::from(1 << vision::SUBPIXEL_BITS);
        let bounds = face.bounds;
        Self {
            x: pixels(bounds.x),
            y: pixels(bounds.y),
            width: pixels(bounds.width),
            height: pixels(bounds.height),
        }
    }
}
