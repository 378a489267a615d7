//! Who comes to the door: pictures of a person, one after the other, and what the door says of them.
//!
//! The next picture comes when the door has assessed the one before, as its events tell. So a slow computer sees the same
//! movement as a fast one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use imaging::Photo;
use serde_json::Value;

use super::guest::Guest;

/// Columns and rows of a picture.
const SIZE: [u32; 2] = [320, 240];

/// How long one picture may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Most pictures that a person is assessed in.
const MOST: usize = 30;

/// What the door decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It opened for this person.
    Opened(String),
    /// It knows this person, and waits for their PIN.
    PinRequested(String),
    /// It refused somebody, for this reason.
    Denied(String),
    /// It did neither, and took the last pictures for this.
    Nothing(String),
}

/// The frames of a folder of pictures, by name; or of one picture.
///
/// # Errors
/// A picture cannot be read.
pub fn frames(path: &Path) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut pictures = vec![path.to_owned()];
    if path.is_dir() {
        let entries = std::fs::read_dir(path).with_context(|| path.display().to_string())?;
        pictures = entries.flatten().map(|entry| entry.path()).collect();
        pictures.sort();
    }
    pictures.iter().map(|picture| frame(&Photo::open(picture)?)).collect()
}

/// An empty scene.
pub fn nobody() -> anyhow::Result<Vec<Vec<u8>>> {
    let [width, height] = SIZE;
    let grey = Photo::from_rgb(width, height, vec![128; (width * height * 3) as usize]);
    Ok(vec![frame(&grey.context("a grey picture has no pixels")?)?])
}

/// A picture in the middle of a grey frame.
fn frame(photo: &Photo) -> anyhow::Result<Vec<u8>> {
    let [width, height] = SIZE.map(|side| side as usize);
    let seen = photo.to_frame(vision::PixelFormat::Yuyv);
    let rows = seen.height.min(height);
    ensure!(seen.width <= width, "a picture is {} pixels wide", seen.width);
    let mut frame = vec![128; width * height * 2];
    // A pair of pixels is not torn apart.
    let (left, top) = (((width - seen.width) / 2) & !1, (height - rows) / 2);
    for (row, pixels) in seen.bytes.chunks_exact(seen.width * 2).take(rows).enumerate() {
        let at = ((top + row) * width + left) * 2;
        frame[at..at + pixels.len()].copy_from_slice(pixels);
    }
    Ok(frame)
}

/// The door's events, as `postern watch` prints them.
pub struct Events {
    watch: Child,
    lines: Receiver<Value>,
}

impl Events {
    /// Listens from now on. `watch` is the command.
    ///
    /// # Errors
    /// It does not start.
    pub fn of(watch: &mut Command) -> anyhow::Result<Self> {
        let mut watch = watch.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = watch.stdout.take().context("postern watch has no output")?;
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if serde_json::from_str(&line).is_ok_and(|event| send.send(event).is_err()) {
                    break;
                }
            }
        });
        Ok(Self { watch, lines })
    }

    /// The next event.
    fn next(&self) -> anyhow::Result<Value> {
        self.lines.recv_timeout(PATIENCE).context("the door tells of no picture")
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _ = self.watch.kill();
        let _ = self.watch.wait();
    }
}

/// Shows a person, until the door has opened or refused, or has seen all it can be shown.
///
/// # Errors
/// The door assesses no picture.
pub fn present(guest: &mut Guest, events: &Events, frames: &[Vec<u8>]) -> anyhow::Result<Decision> {
    // Whoever was there before has gone.
    guest.show(&nobody()?)?;
    seen(events, "no-face")?;
    guest.show(frames)?;
    let (mut assessed, mut last) = (0, String::new());
    while assessed < MOST {
        let event = events.next()?;
        let text = |field: &str| event[field].as_str().unwrap_or_default().to_owned();
        match event["event"].as_str() {
            Some("frame") if event["result"] == "no-face" && last.is_empty() => {}
            Some("frame") => {
                last = described(&event);
                assessed += 1;
                guest.ask("next", &[])?;
            }
            Some("opened") => return Ok(Decision::Opened(text("name"))),
            Some("pin-requested") => return Ok(Decision::PinRequested(text("name"))),
            Some("denied") => return Ok(Decision::Denied(text("reason"))),
            _ => {}
        }
    }
    Ok(Decision::Nothing(last))
}

/// What the door said of a picture, in words: the result, and why no living face is there.
fn described(event: &Value) -> String {
    let mut said = event["result"].as_str().unwrap_or_default().to_owned();
    let liveness = &event["liveness"];
    if let Some(why) = liveness["reject_reason"].as_str() {
        said += &format!(": {why}, {} of {}", liveness["score"], liveness["needed"]);
    }
    said
}

/// Waits until the door sees this.
fn seen(events: &Events, result: &str) -> anyhow::Result<()> {
    let until = Instant::now() + PATIENCE;
    loop {
        let event = events.next()?;
        if event["event"] == "frame" && event["result"] == result {
            return Ok(());
        }
        if Instant::now() > until {
            bail!("the door does not see `{result}`: {event}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_picture_stands_in_the_middle_and_keeps_its_pairs_of_pixels() {
        let photo = Photo::from_rgb(64, 64, vec![255; 64 * 64 * 3]).expect("a picture");
        let frame = frame(&photo).expect("a frame");
        assert_eq!(frame.len(), 320 * 240 * 2);
        let at = |x: usize, y: usize| frame[(y * 320 + x) * 2];
        assert_eq!((at(127, 120), at(192, 120), at(160, 87), at(160, 152)), (128, 128, 128, 128));
        assert!(at(128, 88) > 200 && at(191, 151) > 200);
    }
}
