//! What came of comparing a face with everybody.

use client::protocol::Comparison;

/// What came of comparing a face with everybody.
#[derive(Clone, Debug)]
pub enum Compared {
    /// There was a face.
    Face(Box<Comparison>),
    /// There was none to compare, or no picture: why, for a person to read.
    Nothing(String),
}
