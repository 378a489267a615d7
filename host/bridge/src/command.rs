//! A command to open, as it is published.
//!
//! ```text
//! {"board":"64 digits","signer":"64 digits","counter":1,"until":1,"signature":"128 digits"}
//! ```

use serde::{Deserialize, Serialize};

/// A command to open one door once, as it is published. Keys and the signature are in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The key of the board.
    pub board: String,
    /// The key of the signer.
    pub signer: String,
    /// Above that of each command before of this signer.
    pub counter: u64,
    /// Until when the command counts, in milliseconds since 1970.
    pub until: u64,
    /// The signature.
    pub signature: String,
}
