//! What each command answers with `--json`: a type for each answer, whose comments are what docs/json.md says about it.
//!
//! [`Output::print`](crate::output::Output::print) takes an [`Answer`] only, and a type is one by its row in the list of
//! `commands::json_schema`. So no command answers what the page and `postern json-schema` leave out.
//!
//! A field that can be `null`, or can be absent, says when in a sentence that begins with that word. A unit that the
//! name does not end with is the extension `unit` of its schema.

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

pub mod board;
pub mod door;
#[cfg(feature = "bridge")]
pub mod fleet;
pub mod keys;
pub mod models;
pub mod people;

/// What a command may print with `--json`.
pub trait Answer: Serialize {}

/// An answer whose fields are printed in the order of the alphabet, not in that of the type.
pub struct Sorted<T>(pub T);

impl<T: Serialize> Serialize for Sorted<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::to_value(&self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<T: Answer> Answer for Sorted<T> {}

/// Why a command ended with exit code 2, on stderr: also for arguments that are wrong. Text for people may stand before it.
#[derive(Serialize, JsonSchema)]
pub struct Failed {
    /// What was wrong, where, and what to do.
    pub error: String,
}
