//! The line of a board that programs use in turns: it is closed between two requests if another program waits, and opened
//! again for the next request.

use std::io;
use std::time::Duration;

use client::{Address, Transport};

use super::turn::{Shared, Turn};
use super::{Folder, process};
use crate::Result;

/// What a door on Linux prints when it has started.
const RUNS: &str = "the door runs; hosts connect";

/// A line with turns.
pub(super) struct SharedLine {
    /// The folder with the locks.
    folder: Folder,
    address: Address,
    /// Whether it is that of a board whose process is started here.
    is_here: bool,
    tell: fn(&str),
    open: Option<(Box<dyn Transport>, Turn)>,
}

/// Opens the line to a device that other programs of this user may use, too: in turns, by locks in the folder that is named after
/// its address. Without that folder this computer has no key for it, and no other program waits.
///
/// # Errors
/// [`Error::LineBusy`](crate::Error::LineBusy), [`client::Error::Connect`].
pub fn in_turns(folder: Folder, address: &Address, tell: fn(&str)) -> Result<Box<dyn Transport>> {
    if !folder.path().is_dir() {
        return Ok(<dyn Transport>::open(address)?);
    }
    let turn = Turn::take(folder.path(), Shared::Line, tell, || Ok(()))?;
    let open = Some((<dyn Transport>::open(address)?, turn));
    Ok(Box::new(SharedLine { folder, address: address.clone(), is_here: false, tell, open }))
}

impl SharedLine {
    /// Opens the line to the socket of a board, in a turn.
    ///
    /// # Errors
    /// [`client::Error::Connect`].
    pub(super) fn new(folder: Folder, turn: Turn, tell: fn(&str)) -> Result<Self> {
        let address = Address::Unix(folder.socket());
        let open = Some((<dyn Transport>::open(&address)?, turn));
        Ok(Self { folder, address, is_here: true, tell, open })
    }

    fn stream(&mut self) -> io::Result<&mut dyn Transport> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let turn = Turn::take(self.folder.path(), Shared::Line, self.tell, || Ok(()));
                let turn = turn.map_err(io::Error::other)?;
                let stream = <dyn Transport>::open(&self.address).map_err(|error| match error {
                    client::Error::Connect { source, .. } => source,
                    other => io::Error::other(other),
                })?;
                (stream, turn)
            }
        };
        Ok(self.open.insert(open).0.as_mut())
    }

    /// Why the line broke: where the board's process has ended, that is the reason.
    fn explained(&self, error: io::Error) -> io::Error {
        match process::running(&self.folder) {
            Ok(None) if self.is_here => {
                let words = self.folder.last_words();
                // A door that was well to its end has said nothing that explains it.
                let words = if words.contains(RUNS) { String::new() } else { format!(": {words}") };
                io::Error::new(error.kind(), format!("the board's process has ended{words}"))
            }
            _ => error,
        }
    }
}

impl Transport for SharedLine {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream()?.send(bytes).map_err(|error| self.explained(error))
    }

    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.stream()?.receive(buffer, patience).map_err(|error| self.explained(error))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_line_that_breaks_because_the_board_has_ended_says_so() {
        let state = tempfile::tempdir().expect("a folder");
        let folder = Folder::new(Some(state.path()), "linux").expect("a name");
        fs::create_dir_all(folder.path()).expect("a folder");
        let board = UnixListener::bind(folder.socket()).expect("a socket");
        for (log, said) in [
            ("the keeper is gone\n", "the board's process has ended: the keeper is gone"),
            ("the door runs; hosts connect at unix:serial.sock\n", "the board's process has ended"),
        ] {
            fs::write(folder.emulator_log(), log).expect("a log");
            let turn = Turn::take(folder.path(), Shared::Line, |_| (), || Ok(())).expect("a turn");
            let mut line = SharedLine::new(folder.clone(), turn, |_| ()).expect("a line");
            drop(board.accept().expect("a caller"));
            let error = line.receive(&mut [0; 8], Duration::from_secs(60)).expect_err("it is closed");
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
            assert_eq!(error.to_string(), said);
        }
    }
}
