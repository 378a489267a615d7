//! The log port, byte by byte, while people are enrolled, come to the door and computers are paired.
//!
//! This runs with the door's log on: with the feature `defmt` as production firmware has it, and with `development`.
//! `cargo xtask test` does both:
//!
//! ```text
//! cargo test --release --package postern-door --features defmt --test log_port
//! cargo test --release --package postern-door --features development --test log_port
//! ```

mod simulation;

use std::sync::{Mutex, PoisonError};

use protocol::{Event, EventKind, FrameResult, ModelKind, Request, Response, Role};
use simulation::{Board, World, engine};

/// What was written to the log: strings and numbers as they are, and an index for each text.
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Both tests write to the log, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

/// A log that keeps bytes.
#[defmt::global_logger]
struct Sink;

// SAFETY: the board is polled by one thread, so that nothing logs between `acquire` and `release` of another.
unsafe impl defmt::Logger for Sink {
    fn acquire() {}

    unsafe fn flush() {}

    unsafe fn release() {}

    unsafe fn write(bytes: &[u8]) {
        LOG.lock().unwrap().extend_from_slice(bytes);
    }
}

defmt::timestamp!("{=u64:us}", embassy_time::Instant::now().as_micros());

/// What a board told its log, and what it must not have told.
struct Told {
    log: Vec<u8>,
    code: u32,
    scores: Vec<i16>,
}

/// Pairs a computer, enrols two people, and shows them, a stranger and nobody.
fn day(computer: u8, names: [&str; 2], stranger: u8) -> Told {
    LOG.lock().unwrap().clear();
    let (code, scores) = Board::unpaired().boot(async |world: &mut World| {
        world.host.become_host(computer);
        let code = world.host.begin_pairing(Role::Installer, "desk").await.unwrap();
        world.confirm().await;
        world.host.ask(Request::PollPairing).await.unwrap();
        for (kind, image) in [
            (ModelKind::Detector, engine::detector("finder")),
            (ModelKind::Encoder, engine::encoder("coder", 1)),
            (ModelKind::Liveness, engine::liveness("watcher")),
        ] {
            world.host.flash(kind, &image).await.unwrap();
        }
        for (person, name) in (1..).zip(names) {
            world.host.enrol(name, person).await.unwrap();
        }
        let mut scores = Vec::new();
        let (mut after, mut opened) = (0, false);
        for person in [1, 2, stranger, 0] {
            for _ in 0..6 {
                world.show(person).await;
            }
            opened |= world.is_open();
            world.wait(5_000).await;
            loop {
                let page = world.host.ask(Request::NextEvents { after }).await;
                let Ok(Response::Events { events, .. }) = page else { panic!("{page:?}") };
                let Some(last) = events.last() else { break };
                after = last.sequence;
                scores.extend(events.iter().filter_map(score));
            }
        }
        assert!(opened, "somebody came in");
        (code, scores)
    });
    Told { log: LOG.lock().unwrap().clone(), code, scores }
}

fn score(event: &Event) -> Option<i16> {
    let EventKind::FrameAssessed { result, .. } = &event.kind else { return None };
    match result {
        FrameResult::Known(who) | FrameResult::Stranger(Some(who)) => Some(who.similarity),
        _ => None,
    }
}

fn holds(log: &[u8], bytes: &[u8]) -> bool {
    log.windows(bytes.len()).any(|window| window == bytes)
}

/// Production firmware logs the same bytes, whoever was there: no name, no score and no code makes a difference.
#[test]
fn the_log_port_tells_no_name_no_score_and_no_code() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let told = day(7, ["Canary Quetzal", "Bob"], 3);
    let other = day(8, ["Somebody Elses", "Ann"], 4);
    assert!(told.code != other.code && told.scores != other.scores, "{:?} {:?}", told.scores, other.scores);
    // A code shown, a computer paired, the door open and locked, each with its time.
    assert!(told.log.len() >= 40, "the log is not empty: {} bytes", told.log.len());
    let private = [
        holds(&told.log, b"Canary"),
        holds(&told.log, b"Bob"),
        holds(&told.log, &told.code.to_le_bytes()),
        told.log != other.log,
    ];
    // Development firmware tells all of it, which shows that this test would find it.
    assert_eq!(private, [cfg!(feature = "development"); 4]);
}

/// Also a host that is not paired learns whether the log port tells of people.
#[test]
fn the_status_tells_the_profile_to_everybody() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    Board::new().boot(async |world: &mut World| {
        for computer in [None, Some(9)] {
            if let Some(secret) = computer {
                world.host.become_host(secret);
                world.host.connect().await;
            }
            let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else {
                panic!("no status")
            };
            assert_eq!((status.development, status.hosts), (cfg!(feature = "development"), 1));
        }
    });
}
