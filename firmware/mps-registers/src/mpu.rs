//! The memory protection unit (MPU): which memory the firmware may read, write and execute.
//!
//! A board's description lists areas ([`Board::memory`](crate::Board)). What no area allows faults, as the MPU runs without
//! its background region. The boot loader writes the areas and switches the MPU on before it starts the firmware. The
//! firmware then closes the first area, the page with its secret, once it has read it.
//!
//! | MPU | board | areas |
//! |---|---|---|
//! | PMSAv8, 16 regions | Cortex-M55 | whole multiples of 32 bytes; no two may overlap |
//! | PMSAv7, 8 regions | Cortex-M7 | a power of two, aligned to itself; a later one counts before an earlier one |
//!
//! (Armv8-M and Armv7-M Architecture Reference Manuals, MPU registers.)
//!
//! The firmware is privileged: it could write these registers. So this stops faults in it from becoming more, such as code
//! written as data. It does not confine code that already runs.

use crate::{Mmio, Register};

/// What the firmware may do with an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rights {
    /// Read and execute.
    Code,
    /// Read and write.
    Data,
    /// Read and write registers.
    Device,
    /// Nothing.
    None,
}

/// A range of addresses with the same rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The first address.
    pub base: u32,
    /// Bytes.
    pub len: u32,
    /// What is allowed.
    pub rights: Rights,
}

impl Area {
    /// An area from one address up to another.
    pub const fn new(base: u32, end: u32, rights: Rights) -> Self {
        Self { base, len: end - base, rights }
    }
}

