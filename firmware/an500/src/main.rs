//! Board: Arm MPS2 AN500, Cortex-M7.
#![no_std]
#![no_main]

mod board;

use embassy_executor::Executor;
use embassy_time::{Duration, Timer};
use embedded_hal::digital::OutputPin;
use mps::{flash, reset};
use static_cell::StaticCell;

#[cortex_m_rt::entry]
fn main() -> ! {
    board::FPGAIO.lock();
    let cause = reset::take_cause();
    let urgent = board::start();
    // SAFETY: AN500 has this memory, and only the flash's partitions touch it.
    let flash = unsafe { flash::take(&emulation::AN500, cause) };
    defmt::info!("AN500 starts, cause {}", cause);
    let _ = flash;
    urgent.spawn(echo().unwrap());
    static EXECUTOR: StaticCell<Executor> = StaticCell::new();
    EXECUTOR.init(Executor::new()).run(|spawner| {
        spawner.spawn(heartbeat().unwrap());
    })
}

#[embassy_executor::task]
async fn echo() {
    let mut buffer = [0; 256];
    loop {
        let len = board::SERIAL.read(&mut buffer).await;
        let mut rest = &buffer[..len];
        while !rest.is_empty() {
            let sent = board::SERIAL.write(rest).await;
            rest = &rest[sent..];
        }
    }
}

#[embassy_executor::task]
async fn heartbeat() {
    let mut led = board::FPGAIO.led(0);
    loop {
        let _ = led.set_high();
        Timer::after(Duration::from_millis(500)).await;
        let _ = led.set_low();
        Timer::after(Duration::from_millis(500)).await;
        defmt::info!("beat, {=u64} instructions", board::instructions());
    }
}
