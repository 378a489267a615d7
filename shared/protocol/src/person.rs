//! People as replies and events tell of them.

use serde::{Deserialize, Serialize};

use crate::{CosineScore, Hash, Name, PersonId};

/// A person and their similarity to the face.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// ID of the person.
    pub person: PersonId,
    /// Name of the person.
    pub name: Name,
    /// The highest similarity to one of their templates.
    pub similarity: CosineScore,
}

/// A person in the gallery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// ID of the person.
    pub person: PersonId,
    /// Name of the person.
    pub name: Name,
    /// Number of their templates.
    pub templates: u8,
    /// Hash of the encoder that made them.
    pub encoder: Hash,
}
