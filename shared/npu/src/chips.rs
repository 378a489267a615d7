//! Chips with an Ethos-U55: what a board crate needs for its [`ChipNpu`](crate::chip_bus::ChipNpu).
//!
//! **None of this has run on silicon.** The numbers were compared with the public headers of the chips, which each one names. A
//! first bring-up checks them again; `docs/npu.md` says in which order.
//!
//! The driver polls STATUS, so it works without an interrupt; a board that sleeps meanwhile needs its number.

use crate::bus::{USUAL_LIMIT, Wiring};

/// Memory that an NPU reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Where the core sees its first byte.
    pub seen: u32,
    /// Bytes.
    pub length: u32,
    /// Where the NPU sees its first byte.
    pub reached: u32,
}

/// An Ethos-U55 in a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    /// The chip, and the core that this view is of.
    pub name: &'static str,
    /// Names of [`ACCELERATORS`](crate::ACCELERATORS) that it may have.
    pub accelerators: &'static [&'static str],
    /// Where that core sees the registers.
    pub base: u32,
    /// The line of the interrupt.
    pub interrupt: u16,
    /// The header that has these numbers.
    pub header: &'static str,
    /// What switches clock and power on, before ID can be read.
    pub power: &'static str,
    /// Bytes of a line of the data cache: a scratch begins and ends with a whole line.
    pub cache_line: usize,
    /// Level of protection, and the ports of stream, data and scratch.
    pub wiring: Wiring,
    /// All memory in the chip that the NPU reaches.
    pub memory: &'static [Window],
}

impl Chip {
    /// The address at which the NPU sees the first one of `length` bytes that the core sees at `start`; `None` if it does not
    /// reach all of them in one piece.
    pub fn address(&self, start: usize, length: usize) -> Option<u32> {
        let (start, length) = (u32::try_from(start).ok()?, u32::try_from(length).ok()?);
        self.memory.iter().find_map(|window| {
            let offset = start.checked_sub(window.seen)?;
            let inside = offset.checked_add(length)? <= window.length;
            inside.then(|| window.reached.checked_add(offset)).flatten()
        })
    }
}

/// Memory that core and NPU see at the same address.
const fn same(seen: u32, length: u32) -> Window {
    Window { seen, length, reached: seen }
}

/// Scratch behind port M0, stream and data behind M1; privileged and not secure.
const USUAL: Wiring = Wiring { level: 3, stream: 2, data: 3, scratch: 0, limits: [USUAL_LIMIT; 4] };

/// Arm Corstone-300 (SSE-300), as on the MPS3 board AN547, and on the Fixed Virtual Platform; not secure.
pub const CORSTONE_300: Chip = Chip {
    name: "Arm Corstone-300 (SSE-300), Cortex-M55",
    accelerators: &["ethos-u55-128", "ethos-u55-256"],
    base: 0x4810_2000,
    interrupt: 56,
    header: "SSE300MPS3.h; memory: the map in Arm's ML embedded evaluation kit",
    power: "always on",
    cache_line: 32,
    wiring: USUAL,
    memory: &[same(0x0100_0000, 1 << 20), same(0x2100_0000, 2 << 20), same(0x6000_0000, 256 << 20)],
};

/// Alif Ensemble E7 and E3: the NPU beside the high-performance core. Its memories that are tightly coupled to the core have
/// another address for everybody else. Port M1 does not reach the upper addresses, where the MRAM lies: so all use M0.
pub const ALIF_ENSEMBLE_HP: Chip = Chip {
    name: "Alif Ensemble E7, E3, Cortex-M55 HP",
    accelerators: &["ethos-u55-256"],
    base: 0x400e_1000,
    interrupt: 55,
    header: "soc.h and soc_features.h of the Alif Ensemble CMSIS pack, M55_HP",
    power: "in the power domain of its core; its clock by the pack's clock control",
    cache_line: 32,
    wiring: Wiring { level: 1, stream: 0, data: 1, scratch: 0, limits: [USUAL_LIMIT; 4] },
    memory: &[
        Window { seen: 0, length: 256 << 10, reached: 0x5000_0000 },
        Window { seen: 0x2000_0000, length: 1 << 20, reached: 0x5080_0000 },
        same(0x0200_0000, 4 << 20),
        same(0x0800_0000, 2560 << 10),
        same(0x8000_0000, 5632 << 10),
    ],
};

