//! What front and back share: a request, its reply, the door's orders, the events.
//!
//! One request is under way at a time, as the protocol has it. The front puts it into
//! `request`, says `busy` and signals; the back answers into `reply`, ends `busy` and signals.
//! The two buffers are held by async mutexes, so that nobody copies two kilobytes with interrupts
//! off.

use core::{
    cell::RefCell,
    sync::atomic::{AtomicBool, AtomicU8, AtomicU16, AtomicU32, Ordering},
};

use embassy_sync::{
    blocking_mutex::{Mutex as BlockingMutex, raw::CriticalSectionRawMutex},
    channel::Channel,
    mutex::Mutex,
    signal::Signal,
};
use embassy_time::{Duration, Instant};
use policy::{Alarm, Pin};
use protocol::{EVENTS_PER_PAGE, Event, EventKind, Gesture, Kind, LastReply, MAX_BODY, OsdpState};

use crate::{
    controller::{Bus, Passed},
    door::Cause,
    events::Events,
    wiegand::Frame,
};

type Raw = CriticalSectionRawMutex;

/// No address on the bus.
const NO_BUS: u16 = u16::MAX;
/// There is a secure channel.
const SECURE: u16 = 1 << 8;

/// Which request: its id and checksum, by which a repeat is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) id: u16,
    pub(crate) checksum: u32,
}

/// A request as it came.
pub(crate) struct Pending {
    /// A request, a step of the handshake, or something sealed.
    pub(crate) kind: Kind,
    pub(crate) ticket: Ticket,
    pub(crate) length: usize,
    pub(crate) body: [u8; MAX_BODY],
}

/// What the door shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Open for a time.
    Grant { cause: Cause, time: Duration },
    /// Lock now: something is wrong, or the host says so.
    Lock,
}

/// What the front tells the back, and when it happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(crate) what: Notice,
    pub(crate) at: Instant,
}

/// What happened at the pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    /// The button opened the door.
    Button,
    /// The lock's output does not do as told.
    LockFailed,
    /// A code was typed.
    Pin(Pin),
    /// Something is wrong with the door, or the cover is open.
    Alarm(Alarm),
    /// The cover is closed again.
    Covered,
}

/// The connection of [`run_front`](crate::run_front) and [`run_back`](crate::run_back).
/// Give it a `static`.
pub struct Link {
    pub(crate) request: Mutex<Raw, Pending>,
    pub(crate) requested: Signal<Raw, ()>,
    /// Whether a request is under way, from its signal to that of its reply.
    pub(crate) busy: AtomicBool,
    pub(crate) reply: Mutex<Raw, LastReply>,
    pub(crate) replied: Signal<Raw, Ticket>,
    pub(crate) orders: Channel<Raw, Order, 2>,
    /// For the audit log, which only the back can write.
    pub(crate) notices: Channel<Raw, Told, 8>,
    /// Notices for which there was no room.
    pub(crate) missed: AtomicU32,
    events: BlockingMutex<Raw, RefCell<Events>>,
    open_until: BlockingMutex<Raw, RefCell<Option<Instant>>>,
    /// How long the button opens, in milliseconds.
    pub(crate) button_ms: AtomicU32,
    /// What another controller shall be told.
    pub(crate) wiegand: Signal<Raw, Frame>,
    /// How a controller is answered on the bus.
    pub(crate) bus: Signal<Raw, Option<Bus>>,
    /// Who was let in last, for that controller.
    pub(crate) passed: Signal<Raw, Passed>,
    /// The board's address on the bus, or [`NO_BUS`], and [`SECURE`].
    osdp: AtomicU16,
    /// How long the door may stand open, in milliseconds.
    pub(crate) held_ms: AtomicU32,
    /// Whether the lock holds while it has current.
    pub(crate) fail_safe: AtomicBool,
    /// Whether the cover is open.
    pub(crate) uncovered: AtomicBool,
    /// Whether it was opened, and the session's keys are still there.
    pub(crate) exposed: AtomicBool,
    /// Whether pictures can be judged.
    pub(crate) ready: AtomicBool,
    /// Whether the button confirms a pairing, and opens no door.
    pub(crate) confirming: AtomicBool,
    /// Whether it did.
    pub(crate) confirmed: AtomicBool,
    /// Whether the front has fed the watchdog since the boot.
    pub(crate) fed: AtomicBool,
    /// Whether the last picture showed somebody who may not pass.
    pub(crate) refused: AtomicBool,
    /// The movement that is asked for, as a [`Gesture`]'s number.
    asked: AtomicU8,
    /// When the back gave its last sign of life, in milliseconds since boot.
    sign: AtomicU32,
}

