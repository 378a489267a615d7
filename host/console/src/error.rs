//! Why the console does not run.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the console does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Other computers could reach the address.
    #[error(
        "{listen} can be reached from other computers, and that needs TLS: name a certificate and its key with --tls-cert and \
         --tls-key. Without them the console listens on this computer alone; from another computer use a tunnel: `ssh -L \
         {port}:127.0.0.1:{port} THIS-COMPUTER` there, and open the address in its browser"
    )]
    Elsewhere {
        /// The address.
        listen: SocketAddr,
        /// Its port.
        port: u16,
    },
    /// A certificate cannot be used.
    #[error("the certificate {} cannot be used: {reason}", file.display())]
    Certificate {
        /// Its file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key of a certificate cannot be used.
    #[error("the key {} cannot be used for the certificate: {reason}", file.display())]
    Key {
        /// Its file.
        file: PathBuf,
        /// Why.
        reason: String,
    },
    /// The address cannot be listened at.
    #[error(
        "cannot listen at {listen}: perhaps a console runs there already; else choose another port with `--listen`"
    )]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The server ended.
    #[error("the console ended")]
    Serve(#[source] io::Error),
    /// The operating system gave no random numbers.
    #[error("the operating system gives no random numbers")]
    Random,
}
