//! The audit log of a running door: its entries, their order, and what happens when it cannot be written.

use crate::simulation::{Board, World, engine, host};
use audit::{Fault, Kind, Time};
use board_api::ResetReason;
use policy::Reason;
use protocol::{Error, ModelKind, Request, Response, Role, Settings};

/// The beginning of 2026.
const NOW: u64 = 1_767_225_600_000;

/// A board that knows person 1.
pub fn board() -> Board {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| {
        world.host.enrol("Ann", 1).await.unwrap();
    });
    board
}

async fn status(world: &mut World) -> protocol::Status {
    match world.host.ask(Request::Status).await {
        Ok(Response::Status(status)) => status,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_happens_is_told_in_order_with_who_and_why() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        for _ in 0..3 {
            world.show(1).await;
        }
        assert!(world.is_open());
        world.show(9).await;
        world.press().await;
        let settings = Settings { open_ms: 5_000, ..Settings::default() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
        let name = protocol::Name::try_from("Ann").unwrap();
        let source = protocol::Source::Staged;
        world.host.stage(&engine::picture(1, 0)).await;
        world.host.ask(Request::Verify { name: name.clone(), source }).await.unwrap();
        world.host.ask(Request::Remove { name }).await.unwrap();
        world.host.ask(Request::SetSigner { signer: [0xab; 32] }).await.unwrap();
        let log = world.host.log().await;
        let kinds: Vec<Kind> = log.iter().map(|(_, entry)| entry.kind).collect();
        let expected = [
            Kind::Booted,
            Kind::Paired,
            Kind::Booted,
            Kind::Transfer,
            Kind::Model,
            Kind::Transfer,
            Kind::Model,
            Kind::Transfer,
            Kind::Model,
            Kind::Booted,
            Kind::Enrolled,
            Kind::Booted,
            Kind::Admitted,
            Kind::Refused,
            Kind::Settings,
            Kind::Compared,
            Kind::Removed,
            Kind::Signer,
        ];
        let told: Vec<Kind> = kinds.iter().copied().filter(|kind| *kind != Kind::Button).collect();
        assert_eq!(told, expected);
        assert!(kinds.contains(&Kind::Button));
        let of = |kind| log.iter().map(|(_, entry)| *entry).rfind(|entry| entry.kind == kind).unwrap();
        let key = world.host.key();
        for kind in [Kind::Enrolled, Kind::Settings, Kind::Removed, Kind::Signer, Kind::Model] {
            assert_eq!(of(kind).detail[..4], key[..4], "{kind:?} was this host's doing");
        }
        assert_eq!(
            (of(Kind::Admitted).person, of(Kind::Admitted).detail[0]),
            (Some(1), liveness::MIN_SAMPLES as u8 + 2)
        );
        assert!(of(Kind::Admitted).score > 20_000);
        assert_eq!((of(Kind::Refused).reason, of(Kind::Refused).person), (Reason::Stranger as u8, None));
        assert_eq!((of(Kind::Removed).person, of(Kind::Removed).reason), (Some(1), 1));
        assert_eq!((of(Kind::Compared).person, of(Kind::Compared).reason), (Some(1), 1));
        assert_eq!(of(Kind::Settings).reason, 4, "the opening time changed");
        assert_eq!(of(Kind::Signer).detail[4..], [0xab; 8]);
        assert_eq!(of(Kind::Model).reason, ModelKind::Liveness as u8);
    });
}

#[test]
fn what_is_refused_to_a_host_changes_nothing_and_is_not_told() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let before = world.host.log().await.len();
        let name = protocol::Name::try_from("Bob").unwrap();
        assert!(world.host.ask(Request::Remove { name }).await.is_err());
        world.host.become_host(66);
        for request in [Request::Reboot, Request::ReadLog { from: 0 }, Request::SetClock { unix_ms: NOW }] {
            assert_eq!(world.host.ask(request).await, Err(Error::Unpaired));
        }
        world.host.become_host(7);
        assert_eq!(world.host.log().await.len(), before);
    });
}

