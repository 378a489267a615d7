//! Chips with an Ethos-U55: what a board crate needs for its [`NpuBus`](crate::bus::NpuBus).
//!
//! **None of this has run on silicon.** The numbers of Corstone-300 and of Alif were compared with public headers; that of
//! Nuvoton was not. A first bring-up checks them against the headers of the chip at hand, which each chip names. `docs/npu.md`
//! says in which order.
//!
//! The driver polls STATUS, so it works without an interrupt; a board that sleeps meanwhile needs its number.

/// An Ethos-U55 in a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chip {
    /// The chip, and the core that this view is of.
    pub name: &'static str,
    /// Names of [`ACCELERATORS`](crate::ACCELERATORS) that it may have.
    pub accelerators: &'static [&'static str],
    /// Where that core sees the registers.
    pub base: u32,
    /// The line of the interrupt; `None` where it must be looked up in the header.
    pub interrupt: Option<u16>,
    /// The header that has these numbers.
    pub header: &'static str,
    /// What switches clock and power on, before ID can be read.
    pub power: &'static str,
    /// Bytes of a line of the data cache: a scratch begins and ends with a whole line.
    pub cache_line: usize,
}

/// Arm Corstone-300 (SSE-300), as on the MPS3 board AN547, and on the Fixed Virtual Platform; not secure.
pub const CORSTONE_300: Chip = Chip {
    name: "Arm Corstone-300 (SSE-300), Cortex-M55",
    accelerators: &["ethos-u55-128", "ethos-u55-256"],
    base: 0x4810_2000,
    interrupt: Some(56),
    header: "SSE300MPS3.h",
    power: "always on",
    cache_line: 32,
};

/// Alif Ensemble E7 and E3: the NPU beside the high-performance core.
pub const ALIF_ENSEMBLE_HP: Chip = Chip {
    name: "Alif Ensemble E7, E3, Cortex-M55 HP",
    accelerators: &["ethos-u55-256"],
    base: 0x400e_1000,
    interrupt: Some(55),
    header: "soc.h of the Alif Ensemble CMSIS pack, M55_HP",
    power: "in the power domain of its core; its clock by the pack's clock control",
    cache_line: 32,
};

/// Alif Ensemble E7 and E3: the NPU beside the high-efficiency core, at the same address in that core's view.
pub const ALIF_ENSEMBLE_HE: Chip = Chip {
    name: "Alif Ensemble E7, E3, Cortex-M55 HE",
    accelerators: &["ethos-u55-128"],
    header: "soc.h of the Alif Ensemble CMSIS pack, M55_HE",
    ..ALIF_ENSEMBLE_HP
};

/// Nuvoton NuMicro M55M1.
pub const NUVOTON_M55M1: Chip = Chip {
    name: "Nuvoton M55M1, Cortex-M55",
    accelerators: &["ethos-u55-256"],
    base: 0x4000_3000,
    interrupt: None,
    header: "NuMicro.h and M55M1.h of Nuvoton's board support package",
    power: "its module clock and its reset, in the clock and system controllers",
    cache_line: 32,
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
            let row =
                std::format!("| {} | {} | `{:#010x}` |", chip.name, chip.accelerators.join(", "), chip.base);
            assert!(PAGE.contains(&row), "docs/npu.md lacks {row}");
        }
    }
}
