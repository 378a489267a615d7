//! A V4L2 camera's format and its buffers, by the calls of the kernel's `videodev2.h`.
//!
//! Structures are bytes. Their sizes and some of their places depend on the size of a pointer:
//!
//! ```text
//!                       64 bits   32 bits
//! v4l2_format           208       204       kind 0; from 8 or 4 on: width 0, height 4, format 8, bytes of a row 16
//! v4l2_requestbuffers   20        20        count 0, kind 4, memory 8
//! v4l2_buffer           88        80        index 0, kind 4, bytes used 8, flags 12, memory 60, offset 64, length 72 or 68
//! ```
//! With 32 bits, `v4l2_buffer` is the one with times of 64 bits, which the kernel has had since 5.6.
//!
//! # Invariants
//! - A buffer is read only between the call that takes it from the driver and the one that gives it back.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use memmap2::{MmapOptions, MmapRaw};
use rustix::ioctl::{Opcode, Setter, Updater, ioctl, opcode};

/// Buffers to ask for: one that is filled, one that is read, and one in between.
const BUFFERS: u32 = 3;

/// `V4L2_BUF_TYPE_VIDEO_CAPTURE`, `V4L2_MEMORY_MMAP`, `V4L2_BUF_FLAG_ERROR`.
const KIND: u32 = 1;
const MEMORY: u32 = 1;
const DAMAGED: u32 = 0x40;

/// Bytes of a pointer.
const WORD: usize = size_of::<usize>();

const FORMAT: usize = 200 + WORD;
const REQUEST: usize = 20;
const BUFFER: usize = 72 + 2 * WORD;

const SET_FORMAT: Opcode = opcode::read_write::<[u8; FORMAT]>(b'V', 5);
const REQUEST_BUFFERS: Opcode = opcode::read_write::<[u8; REQUEST]>(b'V', 8);
const QUERY_BUFFER: Opcode = opcode::read_write::<[u8; BUFFER]>(b'V', 9);
const QUEUE: Opcode = opcode::read_write::<[u8; BUFFER]>(b'V', 15);
const DEQUEUE: Opcode = opcode::read_write::<[u8; BUFFER]>(b'V', 17);
const STREAM_ON: Opcode = opcode::write::<u32>(b'V', 18);

/// What a camera is asked for, and what it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picture {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Four letters.
    pub code: [u8; 4],
    /// Bytes of a row; 0 where a row has no fixed length.
    pub stride: u32,
}

/// A camera that is open and gives nothing yet.
pub struct Node(File);

impl Node {
    /// Opens the node at `path`.
    ///
    /// # Errors
    /// As opening a file.
    pub fn open(path: &Path) -> io::Result<Self> {
        File::options().read(true).write(true).open(path).map(Self)
    }

    /// Asks for pictures of a size and a format, and returns what the driver made of it.
    ///
    /// # Errors
    /// It is no camera, or another program uses it.
    pub fn set_format(&self, asked: Picture) -> io::Result<Picture> {
        let mut format = asked.to_bytes();
        call::<SET_FORMAT, FORMAT>(self.0.as_fd(), &mut format)?;
        Ok(Picture::of_bytes(&format))
    }

    /// Starts the pictures.
    ///
    /// # Errors
    /// As the driver; another program uses the camera.
    pub fn start(self) -> io::Result<Stream> {
        let Self(node) = self;
        let mut request = [0; REQUEST];
        put(&mut request, &[(0, BUFFERS), (4, KIND), (8, MEMORY)]);
        call::<REQUEST_BUFFERS, REQUEST>(node.as_fd(), &mut request)?;
        let mut buffers = Vec::new();
        // The driver may give fewer or more than asked for.
        for index in 0..get(&request, 0) {
            let mut buffer = buffer(index);
            call::<QUERY_BUFFER, BUFFER>(node.as_fd(), &mut buffer)?;
            let (offset, length) = (get(&buffer, 64), get(&buffer, 64 + WORD));
            let mut map = MmapOptions::new();
            buffers.push(map.offset(offset.into()).len(length as usize).map_raw_read_only(&node)?);
            call::<QUEUE, BUFFER>(node.as_fd(), &mut buffer)?;
        }
        // SAFETY: VIDIOC_STREAMON reads a number.
        unsafe { ioctl(&node, Setter::<STREAM_ON, u32>::new(KIND)) }?;
        Ok(Stream { buffers, node })
    }
}

