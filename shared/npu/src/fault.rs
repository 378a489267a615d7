//! Why an NPU did not compute.

use core::fmt;

/// Why an NPU did not compute. After each of them the processor does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no NPU that this driver knows: what ID and CONFIG say.
    Absent(u32, u32),
    /// The section is for another NPU: the CONFIG of the NPU, and that of the section.
    Config(u32, u32),
    /// The section is for a newer architecture: the ID of the NPU, and that of the section.
    Architecture(u32, u32),
    /// The scratch is too short for the section, or not at a multiple of 16.
    Scratch {
        /// Bytes that are needed.
        needed: usize,
        /// Bytes that were given.
        given: usize,
    },
    /// The NPU cannot reach the section or the scratch.
    Unreachable,
    /// It was busy where it should have been idle: its STATUS.
    Busy(u32),
    /// It did not end in time: its STATUS. It was reset.
    TimeOut(u32),
    /// It ended with a fault, or without reaching the end of the stream: its STATUS. It was reset.
    Stopped(u32),
    /// It does not finish a reset, or has not the level of protection that it was to have. It may still write to the scratch,
    /// so nobody may use that memory any more.
    Stuck(u32),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Absent(id, config) => write!(f, "there is no known NPU (ID {id:#x}, CONFIG {config:#x})"),
            Self::Config(npu, section) => {
                write!(f, "the section is for an NPU with CONFIG {section:#x}; this one has {npu:#x}")
            }
            Self::Architecture(npu, section) => {
                write!(f, "the section is for a newer NPU (ID {section:#x}); this one has {npu:#x}")
            }
            Self::Scratch { needed, given } => {
                write!(f, "the NPU needs {needed} bytes of scratch at a multiple of 16 and has {given}")
            }
            Self::Unreachable => f.write_str("the NPU does not reach the section or its scratch"),
            Self::Busy(status) => write!(f, "the NPU is busy (STATUS {status:#x})"),
            Self::TimeOut(status) => write!(f, "the NPU did not end in time (STATUS {status:#x})"),
            Self::Stopped(status) => write!(f, "the NPU stopped with a fault (STATUS {status:#x})"),
            Self::Stuck(status) => write!(f, "the NPU does not reset (STATUS {status:#x})"),
        }
    }
}

impl core::error::Error for Fault {}
