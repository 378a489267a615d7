//! Addresses, interrupt lines and handlers of AN547.

use board_api::ResetReason;
use cortex_m_rt::{ExceptionFrame, exception};
use crypto::Entropy;
use embassy_executor::{InterruptExecutor, SendSpawner};
use mps::clock::Clock;
use mps::fault;
use mps::fpgaio::Fpgaio;
use mps::fuses::{self, Fuses};
use mps::interrupt::{Line, Priority, Vector, enable, set_priority, vectors};
use mps::log;
use mps::reset::{self, ResetCause};
use mps::sse_counter::SseCounter;
use mps::uart::Uart;
use mps::watchdog::Watchdog;

/// The clock of the UARTs is 25 MHz; this is the fastest they go, 1.5 Mbaud.
const DIVISOR: u32 = 16;

/// 9600 baud, which OSDP begins with.
const BUS_DIVISOR: u32 = 25_000_000 / 9_600;

const UART1: usize = 0x5930_4000;

const TIMER0: Line = Line(3);
const UART0_RX: Line = Line(33);
const UART0_TX: Line = Line(34);
const UART1_TX: Line = Line(36);
const UART2_RX: Line = Line(37);
const UART2_TX: Line = Line(38);
/// Lines that no peripheral uses, for the two executors.
const URGENT_TASKS: Line = Line(127);
const BACKGROUND_TASKS: Line = Line(126);

/// The serial line's driver, with its rings.
pub type Serial = Uart<4096, 4096>;

/// The serial line to the host.
// SAFETY: UART0 is there, and only here it is named.
pub static SERIAL: Serial = unsafe { Serial::new(0x5930_3000) };

/// The line to an access controller: a transceiver for RS-485, which drives the bus while bytes go out.
// SAFETY: UART2 is there, and only here it is named.
pub static BUS: Serial = unsafe { Serial::new(0x5930_5000) };

/// LEDs, and the lock's relay among them.
// SAFETY: FPGAIO is there.
pub const FPGAIO: Fpgaio = unsafe { Fpgaio::new(0x5930_2000) };

/// Executes the tasks that must not wait for a network to finish.
static URGENT: InterruptExecutor = InterruptExecutor::new();

/// Executes everything else.
static BACKGROUND: InterruptExecutor = InterruptExecutor::new();

embassy_time_driver::time_driver_impl!(static CLOCK: Clock<SseCounter> = Clock::new(
    // SAFETY: the counter's frames and timer 0 are there, and only here they are named.
    unsafe { SseCounter::new(0x5810_0000, 0x5810_1000, 0x5800_0000) }
));

/// The board as the door sees it.
pub struct System {
    cause: ResetCause,
    fuses: Fuses,
}

impl System {
    /// The board, which started for `cause`.
    pub fn new(cause: ResetCause, fuses: Fuses) -> Self {
        Self { cause, fuses }
    }
}

impl board_api::System for System {
    fn name(&self) -> &str {
        "an547"
    }

    fn reset_reason(&self) -> ResetReason {
        reset::reason(self.cause)
    }

    fn instructions(&self) -> u64 {
        CLOCK.instructions()
    }

    fn device_secret(&self, secret: &mut [u8; 32]) {
        secret.copy_from_slice(self.fuses.unique().bytes());
    }

    fn fill_random(&mut self, bytes: &mut [u8]) {
        self.fuses.fill(bytes);
    }

    fn show_pairing_code(&mut self, code: Option<u32>) {
        fuses::show_code(code);
    }

    fn restart(&mut self) {
        reset::reset(ResetCause::Software)
    }
}

/// The two executors.
pub struct Executors {
    /// For tasks that must not wait for a network to finish.
    pub urgent: SendSpawner,
    /// For everything else.
    pub background: SendSpawner,
}

/// Starts clock, log, serial line and executors; interrupts come from here on.
pub fn start() -> Executors {
    CLOCK.counter().start();
    SERIAL.start(DIVISOR);
    BUS.start(BUS_DIVISOR);
    // SAFETY: UART1 is there, only the log uses it, and its handler is below. All handlers whose
    // lines are enabled are ready now.
    unsafe {
        log::start(UART1, DIVISOR);
        for line in [TIMER0, UART0_RX, UART0_TX, UART1_TX, UART2_RX, UART2_TX] {
            enable(line, Priority::Device);
        }
    }
    set_priority(URGENT_TASKS, Priority::Urgent);
    set_priority(BACKGROUND_TASKS, Priority::Background);
    Executors { urgent: URGENT.start(URGENT_TASKS), background: BACKGROUND.start(BACKGROUND_TASKS) }
}

/// The watchdog, which counts at 32 kHz.
pub fn watchdog() -> Watchdog {
    // SAFETY: the watchdog is there; `main` calls this once.
    unsafe { Watchdog::new(0x5802_e000) }
}

/// Ticks of the watchdog in a millisecond.
pub const WATCHDOG_TICKS_A_MILLISECOND: u32 = 32;

unsafe extern "C" fn on_timer() {
    CLOCK.on_interrupt();
}

unsafe extern "C" fn on_receive() {
    SERIAL.on_receive();
}

unsafe extern "C" fn on_transmit() {
    SERIAL.on_transmit();
}

unsafe extern "C" fn on_bus_receive() {
    BUS.on_receive();
}

unsafe extern "C" fn on_bus_transmit() {
    BUS.on_transmit();
}

unsafe extern "C" fn on_log() {
    log::on_interrupt();
}

unsafe extern "C" fn on_urgent_tasks() {
    // SAFETY: `URGENT.start` enables the line, and this is its handler.
    unsafe { URGENT.on_interrupt() };
}

unsafe extern "C" fn on_background_tasks() {
    // SAFETY: `BACKGROUND.start` enables the line, and this is its handler.
    unsafe { BACKGROUND.on_interrupt() };
}

/// The lines of AN547; `cortex-m-rt` puts them after the exceptions.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
pub static __INTERRUPTS: [Vector; 128] = vectors(&[
    (TIMER0, on_timer),
    (UART0_RX, on_receive),
    (UART0_TX, on_transmit),
    (UART1_TX, on_log),
    (UART2_RX, on_bus_receive),
    (UART2_TX, on_bus_transmit),
    (URGENT_TASKS, on_urgent_tasks),
    (BACKGROUND_TASKS, on_background_tasks),
]);

#[exception]
unsafe fn NonMaskableInt() -> ! {
    fault::hung(FPGAIO)
}

#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    fault::faulted(FPGAIO, frame.pc())
}

#[panic_handler]
fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
    fault::panicked(FPGAIO, info)
}

defmt::timestamp!("{=u64:us}", embassy_time::Instant::now().as_micros());
