//! An access controller on the bus: OSDP v2 over RS-485, in a secure channel.
//!
//! The front answers, at its priority: a controller gives up on who does not answer within 200 ms, and a network takes
//! longer. What that costs is some blocks of AES a packet. Keys and random numbers come from the back.
//!
//! The controller hears who was let in, and whether the cover is open. It opens no door, and no code that is typed goes
//! to it. Who was let in while there was no secure channel is told to nobody but the audit log.

use board_api::Board;
use crypto::{Entropy, Generator};
use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{Read, Write};
use osdp::{Card, Device, Door, Identity, Receiver};
use protocol::{Error, Osdp, OsdpState, Response, SettingName, Settings, Wiegand};

use crate::{
    desk::Desk,
    engine::Engine,
    link::Link,
    secrets::{device_secret, random_key},
    wiegand::Frame,
};

/// A pause in the midst of a packet that ends it.
const SILENCE: Duration = Duration::from_millis(20);
/// How long it is news that somebody was let in.
const NEWS: Duration = Duration::from_secs(10);
/// What a board says that it is: of no vendor that has a number, model 1.
const MODEL: ([u8; 3], [u8; 2]) = ([0; 3], [1, 0]);

/// What the front needs to answer.
pub(crate) struct Bus {
    device: Device,
    random: Generator,
}

/// Somebody who was let in, for a controller.
pub(crate) struct Passed {
    card: Card,
    at: Instant,
}

impl Passed {
    /// Person `number`, in the format of Wiegand that was chosen; in 34 bits of site 0, if none was.
    pub(crate) fn new(settings: &Settings, number: u32) -> Option<Self> {
        let format = match settings.wiegand {
            Wiegand::Off => Wiegand::Bits34 { facility: 0 },
            format => format,
        };
        let Frame { bits, length } = Frame::new(format, number)?;
        Some(Self { card: Card { bits, length }, at: Instant::now() })
    }
}

impl<B: Board, E: Engine> Desk<'_, '_, B, E> {
    /// Answers a controller from now on, also after a reset, or nobody.
    pub(crate) fn set_osdp(&mut self, osdp: Option<Osdp>) -> Result<Response, Error> {
        let (low, high) = (0, Osdp::MAX_ADDRESS.into());
        if osdp.as_ref().is_some_and(|osdp| osdp.address > Osdp::MAX_ADDRESS) {
            return Err(Error::BadSetting { setting: SettingName::OsdpAddress, low, high });
        }
        self.storage()?.set_osdp(osdp.as_ref())?;
        self.open_bus(osdp);
        Ok(Response::Done)
    }

    /// Hands the front what it answers a controller by.
    pub(crate) fn open_bus(&mut self, osdp: Option<Osdp>) {
        let serial = device_secret(&self.system).derive(b"", b"postern serial");
        let [a, b, c, d, ..] = *serial.bytes();
        let (vendor, model) = MODEL;
        let serial = u32::from_le_bytes([a, b, c, d]);
        let random = Generator::new(&random_key(&mut self.system), b"osdp");
        let identity = Identity { vendor, model, serial, firmware: VERSION };
        let bus = osdp.map(|osdp| Bus { device: Device::new(osdp.address, osdp.key.0, identity), random });
        self.link.bus.signal(bus);
    }
}

/// The firmware's version.
const VERSION: [u8; 3] = [
    part(env!("CARGO_PKG_VERSION_MAJOR")),
    part(env!("CARGO_PKG_VERSION_MINOR")),
    part(env!("CARGO_PKG_VERSION_PATCH")),
];

const fn part(text: &str) -> u8 {
    match u8::from_str_radix(text, 10) {
        Ok(part) => part,
        Err(_) => u8::MAX,
    }
}

/// The door, as a controller is told of it.
struct Told<'l> {
    link: &'l Link,
    random: &'l mut Generator,
}

impl Door for Told<'_> {
    fn random(&mut self) -> [u8; 8] {
        let mut random = [0; 8];
        self.random.fill(&mut random);
        random
    }

    fn tampered(&mut self) -> bool {
        self.link.uncovered.load(core::sync::atomic::Ordering::Relaxed)
    }

    fn card(&mut self) -> Option<Card> {
        self.link.passed.try_take().filter(|passed| passed.at.elapsed() < NEWS).map(|passed| passed.card)
    }
}

/// Answers a controller. Of its bytes and what the back hands over, neither is lost when the other comes first. Who was
/// let in before there was a channel is nobody's news.
pub(crate) async fn answer(mut receive: impl Read, mut send: impl Write, link: &Link) -> ! {
    let (mut bus, mut receiver): (Option<Bus>, _) = (None, Receiver::new());
    let (mut bytes, mut heard) = ([0; 64], Instant::MIN);
    loop {
        let read = match select(link.bus.wait(), receive.read(&mut bytes)).await {
            Either::First(new) => {
                bus = new;
                0
            }
            Either::Second(Ok(read)) if read > 0 => read,
            // Nobody there; a line that fails at once each time must not starve others.
            Either::Second(_) => {
                Timer::after(SILENCE).await;
                continue;
            }
        };
        if heard.elapsed() > SILENCE {
            receiver.forget();
        }
        heard = Instant::now();
        for byte in bytes.iter().take(read) {
            let (Some(packet), Some(Bus { device, random })) = (receiver.push(*byte), &mut bus) else {
                continue;
            };
            if !device.is_secure() {
                link.passed.reset();
            }
            if let Some(reply) = device.answer(packet, &mut Told { link, random }) {
                // The controller asks again for what it does not hear.
                let _ = send.write_all(reply).await;
                let _ = send.flush().await;
            }
        }
        link.show_osdp(
            bus.as_ref().map(|Bus { device, .. }| OsdpState {
                address: device.address(),
                secure: device.is_secure(),
            }),
        );
    }
}
