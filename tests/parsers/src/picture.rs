//! Any bytes of a photograph's file: a picture of the size that it says, or an error that says why not.

use std::path::Path;

use imaging::{Error, MIN_SIDE, Photo};

/// Most pixels here, so that a fuzzer's time goes into formats and not into pixels.
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
