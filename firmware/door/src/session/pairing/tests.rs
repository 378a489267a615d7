//! A pairing belongs to its session, also if nothing ended it when another session came.

use board_api::ResetReason;
use crypto::{
    Key,
    handshake::{Initiator, public_key},
    pairing::commitment,
};
use nor_model::Nor;
use protocol::VERSION;

use super::*;
use crate::{session::access::Step, store::Storage};

/// A display, and no randomness.
#[derive(Default)]
struct Display(Option<Shown>);

impl System for Display {
    fn name(&self) -> &str {
        "test"
    }

    fn reset_reason(&self) -> ResetReason {
        ResetReason::PowerOn
    }

    fn instructions(&self) -> u64 {
        0
    }

    fn take_secret(&mut self, _: &mut [u8; 32]) {}

    fn fill_random(&mut self, bytes: &mut [u8]) {
        bytes.fill(5);
    }

    fn show(&mut self, shown: Option<Shown>) {
        self.0 = shown;
    }

    fn restart(&mut self) {}
}

/// A board without hosts, and its pairing button.
struct Board {
    pairing: Pairing,
    access: Access,
    display: Display,
    link: Link,
}

const NONCE: Hash = [9; 32];

impl Board {
    fn new() -> Self {
        let access = Access::open(Key::new([1; 32]), None::<&mut Storage<Nor<&mut [u8]>>>);
        Self { pairing: Pairing::default(), access, display: Display::default(), link: Link::new() }
    }

    /// A session with a host. Nothing ends the pairing of the session before.
    fn connect(&mut self, host: u8) {
        let (initiator, first) = Initiator::begin(Key::new([host; 32]), Key::new([100; 32]), VERSION);
        let Ok(Step::Message(second)) = self.access.shake_hands(&first, Key::new([101; 32])) else {
            panic!()
        };
        let (_, third) = initiator.answer(&second).unwrap();
        assert!(matches!(self.access.shake_hands(&third, Key::new([102; 32])), Ok(Step::Done)));
    }

    fn begin(&mut self) {
        let offer = (Role::Installer, Label::default(), commitment(&NONCE));
        self.pairing.begin(offer, &self.access, &mut self.display, &self.link).unwrap();
    }

    fn press(&mut self) {
        if let Awaited::Press(number) | Awaited::Hold(number) = self.link.config.get().pairing {
            self.link.state.update(|state| state.confirmed = number);
        }
        self.pairing.tick(&mut self.display, &self.link);
    }

    fn pair(&mut self) -> Result<(), Error> {
        self.pairing.pair((NONCE, None), &self.access, &mut self.display, &self.link)
    }

    /// The host that was confirmed.
    fn poll(&mut self) -> Option<Hash> {
        let confirmed = self.pairing.poll(&self.access, &mut self.display, &self.link).unwrap();
        confirmed.map(|confirmed| confirmed.host.key)
    }
}

#[test]
fn a_code_is_shown_and_confirmed_in_the_session_that_asked_alone() {
    for swapped in [None, Some("before the code"), Some("before the press counts")] {
        let mut board = Board::new();
        board.connect(7);
        board.begin();
        board.press();
        assert!(board.pairing.nonce().is_some());
        if swapped == Some("before the code") {
            board.connect(66);
            assert_eq!(board.pair(), Err(Error::NoPairing));
            assert_eq!(board.display.0, None);
            continue;
        }
        board.pair().unwrap();
        mock_time::advance(COMPARE);
        board.pairing.tick(&mut board.display, &board.link);
        board.press();
        if swapped.is_some() {
            board.connect(66);
        }
        let confirmed = swapped.is_none().then(|| public_key(&Key::new([7; 32])));
        assert_eq!(board.poll(), confirmed, "{swapped:?}");
        assert_eq!(board.display.0, None);
    }
}