/// A camera that gives pictures, until it is dropped.
pub struct Stream {
    buffers: Vec<MmapRaw>,
    node: File,
}

impl Stream {
    /// Takes a picture from the driver and copies it into the place of `into`. A picture that came damaged is empty. Waits
    /// if there is none yet.
    ///
    /// # Errors
    /// The camera is gone.
    pub fn take(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        let mut taken = buffer(0);
        call::<DEQUEUE, BUFFER>(self.node.as_fd(), &mut taken)?;
        let (index, used, flags) = (get(&taken, 0), get(&taken, 8) as usize, get(&taken, 12));
        into.clear();
        let memory = self.buffers.get(index as usize).ok_or(io::ErrorKind::InvalidData)?;
        if flags & DAMAGED == 0 && used <= memory.len() {
            // SAFETY: `used` bytes are mapped, readable and initialised by the kernel. The driver does not write into a buffer
            // that it has handed out, which this one is until it is given back below.
            into.extend_from_slice(unsafe { core::slice::from_raw_parts(memory.as_ptr(), used) });
        }
        call::<QUEUE, BUFFER>(self.node.as_fd(), &mut buffer(index))
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.node.as_fd()
    }
}

impl Picture {
    fn to_bytes(self) -> [u8; FORMAT] {
        let mut bytes = [0; FORMAT];
        let code = u32::from_le_bytes(self.code);
        put(&mut bytes, &[(0, KIND), (WORD, self.width), (WORD + 4, self.height), (WORD + 8, code)]);
        bytes
    }

    fn of_bytes(bytes: &[u8; FORMAT]) -> Self {
        let [width, height, code, stride] = [0, 4, 8, 16].map(|at| get(bytes, WORD + at));
        Self { width, height, code: code.to_le_bytes(), stride }
    }
}

/// A buffer by its number.
fn buffer(index: u32) -> [u8; BUFFER] {
    let mut buffer = [0; BUFFER];
    put(&mut buffer, &[(0, index), (4, KIND), (60, MEMORY)]);
    buffer
}

fn put(bytes: &mut [u8], words: &[(usize, u32)]) {
    for (at, word) in words {
        bytes[*at..at + 4].copy_from_slice(&word.to_ne_bytes());
    }
}

fn get(bytes: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// A call of the driver with a structure, into which it writes its answer.
fn call<const CODE: Opcode, const LENGTH: usize>(
    node: BorrowedFd<'_>,
    bytes: &mut [u8; LENGTH],
) -> io::Result<()> {
    // SAFETY: the code, made of the length of the structure, is of a call that reads and writes so many bytes.
    Ok(unsafe { ioctl(node, Updater::<CODE, [u8; LENGTH]>::new(bytes)) }?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that a C compiler makes of `videodev2.h`, with times of 64 bits.
    #[test]
    fn calls_have_the_numbers_of_the_kernel() {
        let of_kernel: [Opcode; 2] = match WORD {
            8 => [3_234_878_981, 3_227_014_673],
            _ => [3_234_616_837, 3_226_490_385],
        };
        assert_eq!([SET_FORMAT, DEQUEUE], of_kernel);
        assert_eq!(STREAM_ON, 1_074_026_002);
        assert_eq!((FORMAT, BUFFER), if WORD == 8 { (208, 88) } else { (204, 80) });
    }

    #[test]
    fn a_format_is_read_as_it_was_written() {
        let asked = Picture { width: 640, height: 480, code: *b"YUYV", stride: 0 };
        let mut bytes = asked.to_bytes();
        assert_eq!(bytes[WORD..WORD + 12], *b"\x80\x02\0\0\xe0\x01\0\0YUYV");
        put(&mut bytes, &[(WORD + 16, 1_280)]);
        assert_eq!(Picture::of_bytes(&bytes), Picture { stride: 1_280, ..asked });
    }

    #[test]
    fn what_is_no_camera_says_so() {
        let node = Node::open(Path::new("/dev/null")).expect("it opens");
        let asked = Picture { width: 640, height: 480, code: *b"YUYV", stride: 0 };
        assert!(node.set_format(asked).is_err());
        assert!(node.start().is_err());
    }
}
