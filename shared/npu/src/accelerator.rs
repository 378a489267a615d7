//! The NPUs that sections are made for.

/// An NPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accelerator {
    /// Its name, as Vela takes it.
    pub name: &'static str,
    /// Its register CONFIG: multipliers in bits 0 to 3, KiB of memory in it in bits 8 to 15.
    pub config: u32,
}

/// The NPUs that the checker knows.
pub const ACCELERATORS: [Accelerator; 2] = [
    Accelerator { name: "ethos-u55-128", config: 0x1807 },
    Accelerator { name: "ethos-u55-256", config: 0x3008 },
];

impl Accelerator {
    /// The one with this name, padded with zeros.
    pub(crate) fn named(name: &[u8]) -> Option<&'static Self> {
        let is = |it: &&Self| {
            name.strip_prefix(it.name.as_bytes()).is_some_and(|rest| rest.iter().all(|&byte| byte == 0))
        };
        ACCELERATORS.iter().find(is)
    }

    /// Bytes of memory in the NPU.
    pub(crate) fn on_chip(&self) -> u32 {
        (self.config >> 8 & 0xff) << 10
    }
}
