//! Pictures to a V4L2 output. vivid takes them in buffers alone: `write` to its node fails. linuxvideo gives buffers of
//! cameras, and none of outputs.
//!
//! Structures are those of the kernel's `videodev2.h` for 64 bits, as bytes:
//!
//! ```text
//! v4l2_requestbuffers  count 0, kind 4, memory 8                                            20 bytes
//! v4l2_buffer          index 0, kind 4, bytes used 8, field 16, memory 60, offset 64, length 72   88 bytes
//! ```

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use linuxvideo::VideoOutputDevice;
use memmap2::{MmapMut, MmapOptions};
use rustix::ioctl::{Opcode, Setter, Updater, ioctl, opcode};

/// Buffers: one that is shown, and the next.
const BUFFERS: u32 = 2;

/// `V4L2_BUF_TYPE_VIDEO_OUTPUT`, `V4L2_MEMORY_MMAP`, `V4L2_FIELD_NONE`.
const KIND: u32 = 2;
const MEMORY: u32 = 1;
const WHOLE: u32 = 1;

type Request = [u8; 20];
type Buffer = [u8; 88];

const REQUEST_BUFFERS: Opcode = opcode::read_write::<Request>(b'V', 8);
const QUERY_BUFFER: Opcode = opcode::read_write::<Buffer>(b'V', 9);
const QUEUE: Opcode = opcode::read_write::<Buffer>(b'V', 15);
const DEQUEUE: Opcode = opcode::read_write::<Buffer>(b'V', 17);
const STREAM_ON: Opcode = opcode::write::<u32>(b'V', 18);

/// An output that shows pictures.
pub struct Output {
    node: OwnedFd,
    buffers: Vec<MmapMut>,
    /// Buffers that were filled once.
    filled: u32,
}

impl Output {
    /// Asks for the buffers of a node whose format is set.
    ///
    /// # Errors
    /// As the driver.
    pub fn start(device: &VideoOutputDevice) -> io::Result<Self> {
        let node = device.as_fd().try_clone_to_owned()?;
        let mut request: Request = [0; 20];
        put(&mut request, &[(0, BUFFERS), (4, KIND), (8, MEMORY)]);
        call::<REQUEST_BUFFERS, 20>(node.as_fd(), &mut request)?;
        let mut buffers = Vec::new();
        for index in 0..BUFFERS {
            let mut buffer = buffer(index);
            call::<QUERY_BUFFER, 88>(node.as_fd(), &mut buffer)?;
            let (offset, length) = (get(&buffer, 64), get(&buffer, 72));
            // SAFETY: the driver's memory of this buffer, which nobody else maps, stays as long as the node is open.
            buffers.push(unsafe {
                MmapOptions::new().offset(offset.into()).len(length as usize).map_mut(&node)
            }?);
        }
        Ok(Self { node, buffers, filled: 0 })
    }

    /// Shows a picture, once there is a free buffer for it.
    ///
    /// # Errors
    /// As the driver; the picture is larger than a buffer.
    pub fn show(&mut self, picture: &[u8]) -> io::Result<()> {
        let mut index = self.filled;
        if self.filled == BUFFERS {
            let mut free = buffer(0);
            call::<DEQUEUE, 88>(self.node.as_fd(), &mut free)?;
            index = get(&free, 0);
        }
        let memory = self.buffers.get_mut(index as usize).and_then(|memory| memory.get_mut(..picture.len()));
        memory.ok_or(io::ErrorKind::InvalidInput)?.copy_from_slice(picture);
        let mut full = buffer(index);
        put(&mut full, &[(8, picture.len() as u32), (16, WHOLE)]);
        call::<QUEUE, 88>(self.node.as_fd(), &mut full)?;
        if self.filled < BUFFERS {
            self.filled += 1;
            if self.filled == BUFFERS {
                // SAFETY: VIDIOC_STREAMON reads a number.
                unsafe { ioctl(&self.node, Setter::<STREAM_ON, u32>::new(KIND)) }?;
            }
        }
        Ok(())
    }
}

/// A buffer by its number.
fn buffer(index: u32) -> Buffer {
    let mut buffer = [0; 88];
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
