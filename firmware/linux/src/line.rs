//! A line to a host, or to an access controller: a socket, with two rings as a UART has them.
//!
//! One thread takes bytes from the socket into a ring, another from a ring to the socket. So neither task of the door
//! waits for the system. Whoever connected last has the line, and the one before is cut off: a host that died without a
//! word cannot keep others out. What is sent while nobody is there is lost, as on a wire.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::pipe::Pipe;

use crate::place::Place;
use crate::{Error, Result};

/// Bytes that wait in one direction.
type Ring = Pipe<CriticalSectionRawMutex, 4096>;

/// A line, from the door's end.
#[derive(Clone, Copy)]
pub struct Line {
    received: &'static Ring,
    to_send: &'static Ring,
}

/// Who is at the other end now.
#[derive(Default)]
struct Peer(Mutex<Option<Arc<File>>>);

impl Peer {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<File>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where callers come from.
enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    fn bind(place: &Place) -> Result<Self> {
        let failed = |hint: &str| {
            let (place, hint) = (place.to_string(), hint.to_owned());
            move |source| Error::Listen { place, hint, source }
        };
        match place {
            Place::Unix(path) => {
                remove_stale(path)
                    .map_err(failed("another program is there, or the file is not the door's"))?;
                let bound = UnixListener::bind(path);
                bound
                    .map(Self::Unix)
                    .map_err(failed("the folder must exist and be the door's, and the path be short"))
            }
            Place::Tcp(address) => {
                let bound = TcpListener::bind(address);
                bound
                    .map(Self::Tcp)
                    .map_err(failed("choose an address of this computer and a port that is free"))
            }
        }
    }

    fn accept(&self) -> io::Result<File> {
        let end: OwnedFd = match self {
            Self::Unix(listener) => listener.accept()?.0.into(),
            Self::Tcp(listener) => {
                let stream = listener.accept()?.0;
                stream.set_nodelay(true)?;
                stream.into()
            }
        };
        Ok(end.into())
    }
}

/// Removes the socket of a door that ended without a word.
fn remove_stale(path: &Path) -> io::Result<()> {
    match UnixStream::connect(path) {
        Ok(_) => Err(ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

/// A line on which nobody is: what is sent is lost.
///
/// # Errors
/// [`Error::Thread`].
pub fn nobody() -> Result<Line> {
    let line = Line::new();
    line.spawn_sender("nobody", Arc::default())?;
    Ok(line)
}

/// A line whose other end connects at `place`. `name` is for the threads.
///
/// # Errors
/// [`Error::Listen`], [`Error::Thread`].
pub fn serve(place: &Place, name: &str) -> Result<Line> {
    let listener = Listener::bind(place)?;
    let line = Line::new();
    let peer: Arc<Peer> = Arc::default();
    line.spawn_sender(name, peer.clone())?;
    let accept = thread::Builder::new().name(format!("{name} accept"));
    let name = name.to_owned();
    let accept = accept.spawn(move || {
        loop {
            let Ok(caller) = listener.accept().map(Arc::new) else {
                // No more files, for example: the next try may succeed.
                thread::sleep(std::time::Duration::from_millis(100));
                continue;
            };
            if let Some(before) = peer.lock().replace(caller.clone()) {
                cut(&before);
            }
            let receive = thread::Builder::new().name(format!("{name} receive"));
            let _ = receive.spawn(move || line.take_from(&caller));
        }
    });
    accept.map(|_| line).map_err(Error::Thread)
}

/// Ends a connection, whatever waits on it.
fn cut(end: &File) {
    let _ = rustix::net::shutdown(end, rustix::net::Shutdown::Both);
}

impl Line {
    fn new() -> Self {
        // A line lasts as long as the door.
        let ring = || &*Box::leak(Box::new(Ring::new()));
        Self { received: ring(), to_send: ring() }
    }

    fn spawn_sender(self, name: &str, peer: Arc<Peer>) -> Result<()> {
        let builder = thread::Builder::new().name(format!("{name} send"));
        let thread = builder.spawn(move || {
            let mut bytes = [0; 1024];
            loop {
                let count = pollster::block_on(self.to_send.read(&mut bytes));
                let end = peer.lock().clone();
                if let Some(end) = end
                    && (&*end).write_all(&bytes[..count]).is_err()
                {
                    cut(&end);
                }
            }
        });
        thread.map(|_: thread::JoinHandle<()>| ()).map_err(Error::Thread)
    }

    fn take_from(self, mut end: &File) {
        let mut bytes = [0; 1024];
        loop {
            match end.read(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Ok(0) | Err(_) => return,
                Ok(count) => {
                    let mut rest = &bytes[..count];
                    while !rest.is_empty() {
                        let written = pollster::block_on(self.received.write(rest));
                        rest = &rest[written..];
                    }
                }
            }
        }
    }
}

impl embedded_io_async::ErrorType for Line {
    type Error = Infallible;
}

impl embedded_io_async::Read for Line {
    async fn read(&mut self, buffer: &mut [u8]) -> core::result::Result<usize, Infallible> {
        Ok(self.received.read(buffer).await)
    }
}

impl embedded_io_async::Write for Line {
    async fn write(&mut self, bytes: &[u8]) -> core::result::Result<usize, Infallible> {
        Ok(self.to_send.write(bytes).await)
    }

    async fn flush(&mut self) -> core::result::Result<(), Infallible> {
        Ok(())
    }
}
