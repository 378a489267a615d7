//! A serial line, from either end.

use std::{cell::RefCell, collections::VecDeque, convert::Infallible, rc::Rc};

/// A serial line.
#[derive(Clone, Default)]
pub struct Line {
    to_board: Rc<RefCell<VecDeque<u8>>>,
    to_host: Rc<RefCell<VecDeque<u8>>>,
}

/// One end's direction of the line.
pub struct End(Rc<RefCell<VecDeque<u8>>>);

impl Line {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn board_receives(&self) -> End {
        End(self.to_board.clone())
    }

    pub fn board_sends(&self) -> End {
        End(self.to_host.clone())
    }

    /// Puts bytes on the line to the board.
    pub fn host_sends(&self, bytes: &[u8]) {
        self.to_board.borrow_mut().extend(bytes);
    }

    /// Takes a byte off the line from the board.
    pub fn host_receives(&self) -> Option<u8> {
        self.to_host.borrow_mut().pop_front()
    }
}

impl embedded_io_async::ErrorType for End {
    type Error = Infallible;
}

impl embedded_io_async::Read for End {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        while self.0.borrow().is_empty() {
            embassy_time::Timer::after_millis(1).await;
        }
        let mut line = self.0.borrow_mut();
        let count = line.len().min(bytes.len());
        bytes.iter_mut().zip(line.drain(..count)).for_each(|(to, from)| *to = from);
        Ok(count)
    }
}

impl embedded_io_async::Write for End {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}
