//! The commands of a stream: one or two words each.
//!
//! ```text
//! bits 0..10  code    bits 14..16  0: one word, 1: a second one follows    bits 16..32  parameter
//! ```
//! A command with two words has 48 bits: the parameter above the second word.

use crate::Error;
use crate::register::WIDE;

/// Codes of the commands that do something.
pub mod code {
    /// The end.
    pub const STOP: u16 = 0x000;
    /// Dense convolution.
    pub const CONV: u16 = 0x002;
    /// One filter a channel.
    pub const DEPTHWISE: u16 = 0x003;
    /// Pooling.
    pub const POOL: u16 = 0x005;
    /// An operator of single values.
    pub const ELEMENTWISE: u16 = 0x006;
    /// A copy.
    pub const DMA_START: u16 = 0x010;
    /// Waits for copies.
    pub const DMA_WAIT: u16 = 0x011;
    /// Waits for operators.
    pub const KERNEL_WAIT: u16 = 0x012;
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Sets a register.
    Set {
        /// Its number, see [`register`](crate::register).
        register: u16,
        /// 16 or 48 bits.
        value: u64,
    },
    /// Does something.
    Do {
        /// See [`code`].
        code: u16,
        /// 16 bits.
        parameter: u16,
    },
}

/// First code that sets a register of 16 bits.
const FIRST_REGISTER: u16 = 0x100;

/// The commands of a stream, each with the number of its first word.
pub fn commands(words: &[u32]) -> impl Iterator<Item = Result<(usize, Command), Error>> + Clone {
    let mut words = words.iter().copied().enumerate();
    core::iter::from_fn(move || {
        let (at, word) = words.next()?;
        let (code, form, parameter) = ((word & 0x3ff) as u16, word >> 14 & 3, (word >> 16) as u16);
        let reserved = word & 0x3c00;
        Some(match (form, reserved) {
            (0, 0) if code < FIRST_REGISTER => Ok((at, Command::Do { code, parameter })),
            (0, 0) => Ok((at, Command::Set { register: code, value: parameter.into() })),
            (1, 0) => match words.next() {
                Some((_, low)) => {
                    let value = u64::from(parameter) << 32 | u64::from(low);
                    Ok((at, Command::Set { register: code | WIDE, value }))
                }
                None => Err(Error::Word(at)),
            },
            _ => Err(Error::Word(at)),
        })
    })
}
