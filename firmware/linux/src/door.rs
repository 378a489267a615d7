//! From a configuration to a door that runs: the two tasks, each on a thread of its own.
//!
//! The io task runs on its own thread, as it runs at its own interrupt priority on a board. The worker computes for long,
//! and only its own thread waits for it.

use std::sync::{Mutex, PoisonError};
use std::thread;

use board_api::ResetReason;
use crypto::{Generator, Key};
use door::{Io, Link, Memory, Networks, Volume, Worker};
use host_window::window::{ALARM_BIT, BUTTON_BIT, CONTACT_BIT, COVER_BIT, LED_BIT, PAIRING_BIT, WIRE_BITS};
use nn::Arena;

use crate::close_up::{Behind, CloseUps};
use crate::config::{CANNOT_PAIR, Config, Lines, Made};
use crate::counter::FileCounter;
use crate::date::Date;
use crate::flash::{Flash, Partition};
use crate::float::Float;
use crate::gpio::Wire;
use crate::kept::Keeper;
use crate::line::{self, Line};
use crate::made::{self, Outputs};
use crate::pins::{Camera, Input, Keypad, Output};
use crate::standstill::Standstill;
use crate::supervisor::Supervisor;
use crate::system::{Source, System};
use crate::volumes::More;
use crate::window::Window;
use crate::{ARENA_BYTES, Error, Result, file, gpio, keypad, picture_source, priority, secret};

/// Bytes of a thread's stack.
const STACK: usize = 8 << 20;

static LINK: Link = Link::new();

/// Buffers for 40 volumes with 10,240 people and values of 5,120 templates of the largest dimension, 20,480 of 128 values;
/// for the failures of 2,048 people and the rules of 1,024.
static MEMORY: Mutex<Memory<40, 10_240, 5_120, 256, 32>> = Mutex::new(Memory::new());

/// The types of the door's peripherals.
pub enum Linux {}

impl board_api::Board for Linux {
    type Receive = Line;
    type Send = Line;
    type Output = Output;
    type Input = Input;
    type Keypad = Keypad;
    type Watchdog = Watchdog;
    type Camera = Camera;
    type Flash = Partition;
    type System = System;
}

/// The watchdog: the door's signs of life go to the keeper of the lock, and to the supervisor of the process.
#[derive(Debug)]
pub struct Watchdog(Keeper, Supervisor);

impl board_api::Watchdog for Watchdog {
    fn feed(&mut self) {
        self.0.is_alive();
        self.1.is_alive();
    }
}

/// What a door is made of, opened and not yet running.
pub struct Door {
    io: Io<Linux>,
    camera: Camera,
    system: System,
    flash: crate::flash::All,
    counter: FileCounter,
    standstill: Standstill,
}

impl Door {
    /// Opens all that the configuration names. The lock comes right after flash and counter, which no other door may have: it is
    /// locked, whatever fails afterwards. What fails before locks too, unless another door has the lock.
    ///
    /// # Errors
    /// What is missing, and what to do.
    pub fn open(config: &Config, reason: ResetReason) -> Result<Self> {
        let opened = Self::open_all(config, reason);
        let is_of_another =
            |error: &Error| matches!(error, Error::FlashInUse { .. } | Error::CounterInUse { .. });
        // The lock of a made door lies in its flash.
        if config.lines.is_some() && opened.as_ref().err().is_some_and(|error| !is_of_another(error)) {
            // What cannot be locked was said, or is held by the keeper.
            let _ = crate::lock(config);
        }
        opened
    }

