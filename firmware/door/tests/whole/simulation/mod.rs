//! A board in memory: flash that survives boots, a line to a host, a camera, a lock.
//!
//! Io, worker and the script of the test are polled in turns, with one millisecond of mock time a round. So every run of a
//! test is the same.
#![allow(dead_code, reason = "`log_port` uses a part of it")]

pub mod counter;
pub mod engine;
pub mod firmware;
pub mod host;
pub mod line;
pub mod panel;
pub mod parts;
pub mod rules;
pub mod supply;
pub mod system;

use std::{
    pin::pin,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
};

use board_api::{FirmwareSlots, ModelSlots, ResetReason};
use door::{Buffers, Io, Link, Memory, Volume, Worker, run_io, run_worker};
use embassy_time::{Duration, Instant};
use nor_model::SECTOR_SIZE;

use engine::FakeEngine;
use host::Host;
use line::Line;
use parts::{Dog, Eye, Input, Pad, Pin, Scene, Wires};
use supply::Supply;

/// Bytes of one model slot.
pub const SLOT: usize = 48 * SECTOR_SIZE;

/// The buffers of a board, whatever their size.
pub trait Room {
    fn all(&mut self) -> Buffers<'_>;
}

impl<const V: usize, const P: usize, const R: usize, const T: usize, const L: usize> Room
    for Memory<V, P, R, T, L>
{
    fn all(&mut self) -> Buffers<'_> {
        Memory::all(self)
    }
}

/// The flash of a board, and what else survives a boot.
pub struct Board {
    pub gallery: Vec<u8>,
    /// Further volumes of the gallery.
    pub further: Vec<Vec<u8>>,
    pub settings: Vec<u8>,
    pub log: Vec<u8>,
    pub detector: [Vec<u8>; 2],
    pub encoder: [Vec<u8>; 2],
    pub liveness: [Vec<u8>; 2],
    pub firmware: [Vec<u8>; 2],
    /// The boot record.
    pub record: Vec<u8>,
    /// What the firmware requests of the boot loader.
    pub requests: Vec<u8>,
    pub memory: Box<dyn Room>,
    /// Its unique secret.
    pub unique: u8,
    /// Random numbers drawn before a boot. With the same value the boot draws the same numbers again.
    pub drawn: u32,
    /// The reset reason of the next boot.
    pub reset: Option<ResetReason>,
    /// The supply of its flash.
    pub supply: Rc<Supply>,
    /// Its monotonic counter, if it has one.
    pub counter: Option<Arc<AtomicU32>>,
}

/// What a script sees of the board.
pub struct World {
    pub host: Host,
    pub scene: Rc<Scene>,
    pub wires: Rc<Wires>,
    pub supply: Rc<Supply>,
    /// The bus of an access controller.
    pub bus: Line,
}

impl World {
    /// Lets time pass.
    pub async fn wait(&self, ms: u64) {
        embassy_time::Timer::after(Duration::from_millis(ms)).await;
    }

    /// Shows the camera a frame of a person who moves, and waits until it is assessed. For another person than the last one, it
    /// first shows as many frames as liveness needs.
    pub async fn show(&self, person: u8) {
        let new = self.scene.show_moving(person);
        self.wait(50).await;
        if new {
            for _ in 1..liveness::MIN_SAMPLES {
                self.scene.show_moving(person);
                self.wait(50).await;
            }
        }
    }

    /// Shows the camera one frame of a person, and waits until it is assessed. For tests without liveness.
    pub async fn glance(&self, person: u8) {
        self.scene.show(person);
        self.wait(50).await;
    }

    /// Waits until the code of a pairing was shown for long enough, and holds the pairing button.
    pub async fn confirm(&self) {
        // The worker looks once a second.
        self.wait(4_500).await;
        self.wires.hold_pairing(2_100).await;
    }

    /// Presses the exit button, and lets it go.
    pub async fn press(&self) {
        self.wires.button.set(true);
        self.wait(100).await;
        self.wires.button.set(false);
        self.wait(100).await;
    }

