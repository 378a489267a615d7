//! Boots the door's application on a flash in memory.

use std::cell::Cell;
use std::marker::PhantomData;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use board_api::{Camera, Capture, FirmwareSlots, ResetReason};
use client::Transport;
use crypto::{Entropy, Generator, Key};
use door::{Engine, Io, Link, Memory, Networks, Volume, Worker};
use embassy_time::Instant;
use nn::Arena;
use nor_model::Nor;
use partitions::LINUX;

use crate::clocked::{Clocked, Stopwatch};
use crate::flash::{Cells, Counter, slots};
use crate::line::{Bytes, End, HostEnd};
use crate::pins::{Button, Output, Unused, Wires};

/// The unique secret of the door.
pub const UNIQUE: [u8; 32] = [0x42; 32];
/// The entropy of the door.
pub const ENTROPY: [u8; 32] = [0x17; 32];

/// A round of io and worker while nothing else takes time.
const ROUND: embassy_time::Duration = embassy_time::Duration::from_millis(1);

/// Bytes of the arena, for any networks.
const ARENA: usize = 3 << 20;

/// Most volumes that the gallery can have here: those of an AN547.
const VOLUMES: usize = partitions::AN547.volumes();
/// The people in them.
const PEOPLE: usize = VOLUMES * door::PEOPLE_PER_VOLUME;

/// A camera without frames.
struct Dark;

impl Camera for Dark {
    async fn next(&mut self) -> Capture<'_> {
        std::future::pending().await
    }
}

struct System {
    random: Generator,
    /// Who takes the time, if anybody.
    watch: Option<Rc<Stopwatch>>,
}

impl board_api::System for System {
    fn name(&self) -> &str {
        "linux"
    }

    fn reset_reason(&self) -> ResetReason {
        ResetReason::PowerOn
    }

    fn instructions(&self) -> u64 {
        if let Some(watch) = &self.watch {
            watch.counts_read();
        }
        0
    }

    fn take_secret(&mut self, secret: &mut [u8; 32]) {
        *secret = *boot::application_secret(&Key::new(UNIQUE)).bytes();
    }

    fn fill_random(&mut self, bytes: &mut [u8]) {
        self.random.fill(bytes);
    }

    fn show(&mut self, _: Option<board_api::Shown>) {}

    fn restart(&mut self) {}
}

struct Simulated<'a, C>(PhantomData<(&'a (), C)>);

impl<'a, C: Camera> board_api::Board for Simulated<'a, C> {
    type Receive = End;
    type Send = End;
    type Output = Output;
    type Input = Button;
    type Keypad = Unused;
    type Watchdog = Unused;
    type Camera = C;
    type Flash = Nor<&'a mut [u8]>;
    type System = System;
}

/// What differs from one door in memory to the next.
struct Parts<C, E> {
    camera: C,
    engine: E,
    lock: Output,
    watch: Option<Rc<Stopwatch>>,
    to_door: Arc<Bytes>,
    to_host: Arc<Bytes>,
    wires: Option<Arc<Wires>>,
}

/// Boots the door on this flash for the `boots`th time, and runs a script at the other end of its line.
pub fn boot<R: Send>(
    cells: &mut Cells,
    boots: u32,
    script: impl FnOnce(Box<dyn Transport>, &Wires) -> R + Send,
) -> R {
    let mut arena = Box::new(Arena::<ARENA>::ZERO);
    boot_with(cells, boots, Networks::new(&mut arena.0), script)
}

/// The same with another engine in place of the networks.
pub fn boot_with<R: Send, E: Engine>(
    cells: &mut Cells,
    boots: u32,
    engine: E,
    script: impl FnOnce(Box<dyn Transport>, &Wires) -> R + Send,
) -> R {
    let (to_door, to_host, wires): (Arc<Bytes>, Arc<Bytes>, Arc<Wires>) = Default::default();
    let line = Box::new(HostEnd { to_door: to_door.clone(), to_host: to_host.clone() });
    let parts = Parts {
        camera: Dark,
        engine,
        lock: Output::default(),
        watch: None,
        to_door: to_door.clone(),
        to_host,
        wires: Some(wires.clone()),
    };
    std::thread::scope(|scope| {
        let script = scope.spawn(move || script(line, &wires));
        run(cells, boots, parts, || {
            to_door.wait(Duration::from_millis(1));
            !script.is_finished()
        });
        script.join().expect("the script does not panic")
    })
}

