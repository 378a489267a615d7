//! The front, at interrupt priority: bytes in and out, and the lock, in time.

use core::sync::atomic::Ordering;

use board_api::{Board, Keypad, Watchdog};
use embassy_futures::{
    join::{join, join5},
    select::{Either3, select3},
};
use embassy_sync::channel::Channel;
use embassy_time::{Duration, Instant, Timer};
use embedded_hal::digital::{InputPin, OutputPin};
use policy::Alarm;
use protocol::{EventKind, Gesture};

use crate::{
    controller,
    door::{Cause, Change, Door},
    frames::{read_requests, write_replies},
    guard::{Guard, Reading},
    link::{Link, Notice, Order},
    log::log,
    pad::Pad,
    wiegand,
};

/// How often button and LEDs are looked after. Two equal readings in a row are a press.
const PINS: Duration = Duration::from_millis(20);
/// How often the watchdog is fed.
const FEEDING: Duration = Duration::from_millis(250);
/// For how long the back may be silent: the slowest thing it does in one go is checking and
/// hashing a large model image, some seconds. Longer, and the board is reset.
const PATIENCE: Duration = Duration::from_secs(60);
/// What each of the LEDs asks for; all of them together ask to close both eyes.
const GESTURES: [Gesture; 4] = [Gesture::Left, Gesture::Right, Gesture::Up, Gesture::Down];

/// What the front needs of a board.
///
/// All of it goes to another priority, so that on a board all of it must be `Send`.
pub struct Io<B: Board> {
    /// Bytes from the host.
    pub host_receive: B::Receive,
    /// Bytes to the host.
    pub host_send: B::Send,
    /// Bytes from the bus of an access controller, RS-485.
    pub bus_receive: B::Receive,
    /// Bytes to that bus, whose driver is on while there are some.
    pub bus_send: B::Send,
    /// The relay that holds the door open while it is high.
    pub lock: B::Output,
    /// The LED that says that pictures can be judged.
    pub ready: B::Output,
    /// The LED that says that somebody is refused.
    pub refused: B::Output,
    /// The output that tells of an alarm: the door was forced or is held open, or the cover is open.
    pub alarm: B::Output,
    /// Four LEDs, one a movement that whoever is before the camera is asked for: to turn left, to turn right, to look
    /// up, and to nod. All of them together ask to close both eyes.
    pub gestures: [B::Output; 4],
    /// Wiegand's two wires, for zeros and for ones, both high.
    pub wiegand: [B::Output; 2],
    /// The button by which people inside open the door (request to exit), high while pressed.
    pub button: B::Input,
    /// The door's contact, high while the door is open; low where there is none.
    pub contact: B::Input,
    /// The switch of the board's cover, high while that is open.
    pub cover: B::Input,
    /// The pad on which a code is typed.
    pub keypad: B::Keypad,
    /// Resets the board if it hangs.
    pub watchdog: B::Watchdog,
}

/// Serves the host and the door. Never ends; run it at interrupt priority.
pub async fn run_io<B: Board>(io: Io<B>, link: &Link) -> ! {
    let Io {
        host_receive,
        host_send,
        bus_receive,
        bus_send,
        lock,
        ready,
        refused,
        alarm,
        gestures,
        wiegand,
        button,
        contact,
        cover,
        keypad,
        watchdog,
    } = io;
    let outgoing = Channel::new();
    link.give_sign();
    let pins = Pins { lock, ready, refused, alarm, gestures, button, contact, cover, failing: false };
    join5(
        keep_door(pins, keypad, link),
        read_requests(host_receive, &outgoing, link),
        write_replies(host_send, &outgoing, link),
        feed(watchdog, link),
        join(tell_wires(wiegand, link), controller::answer(bus_receive, bus_send, link)),
    )
    .await
    .0
}

struct Pins<O, I> {
    lock: O,
    ready: O,
    refused: O,
    alarm: O,
    gestures: [O; 4],
    button: I,
    contact: I,
    cover: I,
    /// Whether the relay did not do as told.
    failing: bool,
}

impl<O: OutputPin, I: InputPin> Pins<O, I> {
    /// Drives the relay; returns whether it did as told. A lock that is fail-safe holds while it has current.
    fn drive(&mut self, open: bool, link: &Link) -> bool {
        let fail_safe = link.fail_safe.load(Ordering::Relaxed);
        self.lock.set_state((open != fail_safe).into()).is_ok()
    }

    /// Shows the back's state; an LED that fails is no fault of the door.
    fn show(&mut self, link: &Link) {
        let _ = self.ready.set_state(link.ready.load(Ordering::Relaxed).into());
        let _ = self.refused.set_state(link.refused.load(Ordering::Relaxed).into());
        for (led, gesture) in self.gestures.iter_mut().zip(GESTURES) {
            let _ = led.set_state((link.asks(gesture) || link.asks(Gesture::Blink)).into());
        }
    }

    fn pressed(&mut self) -> bool {
        self.button.is_high().unwrap_or(false)
    }

    /// Reads contact and cover. A pin that cannot be read is as bad as one that is high.
    fn read(&mut self, unlocked: bool) -> Reading {
        let (door, cover) = (self.contact.is_high().unwrap_or(true), self.cover.is_high().unwrap_or(true));
        Reading { door, cover, unlocked }
    }
}

