//! The doorway: lock, button, contact, cover, keypad and LEDs, looked after fifty times a second.

use board_api::Keypad;
use embassy_time::{Duration, Instant};
use embedded_hal::digital::{InputPin, OutputPin};
use liveness::Gesture;
use policy::Alarm;

use crate::{
    link::{Awaited, Cause, Config, IoEvent, Link},
    log::log,
};

use super::{
    HOLD,
    button::Button,
    lock::{Change, Lock},
    pin_entry::PinEntry,
    tamper::{Reading, Tamper},
};

/// The gesture of each LED. For a blink all of them are on.
const GESTURES: [Gesture; 4] = [Gesture::Left, Gesture::Right, Gesture::Up, Gesture::Down];

/// The pins of the doorway.
pub(crate) struct Pins<O, I, K> {
    pub(crate) lock: O,
    pub(crate) ready: O,
    pub(crate) refused: O,
    pub(crate) alarm: O,
    pub(crate) gestures: [O; 4],
    pub(crate) button: I,
    pub(crate) pairing_button: I,
    pub(crate) contact: I,
    pub(crate) cover: I,
    pub(crate) keypad: K,
}

/// What the lock shall do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Order {
    /// Open for a time.
    Open { cause: Cause, time: Duration },
    /// Lock now.
    Lock,
}

/// The doorway. Every step drives the relay, so that a disturbed output does not stay wrong.
pub(crate) struct Doorway<'l, O, I, K> {
    pins: Pins<O, I, K>,
    lock: Lock,
    entry: PinEntry,
    button: Button,
    pairing_button: Button,
    /// Since when the pairing button is down, and the number of the hold that was waited for when it went down.
    held: Option<(Instant, u32)>,
    tamper: Tamper,
    /// Whether the exit button was pressed before the worker has told for how long to open.
    waits: bool,
    /// Whether the output of the lock failed at the last step.
    failing: bool,
    link: &'l Link,
}

impl<'l, O: OutputPin, I: InputPin, K: Keypad> Doorway<'l, O, I, K> {
    /// A locked doorway.
    pub(crate) fn new(pins: Pins<O, I, K>, link: &'l Link) -> Self {
        let mut doorway = Self {
            pins,
            lock: Lock::new(),
            entry: PinEntry::new(),
            button: Button::default(),
            pairing_button: Button::default(),
            held: None,
            tamper: Tamper::default(),
            waits: false,
            failing: false,
            link,
        };
        doorway.drive();
        doorway
    }

    /// When the lock closes, if it is open.
    pub(crate) fn open_until(&self) -> Option<Instant> {
        self.lock.open_until()
    }

    /// Reads the inputs and sets the LEDs. Returns the order that follows from the inputs.
    pub(crate) fn scan(&mut self) -> Option<Order> {
        let config = self.link.config.get();
        self.show(&config);
        let key = self.pins.keypad.key();
        if let Some(pin) = key.and_then(|key| self.entry.press(Instant::now(), key)) {
            self.link.report(IoEvent::Pin(pin));
        }
        let pressed = self.button.pressed(self.pins.button.is_high().unwrap_or(false));
        self.watch_pairing(config.pairing);
        if self.watch(config.held_ms) {
            return Some(Order::Lock);
        }
        self.waits |= pressed;
        if !self.waits || config.open_time.as_ticks() == 0 {
            return None;
        }
        self.waits = false;
        Some(Order::Open { cause: Cause::Button, time: config.open_time })
    }

    /// Reads the pairing button. A press counts for what was waited for when it began, and not for what is waited for next.
    fn watch_pairing(&mut self, awaited: Awaited) {
        let (now, state) = (Instant::now(), &self.link.state);
        if self.pairing_button.pressed(self.pins.pairing_button.is_high().unwrap_or(false)) {
            match awaited {
                Awaited::Press(number) => state.update(|state| state.confirmed = number),
                Awaited::Hold(number) if state.get().declined != number => self.held = Some((now, number)),
                Awaited::Hold(_) | Awaited::Nothing => {}
            }
        }
        let Some((since, number)) = self.held else { return };
        let down = self.pairing_button.is_down();
        if awaited != Awaited::Hold(number) {
            self.held = None;
        } else if !down {
            self.held = None;
            state.update(|state| state.declined = number);
        } else if now.saturating_duration_since(since) >= HOLD {
            self.held = None;
            state.update(|state| state.confirmed = number);
        }
    }

