//! The error of the settings partition.

/// The flash failed, or the partition is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failed;

impl From<Failed> for protocol::Error {
    fn from(_: Failed) -> Self {
        protocol::Error::Flash
    }
}
