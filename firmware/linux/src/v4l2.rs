//! V4L2 cameras. Name one by `/dev/v4l/by-id/…`: the number in `/dev/videoN` changes from one start to the next.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use linuxvideo::Device;
use linuxvideo::format::{PixFormat, PixelFormat};
use linuxvideo::stream::ReadStream;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::pictures::{Pictures, Raw};
use crate::pixels::Format;

/// How long a camera may take for a picture. One that gives none is opened again.
const PATIENCE: Timespec = Timespec { tv_sec: 5, tv_nsec: 0 };

/// The camera's code of a format.
fn code(format: Format) -> PixelFormat {
    PixelFormat::from_fourcc(match format {
        Format::Yuyv => *b"YUYV",
        Format::Nv12 => *b"NV12",
        Format::Grey => *b"GREY",
        Format::Mjpg => *b"MJPG",
    })
}

/// Opens the camera at `path`.
///
/// # Errors
/// As opening a file; `InvalidData` if the camera gives another format.
pub fn open(path: &Path, width: usize, height: usize, format: Format) -> io::Result<Box<dyn Pictures>> {
    let asked = PixFormat::new(width as u32, height as u32, code(format));
    let capture = Device::open(path)?.video_capture(asked)?;
    let given = capture.format();
    if given.pixel_format() != code(format) {
        let (given, asked) = (given.pixel_format().to_string(), format.to_string());
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it gives {given} and not {asked}")));
    }
    let (width, height, stride) =
        (given.width() as usize, given.height() as usize, given.bytes_per_line() as usize);
    let stream = capture.into_stream()?;
    Ok(Box::new(Camera { stream, width, height, stride: stride.max(format.stride(width)), format }))
}

/// What to do about an error of [`open`].
pub fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "is it plugged in? `ls /dev/v4l/by-id` lists the cameras",
        io::ErrorKind::PermissionDenied => "the user of the door must be in the group `video`",
        io::ErrorKind::ResourceBusy => "another program uses it: end that one",
        io::ErrorKind::InvalidData => "name a format that it has: `v4l2-ctl --list-formats` lists them",
        _ => "it is no camera that gives pictures, or another program uses it",
    }
}

struct Camera {
    stream: ReadStream,
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
        stream.dequeue(|view| {
            raw.bytes.clear();
            // A picture that came damaged is none.
            if !view.is_error() {
                raw.bytes.extend_from_slice(&view);
            }
            Ok(())
        })
    }
}
