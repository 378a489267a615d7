//! What stands before the camera.
//!
//! vivid is two nodes, an output and a camera, and loops what is written to the output to the camera. So the door's camera
//! is a V4L2 camera by all that the door can see, and its pictures are those of a test. The same picture lies in a file, for
//! a door whose camera is a command.

use std::fs::{self, File};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use linuxvideo::Device;
use linuxvideo::format::{PixFormat, PixelFormat};

use crate::output::Output;
use crate::setup::{about, video_timings};

/// The camera, and the output that it sees.
const CAMERA: &str = "/dev/video0";
const OUTPUT: &str = "/dev/video1";

/// The argument of this program as a camera that is a command.
pub const COMMAND: &str = "camera";

/// What stands before the camera, for that command; and the name under which it is written.
const FILE: &str = "/run/scene";
const UNFINISHED: &str = "/run/scene.unfinished";

/// How long the command waits after each picture.
const PAUSE: Duration = Duration::from_millis(100);

/// How many of sixty pictures a second vivid leaves out, in per cent.
const DROPPED: i32 = 88;

/// Columns and rows of a picture of the host; the camera has twice as many of both.
pub const WIDTH: usize = 320;
/// Rows.
pub const HEIGHT: usize = 240;

/// Bytes of a picture of the host, in YUYV.
pub const PICTURE: usize = WIDTH * HEIGHT * 2;

/// Pictures one after the other, again and again.
struct Sequence {
    /// As the camera has them.
    pictures: Vec<Vec<u8>>,
    /// Which of them stands before the camera.
    shown: usize,
}

/// The scene. Clones are the same one.
#[derive(Clone)]
pub struct Scene(Arc<Mutex<Sequence>>);

impl Scene {
    /// Joins output and camera, and begins with an empty scene.
    ///
    /// # Errors
    /// vivid is not loaded, or is another one than expected.
    pub fn start() -> io::Result<Self> {
        for node in [OUTPUT, CAMERA] {
            video_timings(node)?;
        }
        set_control(CAMERA, "Loop Video", 1)?;
        // It would write the time into the picture.
        set_control(CAMERA, "OSD Text Mode", 2)?;
        // Sixty pictures a second would leave an emulated processor no time for the door. What is dropped is not drawn.
        for node in [CAMERA, OUTPUT] {
            set_control(node, "Percentage of Dropped Buffers", DROPPED)?;
        }
        let yuyv = PixelFormat::from_fourcc(*b"YUYV");
        let (width, height) = (2 * WIDTH as u32, 2 * HEIGHT as u32);
        let output =
            Device::open(OUTPUT).and_then(|device| device.video_output(PixFormat::new(width, height, yuyv)));
        let output = output.map_err(|error| about(OUTPUT, error))?;
        let given = output.format();
        if (given.width(), given.height(), given.pixel_format()) != (width, height, yuyv) {
            return Err(io::Error::other(format!("{OUTPUT} takes {given:?}")));
        }
        let mut output = Output::start(&output).map_err(|error| about(OUTPUT, error))?;
        let empty = Sequence { pictures: vec![vec![128; 4 * PICTURE]], shown: 0 };
        empty.write();
        let scene = Self(Arc::new(Mutex::new(empty)));
        let showing = scene.clone();
        std::thread::spawn(move || {
            loop {
                let picture = showing.sequence(|sequence| sequence.pictures[sequence.shown].clone());
                // The driver takes a picture when the one before is over.
                if let Err(error) = output.show(&picture) {
                    eprintln!("guest: {OUTPUT}: {error}");
                    std::thread::sleep(std::time::Duration::from_secs(1));
                }
            }
        });
        Ok(scene)
    }

    /// Shows the first of these pictures of [`PICTURE`] bytes.
    pub fn show(&self, pictures: &[u8]) {
        let pictures: Vec<_> = pictures.chunks_exact(PICTURE).map(doubled).collect();
        if !pictures.is_empty() {
            self.sequence(|sequence| {
                *sequence = Sequence { pictures, shown: 0 };
                sequence.write();
            });
        }
    }

    /// Shows the next picture; after the last one the first.
    pub fn next(&self) {
        self.sequence(|sequence| {
            sequence.next();
            sequence.write();
        });
    }

    fn sequence<T>(&self, with: impl FnOnce(&mut Sequence) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A camera that is a command: writes what stands before it to stdout, again and again, until nobody reads it.
///
/// # Errors
/// Nobody reads it any more; no scene is there.
pub fn as_command() -> io::Result<std::convert::Infallible> {
    let mut output = io::stdout();
    loop {
        output.write_all(&fs::read(FILE)?)?;
        output.flush()?;
        std::thread::sleep(PAUSE);
    }
}

impl Sequence {
    /// Writes the picture that is shown for the command. Whoever reads sees a whole picture, or the one before.
    fn write(&self) {
        let written = File::create(UNFINISHED)
            .and_then(|mut file| file.write_all(&self.pictures[self.shown]))
            .and_then(|()| fs::rename(UNFINISHED, FILE));
        if let Err(error) = written {
            eprintln!("guest: {FILE}: {error}");
        }
    }

    fn next(&mut self) {
        self.shown = (self.shown + 1) % self.pictures.len();
    }
}

/// A picture of YUYV with each pixel four times, so that the door's mean of squares is the picture itself.
fn doubled(picture: &[u8]) -> Vec<u8> {
    let mut large = Vec::with_capacity(4 * picture.len());
    for row in picture.chunks_exact(2 * WIDTH) {
        let start = large.len();
        for pair in row.chunks_exact(4) {
            let [left, u, right, v] = [pair[0], pair[1], pair[2], pair[3]];
            large.extend([left, u, left, v, right, u, right, v]);
        }
        large.extend_from_within(start..);
    }
    large
}

/// Sets a control of a node by its name.
fn set_control(node: &str, name: &str, value: i32) -> io::Result<()> {
    let mut device = Device::open(node).map_err(|error| about(node, error))?;
    let found =
        device.controls().flatten().find(|control| control.name() == name).map(|control| control.id());
    let control = found.ok_or_else(|| io::Error::other(format!("{node} has no control `{name}`")))?;
    device.write_control_raw(control, value).map_err(|error| about(name, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_each_pixel_four_times() {
        let mut picture = vec![0; PICTURE];
        picture[..8].copy_from_slice(&[1, 100, 2, 200, 3, 101, 4, 201]);
        let large = doubled(&picture);
        assert_eq!(large.len(), 4 * PICTURE);
        let row = [1, 100, 1, 200, 2, 100, 2, 200, 3, 101, 3, 201, 4, 101, 4, 201];
        assert_eq!(large[..16], row);
        assert_eq!(large[4 * WIDTH..4 * WIDTH + 16], row);
    }

    #[test]
    fn a_sequence_begins_again_after_its_last_picture() {
        let mut sequence = Sequence { pictures: vec![vec![1], vec![2]], shown: 0 };
        let mut shown = Vec::new();
        for _ in 0..3 {
            shown.push(sequence.pictures[sequence.shown][0]);
            sequence.next();
        }
        assert_eq!(shown, [1, 2, 1]);
    }
}
