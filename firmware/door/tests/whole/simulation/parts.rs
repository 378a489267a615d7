//! The parts of the simulated board.

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    rc::Rc,
};

use board_api::{Camera, Capture, Keypad, ResetReason, Watchdog};
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use embedded_storage::nor_flash::{self as flash, NorFlash, ReadNorFlash};
use nor_model::{Error, Nor};
use vision::{Frame, PixelFormat};

use super::{supply::Supply, system::Whole};

/// Width and height of the simulated frames.
pub const SIDE: u16 = 8;

/// The pins, and the state of what they connect.
#[derive(Default)]
pub struct Wires {
    /// What the board's own clock said at boot, while it is right.
    pub unix_ms: Cell<Option<u64>>,
    pub lock: Cell<bool>,
    pub ready: Cell<bool>,
    pub refused: Cell<bool>,
    pub alarm: Cell<bool>,
    /// The LEDs that ask for gestures: left, right, up, down.
    pub asked: [Cell<bool>; 4],
    /// The Wiegand wires.
    pub data: [Cell<bool>; 2],
    pub button: Cell<bool>,
    pub pairing_button: Cell<bool>,
    /// The door is open.
    pub contact: Cell<bool>,
    /// The cover is open.
    pub cover: Cell<bool>,
    /// The key that is pressed on the keypad.
    pub key: Cell<Option<u8>>,
    /// The output of the lock fails.
    pub broken: Cell<bool>,
    /// Why the board starts.
    pub reset: Cell<Option<ResetReason>>,
    /// The worker hangs.
    pub hung: Cell<bool>,
    pub fed: Cell<u32>,
    pub restarts: Cell<u32>,
    /// The six digits on the display.
    pub code: Cell<Option<u32>>,
    /// The display shows that the board is to be erased.
    pub erase_shown: Cell<bool>,
    /// The device secret.
    pub unique: Cell<u8>,
    /// How often random numbers were drawn.
    pub drawn: Cell<u32>,
    /// Whether the firmware took its secret.
    pub secret_taken: Cell<bool>,
}

impl Wires {
    /// Presses the pairing button, and lets it go.
    pub async fn press_pairing(&self) {
        for pressed in [true, false] {
            self.pairing_button.set(pressed);
            embassy_time::Timer::after_millis(100).await;
        }
    }

    /// Holds the pairing button for so many milliseconds, and lets it go.
    pub async fn hold_pairing(&self, ms: u64) {
        self.pairing_button.set(true);
        embassy_time::Timer::after_millis(ms).await;
        self.pairing_button.set(false);
        embassy_time::Timer::after_millis(100).await;
    }
}

/// An output.
pub struct Pin(pub Rc<Wires>, pub fn(&Wires) -> &Cell<bool>);

impl ErrorType for Pin {
    type Error = embedded_hal::digital::ErrorKind;
}

impl OutputPin for Pin {
    fn set_low(&mut self) -> Result<(), Self::Error> {
        (self.1)(&self.0).set(false);
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Self::Error> {
        if self.0.broken.get() {
            return Err(embedded_hal::digital::ErrorKind::Other);
        }
        (self.1)(&self.0).set(true);
        Ok(())
    }
}

/// An input.
pub struct Input(pub Rc<Wires>, pub fn(&Wires) -> &Cell<bool>);

impl ErrorType for Input {
    type Error = Infallible;
}

impl InputPin for Input {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok((self.1)(&self.0).get())
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(!(self.1)(&self.0).get())
    }
}

/// The keypad.
pub struct Pad(pub Rc<Wires>);

impl Keypad for Pad {
    fn key(&mut self) -> Option<u8> {
        self.0.key.take()
    }
}

/// The watchdog.
pub struct Dog(pub Rc<Wires>);

impl Watchdog for Dog {
    fn feed(&mut self) {
        self.0.fed.set(self.0.fed.get() + 1);
    }
}

/// The scene in front of the camera.
#[derive(Default)]
pub struct Scene {
    picture: RefCell<(u32, Vec<u8>)>,
    /// The person shown last, and the moment of their movement.
    person: Cell<(u8, u8)>,
}

impl Scene {
    /// Shows a person, see [`super::engine::picture`]; 0 is nobody.
    pub fn show(&self, person: u8) {
        self.show_bytes(super::engine::picture(person, 0));
    }

    /// Shows a person at the next moment of their movement, or nobody; true if the last person was another one.
    pub fn show_moving(&self, person: u8) -> bool {
        let (before, moment) = self.person.get();
        let moment = moment.wrapping_add(1);
        self.show_bytes(super::engine::moment(person, moment));
        self.person.set((if person == 0 { before } else { person }, moment));
        person != 0 && before != person
    }

    /// Shows a frame.
    pub fn show_bytes(&self, bytes: Vec<u8>) {
        let mut picture = self.picture.borrow_mut();
        *picture = (picture.0 + 1, bytes);
    }
}

/// The camera.
pub struct Eye {
    scene: Rc<Scene>,
    taken: (u32, Vec<u8>),
}