    /// Takes one step of the lock, drives the relay, and reports what changed.
    pub(crate) fn step(&mut self, order: Option<Order>) {
        let now = Instant::now();
        let mut change = self.lock.tick(now);
        let mut opened = None;
        match order {
            // The cover was opened after the worker decided.
            Some(Order::Open { cause: Cause::Person { .. } | Cause::Command, .. })
                if self.link.state.get().cover_open => {}
            Some(Order::Open { cause, time }) => {
                let granted = self.lock.grant(now, time);
                if granted == Change::Opened {
                    change = granted;
                    opened = Some(IoEvent::Opened { cause, time });
                }
            }
            Some(Order::Lock) => change = self.lock.fault(),
            None => {}
        }
        let driven = self.drive();
        if !driven && !self.failing {
            log!(error, "the lock's output failed");
            self.link.report(IoEvent::LockFailed);
        }
        self.failing = !driven;
        if !driven && self.lock.fault() == Change::Locked {
            change = Change::Locked;
        }
        let open_until = self.lock.open_until();
        self.link.state.update(|state| state.open_until = open_until);
        match (change, opened) {
            (Change::Opened, Some(event)) => {
                log!(info, "the door opens");
                self.link.report(event);
            }
            (Change::Locked, _) => {
                log!(info, "the door is locked");
                self.link.report(IoEvent::Locked);
            }
            _ => {}
        }
    }

    /// Drives the relay. Returns whether the output works. A fail-safe lock holds while it has current.
    ///
    /// An output may have gone low because this task stood still, and refuse to be high until it was told low: an opening of
    /// before must not go on. A lock that holds is no opening, so it is told both.
    fn drive(&mut self) -> bool {
        let fail_safe = self.link.config.get().fail_safe;
        let open = self.lock.open_until().is_some();
        let lock = &mut self.pins.lock;
        let works = lock.set_state((open != fail_safe).into()).is_ok();
        if !works && !open && lock.set_low().is_ok() {
            let _ = lock.set_state(fail_safe.into());
        }
        works
    }

    /// Sets the LEDs. An LED that fails is no fault of the door.
    fn show(&mut self, config: &Config) {
        let _ = self.pins.ready.set_state(config.ready.into());
        let _ = self.pins.refused.set_state(config.refused.into());
        for (led, gesture) in self.pins.gestures.iter_mut().zip(GESTURES) {
            let on = config.gesture.is_some_and(|asked| asked == gesture || asked == Gesture::Blink);
            let _ = led.set_state(on.into());
        }
    }

