//! The door's application in memory, with its real networks: flash, line and pins of the test.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use board_api::{Capture, CounterError, FirmwareSlots, ModelSlots, MonotonicCounter, ResetReason};
use client::Transport;
use crypto::{Entropy, Generator, Key};
use door::{Io, Link, Memory, Networks, Worker};
use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use nn::Arena;
use nor_model::Nor;
use partitions::{LINUX, Region};

/// The unique secret of both doors.
pub const UNIQUE: [u8; 32] = [0x42; 32];
/// The entropy of both doors.
pub const ENTROPY: [u8; 32] = [0x17; 32];

/// The cells of all partitions, and the counter beside them.
#[derive(Clone)]
pub struct Cells(Vec<(&'static str, Region, Vec<u8>)>, Arc<AtomicU32>);

/// The monotonic counter beside the flash.
struct Counter(Arc<AtomicU32>);

impl MonotonicCounter for Counter {
    fn read(&mut self) -> Result<u32, CounterError> {
        Ok(self.0.load(Ordering::Relaxed))
    }

    fn increment(&mut self) -> Result<(), CounterError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

impl Cells {
    /// A flash that is erased.
    pub fn erased() -> Self {
        let [[detector_a, detector_b], [encoder_a, encoder_b], [liveness_a, liveness_b]] =
            [LINUX.detector, LINUX.encoder, LINUX.liveness];
        let regions = [
            ("gallery", LINUX.gallery),
            ("settings", LINUX.settings),
            ("log", LINUX.log),
            ("detector A", detector_a),
            ("detector B", detector_b),
            ("encoder A", encoder_a),
            ("encoder B", encoder_b),
            ("liveness A", liveness_a),
            ("liveness B", liveness_b),
        ];
        let cells = regions.map(|(name, region)| (name, region, vec![0xff; region.len as usize]));
        Self(cells.into(), Arc::default())
    }

    /// Name, place and cells of each partition.
    pub fn partitions(&self) -> Vec<(&'static str, Region, &[u8])> {
        self.0.iter().map(|(name, region, cells)| (*name, *region, cells.as_slice())).collect()
    }
}

/// What a script may do at the door.
#[derive(Default)]
pub struct Wires {
    pairing: AtomicBool,
}

impl Wires {
    /// Presses or releases the pairing button.
    pub fn press_pairing(&self, pressed: bool) {
        self.pairing.store(pressed, Ordering::Relaxed);
    }
}

/// Bytes on their way, in either direction.
#[derive(Default)]
struct Bytes {
    queue: Mutex<VecDeque<u8>>,
    came: Condvar,
}

impl Bytes {
    fn put(&self, bytes: &[u8]) {
        self.queue.lock().expect("no panic").extend(bytes);
        self.came.notify_all();
    }

    fn take(&self, bytes: &mut [u8], patience: Duration) -> usize {
        let queue = self.queue.lock().expect("no panic");
        let waited = self.came.wait_timeout_while(queue, patience, |queue| queue.is_empty());
        let mut queue = waited.expect("no panic").0;
        let count = queue.len().min(bytes.len());
        bytes.iter_mut().zip(queue.drain(..count)).for_each(|(to, from)| *to = from);
        count
    }

    /// Waits for bytes, and leaves them.
    fn wait(&self, patience: Duration) {
        let queue = self.queue.lock().expect("no panic");
        let _ = self.came.wait_timeout_while(queue, patience, |queue| queue.is_empty());
    }
}

/// One end's direction of the line.
struct End(Arc<Bytes>);

impl embedded_io_async::ErrorType for End {
    type Error = Infallible;
}

impl embedded_io_async::Read for End {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Infallible> {
        loop {
            match self.0.take(bytes, Duration::ZERO) {
                0 => embassy_time::Timer::after_millis(1).await,
                count => return Ok(count),
            }
        }
    }
}

impl embedded_io_async::Write for End {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Infallible> {
        self.0.put(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// The host's end.
struct HostEnd {
    to_door: Arc<Bytes>,
    to_host: Arc<Bytes>,
}

impl Transport for HostEnd {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to_door.put(bytes);
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        Ok(self.to_host.take(buffer, patience))
    }
}

/// An output that nothing hangs on, an input that stays low, a keypad without keys, a camera without frames.
struct Unused;

impl ErrorType for Unused {
    type Error = Infallible;
}

impl OutputPin for Unused {
    fn set_low(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        Ok(())
    }
}

impl board_api::Keypad for Unused {
    fn key(&mut self) -> Option<u8> {
        None
    }
}

impl board_api::Watchdog for Unused {
    fn feed(&mut self) {}
}

impl board_api::Camera for Unused {
    async fn next(&mut self) -> Capture<'_> {
        std::future::pending().await
    }
}

/// The pairing button, or an input that stays low.
struct Button(Option<Arc<Wires>>);

impl ErrorType for Button {
    type Error = Infallible;
}

impl InputPin for Button {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        Ok(self.0.as_ref().is_some_and(|wires| wires.pairing.load(Ordering::Relaxed)))
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        self.is_high().map(|high| !high)
    }
}

struct System(Generator);

impl board_api::System for System {
    fn name(&self) -> &str {
        "linux"
    }

    fn reset_reason(&self) -> ResetReason {
        ResetReason::PowerOn
    }

    fn instructions(&self) -> u64 {
        0
    }

    fn take_secret(&mut self, secret: &mut [u8; 32]) {
        *secret = *boot::application_secret(&Key::new(UNIQUE)).bytes();
    }

    fn fill_random(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }

    fn show(&mut self, _: Option<board_api::Shown>) {}

    fn restart(&mut self) {}
}

struct Simulated<'a>(std::marker::PhantomData<&'a ()>);

impl<'a> board_api::Board for Simulated<'a> {
    type Receive = End;
    type Send = End;
    type Output = Unused;
    type Input = Button;
    type Keypad = Unused;
    type Watchdog = Unused;
    type Camera = Unused;
    type Flash = Nor<&'a mut [u8]>;
    type System = System;
}

/// Boots the door on this flash for the `boots`th time, and runs a script at the other end of its line.
pub fn boot<R: Send>(
    cells: &mut Cells,
    boots: u32,
    script: impl FnOnce(Box<dyn Transport>, &Wires) -> R + Send,
) -> R {
    mock_time::reset();
    let (to_door, to_host, wires): (Arc<Bytes>, Arc<Bytes>, Arc<Wires>) = Default::default();
    let silent = || End(Arc::default());
    let idle = || Button(None);
    let io = Io::<Simulated<'_>> {
        host_receive: End(to_door.clone()),
        host_send: End(to_host.clone()),
        bus_receive: silent(),
        bus_send: silent(),
        lock: Unused,
        ready: Unused,
        refused: Unused,
        alarm: Unused,
        gestures: [Unused, Unused, Unused, Unused],
        wiegand: [Unused, Unused],
        button: idle(),
        pairing_button: Button(Some(wires.clone())),
        contact: idle(),
        cover: idle(),
        keypad: Unused,
        watchdog: Unused,
    };
    let secret = boot::application_secret(&Key::new(UNIQUE));
    let seed = Key::new(ENTROPY).derive(secret.bytes(), b"postern seed");
    let [gallery, settings, log, detector_a, detector_b, encoder_a, encoder_b, liveness_a, liveness_b] =
        &mut cells.0[..]
    else {
        unreachable!("as `erased` makes them")
    };
    let (mut requests, mut firmware) = (vec![0xff; 8192], [vec![0xff; 8192], vec![0xff; 8192]]);
    let [firmware_a, firmware_b] = &mut firmware;
    let mut arena = Box::new(Arena::<{ 3 << 20 }>::ZERO);
    let mut memory = Box::new(Memory::new());
    let worker = Worker::<Simulated<'_>, _> {
        camera: Unused,
        engine: Networks::new(&mut arena.0),
        system: System(Generator::new(&seed, &boots.to_le_bytes())),
        gallery: Nor::new(&mut gallery.2[..]),
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
        memory: &mut memory,
    };
    let link = Link::new();
    let mut io = pin!(door::run_io(io, &link));
    let mut worker = pin!(door::run_worker(worker, &link));
    let mut context = Context::from_waker(Waker::noop());
    std::thread::scope(|scope| {
        let line = Box::new(HostEnd { to_door: to_door.clone(), to_host });
        let wires = &wires;
        let script = scope.spawn(move || script(line, wires));
        while !script.is_finished() {
            let _ = io.as_mut().poll(&mut context);
            let _ = worker.as_mut().poll(&mut context);
            to_door.wait(Duration::from_millis(1));
            mock_time::advance(embassy_time::Duration::from_millis(1));
        }
        script.join().expect("the script does not panic")
    })
}

fn slots<'a>(a: &'a mut [u8], b: &'a mut [u8]) -> ModelSlots<Nor<&'a mut [u8]>> {
    ModelSlots { slots: [Nor::new(a), Nor::new(b)], bytes: Nor::bytes }
}