impl Eye {
    pub fn new(scene: Rc<Scene>) -> Self {
        Self { scene, taken: (0, Vec::new()) }
    }
}

impl Camera for Eye {
    async fn next(&mut self) -> Capture<'_> {
        while self.scene.picture.borrow().0 == self.taken.0 {
            embassy_time::Timer::after_millis(5).await;
        }
        self.taken = self.scene.picture.borrow().clone();
        let frame = Frame::new(PixelFormat::Yuyv, SIDE.into(), SIDE.into(), &self.taken.1).unwrap();
        Capture { sequence: self.taken.0, frame }
    }
}

/// A flash partition. All partitions of a board share one supply.
pub struct Chip<'a> {
    nor: Nor<&'a mut [u8]>,
    partition: &'static str,
    supply: Rc<Supply>,
}

impl<'a> Chip<'a> {
    pub fn new(partition: &'static str, memory: &'a mut [u8], supply: Rc<Supply>) -> Self {
        Self { nor: Nor::new(memory), partition, supply }
    }

    pub fn bytes(&self) -> &[u8] {
        self.nor.bytes()
    }

    /// Does a change of this many bytes, as far as the power lasts.
    fn powered<T>(&mut self, bytes: usize, change: impl FnOnce(&mut Nor<&'a mut [u8]>) -> T) -> T {
        let allowed = self.supply.begin(self.partition, bytes);
        if allowed < bytes {
            self.nor.cut_power_after(allowed);
        }
        let changed = change(&mut self.nor);
        self.nor.restore_power();
        changed
    }
}

impl flash::ErrorType for Chip<'_> {
    type Error = Error;
}

impl ReadNorFlash for Chip<'_> {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Error> {
        if !self.supply.is_on() || self.supply.unreadable.get() == Some(self.partition) {
            return Err(Error::PowerCut);
        }
        if let Some((_, place)) = self.supply.spoiled.get().filter(|(of, _)| *of == self.partition) {
            self.supply.spoiled.set(None);
            let word = place(self.nor.bytes()) / 4 * 4;
            self.nor.program(word as u32, &[0; 4]).expect("zeros go over anything");
        }
        if let Some((_, cells)) = self.supply.put_back.borrow_mut().take_if(|(of, _)| *of == self.partition) {
            self.nor.erase(0, cells.len() as u32).expect("whole sectors");
            self.nor.program(0, &cells).expect("an erased partition");
        }
        Nor::read(&self.nor, offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.nor.bytes().len()
    }
}

impl NorFlash for Chip<'_> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = 4096;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        self.supply.wear(self.partition, from / 4096..to / 4096);
        self.powered((to - from) as usize, |nor| Nor::erase(nor, from, to))
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Error> {
        self.powered(bytes.len(), |nor| nor.program(offset, bytes))?;
        if self.supply.unsure.get() == Some(self.partition) {
            self.supply.unsure.set(None);
            return Err(Error::PowerCut);
        }
        Ok(())
    }
}

impl flash::MultiwriteNorFlash for Chip<'_> {}

/// The types of the simulated board.
pub struct Simulated<'a>(std::marker::PhantomData<&'a ()>);

impl<'a> board_api::Board for Simulated<'a> {
    // The camera here shows twenty frames a second, each of which a test counts.
    const SAMPLE_MS: u64 = 0;
    type Receive = super::line::End;
    type Send = super::line::End;
    type Output = Pin;
    type Input = Input;
    type Keypad = Pad;
    type Watchdog = Dog;
    type Camera = Eye;
    type Flash = Chip<'a>;
    type System = Whole;
}

/// Parts that are `Send`, for a test of types alone.
pub struct SendParts;

impl SendParts {
    pub fn io() -> door::Io<Self> {
        door::Io {
            host_receive: Self,
            host_send: Self,
            bus_receive: Self,
            bus_send: Self,
            lock: Self,
            ready: Self,
            refused: Self,
            alarm: Self,
            gestures: [Self, Self, Self, Self],
            wiegand: [Self, Self],
            button: Self,
            pairing_button: Self,
            contact: Self,
            cover: Self,
            keypad: Self,
            watchdog: Self,
        }
    }
}

impl board_api::Board for SendParts {
    type Receive = Self;
    type Send = Self;
    type Output = Self;
    type Input = Self;
    type Keypad = Self;
    type Watchdog = Self;
    type Camera = Eye;
    type Flash = Chip<'static>;
    type System = Whole;
}

impl embedded_io_async::ErrorType for SendParts {
    type Error = Infallible;
}

impl embedded_io_async::Read for SendParts {
    async fn read(&mut self, _: &mut [u8]) -> Result<usize, Infallible> {
        std::future::pending().await
    }
}

impl embedded_io_async::Write for SendParts {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl ErrorType for SendParts {
    type Error = Infallible;
}

impl OutputPin for SendParts {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl InputPin for SendParts {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        Ok(true)
    }
}

impl Keypad for SendParts {
    fn key(&mut self) -> Option<u8> {
        None
    }
}

impl Watchdog for SendParts {
    fn feed(&mut self) {}
}
