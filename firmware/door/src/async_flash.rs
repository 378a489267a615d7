//! Blocking flash behind the asynchronous trait that `sequential-storage` needs.
//!
//! No method ever waits: the worker blocks on its flash, see the crate's documentation.

use embedded_storage::nor_flash::NorFlash as Blocking;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// Blocking flash as asynchronous flash whose futures are ready at once.
pub(crate) struct AsyncFlash<F>(pub(crate) F);

impl<F: Blocking> ErrorType for AsyncFlash<F> {
    type Error = F::Error;
}

impl<F: Blocking> ReadNorFlash for AsyncFlash<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        self.0.read(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: Blocking> NorFlash for AsyncFlash<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        self.0.erase(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        self.0.write(offset, bytes)
    }
}
