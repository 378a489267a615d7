//! Whether a frame still shows the scene in which nobody was: a test that costs a three-hundredth of the detector.
//!
//! The frame is divided into 32 x 24 blocks, of 10 x 10 pixels of a camera with 320 x 240. A block's brightness is the mean
//! of every second pixel of every second row. The frame resembles the scene if no block has changed by more than
//! [`CHANGE`]. A face of 40 pixels covers a dozen blocks, and shoulders cover more; docs/performance.md has how many of
//! such faces it missed. Light that goes on or off is a change, too, and costs one run of the detector.

use crate::{Frame, PixelFormat};

/// Blocks across and down.
const COLUMNS: usize = 32;
const ROWS: usize = 24;

/// The largest difference of a block in an unchanged scene. The noise of a camera, averaged over 25 pixels, stays below 1.
const CHANGE: u8 = 3;

/// The brightness of the blocks of a scene, if one is kept.
#[derive(Clone, Copy, Debug)]
pub struct Backdrop {
    blocks: [u8; COLUMNS * ROWS],
    size: [usize; 2],
}

impl Backdrop {
    /// No scene.
    pub const fn new() -> Self {
        Self { blocks: [0; COLUMNS * ROWS], size: [0; 2] }
    }

    /// Forgets the scene.
    pub fn forget(&mut self) {
        self.size = [0; 2];
    }

    /// Keeps the scene that a frame shows. A frame with less than two pixels a block is not kept.
    pub fn keep(&mut self, frame: &Frame) {
        self.forget();
        if frame.width() >= 2 * COLUMNS && frame.height() >= 2 * ROWS {
            self.size = [frame.width(), frame.height()];
            for (number, block) in self.blocks.iter_mut().enumerate() {
                *block = brightness(frame, number);
            }
        }
    }

    /// Whether a frame shows the scene that was kept; never if none was.
    #[must_use]
    pub fn resembles(&self, frame: &Frame) -> bool {
        let alike = |(number, &block): (usize, &u8)| block.abs_diff(brightness(frame, number)) <= CHANGE;
        self.size == [frame.width(), frame.height()] && self.blocks.iter().enumerate().all(alike)
    }
}

impl Default for Backdrop {
    fn default() -> Self {
        Self::new()
    }
}

/// The mean brightness of a block.
fn brightness(frame: &Frame, number: usize) -> u8 {
    let edge = |at: usize, pixels: usize, blocks: usize| at * pixels / blocks;
    let (column, row) = (number % COLUMNS, number / COLUMNS);
    let [left, right] = [column, column + 1].map(|at| edge(at, frame.width(), COLUMNS));
    let [top, bottom] = [row, row + 1].map(|at| edge(at, frame.height(), ROWS));
    let (mut sum, mut count) = (0u32, 0u32);
    for y in (top..bottom).step_by(2) {
        let Some(pixels) = frame.row(y).and_then(|row| row.get(2 * left..2 * right)) else { continue };
        for pixel in pixels.chunks_exact(2).step_by(2) {
            sum += u32::from(match frame.format() {
                PixelFormat::Yuyv => pixel[0],
                // Green, whose six bits lie in both bytes.
                PixelFormat::Rgb565 => pixel[1] << 5 | (pixel[0] >> 3 & 0x1c),
            });
            count += 1;
        }
    }
    (sum / count.max(1)) as u8
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    fn frame(format: PixelFormat, bytes: &[u8]) -> Frame<'_> {
        Frame::new(format, 320, 240, bytes).unwrap()
    }

    #[test]
    fn noise_is_no_change_and_a_small_face_is_one() {
        let scene: Vec<u8> = (0..320 * 240 * 2).map(|at| (100 + at % 640 / 16) as u8).collect();
        let mut backdrop = Backdrop::new();
        assert!(!backdrop.resembles(&frame(PixelFormat::Yuyv, &scene)), "nothing is kept");
        backdrop.keep(&frame(PixelFormat::Yuyv, &scene));
        let noisy: Vec<u8> =
            scene.iter().zip(0..).map(|(value, at)| value + (at * 7 % 5) as u8 - 2).collect();
        assert!(backdrop.resembles(&frame(PixelFormat::Yuyv, &noisy)));
        for [left, top] in [[0, 0], [143, 101], [289, 199]] {
            let mut with_face = noisy.clone();
            for (x, y) in (left..left + 31).flat_map(|x| (top..top + 40).map(move |y| (x, y))) {
                with_face[2 * (y * 320 + x)] += 6;
            }
            assert!(!backdrop.resembles(&frame(PixelFormat::Yuyv, &with_face)), "{left} {top}");
        }
        backdrop.forget();
        assert!(!backdrop.resembles(&frame(PixelFormat::Yuyv, &scene)));
    }

    #[test]
    fn a_scene_of_another_size_is_another_one_and_a_tiny_one_is_never_kept() {
        let bytes = std::vec![90; 320 * 240 * 2];
        let mut backdrop = Backdrop::default();
        backdrop.keep(&frame(PixelFormat::Rgb565, &bytes));
        assert!(backdrop.resembles(&frame(PixelFormat::Rgb565, &bytes)));
        let small = Frame::new(PixelFormat::Rgb565, 240, 240, &bytes[..240 * 240 * 2]).unwrap();
        assert!(!backdrop.resembles(&small));
        let tiny = Frame::new(PixelFormat::Yuyv, 8, 8, &bytes[..128]).unwrap();
        backdrop.keep(&tiny);
        assert!(!backdrop.resembles(&tiny));
    }
}