#[test]
fn an_auditor_reads_the_log_and_does_not_set_the_clock() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        world.host.ask(Request::Invite { role: Role::Auditor }).await.unwrap();
        world.host.become_host(8);
        world.host.begin_pairing(Role::Auditor, "audit").await.unwrap();
        world.confirm().await;
        world.host.ask(Request::PollPairing).await.unwrap();
        assert_eq!(world.host.kinds().await.last(), Some(&Kind::Paired));
        let refused = world.host.ask(Request::SetClock { unix_ms: NOW }).await;
        assert_eq!(refused, Err(Error::Forbidden { needed: Role::Operator }));
    });
}

#[test]
fn a_log_that_cannot_be_written_stops_nothing_and_is_told() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let before = world.host.log().await.len();
        world.supply.broken.set(Some("log"));
        for _ in 0..3 {
            world.show(1).await;
        }
        assert!(world.is_open(), "the door opens all the same");
        world.show(9).await;
        world.host.enrol("Bob", 2).await.unwrap();
        assert_eq!(status(world).await.log_lost, 3);
        assert_eq!(world.host.log().await.len(), before);

        world.supply.broken.set(None);
        world.press().await;
        let log = world.host.log().await;
        let [(_, lost), (_, button)] = log[before..] else { panic!("{:?}", &log[before..]) };
        assert_eq!((lost.kind, lost.reason, lost.detail[0]), (Kind::Fault, Fault::LogLost as u8, 3));
        assert_eq!(button.kind, Kind::Button);
        assert_eq!(status(world).await.log_lost, 0);
    });
}

/// The power fails at each byte that a decision writes. Every admitted person is in the log.
#[test]
fn nobody_comes_in_without_an_entry_wherever_the_power_is_cut() {
    let whole = board();
    let (mut opened, mut locked) = (0, 0);
    for cut in (0..2 * 64 + 8).step_by(3) {
        let mut board = whole.copy();
        let booted = 64;
        board.supply.bytes.set(Some(booted + cut));
        let open = board.boot(async |world: &mut World| {
            for _ in 0..3 {
                world.show(1).await;
            }
            world.is_open() && status(world).await.log_lost == 0
        });
        board.supply.bytes.set(None);
        let admitted = board.boot(async |world: &mut World| {
            world.host.kinds().await.iter().filter(|kind| **kind == Kind::Admitted).count()
        });
        if open {
            assert_eq!(admitted, 1, "cut after {cut} bytes");
            opened += 1;
        } else {
            locked += 1;
        }
    }
    assert!(opened > 0 && locked > 0, "{opened} opened, {locked} did not");
}

#[test]
fn the_log_in_flash_is_sealed_and_a_change_is_found() {
    let mut board = board();
    let mut other = board.copy();
    other.unique = 0x43;
    other.boot(async |world: &mut World| {
        host::pair(world).await;
        let kinds = world.host.kinds().await;
        assert!(!kinds.contains(&Kind::Enrolled), "another board's log is none: {kinds:?}");
    });
    let entries = board.boot(async |world: &mut World| world.host.log().await);
    let person = entries.iter().find(|(_, entry)| entry.kind == Kind::Enrolled).unwrap().1.to_bytes();
    assert!(
        !board.log.windows(8).any(|window| window == &person[8..16]),
        "times do not lie there in the clear"
    );

    // One bit of the third entry is flipped: the entry does not open, and the chain shows it.
    board.log[2 * 64 + 30] ^= 4;
    board.boot(async |world: &mut World| {
        let reply = world.host.ask(Request::ReadLog { from: 0 }).await;
        let Ok(Response::Log { entries, .. }) = reply else { panic!("{reply:?}") };
        let mut verifier = audit::Verifier::new();
        let mut findings = entries
            .iter()
            .filter_map(|read| verifier.check(read.number, &read.entry, audit::Chain(read.chain)).err());
        let broken = audit::Finding::Broken { after: Some(1), number: 3 };
        assert_eq!((findings.next(), findings.next()), (Some(broken), None));
    });
}

