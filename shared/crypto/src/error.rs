//! Errors of this crate: one flat enum for input from the line and from flash.

/// Why input was rejected. The variants carry no details, so an attacker learns only that the input was
/// rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too short, too long, or does not fit the buffer.
    #[error("the length is wrong")]
    Length,
    /// Not made with the right key, or changed since.
    #[error("the message is not authentic")]
    Forged,
    /// Authentic, but received before, or older than one received before.
    #[error("the message is a replay")]
    Replayed,
    /// An operation that the state does not allow, such as a second reply to one request.
    #[error("the operation is out of order")]
    OutOfTurn,
}