    fn open_all(config: &Config, reason: ResetReason) -> Result<Self> {
        let unique = secret::load(&config.secret, &config.flash.file)?;
        if let Some(left) = config.secret.left_behind() {
            eprintln!("{left}");
        }
        let flash_file = &config.flash.file;
        let flash = Flash::open(flash_file, config.durability(), &unique, &config.secret.file)?;
        let counter = FileCounter::beside(&config.secret.file)?;
        let window = config.made.as_ref().map(|_| Window::new(flash.file()));
        if let More::None(_) = flash.more() {
            eprintln!("flash: {}", flash.more().describe());
        }
        let boots = flash.boots().map_err(Error::file(flash_file))?;
        let keeper = Keeper::start(&config.lock())?;
        let pins = Pins {
            lines: config.lines.as_ref(),
            window: window.as_ref(),
            outputs: window.clone().map(Outputs::new),
        };
        let keypad = match (&config.keypad, &window) {
            (Some(keypad), _) => Keypad::Real(keypad::Keypad::start(keypad.0.clone())?),
            (None, Some(window)) => Keypad::Made(made::Keypad::new(window.clone())),
            (None, None) => Keypad::None,
        };
        let random = match config.made.as_ref() {
            Some(Made { entropy: Some(file) }) => seeded(file, &unique, boots)?,
            _ => Source::Os,
        };
        let secret = boot::application_secret(&unique);
        let secret_place = config.secret.place();
        let date = Date::new(config.clock.as_ref().map(|clock| clock.while_there.clone()));
        let window_of = window.clone();
        let mut system =
            System { reason, secret, secret_place, random, outlook: None, date, window: window_of };
        system.show_reason();
        if !config.can_pair() {
            eprintln!("{CANNOT_PAIR}");
        }
        let host = line::serve(&config.host.listen, "host")?;
        let bus = match &config.bus {
            Some(bus) => line::serve(&bus.listen, "bus")?,
            None => line::nobody(),
        };
        let standstill = Standstill::default();
        let camera = match config.picture_source() {
            Some(source) => {
                let camera = picture_source::Camera::start(source, standstill.clone())?;
                system.outlook = Some(camera.outlook());
                Camera::Real(camera)
            }
            None => Camera::Made(made::Camera::new(Window::new(flash.file()))),
        };
        Ok(Self {
            io: pins.io(keeper, keypad, host, bus, standstill.clone())?,
            camera,
            system,
            flash: flash.partitions().map_err(Error::file(flash_file))?,
            counter,
            standstill,
        })
    }

    /// Runs it. Returns only if a thread cannot be started.
    ///
    /// # Errors
    /// [`Error::Thread`].
    pub fn run(self) -> Result<std::convert::Infallible> {
        let Self { io, camera, system, flash, counter, standstill } = self;
        let behind = match &camera {
            Camera::Real(camera) => camera.behind(),
            Camera::Made(_) => Behind::default(),
        };
        let thread = |name: &str| thread::Builder::new().name(name.into()).stack_size(STACK);
        let io_task = thread("io").spawn(move || -> () {
            priority::raise(priority::IO);
            pollster::block_on(door::run_io(io, &LINK))
        });
        let io_task = io_task.map_err(Error::Thread)?;
        let worker = thread("worker").spawn(move || -> () {
            let mut arena = Box::new(Arena::<ARENA_BYTES>::ZERO);
            let mut memory = MEMORY.lock().unwrap_or_else(PoisonError::into_inner);
            // A volume that is no volume is none of the door's: its size does not depend on what is in it.
            let mut further: Vec<_> =
                flash.further.into_iter().filter_map(|at| Volume::new(at).ok()).collect();
            let worker = Worker::<Linux, _> {
                camera,
                engine: CloseUps::new(
                    Networks::new(&mut arena.0).with_float(Float::default()),
                    behind,
                    standstill,
                ),
                system,
                gallery: flash.gallery,
                further: &mut further,
                settings: flash.settings,
                log: flash.log,
                detector: flash.detector,
                encoder: flash.encoder,
                liveness: flash.liveness,
                firmware: flash.firmware,
                // The worker runs until the process ends.
                counter: Some(Box::leak(Box::new(counter))),
                memory: memory.all(),
            };
            pollster::block_on(door::run_worker(worker, &LINK))
        });
        worker.map_err(Error::Thread)?;
        Supervisor::of_this_process().runs();
        // Neither task ends, and a panic ends the process.
        let _ = io_task.join();
        std::process::abort()
    }
}

