//! Why a section is refused.

use core::fmt;

/// Which memory a command would leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The input of an operator.
    Input,
    /// The second input of an operator.
    SecondInput,
    /// The output of an operator.
    Output,
    /// Weights.
    Weights,
    /// Scales.
    Scales,
    /// What is copied.
    Source,
    /// Where it is copied to.
    Destination,
}

/// Why a section is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// It does not begin as a section does.
    NotASection,
    /// It is not at a multiple of 16.
    Misaligned,
    /// It has another version of the format.
    Version(u16),
    /// It ends too early, or a part of it is outside.
    Truncated,
    /// Input or output is outside of the scratch.
    Place,
    /// It is for an NPU that this checker does not know: no accelerator of this name has this CONFIG.
    Config(u32),
    /// It is for another architecture of the NPU: another version of Vela wrote it.
    Architecture(u32),
    /// It is of another network than the image's.
    Identity,
    /// Its input or outputs have other sizes than those of the network.
    Sizes,
    /// A word of the stream is no command.
    Word(usize),
    /// A command that the checker does not know; the number of its word, and its code.
    Command(usize, u16),
    /// A register is set to bits that the NPU does not use, or that the checker does not know.
    Bits(usize, u16),
    /// A command with a register that was never set.
    NotSet(usize, u16),
    /// A value of a register that the checker does not know.
    Value(usize, u16),
    /// A command would reach outside of the memory that it may use.
    Outside(usize, Part),
    /// A command would write what is read-only, or uses a memory that there is not.
    Region(usize, Part),
    /// The stream does not end with STOP.
    NoStop,
    /// The stream has so many words, and the board's memory for it has fewer.
    LongStream(usize),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NotASection => f.write_str("not an NPU section"),
            Self::Misaligned => f.write_str("the NPU section is not at a multiple of 16"),
            Self::Version(version) => {
                write!(
                    f,
                    "NPU section of version {version}; this program reads version {}",
                    crate::format::VERSION
                )
            }
            Self::Truncated => f.write_str("the NPU section is truncated"),
            Self::Place => f.write_str("an input or output of the NPU is outside of its scratch"),
            Self::Config(config) => write!(f, "the NPU section is for an unknown accelerator ({config:#x})"),
            Self::Architecture(id) => write!(
                f,
                "the NPU section is for architecture {}.{} of the NPU; this program knows 1.0",
                id >> 28,
                id >> 20 & 0xff
            ),
            Self::Identity => f.write_str("the NPU section is of another network than the image"),
            Self::Sizes => {
                f.write_str("the NPU section has an input or outputs of other sizes than the network")
            }
            Self::Word(at) => write!(f, "word {at} of the NPU's stream is no command"),
            Self::Command(at, code) => {
                write!(f, "unknown command {code:#x} in word {at} of the NPU's stream")
            }
            Self::Bits(at, code) => {
                write!(f, "register {code:#x} is set to unknown bits in word {at} of the NPU's stream")
            }
            Self::NotSet(at, code) => {
                write!(f, "register {code:#x} is not set before the command in word {at}")
            }
            Self::Value(at, code) => {
                write!(f, "unknown value of register {code:#x} at the command in word {at}")
            }
            Self::Outside(at, part) => {
                write!(f, "the command in word {at} reaches outside of its memory ({part:?})")
            }
            Self::Region(at, part) => {
                write!(f, "the command in word {at} may not use that memory ({part:?})")
            }
            Self::NoStop => f.write_str("the NPU's stream does not end with STOP"),
            Self::LongStream(words) => write!(f, "the board has no room for an NPU stream of {words} words"),
        }
    }
}

impl core::error::Error for Error {}
