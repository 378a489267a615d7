//! The picture in front of the camera of an emulated board.
//!
//! The host's half of the seqlock that `host_window::window` documents: the sequence number is odd while the picture
//! changes, and even and new once the picture is complete.

use std::time::Duration;

use client::Picture;
use host_window::window;
use protocol::PixelFormat;

use crate::board::turn::Turn;
use crate::{Error, Memory, Result};

/// How often a picture that changes meanwhile is read again.
const TRIES: u32 = 20;

/// How long a read waits for a picture that changes.
const PAUSE: Duration = Duration::from_millis(2);

/// A picture in front of a camera, read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// Pixel format.
    pub format: PixelFormat,
    /// The pixels, row by row, two bytes each.
    pub data: Vec<u8>,
}

impl Seen {
    /// The picture in front of a board's camera; `None` if there never was one, or if it changes all the time. The board need
    /// not have taken it, and nobody waits for a turn: this only reads.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn read(memory: &Memory) -> Result<Option<Self>> {
        for _ in 0..TRIES {
            let before = memory.word(window::FRAME_SEQUENCE)?;
            let seen = Self::read_once(memory)?;
            if before % 2 == 0 && memory.word(window::FRAME_SEQUENCE)? == before {
                return Ok(seen.filter(|_| before > 0));
            }
            std::thread::sleep(PAUSE);
        }
        Ok(None)
    }

    fn read_once(memory: &Memory) -> Result<Option<Self>> {
        let format = match memory.word(window::FRAME_FORMAT)? {
            window::FORMAT_YUYV => PixelFormat::Yuyv,
            window::FORMAT_RGB565 => PixelFormat::Rgb565,
            _ => return Ok(None),
        };
        let side = |word: u32| u16::try_from(word).unwrap_or(0);
        let width = side(memory.word(window::FRAME_WIDTH)?);
        let height = side(memory.word(window::FRAME_HEIGHT)?);
        let length = usize::from(width) * usize::from(height) * 2;
        if length == 0 || length > host_window::FRAME.len as usize {
            return Ok(None);
        }
        let mut data = vec![0; length];
        memory.read(u64::from(host_window::FRAME.offset), &mut data)?;
        Ok(Some(Self { width, height, format, data }))
    }
}

/// The camera of an emulated board.
pub struct Camera {
    memory: Memory,
    /// Nobody else uses the camera meanwhile.
    turn: Option<Turn>,
}

impl Camera {
    /// The camera in a board's memory.
    pub fn new(memory: Memory) -> Self {
        Self { memory, turn: None }
    }

    /// The camera in a board's memory, for as long as the turn lasts.
    pub(crate) fn taken(memory: Memory, turn: Turn) -> Self {
        Self { memory, turn: Some(turn) }
    }

    /// Ends the turn. If another program waits for the camera, it has it next.
    pub fn pass_on(self) {
        if let Some(turn) = self.turn {
            turn.pass_on();
        }
    }

    /// Puts `picture` in front of the camera, and returns its sequence number.
    ///
    /// # Errors
    /// [`Error::PictureSize`] if it does not fit, [`Error::File`].
    pub fn show(&self, picture: &Picture<'_>) -> Result<u32> {
        let frame = host_window::FRAME;
        let (width, height) = (u32::from(picture.width), u32::from(picture.height));
        let fits = picture.data.len() as u64 == u64::from(width) * u64::from(height) * 2
            && picture.data.len() <= frame.len as usize
            && !picture.data.is_empty();
        if !fits {
            return Err(Error::PictureSize { width: picture.width, height: picture.height });
        }
        let (odd, even) = next_sequence(self.memory.word(window::FRAME_SEQUENCE)?);
        self.memory.set_word(window::FRAME_SEQUENCE, odd)?;
        self.memory.set_word(window::FRAME_WIDTH, width)?;
        self.memory.set_word(window::FRAME_HEIGHT, height)?;
        let format = match picture.format {
            PixelFormat::Yuyv => window::FORMAT_YUYV,
            PixelFormat::Rgb565 => window::FORMAT_RGB565,
        };
        self.memory.set_word(window::FRAME_FORMAT, format)?;
        self.memory.write(u64::from(frame.offset), picture.data)?;
        self.memory.set_word(window::FRAME_SEQUENCE, even)?;
        Ok(even)
    }

