//! Asynchronous flash as blocking flash, for the audit log.

use embassy_futures::block_on;
use embedded_storage::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use embedded_storage_async::nor_flash::NorFlash as Asynchronous;

/// Asynchronous flash as blocking flash.
pub(crate) struct Waiting<F>(pub(crate) F);

impl<F: Asynchronous> ErrorType for Waiting<F> {
    type Error = F::Error;
}

impl<F: Asynchronous> ReadNorFlash for Waiting<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), F::Error> {
        block_on(self.0.read(offset, bytes))
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl<F: Asynchronous> NorFlash for Waiting<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = F::ERASE_SIZE;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        block_on(self.0.erase(from, to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), F::Error> {
        block_on(self.0.write(offset, bytes))
    }
}
