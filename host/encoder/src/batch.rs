//! What goes into an encoder, and what comes out of it.

/// Aligned faces, all of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Images {
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// `count x height x width x 3`, RGB, as they are: an encoder scales them itself.
    pub pixels: Vec<u8>,
}

impl Images {
    /// The number of pictures.
    #[must_use]
    pub fn count(&self) -> usize {
        self.pixels.len() / (self.height * self.width * 3)
    }
}

/// A matrix of a row a picture: embeddings as the network gives them, not normalised, or the
/// gradient of a loss by each of their values.
#[derive(Clone, Debug, PartialEq)]
pub struct Embeddings {
    /// Values of a row.
    pub dimension: usize,
    /// `count x dimension`.
    pub values: Vec<f32>,
}

impl Embeddings {
    /// The rows, in the order of the pictures.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.dimension)
    }

    /// The number of rows.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len() / self.dimension
    }
}

/// Pictures that are embedded at once. Such parts are embedded beside each other: much of the work on one is done by one core.
const EMBEDDED: usize = 16;

/// Pictures of `size` bytes, some at a time.
pub fn parts(images: &Images, size: usize) -> impl Iterator<Item = Images> {
    let parts = images.pixels.chunks(EMBEDDED * size);
    parts.map(|pixels| Images { pixels: pixels.to_vec(), ..*images })
}
