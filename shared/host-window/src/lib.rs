//! What an emulated board shares with its host.
//!
//! The emulator keeps the board's external memory in a file (`-object memory-backend-file`). Another process
//! can map or write that file while the board runs, and the file stays when the board loses power. So this
//! one file is the camera's frame, the button, the lock's wire, and the NOR flash:
//!
//! ```text
//! offset      size     what                       written by
//! 0x00000000  4 KiB    window page, see `window`  host and board, word by word
//! 0x00001000  160 KiB  frame buffer               host
//! 0x00029000  4 KiB    NPU page, see `npu`        host and board, word by word
//! 0x00030000  ...      NOR flash                  see the crate `partitions`
//! 0x02800000  4 MiB    memory of the NPU, AN547   board, and host where it plays the NPU
//! 0x02c00000  2.75 MiB NOR flash, AN547           as above: further volumes of the gallery
//! ```
//!
//! The flash of a door on Linux is a file of the same layout, see [`window::OWNER`]. Only where its camera and its pins
//! are *made* (`postern board up --machine linux`) do pins and frame stand in it.
//!
//! A new file is all zeros. The first board that boots on it erases its NOR flash to ones, and only then
//! writes [`window::MAGIC`]; after a power cut in between it erases again. Firmware and boot record are NOR
//! flash as well, but must be there before a board can boot: the host writes them, as the programmer in a
//! factory does. All numbers are little-endian.
//!
//! A board's secret and its entropy are not in the file; see [`fuses`].
#![no_std]
#![forbid(unsafe_code)]

pub mod fuses;
pub mod npu;
pub mod window;

use partitions::{Partitions, Region};

/// The page of single words, see [`window`]; the same on both boards.
pub const WINDOW: Region = Region { offset: 0, len: 4 << 10 };

/// The frame before the camera, row by row without padding; the same on both boards.
pub const FRAME: Region = WINDOW.followed_by(160 << 10);

/// The registers of an NPU that the host plays, see [`npu`].
pub const NPU: Region = FRAME.followed_by(4 << 10);

/// One board as the emulator and its host see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The emulator's name of the machine, or "linux".
    pub machine: &'static str,
    /// The exact size of the file: an emulator accepts no other.
    pub file_len: u64,
    /// The address at which the board sees its [`fuses`]: memory that the linker leaves alone.
    pub fuses: usize,
    /// The NOR flash in the file.
    pub partitions: Partitions,
    /// Memory that board and NPU share; `None` if the host plays no NPU for this board.
    pub npu: Option<Region>,
}

/// Arm MPS3 AN547: 2 GiB of DDR, of which the file takes 42 MiB on disk, and up to 4 MiB more with an NPU.
pub const AN547: Layout = Layout {
    machine: "mps3-an547",
    file_len: 2 << 30,
    fuses: 0x213f_f000,
    partitions: partitions::AN547,
    npu: Some(Region { offset: 40 << 20, len: 4 << 20 }),
};

/// Arm MPS2 AN500: 16 MiB of PSRAM.
pub const AN500: Layout = Layout {
    machine: "mps2-an500",
    file_len: 16 << 20,
    fuses: 0x203f_f000,
    partitions: partitions::AN500,
    npu: None,
};

/// A computer with Linux: a file of 57 MiB, and no emulator. What the fuses of a board hold is in files.
pub const LINUX: Layout =
    Layout { machine: "linux", file_len: 57 << 20, fuses: 0, partitions: partitions::LINUX, npu: None };

/// The length of the file of a door on Linux whose gallery has one volume, as all had once.
pub const LINUX_ONE_VOLUME: u64 = 38 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest frame fits: 320 x 256 pixels of two bytes.
    const _: () = assert!(FRAME.len >= 320 * 256 * 2);

    #[test]
    fn window_and_frame_lie_before_the_flash_and_the_flash_in_the_file() {
        for layout in [AN547, AN500, LINUX] {
            assert!(FRAME.end() <= NPU.offset && NPU.end() <= layout.partitions.firmware[0].offset);
            let end = layout.partitions.nor.end().max(layout.partitions.further.end());
            assert!(u64::from(end) <= layout.file_len);
            assert!(u64::from(partitions::LINUX.log.end()) <= LINUX_ONE_VOLUME);
            if let Some(npu) = layout.npu {
                assert!(layout.partitions.nor.end() <= npu.offset && u64::from(npu.end()) <= layout.file_len);
                assert!(npu.end() <= layout.partitions.further.offset);
                assert!(npu::SCRATCH < npu.len && npu.offset.is_multiple_of(16));
            }
        }
    }
}
