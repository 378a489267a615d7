//! Any bytes as an image file: a photograph with as many pixels as its size says, or an error that names the file.

use std::path::Path;

use imaging::{Error, MIN_SIDE, Photo};

/// Most pixels of a photograph here, so that the time goes into parsing, not into pixels.
const MOST: u64 = 64 * 64;

/// Takes the bytes as a file.
pub fn check(input: &[u8]) {
    match Photo::decode(input, Path::new("input"), MOST) {
        Ok(photo) => {
            let (width, height) = (photo.width(), photo.height());
            assert!(width.min(height) >= MIN_SIDE && u64::from(width) * u64::from(height) <= MOST);
            assert_eq!(photo.rgb().len(), width as usize * height as usize * 3);
        }
        Err(error) => {
            assert!(!matches!(error, Error::Read { .. } | Error::Write { .. } | Error::Extension { .. }));
            assert!(error.to_string().starts_with("input: "), "{error}");
        }
    }
}
