//! The messages between worker and io.

use crypto::Generator;
use embassy_time::{Duration, Instant};
use gallery::Name;
use osdp::Identity;
use policy::{Alarm, Pin};

use super::card::CardFrame;

/// Why the lock opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The request-to-exit button was pressed.
    Button,
    /// The worker admitted a person.
    Person {
        /// The camera's number of the frame that decided.
        frame: u32,
        person: u32,
        name: Option<Name>,
    },
    /// A signed command.
    Command,
}

/// From the worker to io.
pub(crate) enum Command {
    /// Unlock for a time.
    Open { cause: Cause, time: Duration },
    /// Lock now: a fault, or a host asked for it.
    Lock,
    /// Report an admitted person to the access controllers.
    Report(Report),
    /// Answer an access controller on the OSDP bus from now on, or none.
    ServeBus(Option<BusConfig>),
}

/// The card number of an admitted person, for each kind of controller.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Report {
    /// On the Wiegand wires; `None` if Wiegand output is disabled.
    pub(crate) wires: Option<CardFrame>,
    /// On the OSDP bus.
    pub(crate) bus: CardFrame,
    /// When the person was admitted.
    pub(crate) at: Instant,
}

/// How an access controller on the OSDP bus is answered.
pub(crate) struct BusConfig {
    /// The board's address, 0 to 126.
    pub(crate) address: u8,
    /// The secure channel base key.
    pub(crate) key: [u8; 16],
    /// What the board reports as its identity.
    pub(crate) identity: Identity,
    /// Random numbers for the secure channel.
    pub(crate) random: Generator,
}

/// From io to the worker, with the time at which it happened.
#[derive(Debug, Clone)]
pub(crate) struct Stamped {
    pub(crate) event: IoEvent,
    pub(crate) at: Instant,
}

/// What happened at the pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IoEvent {
    /// The lock opened, or stays open for longer.
    Opened { cause: Cause, time: Duration },
    /// The lock closed.
    Locked,
    /// The lock's output failed.
    LockFailed,
    /// A PIN was typed.
    Pin(Pin),
    /// An alarm began: door forced open, held open, or cover open.
    Alarm(Alarm),
    /// The cover was closed again.
    CoverClosed,
}
