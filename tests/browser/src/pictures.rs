//! The photographs that set-up fetched, before the door and before a camera of the browser.

use std::path::{Path, PathBuf};

/// The file of a photograph.
pub fn picture(name: &str) -> PathBuf {
    fixtures::cache(&format!("pictures/{name}"))
}

/// The same, as an argument of a command.
pub fn path(name: &str) -> String {
    picture(name).display().to_string()
}

/// What gives the browser a camera without asking.
pub const CAMERA_FLAGS: [&str; 2] = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"];

/// The flag of a camera that shows a file of JPEG pictures, of which there may be one. Chromium takes none whose width or
/// height is odd.
pub fn camera_of(file: &Path) -> String {
    format!("--use-file-for-fake-video-capture={}", file.display())
}

/// The flags of a camera that shows a photograph.
///
/// # Panics
/// It cannot be copied.
pub fn camera_that_shows(photo: &str, folder: &Path) -> Vec<String> {
    let file = folder.join("camera.mjpeg");
    std::fs::copy(picture(photo), &file).expect("copied");
    CAMERA_FLAGS.map(str::to_owned).into_iter().chain([camera_of(&file)]).collect()
}
