//! What worker and io share.
//!
//! ```text
//!            commands: open, lock, report, serve the bus
//!          ──────────────────────────────────────────────►
//!            config: times, LEDs, sign of life
//!   worker ──────────────────────────────────────────────►  io
//!            events: opened, locked, PIN, alarm
//!          ◄──────────────────────────────────────────────
//!            state: lock, cover, bus, pairing button
//!          ◄──────────────────────────────────────────────
//!            request slot: one request, one reply
//!          ◄─────────────────────────────────────────────►
//! ```
//! # Invariants
//! - `config` is written by the worker alone, `state` by io alone. So no field needs to be swapped.
//! - What must not be lost is in `state` as a counter that only rises: openings of the cover, lost events.
//!   The reader keeps the count that it saw last.

mod card;
mod messages;
mod request_slot;
mod watched;

pub(crate) use card::{CardFormat, CardFrame};
pub(crate) use messages::{BusConfig, Cause, Command, IoEvent, Report, Stamped};
pub(crate) use request_slot::{Pending, RequestSlot, Ticket};
pub(crate) use watched::Watched;

use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, channel::Channel};
use embassy_time::{Duration, Instant};
use liveness::Gesture;

type Raw = CriticalSectionRawMutex;

/// What is waited for at the pairing button. A number is used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    Nothing,
    /// The button goes down.
    Press(u32),
    /// The button goes down, and stays down for two seconds. A button that is let go sooner declines.
    Hold(u32),
}

/// What io goes by. The worker writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Config {
    /// For how long the request-to-exit button opens.
    pub(crate) open_time: Duration,
    /// For how long the door may stand open, in milliseconds; 0 for any time.
    pub(crate) held_ms: u32,
    /// Whether the lock holds while it has current.
    pub(crate) fail_safe: bool,
    /// Whether frames can be assessed: the ready LED.
    pub(crate) ready: bool,
    /// Whether somebody was refused: the refused LED.
    pub(crate) refused: bool,
    /// The movement that is asked for: the gesture LEDs.
    pub(crate) gesture: Option<Gesture>,
    /// What is waited for at the pairing button.
    pub(crate) pairing: Awaited,
    /// When the worker gave its last sign of life.
    pub(crate) alive_at: Instant,
}

/// How things stand at the pins. Io writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    /// Until when the lock is open.
    pub(crate) open_until: Option<Instant>,
    /// Whether the door stands open, by its contact.
    pub(crate) contact_open: bool,
    /// Whether an alarm is active.
    pub(crate) alarm: bool,
    /// Whether the cover is open.
    pub(crate) cover_open: bool,
    /// How often it was opened since boot.
    pub(crate) cover_openings: u32,
    /// Events that found no room in the channel since boot.
    pub(crate) lost_events: u32,
    /// The number that the pairing button confirmed last.
    pub(crate) confirmed: u32,
    /// The number whose hold of the pairing button was let go too soon last.
    pub(crate) declined: u32,
    /// The OSDP port; `None` if it answers nobody.
    pub(crate) bus: Option<BusState>,
    /// Whether io has fed the watchdog since boot.
    pub(crate) fed: bool,
}

/// How the board stands with an access controller on the OSDP bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BusState {
    /// The board's address.
    pub(crate) address: u8,
    /// Whether there is a secure channel.
    pub(crate) secure: bool,
}

/// The connection of [`run_io`](crate::run_io) and [`run_worker`](crate::run_worker).
/// Give it a `static`.
pub struct Link {
    pub(crate) commands: Channel<Raw, Command, 4>,
    pub(crate) events: Channel<Raw, Stamped, 16>,
    pub(crate) config: Watched<Config>,
    pub(crate) state: Watched<State>,
    pub(crate) slot: RequestSlot,
}

impl Link {
    /// A link over which nothing was sent.
    pub const fn new() -> Self {
        Self {
            commands: Channel::new(),
            events: Channel::new(),
            config: Watched::new(Config {
                open_time: Duration::from_ticks(0),
                held_ms: 0,
                fail_safe: false,
                ready: false,
                refused: false,
                gesture: None,
                pairing: Awaited::Nothing,
                alive_at: Instant::MIN,
            }),
            state: Watched::new(State {
                open_until: None,
                contact_open: false,
                alarm: false,
                cover_open: false,
                cover_openings: 0,
                lost_events: 0,
                confirmed: 0,
                declined: 0,
                bus: None,
                fed: false,
            }),
            slot: RequestSlot::new(),
        }
    }

    /// Io reports an event. An event that finds no room is counted.
    pub(crate) fn report(&self, event: IoEvent) {
        if self.events.try_send(Stamped { event, at: Instant::now() }).is_err() {
            self.state.update(|state| state.lost_events = state.lost_events.saturating_add(1));
        }
    }

    /// The worker gives a sign of life.
    pub(crate) fn give_sign(&self) {
        self.config.update(|config| config.alive_at = Instant::now());
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}