    /// Delivers the same picture as one more frame, and returns the new sequence number.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn hold(&self) -> Result<u32> {
        let (odd, even) = next_sequence(self.memory.word(window::FRAME_SEQUENCE)?);
        self.memory.set_word(window::FRAME_SEQUENCE, odd)?;
        self.memory.set_word(window::FRAME_SEQUENCE, even)?;
        Ok(even)
    }

    /// Whether the board has taken the picture of that number.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn is_taken(&self, sequence: u32) -> Result<bool> {
        Ok(self.memory.word(window::FRAME_ACKNOWLEDGE)? == sequence)
    }

    /// Withdraws a picture that the board has not taken.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn withdraw(&self) -> Result<()> {
        let taken = self.memory.word(window::FRAME_ACKNOWLEDGE)?;
        self.memory.set_word(window::FRAME_SEQUENCE, taken)
    }

    /// A second handle on the same camera.
    ///
    /// # Errors
    /// [`Error::File`].
    pub(crate) fn try_clone(&self) -> Result<Self> {
        Ok(Self { memory: self.memory.try_clone()?, turn: None })
    }

    /// The board's memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }
}

/// The odd number while the picture changes, and the even one after. Zero is skipped: it means that there never was
/// a picture.
fn next_sequence(last: u32) -> (u32, u32) {
    let odd = last.wrapping_add(1) | 1;
    match odd.wrapping_add(1) {
        0 => (1, 2),
        even => (odd, even),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_new_even_and_never_zero() {
        assert_eq!(next_sequence(0), (1, 2));
        assert_eq!(next_sequence(2), (3, 4));
        assert_eq!(next_sequence(3), (5, 6), "after a host that died while it wrote");
        assert_eq!(next_sequence(u32::MAX), (1, 2));
        assert_eq!(next_sequence(u32::MAX - 1), (1, 2));
    }

    #[test]
    fn a_picture_is_laid_out_as_the_window_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("memory");
        Memory::create(&path, host_window::AN500).expect("a file");
        let camera = Camera::new(Memory::open(&path, host_window::AN500).expect("a file"));
        let picture = Picture { width: 2, height: 1, format: PixelFormat::Rgb565, data: &[1, 2, 3, 4] };
        assert_eq!(camera.show(&picture).expect("shown"), 2);
        assert_eq!(camera.hold().expect("held"), 4);
        let bytes = std::fs::read(&path).expect("read");
        assert_eq!(bytes[0x40..0x44], [4, 0, 0, 0]);
        assert_eq!(bytes[0x44..0x50], [2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(bytes[0x1000..0x1004], [1, 2, 3, 4]);
        let seen = Seen::read(camera.memory()).expect("read").expect("a picture");
        assert_eq!((seen.width, seen.height, seen.format), (2, 1, PixelFormat::Rgb565));
        assert_eq!(seen.data, [1, 2, 3, 4]);
        assert!(!camera.is_taken(4).expect("read"));
        camera.memory().set_word(window::FRAME_ACKNOWLEDGE, 4).expect("written");
        assert!(camera.is_taken(4).expect("read"));
        camera.hold().expect("held");
        camera.withdraw().expect("withdrawn");
        assert!(camera.is_taken(camera.memory().word(window::FRAME_SEQUENCE).expect("read")).expect("read"));
    }

    #[test]
    fn a_camera_without_a_picture_shows_none_and_so_does_half_a_picture() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("memory");
        Memory::create(&path, host_window::AN500).expect("a file");
        let memory = Memory::open(&path, host_window::AN500).expect("a file");
        assert_eq!(Seen::read(&memory).expect("read"), None);
        let camera = Camera::new(memory);
        let picture = Picture { width: 2, height: 1, format: PixelFormat::Yuyv, data: &[1, 2, 3, 4] };
        camera.show(&picture).expect("shown");
        camera.memory().set_word(window::FRAME_SEQUENCE, 3).expect("written");
        assert_eq!(Seen::read(camera.memory()).expect("read"), None, "it is being written");
        camera.memory().set_word(window::FRAME_SEQUENCE, 4).expect("written");
        camera.memory().set_word(window::FRAME_WIDTH, 60_000).expect("written");
        camera.memory().set_word(window::FRAME_HEIGHT, 60_000).expect("written");
        assert_eq!(Seen::read(camera.memory()).expect("read"), None, "it does not fit");
    }

    #[test]
    fn a_picture_of_another_size_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("memory");
        Memory::create(&path, host_window::AN500).expect("a file");
        let camera = Camera::new(Memory::open(&path, host_window::AN500).expect("a file"));
        let pixels = vec![0; 1024 * 1024 * 2];
        for (width, height, length) in [(2, 1, 3), (0, 0, 0), (1024, 1024, 1024 * 1024 * 2)] {
            let data = &pixels[..length];
            let picture = Picture { width, height, format: PixelFormat::Yuyv, data };
            let refused = camera.show(&picture);
            assert!(matches!(refused, Err(Error::PictureSize { .. })), "{width}x{height}");
        }
    }
}