/// Alif Ensemble E7 and E3: the NPU beside the high-efficiency core, at the same address in that core's view.
pub const ALIF_ENSEMBLE_HE: Chip = Chip {
    name: "Alif Ensemble E7, E3, Cortex-M55 HE",
    accelerators: &["ethos-u55-128"],
    header: "soc.h and soc_features.h of the Alif Ensemble CMSIS pack, M55_HE",
    memory: &[
        Window { seen: 0, length: 256 << 10, reached: 0x5800_0000 },
        Window { seen: 0x2000_0000, length: 256 << 10, reached: 0x5880_0000 },
        same(0x0200_0000, 4 << 20),
        same(0x0800_0000, 2560 << 10),
        same(0x8000_0000, 5632 << 10),
    ],
    ..ALIF_ENSEMBLE_HP
};

/// Nuvoton NuMicro M55M1; secure. Its NPU reaches the flash and two of the memories, and nothing else.
pub const NUVOTON_M55M1: Chip = Chip {
    name: "Nuvoton M55M1, Cortex-M55",
    accelerators: &["ethos-u55-256"],
    base: 0x4000_3000,
    interrupt: 13,
    header: "M55M1.h and M55M1.ld of Nuvoton's board support package",
    power: "its module clock; that of the flash controller stays on while the core sleeps",
    cache_line: 32,
    wiring: Wiring { level: 1, ..USUAL },
    memory: &[same(0x0010_0000, 2 << 20), same(0x2010_0000, 1 << 20)],
};

/// All of them.
pub const CHIPS: [Chip; 4] = [CORSTONE_300, ALIF_ENSEMBLE_HP, ALIF_ENSEMBLE_HE, NUVOTON_M55M1];

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::ACCELERATORS;

    /// The page about the NPU.
    const PAGE: &str = include_str!("../../../docs/npu.md");

    #[test]
    fn chips_have_accelerators_that_sections_are_made_for_and_stand_in_the_page() {
        for chip in CHIPS {
            assert!(chip.base.is_multiple_of(4096) && !chip.accelerators.is_empty());
            for name in chip.accelerators {
                assert!(ACCELERATORS.iter().any(|it| it.name == *name), "{name}");
            }
            let kib: u32 = chip.memory.iter().map(|window| window.length >> 10).sum();
            let row = std::format!(
                "| {} | {} | `{:#010x}` | {} | {kib} KiB |",
                chip.name,
                chip.accelerators.join(", "),
                chip.base,
                chip.interrupt
            );
            assert!(PAGE.contains(&row), "docs/npu.md lacks {row}");
        }
    }

    #[test]
    fn windows_do_not_overlap_and_begin_at_a_line_of_the_cache() {
        for chip in CHIPS {
            for (number, one) in chip.memory.iter().enumerate() {
                let end = |start: u32| u64::from(start) + u64::from(one.length);
                assert!(end(one.seen).max(end(one.reached)) <= 1 << 32);
                assert!([one.seen, one.length].iter().all(|it| it.is_multiple_of(chip.cache_line as u32)));
                for other in &chip.memory[number + 1..] {
                    for (a, b) in [(one.seen, other.seen), (one.reached, other.reached)] {
                        assert!(a >= b.saturating_add(other.length) || b >= a.saturating_add(one.length));
                    }
                }
            }
        }
    }

    #[test]
    fn an_npu_sees_coupled_memory_elsewhere_and_no_piece_that_leaves_its_memory() {
        let address = |chip: Chip, start: usize, length: usize| chip.address(start, length);
        assert_eq!(address(ALIF_ENSEMBLE_HP, 0x2000_0010, 64), Some(0x5080_0010));
        assert_eq!(address(ALIF_ENSEMBLE_HE, 0x2000_0010, 64), Some(0x5880_0010));
        assert_eq!(address(ALIF_ENSEMBLE_HE, 0x2003_ffc0, 64), Some(0x5883_ffc0));
        assert_eq!(address(ALIF_ENSEMBLE_HE, 0x2003_ffc0, 65), None);
        assert_eq!(address(NUVOTON_M55M1, 0x2010_0000, 1 << 20), Some(0x2010_0000));
        // The core's own memory, a third bank, and memory behind the flash's interface.
        for start in [0x2000_0000, 0x2020_0000, 0x8200_0000, usize::MAX] {
            assert_eq!(address(NUVOTON_M55M1, start, 16), None);
        }
    }
}