    /// Types on the keypad.
    pub async fn type_keys(&self, keys: &str) {
        for key in keys.bytes() {
            self.wires.key.set(Some(key));
            self.wait(50).await;
        }
    }

    /// Whether the lock is open.
    pub fn is_open(&self) -> bool {
        self.wires.lock.get()
    }
}

impl Board {
    /// A board that knows one host, an installer, and nobody else.
    pub fn new() -> Self {
        let mut board = Self::unpaired();
        board.boot(host::pair);
        board
    }

    /// A board whose flash is erased.
    pub fn unpaired() -> Self {
        let erased = |bytes| vec![0xff; bytes];
        Self {
            gallery: erased(12 * SECTOR_SIZE),
            further: Vec::new(),
            settings: erased(4 * SECTOR_SIZE),
            log: erased(4 * SECTOR_SIZE),
            detector: [erased(SLOT), erased(SLOT)],
            encoder: [erased(SLOT), erased(SLOT)],
            liveness: [erased(SLOT), erased(SLOT)],
            firmware: firmware::programmed_slots(),
            record: firmware::programmed_record(0x42),
            requests: erased(2 * SECTOR_SIZE),
            memory: Box::new(<Memory>::new()),
            unique: 0x42,
            drawn: 0,
            reset: None,
            supply: Rc::default(),
            counter: Some(Arc::default()),
        }
    }

    /// A board with all models, as after `postern flash models`.
    pub fn with_models() -> Self {
        let mut board = Self::new();
        board.boot(async |world: &mut World| {
            world.host.flash(protocol::ModelKind::Detector, &engine::detector("finder")).await.unwrap();
            world.host.flash(protocol::ModelKind::Encoder, &engine::encoder("coder", 1)).await.unwrap();
            world.host.flash(protocol::ModelKind::Liveness, &engine::liveness("watcher")).await.unwrap();
        });
        board
    }

    /// A board with all models that knows persons 1 and 2, Ann and Bob.
    pub fn with_two_people() -> Self {
        let mut board = Self::with_models();
        board.boot(async |world: &mut World| {
            world.host.enrol("Ann", 1).await.unwrap();
            world.host.enrol("Bob", 2).await.unwrap();
        });
        board
    }

    /// A board of its own with the same flash.
    pub fn copy(&self) -> Self {
        Self {
            gallery: self.gallery.clone(),
            further: self.further.clone(),
            settings: self.settings.clone(),
            log: self.log.clone(),
            detector: self.detector.clone(),
            encoder: self.encoder.clone(),
            liveness: self.liveness.clone(),
            firmware: self.firmware.clone(),
            record: self.record.clone(),
            requests: self.requests.clone(),
            memory: Box::new(<Memory>::new()),
            unique: self.unique,
            drawn: self.drawn,
            reset: None,
            supply: Rc::default(),
            counter: self.counter.as_ref().map(|counter| Arc::new(counter.load(Ordering::Relaxed).into())),
        }
    }

