//! Why an arrival could not be played.

/// Why an arrival could not be played.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The door refused a request while it was set up.
    #[error("the door in memory refused")]
    Door(#[from] client::Error),
    /// A photograph shows no face that the door would enrol.
    #[error("the photograph of {0} shows no face that a door would enrol")]
    NoFace(String),
}

/// Short for a result of this crate.
pub type Result<T> = core::result::Result<T, Error>;
