//! What can be wrong with a photograph: which file, what, and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why a photograph was not read, or a picture not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file is missing, is a folder, or may not be read.
    #[error("cannot read {path}: check that the file is there and may be read", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file has no bytes.
    #[error("{path}: the file is empty; copy or export the photograph again", path = path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is no picture, or of a format that is not known here.
    #[error("{path}: {what}; give a JPEG, PNG, WebP, TIFF, BMP, GIF or PNM picture", path = path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        what: String,
    },
    /// The file is a picture, but damaged or cut short.
    #[error("{path}: the picture is damaged or cut short ({reason}); copy or export it again", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        reason: String,
    },
    /// The picture has more pixels than are worth decoding.
    #[error("{path}: {width}x{height} pixels are too many; scale it down below {limit} megapixels", path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
        /// Most megapixels that are taken.
        limit: u64,
    },
    /// The picture is too small to show a face.
    #[error("{path}: {width}x{height} pixels are too few to show a face; give a larger picture", path = path.display())]
    TooSmall {
        /// The file.
        path: PathBuf,
        /// Its width in pixels.
        width: u32,
        /// Its height in pixels.
        height: u32,
    },
    /// The name of a picture to write does not end in a format that is written here.
    #[error("{path}: pictures are written as .png, .jpg or .webp", path = path.display())]
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// A picture could not be encoded.
    #[error("the picture cannot be encoded: {reason}")]
    Encode {
        /// Why.
        reason: String,
    },
    /// A picture could not be written.
    #[error(transparent)]
    Write(#[from] output_file::Error),
}