impl Link {
    /// A link over which nothing has come.
    pub const fn new() -> Self {
        let ticket = Ticket { id: 0, checksum: 0 };
        Self {
            request: Mutex::new(Pending { kind: Kind::Request, ticket, length: 0, body: [0; MAX_BODY] }),
            requested: Signal::new(),
            busy: AtomicBool::new(false),
            reply: Mutex::new(LastReply::new()),
            replied: Signal::new(),
            orders: Channel::new(),
            notices: Channel::new(),
            missed: AtomicU32::new(0),
            events: BlockingMutex::new(RefCell::new(Events::new())),
            open_until: BlockingMutex::new(RefCell::new(None)),
            button_ms: AtomicU32::new(0),
            wiegand: Signal::new(),
            bus: Signal::new(),
            passed: Signal::new(),
            osdp: AtomicU16::new(NO_BUS),
            held_ms: AtomicU32::new(0),
            fail_safe: AtomicBool::new(false),
            uncovered: AtomicBool::new(false),
            exposed: AtomicBool::new(false),
            ready: AtomicBool::new(false),
            refused: AtomicBool::new(false),
            confirming: AtomicBool::new(false),
            confirmed: AtomicBool::new(false),
            asked: AtomicU8::new(Gesture::Straight as u8),
            fed: AtomicBool::new(false),
            sign: AtomicU32::new(0),
        }
    }

    /// Adds a door event.
    pub(crate) fn record(&self, kind: EventKind) {
        let uptime = Instant::now().as_millis();
        self.events.lock(|events| events.borrow_mut().push(uptime, kind));
    }

    /// Tells the back what happened at the pins.
    pub(crate) fn notice(&self, what: Notice) {
        if self.notices.try_send(Told { what, at: Instant::now() }).is_err() {
            self.missed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The number of the newest event, and a page of those after `after`.
    pub(crate) fn events(&self, after: u32) -> (u32, heapless::Vec<Event, EVENTS_PER_PAGE>) {
        self.events.lock(|events| events.borrow().page(after))
    }

    /// Asks for a movement; for none, if it is to look straight ahead.
    pub(crate) fn ask(&self, gesture: Gesture) {
        self.asked.store(gesture as u8, Ordering::Relaxed);
    }

    /// Whether this movement is asked for.
    pub(crate) fn asks(&self, gesture: Gesture) -> bool {
        self.asked.load(Ordering::Relaxed) == gesture as u8
    }

    /// Tells how the board stands with a controller.
    pub(crate) fn show_osdp(&self, state: Option<OsdpState>) {
        let word = state.map_or(NO_BUS, |it| u16::from(it.address) | if it.secure { SECURE } else { 0 });
        self.osdp.store(word, Ordering::Relaxed);
    }

    /// How the board stands with a controller; none if it answers nobody.
    pub(crate) fn osdp(&self) -> Option<OsdpState> {
        let word = self.osdp.load(Ordering::Relaxed);
        (word != NO_BUS).then_some(OsdpState { address: word as u8, secure: word & SECURE != 0 })
    }

    /// Tells until when the door is open.
    pub(crate) fn show_door(&self, open_until: Option<Instant>) {
        self.open_until.lock(|until| until.replace(open_until));
    }

    /// Until when the door is open.
    pub(crate) fn open_until(&self) -> Option<Instant> {
        self.open_until.lock(|until| *until.borrow())
    }

    /// The back is alive.
    pub(crate) fn give_sign(&self) {
        self.sign.store(Instant::now().as_millis() as u32, Ordering::Relaxed);
    }

    /// For how long the back gave no sign of life.
    pub(crate) fn silence(&self) -> Duration {
        let now = Instant::now().as_millis() as u32;
        Duration::from_millis(u64::from(now.wrapping_sub(self.sign.load(Ordering::Relaxed))))
    }
}

impl Default for Link {
    fn default() -> Self {
        Self::new()
    }
}
