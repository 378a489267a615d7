//! The partition maps of the boards: what lies where in NOR flash.
//!
//! Both boards see their external memory at [`MEMORY_BASE`]. Its first pages are not flash on an emulated
//! board: they are what it shares with its host (the crate `host-window`). The rest is NOR flash. A door on Linux
//! has the same layout in a file, whose first page is its header:
//!
//! ```text
//! offset      size     what                       written by
//! 0x00000000  164 KiB  not flash: host window and frame buffer
//! 0x00030000  384 KiB  firmware, slot A           programmer of a new board; board
//! 0x00090000  384 KiB  firmware, slot B           board
//! 0x000f0000  8 KiB    boot record                programmer of a new board; boot loader
//! 0x000f2000  8 KiB    requests to the boot loader board
//! 0x00100000  1 MiB    gallery: people, templates board, as all that follows
//! 0x00200000  256 KiB  settings and state
//! 0x00240000  512 KiB  detector model, slot A
//! 0x002c0000  512 KiB  detector model, slot B
//! 0x00340000  E        encoder model, slot A      E = 16 MiB on AN547 and Linux, 5 MiB on AN500
//! +E          E        encoder model, slot B
//! +E          768 KiB  liveness model, slot A        on AN547 1536 KiB
//! +768 KiB    768 KiB  liveness model, slot B        on AN547 none
//! +768 KiB    640 KiB  audit log
//! +640 KiB    1536 KiB liveness model, slot B        on AN547 only
//! +640 KiB    19.5 MiB further volumes of the gallery, 39 of 512 KiB    on Linux only
//! 0x02c00000  2.75 MiB further volumes of the gallery, 11 of 256 KiB    on AN547 only
//! ```
//! Every partition is a whole number of sectors, and no two overlap.
//!
//! An AN547 may have an NPU, and what that runs makes the image of a liveness network larger than 768 KiB. Its slots were as on
//! the other boards once. So slot A of today is both of that time, and an image in slot B of that time is used where it lies
//! ([`Partitions::liveness_b_was`]) until another one is active.
//!
//! Its further volumes lie behind the memory of that NPU (`host-window`). So nothing has moved, and firmware of before, which
//! knows one volume, writes nothing where the others are.
#![no_std]
#![forbid(unsafe_code)]

/// The address of the first byte of the external memory, on both boards.
pub const MEMORY_BASE: usize = 0x6000_0000;

/// Bytes of a sector, the unit of erasing.
pub const SECTOR_SIZE: u32 = 4096;

/// A range of the external memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Bytes from the start of the memory.
    pub offset: u32,
    /// Bytes.
    pub len: u32,
}

impl Region {
    /// The offset of the first byte after the region.
    pub const fn end(self) -> u32 {
        self.offset + self.len
    }

    /// The address at which the board sees the region.
    pub const fn address(self) -> usize {
        MEMORY_BASE + self.offset as usize
    }

    /// The region of `len` bytes behind this one.
    pub const fn followed_by(self, len: u32) -> Self {
        Self { offset: self.end(), len }
    }
}

/// The partitions of one board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partitions {
    /// The board's number, as firmware images name it.
    pub board: u32,
    /// Bytes of the memory, from address 0, in which the firmware runs.
    pub code_len: u32,
    /// Firmware, slots A and B.
    pub firmware: [Region; 2],
    /// The boot record.
    pub boot: Region,
    /// What the firmware requests of the boot loader.
    pub requests: Region,
    /// The flash that an emulated board erases when it is new: all partitions below, but for further volumes that lie apart.
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
    /// Where in slot A earlier firmware had slot B, if that has moved since: bytes from the start of slot A.
    pub liveness_b_was: Option<u32>,
    /// The audit log: 160 sectors. One of them is erased at a time, so at least 10,176 entries are kept.
    pub log: Region,
    /// Further volumes of the gallery, side by side; empty on a board that has none.
    pub further: Region,
    /// Bytes of each of them.
    pub volume: u32,
}

impl Partitions {
    /// How many volumes the gallery has, with the first one.
    pub const fn volumes(&self) -> usize {
        match self.further.len.checked_div(self.volume) {
            Some(further) => 1 + further as usize,
            None => 1,
        }
    }

    /// The further volumes of the gallery.
    pub fn further_volumes(&self) -> impl Iterator<Item = Region> + use<> {
        let Region { offset, .. } = self.further;
        let len = self.volume;
        (1..self.volumes() as u32).map(move |number| Region { offset: offset + (number - 1) * len, len })
    }
}

/// Arm MPS3 AN547.
pub const AN547: Partitions =
    with_volumes(with_large_liveness(partitions(547, 512 << 10, 16 << 20)), 44 << 20, 11, 256 << 10);

/// A computer with Linux, whose flash is a file. It has no boot loader, so firmware slots, boot record and requests stay
/// unused.
pub const LINUX: Partitions = {
    let one_volume = partitions(1, 0, 16 << 20);
    with_volumes(one_volume, one_volume.nor.end(), 39, 512 << 10)
};

/// The same with further volumes of the gallery from an offset on, behind everything.
const fn with_volumes(map: Partitions, offset: u32, count: u32, volume: u32) -> Partitions {
    let further = Region { offset, len: count * volume };
    let end = if offset == map.nor.end() { further.end() } else { map.nor.end() };
    Partitions { nor: Region { len: end - map.nor.offset, ..map.nor }, further, volume, ..map }
}

