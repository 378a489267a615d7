//! Photographs as the board sees them, and what it saw drawn back on them.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use client::Picture;
use client::protocol;
use imaging::{CameraFrame, Photo};

use crate::close_up;
use crate::output::note;

/// A photograph before the door's camera.
pub struct Shot {
    /// The file.
    pub path: PathBuf,
    /// The frame that a camera takes of it.
    pub frame: CameraFrame,
    /// Faces in the whole photograph, where the frame shows a part of it.
    pub faces: u8,
}

impl Shot {
    /// Reads a photograph, from stdin where `path` is `-`. Of a large one with a small face the frame shows the part around
    /// the face.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let photo = read(path)?;
        Ok(match close_up::of(&photo) {
            Some(near) => {
                Self { faces: near.sides.len().try_into().unwrap_or(u8::MAX), ..Self::of(path, &near.photo) }
            }
            None => Self::of(path, &photo),
        })
    }

    /// A photograph that was read from `path`.
    pub fn of(path: &Path, photo: &Photo) -> Self {
        Self { path: path.to_owned(), frame: photo.to_frame(vision::PixelFormat::Yuyv), faces: 0 }
    }

    /// An empty scene: grey, of the camera's usual size.
    pub fn empty() -> anyhow::Result<Self> {
        let (width, height) = (320, 240);
        let grey = vec![0x80; (width * height * 3) as usize];
        let photo = Photo::from_rgb(width, height, grey).context("a grey picture has no pixels")?;
        Ok(Self { path: PathBuf::new(), frame: photo.to_frame(vision::PixelFormat::Yuyv), faces: 0 })
    }

    /// The picture for the board.
    pub fn picture(&self) -> anyhow::Result<Picture<'_>> {
        Ok(Picture {
            width: u16::try_from(self.frame.width).context("the frame is too wide")?,
            height: u16::try_from(self.frame.height).context("the frame is too high")?,
            format: protocol::PixelFormat::Yuyv,
            data: &self.frame.bytes,
        })
    }

    /// The file's name without the way there.
    pub fn name(&self) -> String {
        if self.path.as_os_str() == STDIN {
            return "stdin".to_owned();
        }
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

/// The largest file that is taken from stdin for a photograph.
const MOST_BYTES: u64 = 256 << 20;

/// The path that stands for stdin.
const STDIN: &str = "-";

/// A photograph from a file, or from stdin.
fn read(path: &Path) -> anyhow::Result<Photo> {
    if path.as_os_str() != STDIN {
        return Ok(Photo::open(path)?);
    }
    let mut bytes = Vec::new();
    let mut stdin = std::io::stdin().lock().take(MOST_BYTES + 1);
    stdin.read_to_end(&mut bytes).context("cannot read a photograph from stdin")?;
    ensure!(bytes.len() as u64 <= MOST_BYTES, "stdin: more than {} MiB is no photograph", MOST_BYTES >> 20);
    Ok(Photo::decode(&bytes, Path::new("stdin"), imaging::MAX_PIXELS)?)
}

/// Every picture that `paths` name: files as they are, folders with the pictures in them, by
/// name.
pub fn files(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    const KNOWN: [&str; 10] = ["jpg", "jpeg", "png", "webp", "bmp", "ppm", "pgm", "tif", "tiff", "gif"];
    let mut all = Vec::new();
    for path in paths {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let entries =
            std::fs::read_dir(path).with_context(|| format!("cannot list the folder {}", path.display()))?;
        let mut inside: Vec<PathBuf> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|file| {
                file.extension().is_some_and(|extension| {
                    KNOWN.contains(&extension.to_string_lossy().to_lowercase().as_str())
                })
            })
            .collect();
        anyhow::ensure!(!inside.is_empty(), "the folder {} has no pictures", path.display());
        inside.sort();
        all.append(&mut inside);
    }
    Ok(all)
}

/// At most `limit` pictures of `sources`, evenly spread over all of them by name; a source is a file, a
/// folder of pictures, or one of a folder a person.
pub fn spread(sources: &[PathBuf], limit: usize) -> anyhow::Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for source in sources {
        let inside = if source.is_dir() { std::fs::read_dir(source).ok() } else { None };
        let entries = inside.into_iter().flatten().flatten().map(|entry| entry.path());
        let people: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
        all.extend(files(if people.is_empty() { std::slice::from_ref(source) } else { &people })?);
    }
    all.sort();
    let step = all.len().div_ceil(limit.max(1)).max(1);
    Ok(all.into_iter().step_by(step).collect())
}

/// A face of the protocol as the vision crate has it, to draw it.
pub fn seen(face: &protocol::Face) -> vision::Face {
    // The protocol counts sixteenths of a pixel.
    let finer = |value: i32| value.saturating_mul(1 << (vision::SUBPIXEL_BITS - 4));
    vision::Face {
        bounds: vision::Rect {
            x: finer(face.corner.x),
            y: finer(face.corner.y),
            width: finer(face.width),
            height: finer(face.height),
        },
        landmarks: face.landmarks.map(|point| vision::Point { x: finer(point.x), y: finer(point.y) }),
        score: face.score,
    }
}

/// The device's counterpart of [`reference::nearest_centre`], by the same rule.
pub fn nearest_centre(faces: &[vision::Face], width: usize, height: usize) -> Option<&vision::Face> {
    let pixels = |value: i32| f64::from(value) / f64::from(1 << vision::SUBPIXEL_BITS);
    let cost = |face: &vision::Face| {
        let bounds = &face.bounds;
        let [left, top, w, h] = [bounds.x, bounds.y, bounds.width, bounds.height].map(pixels);
        let off = (left + w / 2.0 - width as f64 / 2.0).abs() + (top + h / 2.0 - height as f64 / 2.0).abs();
        off - 0.5 * (w * h).max(0.0).sqrt()
    };
    faces.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)))
}

/// Says so if there are more faces than the one that counts.
pub fn note_faces(shot: &Shot, faces: u8) {
    let faces = faces.max(shot.faces);
    if faces > 1 {
        note!("{}: {faces} faces in the picture; the largest one counts", shot.path.display());
    }
}
