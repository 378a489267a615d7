//! Board: Arm MPS2 AN500, Cortex-M7.
//!
//! Two executors at two interrupt priorities run the door. The higher one has what must be in
//! time: bytes, button, watchdog and the lock. The lower one has pictures, networks, requests and
//! flash. Thread mode sleeps.
#![no_std]
#![no_main]

mod board;

use board_api::FirmwareSlots;
use door::{Io, Link, Memory, Networks, Worker};
use mps::camera::{Camera, FRAME_WORDS};
use mps::flash::{self, Partition};
use mps::fpgaio::{Input, Output};
use mps::fuses::Fuses;
use mps::keypad::Keypad;
use mps::loading;
use mps::reset;
use mps::watchdog::Watchdog;
use nn::Arena;
use static_cell::ConstStaticCell;

/// Bytes for the tensors of the largest network.
const ARENA_BYTES: usize = 3 << 20;

/// How long nobody may feed the watchdog; it is fed four times a second.
const HUNG_MILLISECONDS: u32 = 8_000;

#[unsafe(link_section = ".arena")]
static mut ARENA: Arena<ARENA_BYTES> = Arena::ZERO;

static LINK: Link = Link::new();

#[cortex_m_rt::entry]
fn main() -> ! {
    board::FPGAIO.lock();
    let cause = reset::take_cause();
    let executors = board::start();
    defmt::info!("AN500 starts, cause {}", cause);
    // SAFETY: AN500 has this memory, and only the flash's partitions touch it.
    let flash = unsafe { flash::take(&emulation::AN500, cause) };
    // SAFETY: AN500 has this page, which the linker leaves alone.
    let fuses = unsafe { Fuses::take(&emulation::AN500) };
    // SAFETY: as above.
    let started = unsafe { loading::started_from(&emulation::AN500) };

    let mut watchdog = board::watchdog();
    watchdog.start(HUNG_MILLISECONDS * board::WATCHDOG_TICKS_A_MILLISECOND);
    let io = Io {
        host_receive: &board::SERIAL,
        host_send: &board::SERIAL,
        bus_receive: &board::BUS,
        bus_send: &board::BUS,
        lock: board::FPGAIO.lock_relay(),
        ready: board::FPGAIO.led(0),
        refused: board::FPGAIO.led(1),
        alarm: board::FPGAIO.led(2),
        gestures: [5, 6, 7, 8].map(|led| board::FPGAIO.led(led)),
        wiegand: [board::FPGAIO.led(3), board::FPGAIO.led(4)],
        button: Input::BUTTON,
        contact: Input::CONTACT,
        cover: Input::COVER,
        keypad: Keypad::new(),
        watchdog,
    };
    executors.urgent.spawn(run_io(io).expect("it is spawned once"));

    static FRAME: ConstStaticCell<[u32; FRAME_WORDS]> = ConstStaticCell::new([0; FRAME_WORDS]);
    static MEMORY: ConstStaticCell<Memory> = ConstStaticCell::new(Memory::new());
    let arena = &raw mut ARENA;
    let worker = Worker {
        // SAFETY: AN500 has this frame buffer.
        camera: unsafe { Camera::new(emulation::AN500.frame, FRAME.take()) },
        // SAFETY: `main` runs once and nothing else names the arena, whose bytes may be any.
        engine: Networks::new(unsafe { &mut (*arena).0 }),
        system: board::System::new(cause, fuses),
        gallery: flash.gallery,
        settings: flash.settings,
        detector: flash.detector,
        encoder: flash.encoder,
        liveness: flash.liveness,
        log: flash.log,
        firmware: FirmwareSlots {
            record: flash.boot,
            slots: flash.firmware,
            started,
            board: emulation::AN500.board,
        },
        memory: MEMORY.take(),
    };
    executors.background.spawn(run_worker(worker).expect("it is spawned once"));
    loop {
        cortex_m::asm::wfi();
    }
}

/// The types of this board's peripherals.
enum An500 {}

impl board_api::Board for An500 {
    type Receive = &'static board::Serial;
    type Send = &'static board::Serial;
    type Output = Output;
    type Input = Input;
    type Keypad = Keypad;
    type Watchdog = Watchdog;
    type Camera = Camera;
    type Flash = Partition;
    type System = board::System;
}

#[embassy_executor::task]
async fn run_io(io: Io<An500>) {
    door::run_io(io, &LINK).await
}

#[embassy_executor::task]
async fn run_worker(worker: Worker<'static, An500, Networks<'static>>) {
    door::run_worker(worker, &LINK).await
}
