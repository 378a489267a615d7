//! Where the door's unique secret may be kept in place of a file.

use std::path::PathBuf;

/// A place of the secret that is no file of the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// A credential of systemd, by its name.
    Credential(String),
    /// The one-time programmable memory of a Raspberry Pi.
    Otp(Otp),
}

/// How the memory of a Raspberry Pi is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Otp {
    /// From the kernel's file, which only root can.
    File(PathBuf),
    /// From a credential, for which systemd reads that file.
    Credential(String),
}
