//! Bytes to a device and back, with a time limit on every wait.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use serialport::SerialPort;

use crate::{Address, Error, Result};

/// How long a device may refuse to take bytes.
const SEND_PATIENCE: Duration = Duration::from_secs(60);

/// A line to a device. It may lose, add or change bytes; the frames above it notice.
pub trait Transport: Send {
    /// Sends all of `bytes`.
    ///
    /// # Errors
    /// The line broke, or the device took nothing for a minute.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Waits up to `patience` for bytes; 0 if none came.
    ///
    /// # Errors
    /// The line broke; `UnexpectedEof` if the other end closed it.
    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize>;

    /// Lets another program use the line, if one waits for it; the next `send` waits until that one is done. Called only
    /// between two requests.
    fn give_way(&mut self) {}
}

impl dyn Transport {
    /// Opens the line to `address`.
    ///
    /// # Errors
    /// [`Error::Connect`].
    pub fn open(address: &Address) -> Result<Box<dyn Transport>> {
        let failed = |source| Error::Connect { address: address.to_string(), source };
        Ok(match address {
            Address::Unix(path) => Box::new(UnixStream::connect(path).map_err(failed)?),
            Address::Tcp(place) => {
                let stream = TcpStream::connect(place).map_err(failed)?;
                stream.set_nodelay(true).map_err(failed)?;
                Box::new(stream)
            }
            Address::Serial { path, baud } => Box::new(SerialLine(
                serialport::new(path, *baud)
                    .timeout(SEND_PATIENCE)
                    .open()
                    .map_err(|error| failed(error.into()))?,
            )),
        })
    }
}

impl Transport for UnixStream {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.set_write_timeout(Some(SEND_PATIENCE))?;
        self.write_all(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.set_read_timeout(Some(at_least_a_millisecond(patience)))?;
        taken(self.read(buffer))
    }
}

impl Transport for TcpStream {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.set_write_timeout(Some(SEND_PATIENCE))?;
        self.write_all(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.set_read_timeout(Some(at_least_a_millisecond(patience)))?;
        taken(self.read(buffer))
    }
}

/// A serial port. An unplugged port gives an error, never an end of file.
struct SerialLine(Box<dyn SerialPort>);

impl Transport for SerialLine {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.set_timeout(SEND_PATIENCE)?;
        self.0.write_all(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.0.set_timeout(at_least_a_millisecond(patience))?;
        taken(self.0.read(buffer))
    }
}

/// A line that broke, until there is another one.
pub(crate) struct Ended;

impl Transport for Ended {
    fn send(&mut self, _: &[u8]) -> io::Result<()> {
        Err(ErrorKind::NotConnected.into())
    }

    fn receive(&mut self, _: &mut [u8], _: Duration) -> io::Result<usize> {
        Err(ErrorKind::NotConnected.into())
    }
}

/// A timeout of zero would mean none to the operating system.
fn at_least_a_millisecond(patience: Duration) -> Duration {
    patience.max(Duration::from_millis(1))
}

fn taken(read: io::Result<usize>) -> io::Result<usize> {
    match read {
        Ok(0) => Err(ErrorKind::UnexpectedEof.into()),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
            ) =>
        {
            Ok(0)
        }
        other => other,
    }
}