    /// Boots the board and runs a script against it. At the end of the script the power fails.
    pub fn boot<R>(&mut self, script: impl AsyncFnOnce(&mut World) -> R) -> R {
        mock_time::reset();
        let (link, line, bus) = (Link::new(), Line::new(), Line::new());
        let (scene, wires) = (Rc::new(Scene::default()), Rc::new(Wires::default()));
        let supply = self.supply.clone();
        let host = Host::new(line.clone(), wires.clone());
        let (hear, tell) = (bus.board_receives(), bus.board_sends());
        let mut world =
            World { host, scene: scene.clone(), wires: wires.clone(), supply: supply.clone(), bus };
        wires.unique.set(self.unique);
        wires.drawn.set(self.drawn);
        wires.reset.set(self.reset.take());
        let hanging = wires.clone();
        let record = parts::Chip::new("boot", &mut self.record[..], supply.clone());
        let requests = parts::Chip::new("requests", &mut self.requests[..], supply.clone());
        let started = firmware::load(record, requests, &self.firmware, self.unique);
        let nor = |name, memory| parts::Chip::new(name, memory, supply.clone());
        let further = self.further.iter_mut().map(|volume| Volume::new(nor("volume", &mut volume[..])));
        let mut further: Vec<_> = further.collect::<Result<_, _>>().unwrap();
        let io = Io::<parts::Simulated<'_>> {
            host_receive: line.board_receives(),
            host_send: line.board_sends(),
            bus_receive: hear,
            bus_send: tell,
            lock: Pin(wires.clone(), |wires| &wires.lock),
            ready: Pin(wires.clone(), |wires| &wires.ready),
            refused: Pin(wires.clone(), |wires| &wires.refused),
            alarm: Pin(wires.clone(), |wires| &wires.alarm),
            gestures: [
                Pin(wires.clone(), |wires| &wires.asked[0]),
                Pin(wires.clone(), |wires| &wires.asked[1]),
                Pin(wires.clone(), |wires| &wires.asked[2]),
                Pin(wires.clone(), |wires| &wires.asked[3]),
            ],
            wiegand: [Pin(wires.clone(), |wires| &wires.data[0]), Pin(wires.clone(), |wires| &wires.data[1])],
            button: Input(wires.clone(), |wires| &wires.button),
            pairing_button: Input(wires.clone(), |wires| &wires.pairing_button),
            contact: Input(wires.clone(), |wires| &wires.contact),
            cover: Input(wires.clone(), |wires| &wires.cover),
            keypad: Pad(wires.clone()),
            watchdog: Dog(wires.clone()),
        };
        let worker = Worker::<parts::Simulated<'_>, _> {
            camera: Eye::new(scene),
            engine: FakeEngine,
            system: system::Whole(wires),
            gallery: nor("gallery", &mut self.gallery[..]),
            further: &mut further,
            settings: nor("settings", &mut self.settings[..]),
            log: nor("log", &mut self.log[..]),
            detector: slots(["detector A", "detector B"], &mut self.detector, &supply),
            encoder: slots(["encoder A", "encoder B"], &mut self.encoder, &supply),
            // A board whose slots have grown: slot A has both of the earlier ones.
            liveness: ModelSlots {
                b_was: (self.liveness[0].len() > SLOT).then_some(SLOT as u32),
                ..slots(["liveness A", "liveness B"], &mut self.liveness, &supply)
            },
            firmware: FirmwareSlots {
                requests: nor("requests", &mut self.requests[..]),
                slots: slots(["firmware A", "firmware B"], &mut self.firmware, &supply),
                started,
                board: firmware::BOARD,
            },
            counter: self.counter.clone().map(|value| counter::Count::leaked(value, &supply)),
            memory: self.memory.all(),
        };
        let mut io = pin!(run_io(io, &link));
        let mut worker = pin!(run_worker(worker, &link));
        let mut script = pin!(script(&mut world));
        let mut context = Context::from_waker(Waker::noop());
        loop {
            let _ = io.as_mut().poll(&mut context);
            if !hanging.hung.get() {
                let _ = worker.as_mut().poll(&mut context);
            }
            if let Poll::Ready(result) = script.as_mut().poll(&mut context) {
                return result;
            }
            mock_time::advance(Duration::from_millis(1));
            assert!(Instant::now() < Instant::from_secs(3 * 3600), "the script does not end");
        }
    }
}

/// The two slots of a kind of model.
fn slots<'a>(
    names: [&'static str; 2],
    slots: &'a mut [Vec<u8>; 2],
    supply: &Rc<Supply>,
) -> ModelSlots<parts::Chip<'a>> {
    let [a, b] = slots.each_mut();
    let chips = [(names[0], a), (names[1], b)];
    let slots = chips.map(|(name, memory)| parts::Chip::new(name, memory, supply.clone()));
    ModelSlots { slots, b_was: None, bytes: parts::Chip::bytes }
}