/// The areas of a board in the way of its MPU. The first has the fuses.
#[derive(Clone, Copy, Debug)]
pub enum Areas {
    /// Armv7-M.
    V7(&'static [Area]),
    /// Armv8-M.
    V8(&'static [Area]),
}

/// The registers of an area: base and limit.
type Encode = fn(Area) -> [u32; 2];

impl Areas {
    /// The areas, and the registers of one.
    fn parts(self) -> (&'static [Area], Encode) {
        match self {
            Self::V7(areas) => (areas, v7),
            Self::V8(areas) => (areas, v8),
        }
    }
}

/// Switches the MPU on: its control register, and what the boot loader writes there after [`set`].
pub const CONTROL: (usize, u32) = (0xe000_ed94, 1);

const NUMBER: usize = 0xe000_ed98;
const BASE: usize = 0xe000_ed9c;
/// RASR of Armv7-M, RLAR of Armv8-M; 0 closes the region.
const LIMIT: usize = 0xe000_eda0;
const ATTRIBUTES: usize = 0xe000_edc0;

/// Attributes of Armv8-M: 0 is normal memory, not cached, 1 a device (nGnRE).
const MAIR: u32 = 0x0444;
const NEVER_EXECUTE: u32 = 1;

/// Base and limit register of a region of Armv8-M.
const fn v8(area: Area) -> [u32; 2] {
    let (access, attributes) = match area.rights {
        Rights::Code => (0b10 << 1, 0),
        Rights::Data => (NEVER_EXECUTE, 0),
        Rights::Device => (NEVER_EXECUTE, 1),
        Rights::None => return [area.base, 0],
    };
    let last = area.base + (area.len - 1);
    [area.base | access, last & !31 | attributes << 1 | 1]
}

/// Base register, and size and attribute register, of a region of Armv7-M.
const fn v7(area: Area) -> [u32; 2] {
    let size = (area.len.trailing_zeros() - 1) << 1 | 1;
    // Execute never, access, type extension and cacheable bits: normal memory is not cached.
    let rights = match area.rights {
        Rights::Code => 0b101 << 24 | 0b001 << 19,
        Rights::Data => 1 << 28 | 0b001 << 24 | 0b001 << 19,
        Rights::Device => 1 << 28 | 0b001 << 24 | 1 << 16,
        Rights::None => 1 << 28,
    };
    [area.base, rights | size]
}

/// Writes a register of the MPU.
///
/// # Safety
/// This runs on a processor with an MPU, and the areas leave the firmware what it needs.
unsafe fn write(address: usize, value: u32) {
    // SAFETY: every Cortex-M with an MPU has these registers.
    unsafe { Mmio::new(address) }.write(value);
}

/// Writes the registers of an area.
///
/// # Safety
/// As [`write`].
unsafe fn put(number: usize, [base, limit]: [u32; 2]) {
    // SAFETY: passed on to the caller.
    unsafe {
        write(NUMBER, number as u32);
        write(BASE, base);
        write(LIMIT, limit);
    }
}

/// Writes the areas. Nothing is protected before [`CONTROL`] is written, too.
///
/// # Safety
/// This runs on the processor that the areas are for, its MPU is off, and nobody else writes its registers.
pub unsafe fn set(areas: Areas) {
    if let Areas::V8(_) = areas {
        // SAFETY: passed on to the caller.
        unsafe { write(ATTRIBUTES, MAIR) };
    }
    let (areas, encode) = areas.parts();
    for (number, area) in areas.iter().enumerate() {
        // SAFETY: passed on to the caller.
        unsafe { put(number, encode(*area)) };
    }
}

/// Writes the areas from an address on once more. A boot loader may be older than the firmware that it starts: it does not know
/// some of them, and others end earlier for it.
///
/// # Safety
/// As [`set`], but the MPU may be on; and neither code nor stack lies in these areas.
pub unsafe fn set_from(first: usize, areas: Areas) {
    let (areas, encode) = areas.parts();
    for (number, area) in areas.iter().enumerate().filter(|(_, area)| area.base as usize >= first) {
        // SAFETY: passed on to the caller.
        unsafe { put(number, encode(*area)) };
    }
}

/// Closes the first area: from here on the firmware cannot read or write the fuses.
///
/// # Safety
/// Nothing needs them any more, and nobody else writes the MPU's registers.
pub unsafe fn close_fuses() {
    // SAFETY: passed on to the caller.
    unsafe {
        write(NUMBER, 0);
        write(LIMIT, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Board, an500, an547};

    /// What a board's firmware may do at an address, before or after the fuses were closed.
    fn at(board: &Board, address: u32, closed: bool) -> Rights {
        let (Areas::V7(areas) | Areas::V8(areas)) = board.memory;
        let areas = areas.get(usize::from(closed)..).unwrap_or_default();
        let mut found = areas.iter().filter(|area| address >= area.base && address - area.base < area.len);
        found.next_back().map_or(Rights::None, |area| area.rights)
    }

    #[test]
    fn an_area_is_what_its_mpu_can_do() {
        for board in [an547::BOARD, an500::BOARD] {
            match board.memory {
                Areas::V7(areas) => {
                    assert!(areas.len() <= 8);
                    for area in areas {
                        assert!(area.len.is_power_of_two() && area.len >= 32 && area.base % area.len == 0);
                    }
                }
                Areas::V8(areas) => {
                    assert!(areas.len() <= 16);
                    for (number, area) in areas.iter().enumerate() {
                        assert_eq!((area.base % 32, area.len % 32), (0, 0));
                        let mut others = areas.iter().skip(number + 1);
                        let apart = |other: &Area| {
                            other.base >= area.base + area.len || area.base >= other.base + other.len
                        };
                        assert!(others.all(apart), "{area:x?}");
                    }
                }
            }
        }
    }

    #[test]
    fn code_is_not_written_data_not_executed_and_the_boot_record_out_of_reach() {
        for board in [an547::BOARD, an500::BOARD] {
            let layout = &board.layout;
            let flash = &layout.partitions;
            assert_eq!(at(&board, 0, true), Rights::Code);
            assert_eq!(at(&board, flash.code_len - 4, true), Rights::Code);
            for address in [flash.boot.address(), flash.boot.address() + flash.boot.len as usize - 4] {
                assert_eq!(at(&board, address as u32, true), Rights::None);
            }
            let slots = [flash.firmware, flash.detector, flash.encoder, flash.liveness].concat();
            let slots = slots.into_iter().chain(flash.further_volumes());
            for region in [flash.requests, flash.gallery, flash.settings, flash.log].into_iter().chain(slots)
            {
                let end = region.address() as u32 + region.len;
                assert_eq!(
                    [region.address() as u32, end - 4].map(|address| at(&board, address, true)),
                    [Rights::Data; 2]
                );
            }
            assert_eq!(at(&board, layout.fuses as u32, false), Rights::Data, "they are read once");
            assert_eq!(at(&board, layout.fuses as u32, true), Rights::None);
            for device in board.uarts.into_iter().chain([board.fpgaio, board.watchdog]) {
                assert_eq!(at(&board, device as u32, true), Rights::Device);
            }
            for unused in [0x1000_0000, 0x1fff_fffc, 0x3000_0000, 0xa000_0000, board.stack_guard] {
                assert_eq!(at(&board, unused, true), Rights::None, "{unused:#x}");
            }
        }
    }

    /// Areas of an AN547 as its boot loaders of before have them, which nobody can update: up to where each ends. The first had
    /// the last liveness model before the log, the second an NPU, and the third a log before the last liveness model.
    #[test]
    fn what_boot_loaders_of_before_do_not_know_the_firmware_writes_itself() {
        let Areas::V8(areas) = an547::BOARD.memory else { panic!("its MPU") };
        let flash = an547::BOARD.layout.partitions;
        let first = flash.boot.address() + flash.boot.len as usize;
        let ends = |ends: &[u32]| [&[0x2140_0000, 0x8_0000, 0x120_0000, 0x2008_0000][..], ends].concat();
        let known = [
            ends(&[0x213f_f000, 0x5940_0000, 0x600f_0000, 0x6256_0000]),
            ends(&[0x213f_f000, 0x5940_0000, 0x600f_0000, 0x6256_0000, 0x62c0_0000]),
            ends(&[0x213f_f000, 0x5940_0000, 0x600f_0000, 0x626e_0000, 0x62c0_0000]),
        ];
        for known in known {
            for (number, area) in areas.iter().enumerate() {
                let same = known.get(number) == Some(&(area.base + area.len));
                assert!(same || area.base as usize >= first, "area {number}, {area:x?}");
            }
        }
    }

    #[test]
    fn registers_are_those_of_the_manuals() {
        // Read-only and executable, 512 KiB at 0; then data in the same place.
        assert_eq!(v8(Area::new(0, 0x8_0000, Rights::Code)), [0b100, 0x7_ffe1]);
        assert_eq!(v8(Area::new(0x100, 0x140, Rights::Data)), [0x101, 0x121]);
        assert_eq!(v8(Area::new(0x100, 0x140, Rights::Device)), [0x101, 0x123]);
        // 1 MiB is 2^20, so the field is 19.
        assert_eq!(v7(Area::new(0, 1 << 20, Rights::Code)), [0, 0x0508_0000 | 19 << 1 | 1]);
        assert_eq!(v7(Area::new(0, 4096, Rights::Data)), [0, 0x1108_0000 | 11 << 1 | 1]);
        assert_eq!(v7(Area::new(0, 4096, Rights::None)), [0, 0x1000_0000 | 11 << 1 | 1]);
    }
}
