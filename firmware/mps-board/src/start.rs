//! From reset to two running executors.

use board_api::{FirmwareSlots, Started};
use door::{Buffers, Io, Link, Networks, Npu, Volume, Worker};
use embassy_executor::{InterruptExecutor, SendSpawner};
use heapless::VecView;
use mps::camera::{Camera, FRAME_WORDS};
use mps::counter::Counter;
use mps::flash::{self, Partition};
use mps::fpgaio::{Fpgaio, Input, Output};
use mps::fuses::Fuses;
use mps::interrupt::{Line, Priority, enable, set_priority};
use mps::keypad::Keypad;
use mps::log;
use mps::reset;
use mps::uart::Uart;
use mps::watchdog::Watchdog;
use mps_registers::{Board, UART_CLOCK_HZ, fuses, mpu};
use static_cell::{ConstStaticCell, StaticCell};

use crate::System;

/// Bytes for the tensors of the largest network.
pub const ARENA_BYTES: usize = 3 << 20;

/// The longest time between two feeds of the watchdog; it is fed four times a second.
const HUNG_MILLISECONDS: u32 = 8_000;

/// The divisor of the UARTs' clock for 1.5 Mbaud, the fastest they go.
const FASTEST: u32 = 16;

/// The divisor for 9600 baud, with which OSDP begins.
const BUS_DIVISOR: u32 = UART_CLOCK_HZ / 9_600;

/// A serial line's driver, with its rings.
pub type Serial = Uart<4096, 4096>;

static LINK: Link = Link::new();

/// The executor of the tasks that must not wait for a network to finish.
static URGENT: InterruptExecutor = InterruptExecutor::new();

/// The executor of all other tasks.
static BACKGROUND: InterruptExecutor = InterruptExecutor::new();

/// What the binary owns, since its type or place is the board's.
pub struct Drivers {
    /// The serial line to the host.
    pub serial: &'static Serial,
    /// The line to an access controller: a transceiver for RS-485, which drives the bus while bytes go out.
    pub bus: &'static Serial,
    /// LEDs, and the lock's relay among them.
    pub fpgaio: Fpgaio,
    /// Starts the clock.
    pub start_clock: fn(),
    /// Instructions since the clock was started.
    pub instructions: fn() -> u64,
    /// Memory for the tensors.
    pub arena: &'static mut [i8],
    /// Finds the board's NPU. Only a board that may have one has the driver in its flash.
    pub npu: Option<FindNpu>,
    /// The worker's buffers.
    pub memory: Buffers<'static>,
    /// Room for the further volumes of the gallery.
    pub further: &'static mut Further,
}

/// Room for volumes of the gallery.
pub type Further = VecView<Volume<Partition>>;

