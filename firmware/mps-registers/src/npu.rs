//! The bus to an NPU that a process on the host plays, see [`host_window::npu`].
//!
//! On silicon a register acts when it is written. Here the board rings for the registers that act, and waits until the host has
//! taken the ring. A host that does not is gone: from then on no ring is waited for, and STATUS reads as that of an NPU that
//! does not finish a reset, so that the driver gives it up.

use core::sync::atomic::{Ordering, fence};

use host_window::npu::{BELL, BELL_TAKEN};
use npu_section::bus::{NpuBus, block, status};
use partitions::{MEMORY_BASE, Region};

use crate::Register;

/// How long the host may take for a ring, and for a stream: the functional model computes, on a computer that may be busy. A
/// frame runs three networks, and the worker may be silent for 60 s.
pub const PATIENCE_MS: u64 = 15_000;

/// How often the board looks for the taken ring before it sleeps.
const LOOKS: u32 = 10_000;

/// The time, and how to let it pass.
pub trait Pace {
    /// Milliseconds.
    fn now_ms(&self) -> u64;

    /// Sleeps, at most until the next interrupt.
    fn idle(&mut self);
}

/// The bus to an NPU that the host plays: `word` names a word of its page.
#[derive(Debug)]
pub struct PlayedNpu<W, P> {
    word: W,
    pace: P,
    /// Memory that the host reaches: flash, streams, scratch.
    reach: Region,
    /// When this operation began.
    since: u64,
    /// The host did not take a ring.
    gone: bool,
}

impl<R: Register, W: Fn(usize) -> R, P: Pace> PlayedNpu<W, P> {
    /// The bus to the page whose words `word` names. The host reaches `reach`.
    pub fn new(word: W, pace: P, reach: Region) -> Self {
        Self { word, pace, reach, since: 0, gone: false }
    }

    /// Rings for a register, and waits until the host has taken it.
    fn ring(&mut self, register: u16) {
        let bell = (self.word)(BELL);
        let rung = (bell.read() >> 16).wrapping_add(1) << 16 | u32::from(register);
        // What was written before is seen before the ring.
        fence(Ordering::SeqCst);
        bell.write(rung);
        let taken = (self.word)(BELL_TAKEN);
        // Mostly the host is quicker than the next interrupt.
        let mut seen = (0..LOOKS).any(|_| taken.read() == rung);
        let mut count = 0u32;
        while !seen {
            if !self.wait(count) {
                self.gone = true;
                return;
            }
            count = count.saturating_add(1);
            seen = taken.read() == rung;
        }
        self.gone = false;
        fence(Ordering::SeqCst);
    }
}

impl<R: Register, W: Fn(usize) -> R, P: Pace> NpuBus for PlayedNpu<W, P> {
    fn read(&mut self, register: u16) -> u32 {
        match register {
            block::STATUS if self.gone => status::RESETTING,
            _ => (self.word)(register.into()).read(),
        }
    }

    fn write(&mut self, register: u16, value: u32) {
        (self.word)(register.into()).write(value);
        if matches!(register, block::RESET | block::CMD) {
            self.ring(register);
        }
    }

    fn address(&mut self, memory: &[u8]) -> Option<u32> {
        let start = (memory.as_ptr() as usize).checked_sub(MEMORY_BASE + self.reach.offset as usize)?;
        let inside = start.checked_add(memory.len())? <= self.reach.len as usize;
        inside.then_some((MEMORY_BASE + self.reach.offset as usize + start) as u32)
    }

    /// The emulated board has no cache.
    fn clean(&mut self, _: &[u8]) {
        fence(Ordering::SeqCst);
    }

    fn invalidate(&mut self, _: &mut [u8]) {
        fence(Ordering::SeqCst);
    }

    fn wait(&mut self, count: u32) -> bool {
        let now = self.pace.now_ms();
        if count == 0 {
            self.since = now;
        }
        let left = !self.gone && now.saturating_sub(self.since) < PATIENCE_MS;
        if left {
            self.pace.idle();
        }
        left
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::fake::{Device, Fake};
    use npu_section::bus::command;
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;
    use std::vec::Vec;

    /// A page, and a host that takes rings when the board sleeps.
    #[derive(Default)]
    struct Page {
        words: std::collections::BTreeMap<usize, u32>,
        taken: Vec<u32>,
    }

    impl Device for Page {
        fn read(&mut self, offset: usize) -> u32 {
            self.words.get(&offset).copied().unwrap_or(0)
        }

        fn write(&mut self, offset: usize, value: u32) {
            self.words.insert(offset, value);
        }
    }

    /// A host that lives or not, and a clock that goes on when the board sleeps.
    struct Host {
        page: Rc<RefCell<Page>>,
        lives: Rc<Cell<bool>>,
        now: u64,
    }

    impl Pace for Host {
        fn now_ms(&self) -> u64 {
            self.now
        }

        fn idle(&mut self) {
            self.now += 20;
            if self.lives.get() {
                let page = &mut *self.page.borrow_mut();
                let bell = page.read(BELL);
                page.taken.push(bell);
                page.write(BELL_TAKEN, bell);
            }
        }
    }

    #[test]
    fn what_acts_is_rung_for_and_a_host_that_is_gone_is_given_up() {
        let (page, lives) = (Rc::new(RefCell::new(Page::default())), Rc::new(Cell::new(true)));
        let host = Host { page: page.clone(), lives: lives.clone(), now: 5 };
        let reach = Region { offset: 0x1000, len: 0x1000 };
        let words = page.clone();
        let mut bus = PlayedNpu::new(move |offset| Fake::new(&words, offset), host, reach);
        bus.write(block::QSIZE, 77);
        assert_eq!(bus.read(block::QSIZE), 77);
        assert!(page.borrow().taken.is_empty(), "no ring");
        bus.write(block::RESET, 1);
        bus.write(block::CMD, command::RUN);
        assert_eq!(page.borrow().taken, [1 << 16 | 0x0c, 2 << 16 | 0x08]);
        assert_eq!(bus.read(block::STATUS), 0);

        lives.set(false);
        let before = bus.pace.now;
        bus.write(block::CMD, command::CLEAR_IRQ);
        let waited = bus.pace.now - before;
        assert!((PATIENCE_MS..PATIENCE_MS + 100).contains(&waited), "{waited}");
        assert_eq!(bus.read(block::STATUS), status::RESETTING);
        let before = bus.pace.now;
        bus.write(block::RESET, 1);
        assert!(!bus.wait(0) && bus.pace.now == before, "it is waited for once");
    }

    #[test]
    fn memory_that_the_host_does_not_reach_has_no_address() {
        let page = Rc::new(RefCell::new(Page::default()));
        let host = Host { page: page.clone(), lives: Rc::new(Cell::new(true)), now: 0 };
        let memory = [0u8; 64];
        // The slice lies where the test has it: the reach is made to fit.
        let at = (memory.as_ptr() as usize).wrapping_sub(MEMORY_BASE);
        let words = page.clone();
        let reach = Region { offset: 0x1000, len: 0x1000 };
        let mut bus = PlayedNpu::new(move |offset| Fake::new(&words, offset), host, reach);
        assert!(at > 0x2000 && bus.address(&memory).is_none());
    }
}
