//! The line between the door and a host in another thread.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use client::Transport;

/// Bytes on their way, in either direction.
#[derive(Debug, Default)]
pub(crate) struct Bytes {
    queue: Mutex<VecDeque<u8>>,
    came: Condvar,
}

impl Bytes {
    fn put(&self, bytes: &[u8]) {
        self.queue.lock().expect("no panic").extend(bytes);
        self.came.notify_all();
    }

    fn take(&self, bytes: &mut [u8], patience: Duration) -> usize {
        let queue = self.queue.lock().expect("no panic");
        let waited = self.came.wait_timeout_while(queue, patience, |queue| queue.is_empty());
        let mut queue = waited.expect("no panic").0;
        let count = queue.len().min(bytes.len());
        bytes.iter_mut().zip(queue.drain(..count)).for_each(|(to, from)| *to = from);
        count
    }

    /// Waits for bytes, and leaves them.
    pub(crate) fn wait(&self, patience: Duration) {
        let queue = self.queue.lock().expect("no panic");
        let _ = self.came.wait_timeout_while(queue, patience, |queue| queue.is_empty());
    }
}

/// One end's direction of the line.
pub(crate) struct End(pub(crate) Arc<Bytes>);

impl embedded_io_async::ErrorType for End {
    type Error = Infallible;
}

impl embedded_io_async::Read for End {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        loop {
            match self.0.take(bytes, Duration::ZERO) {
                0 => embassy_time::Timer::after_millis(1).await,
                count => return Ok(count),
            }
        }
    }
}

impl embedded_io_async::Write for End {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.put(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The host's end.
pub(crate) struct HostEnd {
    pub(crate) to_door: Arc<Bytes>,
    pub(crate) to_host: Arc<Bytes>,
}

impl Transport for HostEnd {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to_door.put(bytes);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        Ok(self.to_host.take(buffer, patience))
    }
}