#[test]
fn damage_in_flash_is_a_fault_in_the_log() {
    let mut board = board();
    board.encoder[0][40_000] ^= 1;
    board.boot(async |world: &mut World| {
        let (_, last) = world.host.log().await.pop().unwrap();
        assert_eq!((last.kind, last.reason), (Kind::Fault, Fault::Model as u8));
        assert_eq!(last.detail[0], ModelKind::Encoder as u8);
        world.wires.broken.set(true);
        world.press().await;
        world.wait(200).await;
        let faults = world.host.log().await;
        let lock =
            faults.iter().filter(|(_, entry)| entry.reason == Fault::Lock as u8 && entry.kind == Kind::Fault);
        assert_eq!(lock.count(), 1, "one entry, not one at each frame");
    });
}

#[test]
fn a_clock_set_too_far_ahead_is_refused_and_an_installer_sets_it_back() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let ahead = Err(Error::ClockAhead { latest: Time::LATEST_MS });
        world.host.ask(Request::Invite { role: Role::Operator }).await.unwrap();
        world.host.become_host(8);
        world.host.begin_pairing(Role::Operator, "guard").await.unwrap();
        world.confirm().await;
        world.host.ask(Request::PollPairing).await.unwrap();
        for unix_ms in [u64::MAX, u64::MAX >> 1, Time::LATEST_MS + 1] {
            assert_eq!(world.host.ask(Request::SetClock { unix_ms }).await, ahead);
        }
        // Wrong by decades, and within the bounds.
        world.host.ask(Request::SetClock { unix_ms: Time::LATEST_MS }).await.unwrap();
        let refused = world.host.ask(Request::SetClockBack { unix_ms: NOW }).await;
        assert_eq!(refused, Err(Error::Forbidden { needed: Role::Installer }));
    });
    board.boot(async |world: &mut World| {
        let set = world.host.ask(Request::SetClock { unix_ms: NOW }).await;
        assert!(matches!(set, Err(Error::ClockBackwards { .. })));
        world.host.ask(Request::SetClockBack { unix_ms: NOW }).await.unwrap();
        let clock = status(world).await.clock;
        assert!(clock.exact && (NOW..NOW + 1_000).contains(&clock.unix_ms));
        let (_, last) = world.host.log().await.pop().unwrap();
        let before = u64::from_le_bytes(last.detail[4..].try_into().unwrap());
        assert_eq!((last.kind, last.reason), (Kind::Clock, 1), "the log tells that it was set back");
        assert!(before >= Time::LATEST_MS);
    });
}