/// The same with slots of 1536 KiB for liveness models: both of the smaller ones, and a new one at the end.
const fn with_large_liveness(map: Partitions) -> Partitions {
    let [a, b] = map.liveness;
    let liveness_a = Region { offset: a.offset, len: a.len + b.len };
    let liveness_b = map.log.followed_by(liveness_a.len);
    Partitions {
        nor: Region { offset: map.nor.offset, len: liveness_b.end() - map.nor.offset },
        liveness: [liveness_a, liveness_b],
        liveness_b_was: Some(a.len),
        ..map
    }
}

/// Arm MPS2 AN500, whose 16 MiB have no room for two slots of a 10 MiB encoder.
pub const AN500: Partitions = partitions(500, 1 << 20, 5 << 20);

const fn partitions(board: u32, code_len: u32, encoder_len: u32) -> Partitions {
    let firmware_a = Region { offset: 0x3_0000, len: 384 << 10 };
    let firmware_b = firmware_a.followed_by(384 << 10);
    let boot = firmware_b.followed_by(8 << 10);
    let gallery = Region { offset: 0x10_0000, len: 1 << 20 };
    let settings = gallery.followed_by(256 << 10);
    let detector_a = settings.followed_by(512 << 10);
    let detector_b = detector_a.followed_by(512 << 10);
    let encoder_a = detector_b.followed_by(encoder_len);
    let encoder_b = encoder_a.followed_by(encoder_len);
    let liveness_a = encoder_b.followed_by(768 << 10);
    let liveness_b = liveness_a.followed_by(768 << 10);
    let log = liveness_b.followed_by(640 << 10);
    Partitions {
        board,
        code_len,
        firmware: [firmware_a, firmware_b],
        boot,
        requests: boot.followed_by(8 << 10),
        nor: Region { offset: gallery.offset, len: log.end() - gallery.offset },
        gallery,
        settings,
        detector: [detector_a, detector_b],
        encoder: [encoder_a, encoder_b],
        liveness: [liveness_a, liveness_b],
        liveness_b_was: None,
        log,
        further: Region { offset: log.end(), len: 0 },
        volume: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_is_true() {
        for map in [AN547, AN500, LINUX] {
            assert_eq!(map.firmware.map(|slot| slot.offset), [0x3_0000, 0x9_0000]);
            assert_eq!((map.boot.offset, map.requests.offset), (0xf_0000, 0xf_2000));
            assert_eq!(map.gallery.offset, 0x10_0000);
            assert_eq!(map.settings.offset, 0x20_0000);
            assert_eq!(map.detector.map(|slot| slot.offset), [0x24_0000, 0x2c_0000]);
            assert_eq!(map.encoder[0].offset, 0x34_0000);
            assert_eq!(map.encoder[1].offset, map.encoder[0].end());
            assert_eq!(map.liveness[0].offset, map.encoder[1].end());
            // Where the log lies has not moved.
            assert_eq!(map.log.offset, map.encoder[1].end() + (1536 << 10));
            let behind = map.log.end().max(map.liveness[1].end());
            // The further volumes of an AN547 lie apart.
            assert_eq!(map.nor.end(), if map == AN547 { behind } else { behind.max(map.further.end()) });
            assert!(map.further.offset >= behind);
        }
        assert_eq!((AN547.further.offset, AN547.further.len), (0x2c0_0000, 11 * (256 << 10)));
    }

    #[test]
    fn volumes_lie_side_by_side_behind_all_else() {
        assert_eq!([AN547, AN500, LINUX].map(|map| map.volumes()), [12, 1, 40]);
        assert_eq!((LINUX.further.offset, LINUX.further.end()), (LINUX.log.end(), LINUX.nor.end()));
        for map in [AN547, LINUX] {
            let mut at = map.further.offset;
            for volume in map.further_volumes() {
                assert_eq!((volume.offset, volume.len), (at, map.volume));
                at = volume.end();
            }
            assert_eq!(at, map.further.end());
        }
        assert_eq!(AN500.further_volumes().count(), 0);
    }

    /// An image in a slot of earlier firmware lies in a slot of today.
    #[test]
    fn slots_that_have_grown_hold_both_of_the_earlier_ones() {
        let earlier = partitions(547, 512 << 10, 16 << 20);
        assert_eq!(earlier.liveness, LINUX.liveness);
        let [a, b] = earlier.liveness;
        assert_eq!((AN547.liveness[0].offset, AN547.liveness[0].end()), (a.offset, b.end()));
        assert_eq!(AN547.liveness_b_was, Some(b.offset - a.offset));
        assert_eq!(
            (AN547.log, AN547.gallery, AN547.encoder),
            (earlier.log, earlier.gallery, earlier.encoder)
        );
    }

    #[test]
    fn partitions_are_whole_sectors_and_disjoint() {
        for map in [AN547, AN500, LINUX] {
            let [firmware_a, firmware_b] = map.firmware;
            let [detector_a, detector_b] = map.detector;
            let [encoder_a, encoder_b] = map.encoder;
            let [liveness_a, liveness_b] = map.liveness;
            let mut regions = [
                firmware_a,
                firmware_b,
                map.boot,
                map.requests,
                map.gallery,
                map.settings,
                detector_a,
                detector_b,
                encoder_a,
                encoder_b,
                liveness_a,
                liveness_b,
                map.log,
                map.further,
            ];
            // A map without further volumes has an empty region for them.
            regions.sort_unstable_by_key(|region| (region.offset, region.len));
            assert!(regions.is_sorted_by(|one, next| one.end() <= next.offset));
            assert!(map.liveness[0].len == map.liveness[1].len);
            for region in regions {
                assert_eq!((region.offset % SECTOR_SIZE, region.len % SECTOR_SIZE), (0, 0));
            }
        }
    }
}