/// Finds a board's NPU, by its description and with a clock of nanoseconds. It is called once.
pub type FindNpu = unsafe fn(&'static Board, fn() -> u64) -> Option<&'static mut (dyn Npu + Send)>;

/// Handlers of the lines on which the executors run.
pub mod executors {
    use super::{BACKGROUND, URGENT};

    /// The handler of `urgent_tasks`.
    ///
    /// # Safety
    /// To be called by the handler of that line alone.
    pub unsafe extern "C" fn on_urgent_tasks() {
        // SAFETY: `URGENT.start` enables the line, and this is its handler.
        unsafe { URGENT.on_interrupt() };
    }

    /// The handler of `background_tasks`.
    ///
    /// # Safety
    /// To be called by the handler of that line alone.
    pub unsafe extern "C" fn on_background_tasks() {
        // SAFETY: `BACKGROUND.start` enables the line, and this is its handler.
        unsafe { BACKGROUND.on_interrupt() };
    }
}

/// Starts clock, log, serial lines and executors; interrupts come from here on.
///
/// # Safety
/// As [`run`].
unsafe fn start(board: &Board, drivers: &Drivers) -> [SendSpawner; 2] {
    let [_, log_uart, _] = board.uarts;
    let lines = &board.lines;
    (drivers.start_clock)();
    drivers.serial.start(FASTEST);
    drivers.bus.start(BUS_DIVISOR);
    let ([host_rx, host_tx], [bus_rx, bus_tx]) = (lines.host, lines.bus);
    // SAFETY: the UART of the log is there, only the log uses it, and its handler is in the vector table. All
    // handlers whose lines are enabled are ready now.
    unsafe {
        log::start(log_uart, FASTEST);
        for line in [lines.timer, host_rx, host_tx, lines.log, bus_rx, bus_tx] {
            enable(Line(line), Priority::Device);
        }
    }
    let (urgent, background) = (Line(lines.urgent_tasks), Line(lines.background_tasks));
    set_priority(urgent, Priority::Urgent);
    set_priority(background, Priority::Background);
    [URGENT.start(urgent), BACKGROUND.start(background)]
}

/// Runs the door.
///
/// # Safety
/// This runs on `board`, once, with the vector table of its lines.
#[inline(always)]
pub unsafe fn run(board: &'static Board, drivers: Drivers) -> ! {
    drivers.fpgaio.lock();
    let cause = reset::take_cause();
    // SAFETY: passed on to the caller.
    let [urgent, background] = unsafe { start(board, &drivers) };
    let layout = &board.layout;
    defmt::info!("{=str} starts, cause {}", board.name, cause);
    #[cfg(feature = "development")]
    defmt::warn!("this is development firmware: its log tells names, scores and pairing codes");
    let boot = layout.partitions.boot;
    // SAFETY: these are the areas of this board, code and stack lie before its flash, and nobody else writes the MPU's registers now.
    unsafe { mpu::set_from(boot.address() + boot.len as usize, board.memory) };
    cortex_m::asm::dsb();
    cortex_m::asm::isb();
    // SAFETY: the board has this memory, and only the flash's partitions touch it.
    let mut flash = unsafe { flash::take(&layout.partitions, cause) };
    // SAFETY: the board has this page, which the linker leaves alone.
    let (fuses, started) = unsafe {
        let slot = fuses::started_from(&fuses::boot_word(layout.fuses));
        let started = slot.map(|slot| Started { slot, record: fuses::record(layout.fuses) });
        (Fuses::take(layout), started)
    };

    let Drivers { serial, bus, fpgaio, instructions, arena, npu, memory, further, .. } = drivers;
    // There is room for all of them, and each suits a gallery: its size does not depend on what is in it.
    further.extend(flash.take_further().filter_map(|at| Volume::new(at).ok()));
    // SAFETY: this runs on the board, and once.
    let npu = npu.and_then(|find| unsafe { find(board, instructions) });
    let io = Io {
        host_receive: serial,
        host_send: serial,
        bus_receive: bus,
        bus_send: bus,
        lock: fpgaio.lock_relay(),
        ready: fpgaio.led(0),
        refused: fpgaio.led(1),
        alarm: fpgaio.led(2),
        gestures: [5, 6, 7, 8].map(|led| fpgaio.led(led)),
        wiegand: [fpgaio.led(3), fpgaio.led(4)],
        button: Input::BUTTON,
        pairing_button: Input::PAIRING,
        contact: Input::CONTACT,
        cover: Input::COVER,
        keypad: Keypad::new(),
        // SAFETY: this runs on the board, and once.
        watchdog: unsafe { Watchdog::start(board, HUNG_MILLISECONDS) },
    };
    urgent.spawn(run_io(io).expect("it is spawned once"));

    static FRAME: ConstStaticCell<[u32; FRAME_WORDS]> = ConstStaticCell::new([0; FRAME_WORDS]);
    static COUNTER: StaticCell<Counter> = StaticCell::new();
    let worker = Worker {
        // SAFETY: the board has the frame buffer, and nothing else reads it.
        camera: unsafe { Camera::new(FRAME.take()) },
        engine: Networks::new(arena).with_npu(npu),
        system: System { name: board.name, cause, fuses, instructions },
        gallery: flash.gallery,
        further: further.as_mut_slice(),
        settings: flash.settings,
        detector: flash.detector,
        encoder: flash.encoder,
        liveness: flash.liveness,
        log: flash.log,
        firmware: FirmwareSlots {
            requests: flash.requests,
            slots: flash.firmware,
            started,
            board: layout.partitions.board,
        },
        // SAFETY: this runs on the board, and once.
        counter: unsafe { Counter::find(board) }.map(|counter| COUNTER.init(counter) as _),
        memory,
    };
    background.spawn(run_worker(worker).expect("it is spawned once"));
    loop {
        cortex_m::asm::wfi();
    }
}

/// The types of the board's peripherals.
enum Mps {}

impl board_api::Board for Mps {
    type Receive = &'static Serial;
    type Send = &'static Serial;
    type Output = Output;
    type Input = Input;
    type Keypad = Keypad;
    type Watchdog = Watchdog;
    type Camera = Camera;
    type Flash = Partition;
    type System = System;
}

#[embassy_executor::task]
async fn run_io(io: Io<Mps>) {
    door::run_io(io, &LINK).await
}

#[embassy_executor::task]
async fn run_worker(worker: Worker<'static, Mps, Networks<'static>>) {
    door::run_worker(worker, &LINK).await
}
