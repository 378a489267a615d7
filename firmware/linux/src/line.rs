//! A line to a host, or to an access controller: a socket or a serial port, with two rings as a UART has them.
//!
//! One thread takes bytes from the other end into a ring, another from a ring to the other end. So neither task of the
//! door waits for the system. What is sent while nobody is there is lost, as on a wire. A serial port that is unplugged is
//! opened again, for as long as the door runs.
//!
//! A socket's line belongs to the last caller that began to speak, and the one before is cut off: a host that died without a
//! word cannot keep others out. A caller that says nothing, such as a program that looks whether somebody listens, cuts off
//! nobody but an older one that says nothing.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::pipe::Pipe;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::place::Place;
use crate::{Error, Result, serial};

/// How long a serial port rests before it is opened again.
const REST: Duration = Duration::from_secs(1);

/// How long an end may take no bytes. After it they are lost.
const FULL: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// Bytes that wait in one direction.
type Ring = Pipe<CriticalSectionRawMutex, 4096>;

/// A line, from the door's end.
#[derive(Clone, Copy)]
pub struct Line {
    received: &'static Ring,
    to_send: &'static Ring,
}

/// Who is at the other end.
#[derive(Default)]
struct Callers {
    /// Has the line: what the door sends goes there.
    speaks: Option<Arc<File>>,
    /// Called last, and has said nothing yet.
    silent: Option<Arc<File>>,
}

/// The callers of a line, for its threads.
#[derive(Default)]
struct Peer(Mutex<Callers>);

impl Peer {
    fn lock(&self) -> MutexGuard<'_, Callers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A caller is there.
    fn calls(&self, caller: &Arc<File>) {
        if let Some(before) = self.lock().silent.replace(caller.clone()) {
            cut(&before);
        }
    }

    /// A caller begins to speak, and has the line. Returns whether it still may: not if somebody else called meanwhile.
    fn speaks(&self, caller: &Arc<File>) -> bool {
        let mut callers = self.lock();
        if callers.speaks.as_ref().is_some_and(|speaks| Arc::ptr_eq(speaks, caller)) {
            return true;
        }
        let Some(caller) = callers.silent.take_if(|silent| Arc::ptr_eq(silent, caller)) else { return false };
        if let Some(before) = callers.speaks.replace(caller) {
            cut(&before);
        }
        true
    }

    /// A caller says no more. Who has the line keeps it: a reply may be on its way.
    fn is_quiet(&self, caller: &Arc<File>) {
        self.lock().silent.take_if(|silent| Arc::ptr_eq(silent, caller));
    }
}

/// Where callers come from.
enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
    Serial(Port),
}

/// A serial port: who is there calls once, and again after it was unplugged.
struct Port {
    path: PathBuf,
    baud: u32,
    /// The port, opened and not yet used.
    opened: Mutex<Option<File>>,
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
            Place::Serial { path, baud } => match serial::open(path, *baud) {
                Ok(port) => {
                    Ok(Self::Serial(Port { path: path.clone(), baud: *baud, opened: Mutex::new(Some(port)) }))
                }
                Err(source) => Err(failed(serial::hint(&source))(source)),
            },
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
            Self::Serial(port) => return port.open(),
        };
        Ok(end.into())
    }
}

impl Port {
    /// The port, once it is there.
    fn open(&self) -> io::Result<File> {
        if let Some(port) = self.opened.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok(port);
        }
        eprintln!("the serial port {} is gone; the door waits for it", self.path.display());
        loop {
            thread::sleep(REST);
            if let Ok(port) = serial::open(&self.path, self.baud) {
                return Ok(port);
            }
        }
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

/// Tries whether a line can be had at `place`.
///
/// # Errors
/// [`Error::Listen`].
pub fn probe(place: &Place) -> Result<()> {
    let listener = Listener::bind(place)?;
    if let (Listener::Unix(_), Place::Unix(path)) = (&listener, place) {
        let _ = std::fs::remove_file(path);
    }
    Ok(())
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
                thread::sleep(Duration::from_millis(100));
                continue;
            };
            peer.calls(&caller);
            if matches!(listener, Listener::Serial(_)) {
                // The other end of a wire has the line, whether it speaks or not.
                peer.speaks(&caller);
                line.take_from(&caller, &peer);
                peer.lock().speaks.take();
                continue;
            }
            let receive = thread::Builder::new().name(format!("{name} receive"));
            let peer = peer.clone();
            let _ = receive.spawn(move || line.take_from(&caller, &peer));
        }
    });
    accept.map(|_| line).map_err(Error::Thread)
}

/// Ends a connection, whatever waits on it.
fn cut(end: &File) {
    let _ = rustix::net::shutdown(end, rustix::net::Shutdown::Both);
}

/// Sends bytes. An end that takes none for a second loses them, so that an adapter without a computer behind it does not
/// hold the line.
fn put(mut end: &File, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match end.write(bytes) {
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let mut ends = [PollFd::from_borrowed_fd(end.as_fd(), PollFlags::OUT)];
                if poll(&mut ends, Some(&FULL)) == Ok(0) {
                    return Ok(());
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
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
                let end = peer.lock().speaks.clone();
                if let Some(end) = end
                    && put(&end, &bytes[..count]).is_err()
                {
                    cut(&end);
                }
            }
        });
        thread.map(|_: thread::JoinHandle<()>| ()).map_err(Error::Thread)
    }

    /// Takes bytes from a caller until it is gone.
    fn take_from(self, caller: &Arc<File>, peer: &Peer) {
        let mut end: &File = caller;
        let mut bytes = [0; 1024];
        let mut has_line = false;
        loop {
            match end.read(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let _ = poll(&mut [PollFd::from_borrowed_fd(end.as_fd(), PollFlags::IN)], None);
                }
                Ok(0) | Err(_) => return peer.is_quiet(caller),
                Ok(count) => {
                    // It keeps the line until it is cut off.
                    has_line = has_line || peer.speaks(caller);
                    if !has_line {
                        return;
                    }
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