/// Boots the door on this flash before a camera, with a stopwatch. Ends when the lock opens, which returns when, or when
/// the time is over.
pub(crate) fn stand<C: Camera>(
    cells: &mut Cells,
    boots: u32,
    camera: C,
    watch: Rc<Stopwatch>,
    until: Instant,
) -> Option<Instant> {
    let opened: Rc<Cell<Option<Instant>>> = Rc::default();
    let mut arena = Box::new(Arena::<ARENA>::ZERO);
    let parts = Parts {
        camera,
        engine: Clocked::new(Networks::new(&mut arena.0), watch.clone()),
        lock: Output(Some(opened.clone())),
        watch: Some(watch),
        to_door: Arc::default(),
        to_host: Arc::default(),
        wires: None,
    };
    run(cells, boots, parts, || opened.get().is_none() && Instant::now() < until);
    opened.get()
}

/// Polls io and worker in turns as long as `goes_on` says so.
fn run<C: Camera, E: Engine>(
    cells: &mut Cells,
    boots: u32,
    parts: Parts<C, E>,
    mut goes_on: impl FnMut() -> bool,
) {
    mock_time::reset();
    let silent = || End(Arc::default());
    let io = Io::<Simulated<'_, C>> {
        host_receive: End(parts.to_door),
        host_send: End(parts.to_host),
        bus_receive: silent(),
        bus_send: silent(),
        lock: parts.lock,
        ready: Output::default(),
        refused: Output::default(),
        alarm: Output::default(),
        gestures: [(); 4].map(|()| Output::default()),
        wiegand: [(); 2].map(|()| Output::default()),
        button: Button::default(),
        pairing_button: Button(parts.wires),
        contact: Button::default(),
        cover: Button::default(),
        keypad: Unused,
        watchdog: Unused,
    };
    let secret = boot::application_secret(&Key::new(UNIQUE));
    let seed = Key::new(ENTROPY).derive(secret.bytes(), b"postern seed");
    let [
        gallery,
        settings,
        log,
        detector_a,
        detector_b,
        encoder_a,
        encoder_b,
        liveness_a,
        liveness_b,
        further @ ..,
    ] = &mut cells.0[..]
    else {
        unreachable!("as `erased` makes them")
    };
    let (mut requests, mut firmware) = (vec![0xff; 8192], [vec![0xff; 8192], vec![0xff; 8192]]);
    let [firmware_a, firmware_b] = &mut firmware;
    let mut memory: Box<Memory<VOLUMES, PEOPLE, 1_536, 256, 32>> = Box::new(Memory::new());
    let further = further.iter_mut().map(|(_, _, cells)| Volume::new(Nor::new(&mut cells[..])));
    let mut further: Vec<_> = further.map(|volume| volume.expect("a volume")).collect();
    let worker = Worker::<Simulated<'_, C>, _> {
        camera: parts.camera,
        engine: parts.engine,
        system: System { random: Generator::new(&seed, &boots.to_le_bytes()), watch: parts.watch },
        gallery: Nor::new(&mut gallery.2[..]),
        further: &mut further,
        settings: Nor::new(&mut settings.2[..]),
        log: Nor::new(&mut log.2[..]),
        detector: slots(&mut detector_a.2, &mut detector_b.2),
        encoder: slots(&mut encoder_a.2, &mut encoder_b.2),
        liveness: slots(&mut liveness_a.2, &mut liveness_b.2),
        firmware: FirmwareSlots {
            requests: Nor::new(&mut requests[..]),
            slots: slots(firmware_a, firmware_b),
            started: None,
            board: LINUX.board,
        },
        counter: Some(Box::leak(Box::new(Counter(cells.1.clone())))),
        memory: memory.all(),
    };
    let link = Link::new();
    let mut io = pin!(door::run_io(io, &link));
    let mut worker = pin!(door::run_worker(worker, &link));
    let mut context = Context::from_waker(Waker::noop());
    while goes_on() {
        let _ = io.as_mut().poll(&mut context);
        let _ = worker.as_mut().poll(&mut context);
        mock_time::advance(ROUND);
    }
}
