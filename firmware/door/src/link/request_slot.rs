//! The one request that is under way, and its reply.
//!
//! The protocol allows one request at a time.
//!
//! | step | side | does |
//! |---|---|---|
//! | 1 | io | copies the request into `request`, sets `busy`, signals `requested` |
//! | 2 | worker | writes `reply`, clears `busy`, signals `replied` |
//! | 3 | io | sends the reply |
//!
//! Async mutexes guard the two buffers. So no one copies two kilobytes with interrupts off.

use core::sync::atomic::{AtomicBool, Ordering};

use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, mutex::Mutex, signal::Signal};
use protocol::{Kind, LastReply, MAX_BODY};

type Raw = CriticalSectionRawMutex;

/// Names a request: its id and checksum. A repeated request has the same ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) id: u16,
    pub(crate) checksum: u32,
}

/// A request as it arrived.
pub(crate) struct Pending {
    /// A request, a step of the handshake, or a sealed request.
    pub(crate) kind: Kind,
    pub(crate) ticket: Ticket,
    pub(crate) length: usize,
    pub(crate) body: [u8; MAX_BODY],
}

/// The slot.
pub(crate) struct RequestSlot {
    pub(crate) request: Mutex<Raw, Pending>,
    pub(crate) requested: Signal<Raw, ()>,
    /// From `requested` to `replied`.
    busy: AtomicBool,
    pub(crate) reply: Mutex<Raw, LastReply>,
    pub(crate) replied: Signal<Raw, Ticket>,
}

impl RequestSlot {
    /// An empty slot.
    pub(crate) const fn new() -> Self {
        let ticket = Ticket { id: 0, checksum: 0 };
        Self {
            request: Mutex::new(Pending { kind: Kind::Request, ticket, length: 0, body: [0; MAX_BODY] }),
            requested: Signal::new(),
            busy: AtomicBool::new(false),
            reply: Mutex::new(LastReply::new()),
            replied: Signal::new(),
        }
    }

    /// Whether a request is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire)
    }

    /// Hands the request in `request` to the worker.
    pub(crate) fn submit(&self) {
        self.busy.store(true, Ordering::Release);
        self.requested.signal(());
    }

    /// Ends the request. With a ticket, io sends the reply of that ticket; without one it sends nothing.
    pub(crate) fn finish(&self, ticket: Option<Ticket>) {
        self.busy.store(false, Ordering::Release);
        if let Some(ticket) = ticket {
            self.replied.signal(ticket);
        }
    }
}
