//! How a job ended, and what its computation came to.

/// Steps of the recognizer: detect, align, assess quality, encode, and track, which is a step of the next frame.
pub const PARTS: usize = 5;

/// The status of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Status {
    /// Not run yet.
    Pending = 0,
    /// Completed.
    Done = 1,
    /// The header is invalid.
    Header = 2,
    /// An image was rejected.
    Image = 3,
    /// The input does not have the size of the network's input, or is not a valid frame.
    Input = 4,
    /// The network failed to run, for example because the arena is too small.
    Run = 5,
    /// The space for the output is too small.
    Room = 6,
    /// The NPU did not run a network: it is another one than the section's, or it stopped.
    Npu = 7,
}

impl Status {
    pub(crate) fn from_word(word: u32) -> Self {
        match word {
            0 => Self::Pending,
            1 => Self::Done,
            3 => Self::Image,
            4 => Self::Input,
            5 => Self::Run,
            6 => Self::Room,
            7 => Self::Npu,
            _ => Self::Header,
        }
    }
}

/// A completed computation.
pub(crate) struct Computed {
    /// Bytes of output.
    pub(crate) written: usize,
    pub(crate) ticks: u64,
    pub(crate) parts: [u64; PARTS],
}
