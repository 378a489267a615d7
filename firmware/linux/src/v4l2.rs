//! V4L2 cameras. Name one by `/dev/v4l/by-id/…`: the number in `/dev/videoN` changes from one start to the next.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::pictures::{Pictures, Raw};
use crate::pixels::Format;

mod buffers;

use buffers::{Node, Picture, Stream};

/// How long a camera may take for a picture. One that gives none is opened again.
const PATIENCE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// The camera's code of a format.
fn code(format: Format) -> [u8; 4] {
    match format {
        Format::Yuyv => *b"YUYV",
        Format::Nv12 => *b"NV12",
        Format::Grey => *b"GREY",
        Format::Mjpg => *b"MJPG",
    }
}

/// Opens the camera at `path`.
///
/// # Errors
/// As opening a file; `InvalidData` if the camera gives another format.
pub fn open(path: &Path, width: usize, height: usize, format: Format) -> io::Result<Box<dyn Pictures>> {
    let node = Node::open(path)?;
    let asked = Picture { width: width as u32, height: height as u32, code: code(format), stride: 0 };
    let given = node.set_format(asked)?;
    if given.code != asked.code {
        let given = String::from_utf8_lossy(&given.code).into_owned();
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it gives {given} and not {format}")));
    }
    let [width, height, stride] = [given.width, given.height, given.stride].map(|number| number as usize);
    let stream = node.start()?;
    Ok(Box::new(Camera { stream, width, height, stride: stride.max(format.stride(width)), format }))
}

/// What to do about an error of [`open`], or of a camera that was open.
pub fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "is it plugged in? `ls /dev/v4l/by-id` lists the cameras",
        io::ErrorKind::PermissionDenied => "the user of the door must be in the group `video`",
        io::ErrorKind::ResourceBusy => {
            "another program uses it: end that one; `fuser -v /dev/video*` names it"
        }
        io::ErrorKind::TimedOut => {
            "it opens and gives no picture: plug it in again, or another port or cable; a camera on the ribbon cable of a \
             Raspberry Pi is read by `command` and rpicam-vid"
        }
        io::ErrorKind::InvalidData => "name a format that it has: `v4l2-ctl --list-formats` lists them",
        _ => "it is no camera that gives pictures, or another program uses it",
    }
}

struct Camera {
    stream: Stream,
    width: usize,
    height: usize,
    stride: usize,
    format: Format,
}

impl Pictures for Camera {
    fn next(&mut self, raw: &mut Raw) -> io::Result<()> {
        let Self { stream, width, height, stride, format } = self;
        if poll(&mut [PollFd::from_borrowed_fd(stream.as_fd(), PollFlags::IN)], Some(&PATIENCE))? == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        (raw.width, raw.height, raw.stride, raw.format) = (*width, *height, *stride, *format);
        // A picture that came damaged is none: it is empty.
        stream.take(&mut raw.bytes)
    }
}