#[test]
fn the_clock_is_told_by_a_host_and_never_runs_backwards() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let clock = status(world).await.clock;
        assert!(!clock.exact && clock.unix_ms < Time::EARLIEST_MS);
        let early = world.host.ask(Request::SetClock { unix_ms: 86_400_000 }).await;
        assert_eq!(early, Err(Error::ClockBackwards { earliest: Time::EARLIEST_MS }));
        world.host.ask(Request::SetClock { unix_ms: NOW }).await.unwrap();
        world.wait(5_000).await;
        let clock = status(world).await.clock;
        assert!(clock.exact && (NOW + 5_000..NOW + 5_100).contains(&clock.unix_ms));
        let refused = world.host.ask(Request::SetClock { unix_ms: NOW + 4_000 }).await;
        assert!(matches!(refused, Err(Error::ClockBackwards { earliest }) if earliest >= NOW + 5_000));
        let before = status(world).await.clock.unix_ms;
        world.host.ask(Request::SetClock { unix_ms: before - 300 }).await.unwrap();
        assert!(status(world).await.clock.unix_ms >= before, "clocks this close show the same time");
        let (_, last) = world.host.log().await.pop().unwrap();
        assert_eq!((last.kind, last.reason), (Kind::Clock, 0), "and it was not set back");
        world.host.ask(Request::SetClock { unix_ms: NOW + 60_000 }).await.unwrap();
        let log = world.host.log().await;
        assert!(!log.first().unwrap().1.time.was_set(), "entries from before say so");
        let times: Vec<Time> = log.iter().map(|(_, entry)| entry.time).collect();
        assert!(times.is_sorted_by_key(|time| time.unix_ms));
        world.host.ask(Request::Reboot).await.unwrap();
    });
    // The board restarted on request, so it knows how long the restart took.
    board.reset = Some(ResetReason::Requested);
    board.boot(async |world: &mut World| {
        let clock = status(world).await.clock;
        assert!(clock.exact && (NOW + 60_500..NOW + 61_000).contains(&clock.unix_ms), "{clock:?}");
    });
    // The power failed, for an unknown time.
    board.boot(async |world: &mut World| {
        let clock = status(world).await.clock;
        assert!(!clock.exact && clock.unix_ms >= NOW + 60_500, "{clock:?}");
        let refused = world.host.ask(Request::SetClock { unix_ms: NOW }).await;
        assert!(matches!(refused, Err(Error::ClockBackwards { .. })), "nor does it run backwards over that");
        let (_, last) = world.host.log().await.pop().unwrap();
        assert!(!last.time.exact && last.time.was_set());
    });
}

/// The head that the board signs, checked as an offline reader checks it.
async fn signed_head(world: &mut World, from: u32) -> (protocol::LogHead, [u8; audit::ENTRY_BYTES]) {
    let reply = world.host.ask(Request::SignLog { from }).await;
    let Ok(Response::LogHead(head)) = reply else { panic!("{reply:?}") };
    let reply = world.host.ask(Request::ReadLog { from: head.first }).await;
    let Ok(Response::Log { entries, .. }) = reply else { panic!("{reply:?}") };
    (head, entries[0].entry)
}

fn is_signed(head: &protocol::LogHead, entry: [u8; audit::ENTRY_BYTES]) -> bool {
    let time = audit::Time { unix_ms: head.clock.unix_ms, exact: head.clock.exact };
    let chain = audit::Chain(head.chain);
    let signed = audit::Head { first: head.first, entry, last: head.last, chain, time }.signed();
    crypto::verify(&head.signer, &signed, &head.signature.bytes()).is_ok()
}

#[test]
fn the_board_signs_its_log_with_one_key_over_resets() {
    let mut board = board();
    let before = board.boot(async |world: &mut World| {
        let newest = world.host.log().await.last().unwrap().0;
        let (head, entry) = signed_head(world, 0).await;
        assert_eq!((head.first, head.last), (0, newest));
        assert!(is_signed(&head, entry));
        // An attacker changes an entry and computes the chain again: the link differs, and the signature fails.
        assert!(!is_signed(&protocol::LogHead { chain: [7; 16], ..head }, entry));
        assert!(!is_signed(&protocol::LogHead { last: head.last - 1, ..head }, entry));
        assert!(!is_signed(&head, [7; audit::ENTRY_BYTES]));
        let (part, entry) = signed_head(world, newest).await;
        assert!(part.first == newest && is_signed(&part, entry));
        assert_eq!(world.host.ask(Request::SignLog { from: newest + 1 }).await, Err(Error::NoLog));
        head.signer
    });
    board.boot(async |world: &mut World| {
        let (head, entry) = signed_head(world, 0).await;
        assert!(head.signer == before && is_signed(&head, entry));
        world.host.become_host(66);
        assert_eq!(world.host.ask(Request::SignLog { from: 0 }).await, Err(Error::Unpaired));
    });
}
