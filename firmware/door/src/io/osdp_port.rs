//! The OSDP port: answers an access controller on the RS-485 bus, in a secure channel (OSDP v2).
//!
//! The port runs at io priority. A controller gives up after 200 ms without an answer, and a network takes longer than
//! that. The cost is some blocks of AES a packet. Keys and random numbers come from the worker.
//!
//! The controller learns which person was admitted, and whether the cover is open. It cannot open the door, and no PIN
//! is sent to it. A person who is admitted while there is no secure channel is not reported to it. The port gives the
//! device the time, and wakes when its channel ends.

use crypto::{Entropy, Generator};
use embassy_futures::select::{Either3, select3};
use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, signal::Signal};
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{Read, Write};
use osdp::{Card, Device, Door, Receiver};

use crate::link::{BusConfig, BusState, Report, State, Watched};

/// A pause inside a packet that ends it.
const SILENCE: Duration = Duration::from_millis(20);
/// A report that is older is not sent.
const MAX_AGE: Duration = Duration::from_secs(10);

/// What the port receives from the rest of io.
pub(crate) struct PortInput {
    /// A new configuration; `None` to answer nobody.
    pub(crate) config: Signal<CriticalSectionRawMutex, Option<BusConfig>>,
    /// The person admitted last.
    pub(crate) report: Signal<CriticalSectionRawMutex, Report>,
}

impl PortInput {
    /// No configuration, no report.
    pub(crate) const fn new() -> Self {
        Self { config: Signal::new(), report: Signal::new() }
    }
}

/// The door as the controller sees it.
struct View<'l> {
    input: &'l PortInput,
    state: &'l Watched<State>,
    random: &'l mut Generator,
}

impl Door for View<'_> {
    fn random(&mut self) -> [u8; 8] {
        let mut random = [0; 8];
        self.random.fill(&mut random);
        random
    }

    fn tampered(&mut self) -> bool {
        self.state.get().cover_open
    }

    fn card(&mut self) -> Option<Card> {
        let report = self.input.report.try_take().filter(|report| report.at.elapsed() < MAX_AGE)?;
        Some(Card { bits: report.bus.bits, length: report.bus.length })
    }
}

/// Answers a controller. A byte and a new configuration may come at the same time; neither is lost. Reports from before
/// the secure channel are dropped.
pub(crate) async fn serve(
    mut receive: impl Read,
    mut send: impl Write,
    input: &PortInput,
    state: &Watched<State>,
) -> ! {
    let (mut bus, mut receiver): (Option<(Device, Generator)>, _) = (None, Receiver::new());
    let (mut bytes, mut heard) = ([0; 64], Instant::MIN);
    loop {
        let end = bus.as_mut().and_then(|(device, _)| device.expire(Instant::now().as_millis()));
        let silent = Timer::at(end.map_or(Instant::MAX, Instant::from_millis));
        let read = match select3(input.config.wait(), receive.read(&mut bytes), silent).await {
            Either3::First(config) => {
                // No one configures a weak key: the request is refused.
                bus = config.and_then(|BusConfig { address, key, identity, random }| {
                    Some((Device::new(address, key, identity).ok()?, random))
                });
                0
            }
            Either3::Second(Ok(read)) if read > 0 => read,
            Either3::Third(()) => 0,
            // No controller. A line that fails at once each time must not starve the other tasks.
            Either3::Second(_) => {
                Timer::after(SILENCE).await;
                continue;
            }
        };
        if heard.elapsed() > SILENCE {
            receiver.forget();
        }
        if read > 0 {
            heard = Instant::now();
        }
        let now = Instant::now().as_millis();
        if let Some((device, _)) = &mut bus {
            device.expire(now);
        }
        for byte in bytes.iter().take(read) {
            let (Some(packet), Some((device, random))) = (receiver.push(*byte), &mut bus) else {
                continue;
            };
            if !device.is_secure() {
                input.report.reset();
            }
            if let Some(reply) = device.answer(packet, now, &mut View { input, state, random }) {
                // The controller repeats a command without an answer.
                let _ = send.write_all(reply).await;
                let _ = send.flush().await;
            }
        }
        let now = bus
            .as_ref()
            .map(|(device, _)| BusState { address: device.address(), secure: device.is_secure() });
        state.update(|state| state.bus = now);
    }
}
