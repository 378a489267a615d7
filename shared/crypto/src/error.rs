//! What can be wrong with what came over the line or out of flash: one flat enum.

/// Why something secret was refused. None tells more than that: what an attacker learns from a
/// refusal is that there was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Too short, too long, or it does not fit the buffer.
    #[error("the length is wrong")]
    Length,
    /// It was not made by who holds the key, or was changed since.
    #[error("it is not authentic")]
    Forged,
    /// It is authentic, but came before, or after something newer.
    #[error("it came before")]
    Replayed,
    /// A step of the handshake that is not due.
    #[error("this step of the handshake is not due")]
    OutOfTurn,
}
