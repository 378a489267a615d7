//! Registers for tests: each access goes to a function of a simulated device.

extern crate std;
use core::cell::RefCell;
use std::rc::Rc;
use std::vec::Vec;

use crate::Register;

/// A simulated device: it answers reads and takes writes by the register's offset.
pub trait Device {
    /// What a read of the register gives.
    fn read(&mut self, offset: usize) -> u32;
    /// A write to the register.
    fn write(&mut self, offset: usize, value: u32);
}

/// A register of a simulated device.
pub struct Fake<D> {
    device: Rc<RefCell<D>>,
    offset: usize,
}

impl<D> Fake<D> {
    /// The register of a device at an offset.
    pub fn new(device: &Rc<RefCell<D>>, offset: usize) -> Self {
        Self { device: Rc::clone(device), offset }
    }
}

impl<D: Device> Register for Fake<D> {
    fn read(&self) -> u32 {
        self.device.borrow_mut().read(self.offset)
    }

    fn write(&self, value: u32) {
        self.device.borrow_mut().write(self.offset, value);
    }
}

/// A device that only notes what is written, and reads as zero.
#[derive(Default)]
pub struct Notes(pub Vec<(usize, u32)>);

impl Device for Notes {
    fn read(&mut self, _: usize) -> u32 {
        0
    }

    fn write(&mut self, offset: usize, value: u32) {
        self.0.push((offset, value));
    }
}
