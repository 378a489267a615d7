//! The newest door events, kept in memory for the host to ask for.

use heapless::Deque;
use protocol::{EVENTS_PER_PAGE, Event, EventKind};

/// Events kept; older ones give way, which a host sees from the gap in the sequence numbers.
const KEPT: usize = 64;

/// The newest events, numbered from 1.
#[derive(Debug)]
pub(crate) struct Events {
    kept: Deque<Event, KEPT>,
    newest: u32,
}

impl Events {
    pub(crate) const fn new() -> Self {
        Self { kept: Deque::new(), newest: 0 }
    }

    /// Adds an event and gives it the next number.
    pub(crate) fn push(&mut self, uptime_ms: u64, kind: EventKind) {
        self.newest = self.newest.saturating_add(1);
        if self.kept.is_full() {
            self.kept.pop_front();
        }
        let event = Event { sequence: self.newest, uptime_ms, kind };
        // There is room, as was just made.
        let _ = self.kept.push_back(event);
    }

    /// The number of the newest event, 0 if there was none, and a page of those after `after`.
    pub(crate) fn page(&self, after: u32) -> (u32, heapless::Vec<Event, EVENTS_PER_PAGE>) {
        let events = self.kept.iter().filter(|event| event.sequence > after);
        (self.newest, events.take(EVENTS_PER_PAGE).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_and_the_oldest_give_way() {
        let mut events = Events::new();
        assert_eq!(events.page(0), (0, heapless::Vec::new()));
        for time in 0..KEPT as u64 + 10 {
            events.push(time, EventKind::Locked);
        }
        let (newest, page) = events.page(0);
        assert_eq!(newest, KEPT as u32 + 10);
        assert_eq!(page.first().map(|event| (event.sequence, event.uptime_ms)), Some((11, 10)));
        let (_, next) = events.page(page.last().unwrap().sequence);
        assert_eq!(next.first().unwrap().sequence, page.last().unwrap().sequence + 1);
        assert!(events.page(newest).1.is_empty());
        assert!(events.page(u32::MAX).1.is_empty());
    }
}
