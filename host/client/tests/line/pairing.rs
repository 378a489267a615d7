//! A pairing of which the board, or somebody who answers in its place, says for ever that its button is awaited.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::protocol::{MAX_BODY, Pairing, Request, Response, Role, pack};
use client::{Applicant, Device, Error, Patience, Step};

use crate::sealed::{Act, Board, start};

const REQUESTED: Response = Response::Pairing(Pairing::Requested { left_ms: 60_000 });
const NONCE: Response = Response::PairingNonce { nonce: [3; 32] };

/// Whoever answers on the line says that this computer is paired, and may say so at once. That nobody compared the codes ends it.
#[test]
fn a_board_that_says_paired_is_believed_after_the_codes_were_compared_alone() {
    let differ = |step| if matches!(step, Step::Compare(_)) { Err(Error::CodesDiffer) } else { Ok(()) };
    for role in [None, Some(Role::Installer)] {
        let (ended, steps, _) = pairing_with(NONCE, Pairing::Paired { role: Role::Installer }, role, differ);
        assert!(matches!(ended, Err(Error::CodesDiffer)), "{ended:?}");
        assert!(matches!(steps[..], [Step::Press, Step::Compare(_)]), "{steps:?}");
    }
    let (ended, steps, _) = pairing_with(NONCE, Pairing::Paired { role: Role::Installer }, None, |_| Ok(()));
    assert!(ended.is_ok() && matches!(steps[..], [Step::Press, Step::Compare(_)]), "{ended:?}");
}

/// How a pairing ends that comes to nothing, what its user is told, and how many seconds it takes. `polled` is the answer to each poll before the nonce,
/// and `state` that to the nonce and to each poll after it.
fn pairing(polled: Response, state: Pairing) -> (Error, Vec<Step>, u64) {
    let (ended, steps, seconds) = pairing_with(polled, state, None, |_| Ok(()));
    (ended.expect_err("nobody is paired"), steps, seconds)
}

/// The same, of a board that says it knows the computer in a role, and a user who does this.
fn pairing_with(
    polled: Response,
    state: Pairing,
    known: Option<Role>,
    user: impl Fn(Step) -> Result<(), Error>,
) -> (Result<(), Error>, Vec<Step>, u64) {
    let mut paired = false;
    let act = move |_: &mut u16, request: &Request<'_>| {
        paired |= matches!(request, Request::Pair { .. });
        let reply = match request {
            Request::BeginPairing { .. } => &REQUESTED,
            _ if paired => &Response::Pairing(state),
            _ => &polled,
        };
        let mut room = [0; MAX_BODY];
        let length = pack(reply, &mut room).expect("it fits");
        room[..length].to_vec()
    };
    let (role, act) = (Arc::new(Mutex::new(known)), Some(Box::new(act) as Act));
    let board = Arc::new(Mutex::new(Board { secret: 5, role, act, ..Board::default() }));
    let patience = Patience { repeat: Duration::from_secs(10), give_up: Duration::from_secs(20) };
    let mut device = Device::open(Box::new(start(&board)), patience, patience).expect("it says hello");
    let applicant = Applicant { role: Role::Installer, label: "desk", signer: None, host_key: None };
    let (begun, mut waited, mut steps) = (Instant::now(), Duration::ZERO, Vec::new());
    let mut wait = |time| {
        waited += time;
        assert!(waited < Duration::from_secs(600), "it has no end");
        begun + waited
    };
    let mut tell = |step| {
        steps.push(step);
        user(step)
    };
    let ended = device.pair_by(&applicant, &mut tell, &mut wait).map(drop);
    (ended, steps, waited.as_secs())
}

#[test]
fn a_button_that_is_awaited_for_ever_ends_the_pairing_soon_after_a_minute() {
    let (ended, steps, seconds) = pairing(REQUESTED, Pairing::None);
    assert!(matches!(ended, Error::NotConfirmed { seconds: 60 }), "{ended}");
    assert_eq!((&steps[..], seconds), (&[Step::Press][..], 65));
    for (state, told) in [(Pairing::Shown { left_ms: 60_000 }, 2), (Pairing::Waiting { left_ms: 60_000 }, 3)]
    {
        let (ended, steps, seconds) = pairing(NONCE, state);
        assert!(matches!(ended, Error::NotCompared { seconds: 60 }), "{ended}");
        assert_eq!((steps.len(), seconds), (told, 65), "{state:?}");
    }
}

#[test]
fn a_code_that_is_declined_ends_the_pairing_at_once() {
    let (ended, steps, seconds) = pairing(NONCE, Pairing::None);
    assert!(matches!(ended, Error::NotCompared { .. }), "{ended}");
    assert!(matches!(steps[..], [Step::Press, Step::Compare(_)]) && seconds == 0, "{steps:?}, {seconds} s");
}
