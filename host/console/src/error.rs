//! Why the console does not run.

use std::io;
use std::net::SocketAddr;

/// Why the console does not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Other computers could reach the address.
    #[error(
        "{listen} can be reached from other computers, and the console has no TLS: it listens on this computer alone. From \
         another computer use a tunnel: `ssh -L {port}:127.0.0.1:{port} THIS-COMPUTER` there, and open the address in its \
         browser"
    )]
    Elsewhere {
        /// The address.
        listen: SocketAddr,
        /// Its port.
        port: u16,
    },
    /// The address cannot be listened at.
    #[error("cannot listen at {listen}: choose another port with `--listen`")]
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
