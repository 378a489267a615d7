//! Why the bridge does not run, or ended.

use std::io;
use std::path::PathBuf;

/// Why the bridge does not run, or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address of the broker is malformed.
    #[error(
        "`{address}` is no address of a broker: {reason}. It looks like mqtt://broker.lan:1883 or mqtts://broker.lan"
    )]
    Address {
        /// What was given.
        address: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// A level of a topic is malformed.
    #[error("`{text}` cannot begin a topic: use letters, digits, `-`, `_` and `/` between them")]
    Level {
        /// What was given.
        text: String,
    },
    /// Certificates are given for a connection that has none.
    #[error("certificates are for TLS alone: begin the address of the broker with mqtts://")]
    Plain,
    /// A file with a certificate or a key cannot be used.
    #[error("{} is no {what} in PEM form: {reason}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What it should be.
        what: &'static str,
        /// Why it is not.
        reason: String,
    },
    /// The certificates do not fit together, or the system has none.
    #[error("the certificates cannot be used: {reason}")]
    Tls {
        /// Why.
        reason: String,
    },
    /// The broker or this computer refuses the certificate.
    #[error("no TLS connection to {broker}: {reason}")]
    Certificate {
        /// The broker.
        broker: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The broker refuses the connection.
    #[error(
        "{broker} refuses the connection: {reason}. Check `--user` and `--password-file`, and the broker's log"
    )]
    Refused {
        /// The broker.
        broker: String,
        /// Why.
        reason: String,
    },
    /// The broker does not take a message.
    #[error("{broker} does not take messages for {topic}: {reason}. Check the broker's access list")]
    Forbidden {
        /// The broker.
        broker: String,
        /// The topic.
        topic: String,
        /// Why.
        reason: String,
    },
    /// Another client with the same identifier connected.
    #[error("another bridge for this door connected to {broker}: one is enough, so this one ends")]
    TakenOver {
        /// The broker.
        broker: String,
    },
    /// Another bridge runs for this board.
    #[error("a bridge for this board runs already, and one is enough: it holds the lock of {}. End that one first", path.display())]
    Running {
        /// The folder that is locked.
        path: PathBuf,
    },
    /// The door refuses what the bridge asks.
    #[error("{sentence}")]
    Door {
        /// What is wrong and what to do.
        sentence: String,
    },
    /// A file cannot be read, or its folder cannot be made.
    #[error("cannot use {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file of what was published is malformed.
    #[error(
        "{} is not what a bridge wrote: {reason}. Without the file, the bridge begins with what happens from now on",
        path.display()
    )]
    Kept {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The file of what was published cannot be written.
    #[error(transparent)]
    Save(#[from] output_file::Error),
    /// The operating system gives no thread or no timer.
    #[error("the bridge cannot run")]
    Runtime(#[source] io::Error),
}
