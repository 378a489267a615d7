//! The line of a board that programs use in turns: it is closed between two requests if another program waits, and opened
//! again for the next request.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use client::Transport;

use super::turn::{Shared, Turn};
use crate::Result;

/// A line with turns.
pub(super) struct SharedLine {
    folder: PathBuf,
    socket: PathBuf,
    tell: fn(&str),
    open: Option<(UnixStream, Turn)>,
}

impl SharedLine {
    /// Opens the line to the socket, in a turn.
    ///
    /// # Errors
    /// [`client::Error::Connect`].
    pub(super) fn new(folder: PathBuf, socket: PathBuf, turn: Turn, tell: fn(&str)) -> Result<Self> {
        let stream = UnixStream::connect(&socket).map_err(|source| client::Error::Connect {
            address: format!("unix:{}", socket.display()),
            source,
        })?;
        Ok(Self { folder, socket, tell, open: Some((stream, turn)) })
    }

    fn stream(&mut self) -> io::Result<&mut UnixStream> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let turn = Turn::take(&self.folder, Shared::Line, self.tell, || Ok(()));
                let turn = turn.map_err(io::Error::other)?;
                (UnixStream::connect(&self.socket)?, turn)
            }
        };
        Ok(&mut self.open.insert(open).0)
    }
}

impl Transport for SharedLine {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream()?.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.stream()?.receive(buffer, patience)
    }

    fn give_way(&mut self) {
        if self.open.as_ref().is_none_or(|(_, turn)| !turn.is_wanted()) {
            return;
        }
        if let Some((stream, turn)) = self.open.take() {
            // The next program's connection is accepted only when this one is closed.
            drop(stream);
            turn.pass_on();
        }
    }
}
