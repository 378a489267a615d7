//! A line to a host, or to an access controller: a socket or a serial port, with room for bytes as a UART has it.
//!
//! One thread takes bytes from the other end to where they wait for the door ([`exchange`]), another from there to the other
//! end. So neither task of the door waits for the system. A serial port that is unplugged is opened again, for as long as the
//! door runs.
//!
//! A socket's line belongs to the last caller that began to speak, and the one before is cut off: a host that died without a
//! word cannot keep others out. A caller that says nothing, such as a program that looks whether somebody listens, cuts off
//! nobody but an older one that says nothing.

mod exchange;

use std::convert::Infallible;
use std::fs::File;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::place::Place;
use crate::{Error, Result, serial};
use exchange::{Exchange, cut};

/// How long a serial port rests before it is opened again.
const REST: Duration = Duration::from_secs(1);

/// How long an end may take no bytes. After it they are lost.
const FULL: Timespec = Timespec { tv_sec: 1, tv_nsec: 0 };

/// A line, from the door's end.
#[derive(Clone, Copy)]
pub struct Line(&'static Exchange);

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
                remove_stale(path).map_err(|source| failed(at_socket(&source))(source))?;
                let bound = UnixListener::bind(path);
                bound.map(Self::Unix).map_err(|source| failed(at_socket(&source))(source))
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

/// Removes the socket of a door that ended without a word. Nothing else is removed: a file that is no socket refuses a caller
/// just as such a socket does.
fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => {}
        Ok(_) => return Err(ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(_) => Ok(()),
    }
}

/// What to do about a socket that cannot be made.
fn at_socket(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::AlreadyExists => {
            "a file that is no socket is there, and stays as it is: name another path"
        }
        ErrorKind::AddrInUse => "another program is there: end it, or name another path",
        ErrorKind::NotFound | ErrorKind::NotADirectory => "its folder is not there: make it",
        ErrorKind::PermissionDenied => "the user that runs the door may not write in its folder",
        ErrorKind::InvalidInput => "the path is too long for a socket: 107 bytes at most",
        _ => "its folder must be one where a socket can be made",
    }
}

/// A line on which nobody is: what is sent is lost.
pub fn nobody() -> Line {
    Line::new()
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
    line.spawn_sender(name)?;
    let accept = thread::Builder::new().name(format!("{name} accept"));
    let name = name.to_owned();
    let accept = accept.spawn(move || {
        loop {
            let Ok(caller) = listener.accept().map(Arc::new) else {
                // No more files, for example: the next try may succeed.
                thread::sleep(Duration::from_millis(100));
                continue;
            };
            line.0.calls(&caller);
            if matches!(listener, Listener::Serial(_)) {
                // The other end of a wire has the line, whether it speaks or not.
                line.0.speaks(&caller);
                line.take_from(&caller);
                line.0.is_gone();
                continue;
            }
            let receive = thread::Builder::new().name(format!("{name} receive"));
            let _ = receive.spawn(move || line.take_from(&caller));
        }
    });
    accept.map(|_| line).map_err(Error::Thread)
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
        Self(Box::leak(Box::default()))
    }

    fn spawn_sender(self, name: &str) -> Result<()> {
        let builder = thread::Builder::new().name(format!("{name} send"));
        let thread = builder.spawn(move || {
            let mut bytes = [0; 1024];
            loop {
                let (count, end) = self.0.send(&mut bytes);
                if put(&end, &bytes[..count]).is_err() {
                    cut(&end);
                }
            }
        });
        thread.map(|_: thread::JoinHandle<()>| ()).map_err(Error::Thread)
    }

    /// Takes bytes from a caller until it is gone, or has the line no more.
    fn take_from(self, caller: &Arc<File>) {
        let mut end: &File = caller;
        let mut bytes = [0; 1024];
        loop {
            match end.read(&mut bytes) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let _ = poll(&mut [PollFd::from_borrowed_fd(end.as_fd(), PollFlags::IN)], None);
                }
                Ok(0) | Err(_) => return self.0.is_quiet(caller),
                // It may not speak before it is the last that called, and no more when somebody else has spoken.
                Ok(count) if !self.0.speaks(caller) || !self.0.receive(caller, &bytes[..count]) => return,
                Ok(_) => {}
            }
        }
    }
}

impl embedded_io_async::ErrorType for Line {
    type Error = Infallible;
}

impl embedded_io_async::Read for Line {
    async fn read(&mut self, buffer: &mut [u8]) -> core::result::Result<usize, Infallible> {
        Ok(poll_fn(|context| self.0.poll_read(context, buffer)).await)
    }
}

impl embedded_io_async::Write for Line {
    async fn write(&mut self, bytes: &[u8]) -> core::result::Result<usize, Infallible> {
        Ok(poll_fn(|context| self.0.poll_write(context, bytes)).await)
    }

    async fn flush(&mut self) -> core::result::Result<(), Infallible> {
        Ok(())
    }
}