/// Most bytes that are read of a seed: more than it has, so that a longer file is known as none.
const SEED: u64 = 64;

/// Random numbers that follow from a file, the secret and the number of the boot, as on an emulated board.
fn seeded(file: &std::path::Path, unique: &Key, boots: u32) -> Result<Source> {
    let bytes = file::read(file, SEED).map_err(Error::file(file))?;
    let entropy = bytes.try_into().map(Key::new).map_err(|_| Error::Secret { path: file.to_owned() })?;
    let secret = boot::application_secret(unique);
    let seed = entropy.derive(secret.bytes(), b"postern seed");
    Ok(Source::Seeded(Generator::new(&seed, &boots.to_le_bytes())))
}

/// The pins: lines of GPIO chips, made ones, or none.
struct Pins<'a> {
    lines: Option<&'a Lines>,
    window: Option<&'a Window>,
    outputs: Option<Outputs>,
}

/// How a line is chosen among [`Lines`].
type Choice = fn(&Lines) -> Option<&str>;

impl Pins<'_> {
    fn output(&self, choice: Choice, bit: u32) -> Result<Output> {
        Ok(match (self.lines.and_then(choice), &self.outputs) {
            (Some(line), _) => Output::Gpio(gpio::Line::output(line)?),
            (None, Some(outputs)) => Output::Made(outputs.clone(), bit),
            (None, None) => Output::None,
        })
    }

    fn input(&self, choice: Choice, wire: Wire, bit: u32) -> Result<Input> {
        Ok(match (self.lines.and_then(choice), self.window) {
            (Some(line), _) => Input::open(line, wire)?,
            (None, Some(window)) => Input::Made(window.clone(), bit),
            (None, None) => Input::None,
        })
    }

    fn gesture(&self, number: usize) -> Result<Output> {
        match self.lines.and_then(|lines| lines.gestures.as_ref()) {
            Some(lines) => Ok(Output::Gpio(gpio::Line::output(&lines[number])?)),
            None => self.output(|_| None, LED_BIT + 5 + number as u32),
        }
    }

    fn io(
        &self,
        keeper: Keeper,
        keypad: Keypad,
        host: Line,
        bus: Line,
        standstill: Standstill,
    ) -> Result<Io<Linux>> {
        Ok(Io {
            host_receive: host,
            host_send: host,
            bus_receive: bus,
            bus_send: bus,
            lock: Output::Lock(keeper.clone(), standstill),
            ready: self.output(|lines| lines.ready.as_deref(), LED_BIT)?,
            refused: self.output(|lines| lines.refused.as_deref(), LED_BIT + 1)?,
            alarm: self.output(|lines| lines.alarm.as_deref(), ALARM_BIT)?,
            gestures: [self.gesture(0)?, self.gesture(1)?, self.gesture(2)?, self.gesture(3)?],
            // Pulses of 50 us from a program come when they come: an access controller is reached over the bus.
            wiegand: [self.output(|_| None, WIRE_BITS[0])?, self.output(|_| None, WIRE_BITS[1])?],
            button: self.input(|lines| lines.exit_button.as_deref(), Wire::Button, BUTTON_BIT)?,
            pairing_button: self.input(|lines| lines.pairing_button.as_deref(), Wire::Button, PAIRING_BIT)?,
            contact: self.input(|lines| lines.contact.as_deref(), Wire::Monitored, CONTACT_BIT)?,
            cover: self.input(|lines| lines.cover.as_deref(), Wire::Monitored, COVER_BIT)?,
            keypad,
            watchdog: Watchdog(keeper, Supervisor::of_this_process()),
        })
    }
}
