//! Answers on pairing, keys and signatures. Keys are public keys, in hexadecimal digits.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

/// This computer is paired with the board.
#[derive(Serialize, JsonSchema)]
pub struct Paired {
    /// What this computer may do.
    #[schemars(extend("enum" = ["auditor", "operator", "installer"]))]
    pub role: String,
    /// The name of this computer, as the board lists it.
    pub label: String,
    /// This computer's key.
    pub key: String,
    /// The board's key.
    pub board_key: String,
}

/// The keys of this computer and of the board.
#[derive(Serialize, JsonSchema)]
pub struct Keys {
    /// This computer's key. `null` if it is not paired with the board.
    pub key: Option<String>,
    /// The board's key. `null` if this computer is not paired with the board.
    pub board_key: Option<String>,
    /// The key with which the board signs its log. `null` if this computer does not know it.
    pub log_key: Option<String>,
    /// What this computer may do. `null` if the board does not know it.
    #[schemars(extend("enum" = ["auditor", "operator", "installer", null]))]
    pub role: Option<String>,
    /// The key that signs models and firmware. `null` if this computer has none.
    pub signing_key: Option<String>,
    /// The file of its secret. `null` if this computer has none.
    pub signing_key_file: Option<PathBuf>,
    /// Whether a passphrase protects that file. `null` if this computer has none.
    pub signing_key_protected: Option<bool>,
    /// The keys of those who may open the door by signed commands; empty if nobody may.
    pub openers: Vec<String>,
    /// The computers that the board knows; empty if it does not know this one.
    pub computers: Vec<Computer>,
}

/// A computer that is paired with the board.
#[derive(Serialize, JsonSchema)]
pub struct Computer {
    /// Its key.
    pub key: String,
    /// What it may do.
    #[schemars(extend("enum" = ["auditor", "operator", "installer"]))]
    pub role: String,
    /// Its name.
    pub label: String,
}

/// This computer has another key.
#[derive(Serialize, JsonSchema)]
pub struct Rotated {
    /// The new key, by which the board knows this computer now.
    pub key: String,
}

/// One more computer may be paired.
#[derive(Serialize, JsonSchema)]
pub struct Invited {
    /// What it will be able to do.
    #[schemars(extend("enum" = ["auditor", "operator", "installer"]))]
    pub role: String,
}

/// The board has forgotten a computer.
#[derive(Serialize, JsonSchema)]
pub struct Removed {
    /// The key of that computer.
    pub key: String,
}

/// This computer has forgotten the board.
#[derive(Serialize, JsonSchema)]
pub struct Forgotten {
    /// Whether it was paired before.
    pub was_paired: bool,
}

/// The board trusts a key for models and firmware.
#[derive(Serialize, JsonSchema)]
pub struct SigningKey {
    /// The key.
    pub signing_key: String,
}

/// Whether the holder of a key may open the door by signed commands.
#[derive(Serialize, JsonSchema)]
pub struct Opener {
    /// The key.
    pub opener: String,
    /// Whether they may from now on.
    pub allowed: bool,
    /// The board's key, which a command names.
    pub board_key: String,
}

/// A passphrase protects the secret of a signing key.
#[derive(Serialize, JsonSchema)]
pub struct Protected {
    /// The key.
    pub signing_key: String,
    /// The file of its secret.
    pub signing_key_file: PathBuf,
}

/// Firmware or a model was signed.
#[derive(Serialize, JsonSchema)]
pub struct Signed {
    /// The file of the signature.
    pub signature: PathBuf,
    /// The release number that was signed; a board takes no lower one than it has.
    pub release: u64,
    /// The file of the key's secret.
    pub key: PathBuf,
    /// The key.
    pub signing_key: String,
    /// The board of the firmware. Absent if a model was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    pub board: Option<&'static str>,
    /// The kind of the model. Absent if firmware was signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    pub model: Option<&'static str>,
}