    /// Reads contact and cover. Returns whether the cover was opened just now.
    fn watch(&mut self, held_ms: u32) -> bool {
        // A pin that cannot be read counts as high: as an alarm.
        let reading = Reading {
            door: self.pins.contact.is_high().unwrap_or(true),
            cover: self.pins.cover.is_high().unwrap_or(true),
            unlocked: self.lock.open_until().is_some(),
        };
        let (alarm, cover) = self.tamper.see(Instant::now().as_millis(), reading, held_ms);
        let (contact_open, alarm_on) = (self.tamper.is_open(), self.tamper.is_alarmed());
        // If this output fails, events and audit log still have the alarm.
        let _ = self.pins.alarm.set_state(alarm_on.into());
        self.link.state.update(|state| (state.contact_open, state.alarm) = (contact_open, alarm_on));
        if let Some(open) = cover {
            self.link.state.update(|state| {
                state.cover_open = open;
                state.cover_openings = state.cover_openings.wrapping_add(open.into());
            });
            self.link.report(if open { IoEvent::Alarm(Alarm::Cover) } else { IoEvent::CoverClosed });
        }
        if let Some(alarm) = alarm {
            self.link.report(IoEvent::Alarm(alarm));
        }
        cover == Some(true)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::{cell::Cell, convert::Infallible};
    use std::rc::Rc;

    use embedded_hal::digital::{ErrorType, InputPin, OutputPin};

    use super::*;

    #[derive(Clone, Default)]
    struct Pin(Rc<Cell<bool>>);

    impl ErrorType for Pin {
        type Error = Infallible;
    }

    impl InputPin for Pin {
        fn is_high(&mut self) -> Result<bool, Infallible> {
            Ok(self.0.get())
        }

        fn is_low(&mut self) -> Result<bool, Infallible> {
            Ok(!self.0.get())
        }
    }

    impl OutputPin for Pin {
        fn set_low(&mut self) -> Result<(), Infallible> {
            self.0.set(false);
            Ok(())
        }

        fn set_high(&mut self) -> Result<(), Infallible> {
            self.0.set(true);
            Ok(())
        }
    }

    struct NoKeypad;

    impl Keypad for NoKeypad {
        fn key(&mut self) -> Option<u8> {
            None
        }
    }

    /// An output that was let go of while its door stood still, as the keeper on Linux does: it is high again only after it was
    /// told low.
    #[derive(Clone, Default)]
    struct Kept(Rc<Cell<(bool, bool)>>);

    impl ErrorType for Kept {
        type Error = embedded_hal::digital::ErrorKind;
    }

    impl OutputPin for Kept {
        fn set_low(&mut self) -> Result<(), Self::Error> {
            self.0.set((false, false));
            Ok(())
        }

        fn set_high(&mut self) -> Result<(), Self::Error> {
            let (_, barred) = self.0.get();
            self.0.set((!barred, barred));
            if barred { Err(embedded_hal::digital::ErrorKind::Other) } else { Ok(()) }
        }
    }

    #[test]
    fn an_output_that_was_let_go_of_locks_again_and_goes_on_with_no_opening() {
        for fail_safe in [false, true] {
            let (link, lock) = (Link::new(), Kept::default());
            let other = Kept::default;
            let pins = Pins {
                lock: lock.clone(),
                ready: other(),
                refused: other(),
                alarm: other(),
                gestures: [(); 4].map(|()| other()),
                button: Pin::default(),
                pairing_button: Pin::default(),
                contact: Pin::default(),
                cover: Pin::default(),
                keypad: NoKeypad,
            };
            link.config.update(|config| config.fail_safe = fail_safe);
            let mut doorway = Doorway::new(pins, &link);
            let open = |lock: &Kept| lock.0.get().0 != fail_safe;
            doorway.step(None);
            assert!(!open(&lock));
            // It stood still while it was locked. Only a lock that is high then was let go of.
            lock.0.set((false, fail_safe));
            doorway.step(None);
            assert!(!open(&lock), "it is locked at once, and not at the next opening");
            let order = Order::Open { cause: Cause::Button, time: Duration::from_secs(3_600) };
            doorway.step(Some(order));
            assert!(open(&lock));
            if !fail_safe {
                lock.0.set((false, true));
                for _ in 0..3 {
                    doorway.step(None);
                    assert!(!open(&lock), "an opening of before");
                }
            }
        }
    }

    #[test]
    fn a_press_before_the_settings_are_known_opens_when_they_are() {
        let (link, button, lock) = (Link::new(), Pin::default(), Pin::default());
        let pins = Pins {
            lock: lock.clone(),
            ready: Pin::default(),
            refused: Pin::default(),
            alarm: Pin::default(),
            gestures: [(); 4].map(|()| Pin::default()),
            button: button.clone(),
            pairing_button: Pin::default(),
            contact: Pin::default(),
            cover: Pin::default(),
            keypad: NoKeypad,
        };
        let mut doorway = Doorway::new(pins, &link);
        let mut orders = |times: usize| (0..times).find_map(|_| doorway.scan());
        button.0.set(true);
        assert_eq!(orders(3), None);
        button.0.set(false);
        assert_eq!(orders(3), None);
        let time = Duration::from_secs(3);
        link.config.update(|config| config.open_time = time);
        assert_eq!(orders(1), Some(Order::Open { cause: Cause::Button, time }));
        assert_eq!(orders(3), None, "one press opens once");
        assert!(!lock.0.get());
    }

    #[test]
    fn a_hold_after_a_press_that_was_too_short_confirms_nothing_also_before_the_worker_looks() {
        let (link, button) = (Link::new(), Pin::default());
        let other = Pin::default;
        let pins = Pins {
            lock: other(),
            ready: other(),
            refused: other(),
            alarm: other(),
            gestures: [(); 4].map(|()| other()),
            button: other(),
            pairing_button: button.clone(),
            contact: other(),
            cover: other(),
            keypad: NoKeypad,
        };
        let mut doorway = Doorway::new(pins, &link);
        let mut hold = |number, ms: u64| {
            link.config.update(|config| config.pairing = Awaited::Hold(number));
            for (high, ms) in [(true, ms), (false, 100)] {
                button.0.set(high);
                for _ in 0..ms / 20 {
                    mock_time::advance(Duration::from_millis(20));
                    doorway.scan();
                }
            }
            let state = link.state.get();
            (state.confirmed, state.declined)
        };
        assert_eq!(hold(1, 1_000), (0, 1));
        assert_eq!(hold(1, 3_000), (0, 1));
        assert_eq!(hold(2, 3_000), (2, 1), "another number is another answer");
    }
}
