//! Io, at interrupt priority: pins and serial lines. It never blocks and never waits for the worker.
//!
//! | module | owns |
//! |---|---|
//! | `doorway` | lock, LEDs, both buttons, contact, cover, keypad; built from `lock`, `button`, `tamper`, `pin_entry` |
//! | `wiegand` | the Wiegand wires |
//! | `osdp_port` | the RS-485 bus |
//! | `serial` | the serial line of the host |
//! | `feeder` | the watchdog |

mod button;
mod doorway;
mod feeder;
mod lock;
mod osdp_port;
mod pin_entry;
mod serial;
mod tamper;
mod wiegand;

use board_api::{Board, Keypad};
use embassy_futures::{
    join::{join, join5},
    select::{Either3, select3},
};
use embassy_sync::{blocking_mutex::raw::CriticalSectionRawMutex, channel::Channel, signal::Signal};
use embassy_time::{Duration, Timer};
use embedded_hal::digital::{InputPin, OutputPin};

use crate::link::{CardFrame, Command, Link};

use self::{
    doorway::{Doorway, Order, Pins},
    osdp_port::PortInput,
};

/// How often the inputs are read. Two equal readings in a row count.
const SCAN: Duration = Duration::from_millis(20);

/// How long the pairing button is held to confirm a pairing.
const HOLD: Duration = Duration::from_secs(2);

/// The newest card number for the Wiegand wires.
type Card = Signal<CriticalSectionRawMutex, CardFrame>;

/// What io needs of a board.
///
/// It runs at another priority than `main`. So on a board all of it must be `Send`.
pub struct Io<B: Board> {
    /// Bytes from the host.
    pub host_receive: B::Receive,
    /// Bytes to the host.
    pub host_send: B::Send,
    /// Bytes from the OSDP bus, RS-485.
    pub bus_receive: B::Receive,
    /// Bytes to the OSDP bus; its driver is on while there are some.
    pub bus_send: B::Send,
    /// The relay of the lock: a fail-secure lock is open while it is high, a fail-safe one while it is low.
    pub lock: B::Output,
    /// The LED that shows that frames can be assessed.
    pub ready: B::Output,
    /// The LED that shows that somebody is refused.
    pub refused: B::Output,
    /// The alarm output: door forced open or held open, or cover open.
    pub alarm: B::Output,
    /// Four LEDs, one a gesture of the challenge: turn left, turn right, look up, nod. All of them: close both eyes.
    pub gestures: [B::Output; 4],
    /// The two Wiegand wires, for zeros and for ones. They rest high.
    pub wiegand: [B::Output; 2],
    /// The request-to-exit button, high while pressed.
    pub button: B::Input,
    /// The pairing button on the board, high while pressed. It opens nothing.
    pub pairing_button: B::Input,
    /// The door contact, high while the door is open; low where there is none.
    pub contact: B::Input,
    /// The switch of the board's cover, high while the cover is open.
    pub cover: B::Input,
    /// The keypad for PINs.
    pub keypad: B::Keypad,
    /// Resets the board if it hangs.
    pub watchdog: B::Watchdog,
}

/// Serves host, door and access controllers. Never ends; run it at interrupt priority.
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
        pairing_button,
        contact,
        cover,
        keypad,
        watchdog,
    } = io;
    let (outgoing, card, port) = (Channel::new(), Card::new(), PortInput::new());
    let pins = Pins { lock, ready, refused, alarm, gestures, button, pairing_button, contact, cover, keypad };
    join5(
        keep_door(Doorway::new(pins, link), &card, &port, link),
        serial::read_requests(host_receive, &outgoing, &link.slot),
        serial::write_replies(host_send, &outgoing, &link.slot),
        feeder::feed(watchdog, link),
        join(send_cards(wiegand, &card), osdp_port::serve(bus_receive, bus_send, &port, &link.state)),
    )
    .await
    .0
}

/// Executes the commands of the worker, and opens and closes the lock in time.
async fn keep_door<O: OutputPin, I: InputPin, K: Keypad>(
    mut doorway: Doorway<'_, O, I, K>,
    card: &Card,
    port: &PortInput,
    link: &Link,
) -> ! {
    loop {
        let end = doorway.open_until();
        let over = async {
            match end {
                Some(end) => Timer::at(end).await,
                None => core::future::pending().await,
            }
        };
        let order = match select3(link.commands.receive(), over, Timer::after(SCAN)).await {
            Either3::First(Command::Open { cause, time }) => Some(Order::Open { cause, time }),
            Either3::First(Command::Lock) => Some(Order::Lock),
            Either3::First(Command::Report(report)) => {
                if let Some(frame) = report.wires {
                    card.signal(frame);
                }
                port.report.signal(report);
                None
            }
            Either3::First(Command::ServeBus(config)) => {
                port.config.signal(config);
                None
            }
            Either3::Second(()) => None,
            Either3::Third(()) => doorway.scan(),
        };
        doorway.step(order);
    }
}

/// Sends each card number on the Wiegand wires.
async fn send_cards<P: OutputPin>(mut wires: [P; 2], card: &Card) -> ! {
    for wire in &mut wires {
        let _ = wire.set_high();
    }
    loop {
        let frame = card.wait().await;
        wiegand::send(&mut wires, frame).await;
    }
}