/// Opens the lock for those who may pass and closes it in time.
async fn keep_door<O: OutputPin, I: InputPin>(
    mut pins: Pins<O, I>,
    mut keypad: impl Keypad,
    link: &Link,
) -> ! {
    let (mut door, mut pad) = (Door::new(), Pad::new());
    let (mut button, mut guard) = (Button::default(), Guard::default());
    pins.drive(false, link);
    loop {
        let end = door.open_until();
        let over = async {
            match end {
                Some(end) => Timer::at(end).await,
                None => core::future::pending().await,
            }
        };
        let order = match select3(link.orders.receive(), over, Timer::after(PINS)).await {
            Either3::First(order) => Some(order),
            Either3::Second(()) => None,
            Either3::Third(()) => {
                pins.show(link);
                if let Some(code) = keypad.key().and_then(|key| pad.press(Instant::now(), key)) {
                    link.notice(Notice::Pin(code));
                }
                let time = Duration::from_millis(link.button_ms.load(Ordering::Relaxed).into());
                let press = button.pressed(pins.pressed());
                let uncovered = watch(&mut guard, &mut pins, door.open_until().is_some(), link);
                match press {
                    _ if uncovered => Some(Order::Lock),
                    true if link.confirming.swap(false, Ordering::AcqRel) => {
                        link.confirmed.store(true, Ordering::Release);
                        None
                    }
                    press => press.then_some(Order::Grant { cause: Cause::Button, time }),
                }
            }
        };
        obey(&mut door, order, &mut pins, link);
    }
}

/// Looks after contact and cover; whether the cover was opened just now.
fn watch<O: OutputPin, I: InputPin>(
    guard: &mut Guard,
    pins: &mut Pins<O, I>,
    unlocked: bool,
    link: &Link,
) -> bool {
    let held_ms = link.held_ms.load(Ordering::Relaxed);
    let (alarm, cover) = guard.see(Instant::now().as_millis(), pins.read(unlocked), held_ms);
    // An output that fails tells nobody; events and the audit log do.
    let _ = pins.alarm.set_state(guard.is_alarmed().into());
    if let Some(uncovered) = cover {
        link.uncovered.store(uncovered, Ordering::Relaxed);
        link.exposed.fetch_or(uncovered, Ordering::Relaxed);
        link.notice(if uncovered { Notice::Alarm(Alarm::Cover) } else { Notice::Covered });
        link.record(EventKind::Alarm { alarm: Alarm::Cover, over: !uncovered });
    }
    if let Some(alarm) = alarm {
        link.notice(Notice::Alarm(alarm));
        link.record(EventKind::Alarm { alarm, over: false });
    }
    cover == Some(true)
}

/// Takes one step of the door and drives the relay accordingly.
fn obey<O: OutputPin, I: InputPin>(
    door: &mut Door,
    order: Option<Order>,
    pins: &mut Pins<O, I>,
    link: &Link,
) {
    let now = Instant::now();
    let mut change = door.tick(now);
    let mut opened = None;
    match order {
        // The cover was opened after the back decided.
        Some(Order::Grant { cause: Cause::Person { .. }, .. }) if link.uncovered.load(Ordering::Relaxed) => {}
        Some(Order::Grant { cause, time }) => {
            let granted = door.grant(now, time);
            if granted == Change::Opened {
                change = granted;
                opened = Some((cause, time));
            }
        }
        Some(Order::Lock) => change = door.fault(),
        None => {}
    }
    // The relay is driven at every step, so that a disturbed output does not stay wrong.
    let driven = pins.drive(door.open_until().is_some(), link);
    if !driven && !pins.failing {
        log!(error, "the lock's output failed");
        link.notice(Notice::LockFailed);
    }
    pins.failing = !driven;
    if !driven && door.fault() == Change::Locked {
        change = Change::Locked;
    }
    link.show_door(door.open_until());
    match (change, opened) {
        (Change::Opened, Some((cause, time))) => {
            let open_ms = time.as_millis() as u32;
            let (frame, person, name) = match cause {
                Cause::Button => {
                    link.notice(Notice::Button);
                    (0, None, protocol::Name::new())
                }
                Cause::Person { frame, person, name } => (frame, Some(person), name),
            };
            log!(info, "the door opens for {=str}", name.as_str());
            link.record(EventKind::Opened { frame, person, name, open_ms });
        }
        (Change::Locked, _) => {
            log!(info, "the door is locked");
            link.record(EventKind::Locked);
        }
        _ => {}
    }
}

/// Tells one press from a bouncing contact.
#[derive(Default)]
struct Button {
    last: bool,
    down: bool,
}

impl Button {
    /// Takes a reading; true once a press.
    fn pressed(&mut self, high: bool) -> bool {
        let steady = high == self.last;
        self.last = high;
        let press = steady && high && !self.down;
        if steady {
            self.down = high;
        }
        press
    }
}

/// Tells another controller who was let in, by Wiegand.
async fn tell_wires<P: OutputPin>(mut wires: [P; 2], link: &Link) -> ! {
    for wire in &mut wires {
        let _ = wire.set_high();
    }
    loop {
        let frame = link.wiegand.wait().await;
        wiegand::send(&mut wires, frame).await;
    }
}

/// Feeds the watchdog while the back gives signs of life.
async fn feed(mut watchdog: impl Watchdog, link: &Link) -> ! {
    let mut hung = false;
    loop {
        if link.silence() < PATIENCE {
            watchdog.feed();
            link.fed.store(true, Ordering::Relaxed);
        } else if !hung {
            hung = true;
            log!(error, "the back hangs; waiting for the watchdog");
            link.orders.send(Order::Lock).await;
        }
        Timer::after(FEEDING).await;
    }
}
