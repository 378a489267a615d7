//! The memory an emulated board shares with its host.
//!
//! The emulator keeps the board's external memory in a file (`-object memory-backend-file`), and
//! a file can be mapped or written by another process while the board runs, and stays when the
//! board loses its power. So this one file is the camera's picture, the finger on the button,
//! the wire from the lock, and the NOR flash. Both boards see it at [`MEMORY_BASE`].
//!
//! ```text
//! offset      size     what                       written by
//! 0x00000000  4 KiB    window page, see `window`  host and board, word by word
//! 0x00001000  160 KiB  frame buffer               host
//! 0x00030000  384 KiB  firmware, slot A           programmer of a new board; board
//! 0x00090000  384 KiB  firmware, slot B           board
//! 0x000f0000  8 KiB    boot record                programmer of a new board; boot loader, board
//! 0x00100000  ...      NOR flash, see `nor`       board
//!   +000000   1 MiB    gallery: people, templates
//!   +100000   256 KiB  settings and state
//!   +140000   512 KiB  detector model, slot A
//!   +1c0000   512 KiB  detector model, slot B
//!   +240000   E        encoder model, slot A      E = 16 MiB on AN547, 5 MiB on AN500
//!   +240000+E E        encoder model, slot B
//!             768 KiB  liveness model, slot A
//!             768 KiB  liveness model, slot B
//!             640 KiB  audit log
//! ```
//!
//! A file that was just made is all zeros: the first board to boot on it erases the NOR flash to
//! ones, and only then writes [`window::MAGIC`], so that a cut in between is done over. Firmware and
//! boot record, which are NOR flash as well, are there before a board can boot: the host puts them
//! there, as the programmer in a factory does. All numbers are little-endian.
#![no_std]
#![forbid(unsafe_code)]

pub mod fuses;
pub mod nor;
pub mod window;

/// The address at which both boards see the first byte of the file.
pub const MEMORY_BASE: usize = 0x6000_0000;

/// A range of the shared file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Bytes from the start of the file.
    pub offset: u32,
    /// Bytes.
    pub len: u32,
}

impl Region {
    /// The first byte after the region, as an offset in the file.
    pub const fn end(self) -> u32 {
        self.offset + self.len
    }

    /// The address at which the board sees the region.
    pub const fn address(self) -> usize {
        MEMORY_BASE + self.offset as usize
    }
}

/// Where everything lies in one board's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    /// The emulator's name of the machine.
    pub machine: &'static str,
    /// The number in the machine's name, which the board writes to [`window::BOARD`].
    pub board: u32,
    /// The address at which the board sees its [`fuses`]: memory that the linker leaves alone.
    pub fuses: usize,
    /// Exact size of the file: the emulator accepts no other.
    pub file_len: u64,
    /// The page of single words, see [`window`].
    pub window: Region,
    /// The picture before the camera, row by row without padding.
    pub frame: Region,
    /// Bytes of the memory from address 0 on in which firmware runs.
    pub code_len: u32,
    /// Firmware, slots A and B.
    pub firmware: [Region; 2],
    /// What the boot loader remembers.
    pub boot: Region,
    /// All of the NOR flash but for the firmware's, which the regions below divide.
    pub nor: Region,
    /// People and their templates.
    pub gallery: Region,
    /// Settings, counters and the choice of model slots.
    pub settings: Region,
    /// Detector model, slots A and B.
    pub detector: [Region; 2],
    /// Encoder model, slots A and B.
    pub encoder: [Region; 2],
    /// Liveness model, slots A and B.
    pub liveness: [Region; 2],
    /// The audit log: 160 sectors, of which one at a time gives way, keep 10,176 entries.
    pub log: Region,
}

/// Arm MPS3 AN547: 2 GiB of DDR, of which the file needs 38 MiB on disk.
pub const AN547: Map = map("mps3-an547", 547, 0x213f_f000, 512 << 10, 2 << 30, 16 << 20);

/// Arm MPS2 AN500: 16 MiB of PSRAM, too little for two slots of a 10 MiB encoder.
pub const AN500: Map = map("mps2-an500", 500, 0x203f_f000, 1 << 20, 16 << 20, 5 << 20);

const fn map(
    machine: &'static str,
    board: u32,
    fuses: usize,
    code_len: u32,
    file_len: u64,
    encoder_len: u32,
) -> Map {
    let firmware_a = Region { offset: 0x3_0000, len: 384 << 10 };
    let firmware_b = after(firmware_a, 384 << 10);
    let gallery = Region { offset: 0x10_0000, len: 1 << 20 };
    let settings = after(gallery, 256 << 10);
    let detector_a = after(settings, 512 << 10);
    let detector_b = after(detector_a, 512 << 10);
    let encoder_a = after(detector_b, encoder_len);
    let encoder_b = after(encoder_a, encoder_len);
    let liveness_a = after(encoder_b, 768 << 10);
    let liveness_b = after(liveness_a, 768 << 10);
    let log = after(liveness_b, 640 << 10);
    Map {
        machine,
        board,
        fuses,
        file_len,
        window: Region { offset: 0, len: 4 << 10 },
        frame: Region { offset: 4 << 10, len: 160 << 10 },
        code_len,
        firmware: [firmware_a, firmware_b],
        boot: after(firmware_b, 8 << 10),
        nor: Region { offset: gallery.offset, len: log.end() - gallery.offset },
        gallery,
        settings,
        detector: [detector_a, detector_b],
        encoder: [encoder_a, encoder_b],
        liveness: [liveness_a, liveness_b],
        log,
    }
}

const fn after(previous: Region, len: u32) -> Region {
    Region { offset: previous.end(), len }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_is_true() {
        for map in [AN547, AN500] {
            assert_eq!(map.firmware.map(|slot| slot.offset), [0x3_0000, 0x9_0000]);
            assert_eq!(map.boot.offset, 0xf_0000);
            assert_eq!(map.gallery.offset, 0x10_0000);
            assert_eq!(map.settings.offset, 0x20_0000);
            assert_eq!(map.detector.map(|slot| slot.offset), [0x24_0000, 0x2c_0000]);
            assert_eq!(map.encoder[0].offset, 0x34_0000);
            assert_eq!(map.encoder[1].offset, map.encoder[0].end());
            assert!(u64::from(map.nor.end()) <= map.file_len);
            assert_eq!(map.liveness[0].offset, map.encoder[1].end());
            assert_eq!(map.log.offset, map.liveness[1].end());
            assert_eq!(map.nor.end(), map.log.end());
        }
    }

    #[test]
    fn regions_are_whole_sectors_and_disjoint() {
        for map in [AN547, AN500] {
            let regions = [
                map.window,
                map.frame,
                map.firmware[0],
                map.firmware[1],
                map.boot,
                map.gallery,
                map.settings,
                map.detector[0],
                map.detector[1],
                map.encoder[0],
                map.encoder[1],
                map.liveness[0],
                map.liveness[1],
                map.log,
            ];
            for pair in regions.windows(2) {
                assert!(pair[0].end() <= pair[1].offset, "{pair:?}");
            }
            for region in regions {
                assert_eq!(region.offset as usize % nor::SECTOR_SIZE, 0);
                assert_eq!(region.len as usize % nor::SECTOR_SIZE, 0);
            }
        }
    }

    /// The largest frame fits.
    const _: () = assert!(AN547.frame.len >= 320 * 256 * 2);

    #[test]
    fn the_boards_share_their_first_page_and_frame() {
        assert_eq!((AN547.window, AN547.frame), (AN500.window, AN500.frame));
    }
}
