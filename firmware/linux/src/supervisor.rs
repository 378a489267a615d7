//! Words to a supervisor, as systemd's `sd_notify` has them: that the door runs, and that it is alive.
//!
//! systemd names a socket in `NOTIFY_SOCKET`. A door that was started in another way has none, and says nothing.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;

/// A supervisor, or none.
#[derive(Debug, Clone, Default)]
pub struct Supervisor(Option<Arc<(UnixDatagram, SocketAddr)>>);

impl Supervisor {
    /// The one that started this process.
    pub fn of_this_process() -> Self {
        let Some(name) = std::env::var_os("NOTIFY_SOCKET") else { return Self(None) };
        let address = match name.as_bytes().strip_prefix(b"@") {
            Some(name) => SocketAddr::from_abstract_name(name),
            None => SocketAddr::from_pathname(&name),
        };
        let socket = UnixDatagram::unbound();
        // A supervisor that does not listen must not stop the door.
        let opened = socket.and_then(|socket| socket.set_nonblocking(true).map(|()| socket));
        Self(opened.ok().zip(address.ok()).map(Arc::new))
    }

    /// The door runs.
    pub fn runs(&self) {
        self.say(b"READY=1");
    }

    /// Both tasks of the door are alive.
    pub fn is_alive(&self) {
        self.say(b"WATCHDOG=1");
    }

    fn say(&self, word: &[u8]) {
        if let Some((socket, address)) = self.0.as_deref() {
            // One that is lost is followed by others.
            let _ = socket.send_to_addr(word, address);
        }
    }
}
