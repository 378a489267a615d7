//! Each request is executed once, whatever somebody on the cable does with replies, and whenever the board is reset.
//!
//! The host of the simulation repeats a request as `client` does: in the same session when it hears that the board is busy,
//! in a new one when it hears that there is no session. Both may be forged, after the board has executed the request.

use crate::simulation::{
    Board, World, engine,
    host::Reply,
    rules::{board, office, settings, two_factors},
    supply::Cut,
};
use audit::{Entry, Kind};
use nor_model::{Nor, SECTOR_SIZE};
use nor_store::{Map, MapKey};
use proptest::{collection::vec, prelude::*};
use protocol::{Enrolment, Error, Limits, Name, Request, Response, Role, Settings, Source};

fn name(name: &str) -> Name {
    Name::try_from(name).unwrap()
}

fn enrol(who: &str, enrolment: Enrolment) -> Request<'static> {
    Request::Enrol { name: name(who), source: Source::Staged, enrolment }
}

/// Requests of which most would do something else the second time.
fn script() -> Vec<Request<'static>> {
    let stricter = Settings { limits: Limits { failures: 3, ..Limits::default() }, ..settings() };
    vec![
        enrol("Bob", Enrolment::AddTemplate),
        enrol("Bob", Enrolment::AddTemplate),
        Request::SetRule { name: name("Bob"), rule: two_factors() },
        Request::Remove { name: name("Ann") },
        Request::Remove { name: name("Ann") },
        Request::Invite { role: Role::Operator },
        Request::SetSettings(stricter),
        Request::Identify { source: Source::Staged },
        Request::Embed { source: Source::Staged },
        Request::SetClock { unix_ms: 1_795_608_000_000 },
        Request::SetRule { name: name("Bob"), rule: office() },
        Request::Remove { name: name("Bob") },
        enrol("Bob", Enrolment::NewPerson),
        Request::ReplaceKey { key: crypto::handshake::public_key(&crypto::Key::new([7; 32])) },
        Request::RemoveHost { key: [9; 32] },
    ]
}

/// What the attacker does with a reply.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Arrives,
    /// It is lost, and the host hears that there is no session.
    NoSession,
    /// It is lost, and the host hears that the board is busy.
    Busy,
    /// It is lost, and the host sends the same frame again.
    Lost,
}

/// Asks as `client` does, until a reply arrives.
async fn ask(world: &mut World, request: &Request<'_>, fates: &[Fate]) -> Reply {
    let mut id = world.host.send(request);
    for fate in fates {
        let (answered, reply) = world.host.receive().await;
        assert_eq!(answered, id);
        match fate {
            Fate::Arrives => return reply,
            Fate::Lost => world.host.send_again(),
            Fate::Busy => id = world.host.send_keyed(request),
            Fate::NoSession => {
                world.host.connect().await;
                id = world.host.send_keyed(request);
            }
        }
    }
    world.host.receive().await.1
}

/// A reply without what it cost.
fn told(reply: &Reply) -> String {
    let text = format!("{reply:?}");
    let mut parts = text.split("instructions: ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.trim_start_matches(|digit: char| digit.is_ascii_digit()))
}

/// The replies, and all that the audit log has of them.
async fn run(world: &mut World, fates: &[Vec<Fate>]) -> (Vec<String>, Vec<String>) {
    world.host.stage(&engine::picture(2, 1)).await;
    let mut replies = Vec::new();
    let none = Vec::new();
    let fates = fates.iter().chain(std::iter::repeat(&none));
    for (request, fates) in script().iter().zip(fates) {
        replies.push(told(&ask(world, request, fates).await));
    }
    let log = world.host.log().await.into_iter();
    let entry = |entry: Entry| {
        // The detail of a clock that was set is the time before.
        let detail = if entry.kind == Kind::Clock { [0; 12] } else { entry.detail };
        format!("{:?} {:?} {} {detail:?}", entry.kind, entry.person, entry.reason)
    };
    let mut entries: Vec<String> = log.map(|(_, told)| entry(told)).collect();
    // Its reply is too long to be kept: it is executed again, and each time has an entry.
    entries.dedup_by(|entry, before| entry == before && entry.starts_with("Embedded"));
    (replies, entries)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_request_is_executed_once_over_a_line_that_loses_and_forges(
        fates in vec(vec(prop_oneof![
            Just(Fate::Arrives), Just(Fate::NoSession), Just(Fate::Busy), Just(Fate::Lost)
        ], 0..4), 15),
    ) {
        let whole = board();
        let expected = whole.copy().boot(async |world: &mut World| run(world, &[]).await);
        let found = whole.copy().boot(async |world: &mut World| run(world, &fates).await);
        prop_assert_eq!(found, expected, "{:?}", fates);
    }
}

#[test]
fn a_forged_no_session_renews_no_invitation() {
    board().boot(async |world: &mut World| {
        let invite = Request::Invite { role: Role::Operator };
        let _ = world.host.ask(Request::Status).await;
        world.host.send(&invite);
        let _ = world.host.receive().await;
        let key = world.host.idempotency;
        // Somebody uses the invitation while the host believes that it was not heard.
        world.host.become_host(9);
        world.host.begin_pairing(Role::Operator, "guard").await.unwrap();
        world.confirm().await;
        world.host.ask(Request::PollPairing).await.unwrap();
        world.host.become_host(7);
        world.host.connect().await;
        world.host.idempotency = key;
        world.host.send_keyed(&invite);
        assert_eq!(world.host.receive().await.1, Ok(Response::Done), "the reply of then");
        world.host.become_host(10);
        let again = world.host.begin_pairing(Role::Operator, "thief").await;
        assert_eq!(again, Err(Error::NotInvited { role: Role::Operator }));
    });
}

#[test]
fn a_key_is_of_no_use_to_another_host() {
    board().boot(async |world: &mut World| {
        let request = Request::GetSettings;
        world.host.ask(Request::Invite { role: Role::Auditor }).await.unwrap();
        let key = world.host.idempotency;
        world.host.become_host(66);
        world.host.connect().await;
        world.host.idempotency = key;
        world.host.send_keyed(&request);
        assert_eq!(world.host.receive().await.1, Err(Error::Unpaired));
        world.host.send_keyed(&Request::Invite { role: Role::Auditor });
        assert_eq!(world.host.receive().await.1, Err(Error::Unpaired));
    });
}

/// Templates of Bob, and how often the log says that a template was enrolled.
async fn templates(world: &mut World) -> (u8, usize) {
    let Ok(Response::Users { users, .. }) = world.host.ask(Request::ListUsers { from: 0 }).await else {
        panic!()
    };
    let bob = users.iter().find(|user| user.name == "Bob").unwrap();
    let kinds = world.host.kinds().await;
    (bob.templates, kinds.into_iter().filter(|kind| *kind == Kind::Enrolled).count())
}

/// Begins a boot with a request whose key another boot has used.
async fn repeat(world: &mut World, key: [u8; 8], request: &Request<'_>) -> Reply {
    world.host.stage(&engine::picture(2, 1)).await;
    world.host.idempotency = key;
    world.host.send_keyed(request);
    world.host.receive().await.1
}

#[test]
fn a_request_that_was_replied_to_before_a_reset_is_not_executed_after_it() {
    let mut board = board();
    let add = enrol("Bob", Enrolment::AddTemplate);
    let reboot = Request::Reboot;
    let (key, first) = board.boot(async |world: &mut World| {
        world.host.stage(&engine::picture(2, 1)).await;
        world.host.send(&add);
        (world.host.idempotency, world.host.receive().await.1)
    });
    let last = board.boot(async |world: &mut World| {
        assert_eq!(repeat(world, key, &add).await, first);
        assert_eq!(templates(world).await, (2, 3));
        world.host.send(&reboot);
        assert_eq!(world.host.receive().await.1, Ok(Response::Done));
        world.host.idempotency
    });
    board.boot(async |world: &mut World| {
        assert_eq!(repeat(world, last, &reboot).await, Ok(Response::Done));
        world.wait(2_000).await;
        assert_eq!(world.wires.restarts.get(), 0, "it was restarted once");
    });
}

#[test]
fn a_power_cut_at_any_operation_of_a_request_executes_it_at_most_once() {
    let whole = board();
    let add = enrol("Bob", Enrolment::AddTemplate);
    let (mut executed, mut interrupted, mut answered) = (0, 0, 0);
    for operation in 1.. {
        let mut board = whole.copy();
        let supply = board.supply.clone();
        let key = board.boot(async |world: &mut World| {
            world.host.stage(&engine::picture(2, 1)).await;
            supply.operations.set(0);
            supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
            world.host.send(&add);
            let _ = world.host.receive().await;
            world.host.idempotency
        });
        let cut = !supply.is_on();
        supply.cut.set(None);
        board.boot(async |world: &mut World| {
            let before = templates(world).await.0;
            let reply = repeat(world, key, &add).await;
            let (after, entries) = templates(world).await;
            // What was done, or half done, has an entry: its own, or one that it was interrupted.
            let log = world.host.log().await;
            let told =
                |entry: &Entry| entry.kind == Kind::Interrupted && entry.reason == Kind::Enrolled as u8;
            let cuts = log.iter().filter(|(_, entry)| told(entry)).count();
            assert!(
                cuts <= 1 && (after < 2 || entries + cuts > 2),
                "operation {operation}: {entries}, {cuts}"
            );
            assert!(cut || cuts == 0);
            match (before, after, &reply) {
                (1, 2, Ok(_)) => executed += 1,
                (1, 1, Err(Error::Interrupted)) | (2, 2, Err(Error::Interrupted)) => interrupted += 1,
                // What was not done was told, and is told again.
                (1, 1, Err(Error::Flash)) | (2, 2, Ok(Response::Enrolled { templates: 2, .. })) => {
                    answered += 1
                }
                other => panic!("operation {operation}: {other:?}"),
            }
        });
        if !cut {
            break;
        }
    }
    assert!(executed > 0 && interrupted > 0 && answered > 0, "{executed} {interrupted} {answered}");
}

/// The key of the last request of the first host, as `store::storage` draws it.
#[derive(Clone, Copy)]
struct LastRequest;

impl MapKey for LastRequest {
    fn number(self) -> u16 {
        0x0248
    }

    fn from_number(_: u16) -> Option<Self> {
        None
    }
}

/// Puts the record of the last request back that an older copy of the settings has.
fn put_back(settings: &mut [u8], old: &mut [u8]) {
    let map = |cells| Map::open(Nor::new(cells), 0..4 * SECTOR_SIZE as u32).unwrap();
    let mut buffer = [0; 224];
    let record = map(old).fetch(&mut buffer, LastRequest).unwrap().expect("it is there").to_vec();
    map(settings).store(&mut [0; 224], LastRequest, &record).unwrap();
}

#[test]
fn an_intent_of_before_that_is_put_back_is_passed_over() {
    let cuts = async |world: &mut World| {
        let kinds = world.host.kinds().await;
        kinds.iter().filter(|kind| **kind == Kind::Interrupted).count()
    };
    let whole = board();
    for operation in 3.. {
        let mut board = whole.copy();
        let supply = board.supply.clone();
        board.boot(async |world: &mut World| {
            let _ = world.host.connect().await;
            supply.operations.set(0);
            supply.cut.set(Some(Cut { operation, half: false }));
            let _ = world.host.ask(Request::SetRule { name: name("Bob"), rule: office() }).await;
        });
        assert!(!supply.is_on(), "no cut leaves an intent");
        supply.cut.set(None);
        let mut old = board.settings.clone();
        let told = board.boot(async |world: &mut World| {
            let told = cuts(world).await;
            world.host.ask(Request::SetRule { name: name("Bob"), rule: two_factors() }).await.unwrap();
            told
        });
        if told == 0 {
            continue;
        }
        put_back(&mut board.settings, &mut old);
        for _ in 0..2 {
            assert_eq!(board.boot(cuts), 1, "it was told of once");
        }
        return;
    }
}

#[test]
fn a_change_whose_write_failed_has_an_entry() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        // An account that was written already, so that the change itself is what fails.
        world.host.ask(Request::Invite { role: Role::Auditor }).await.unwrap();
        world.supply.broken.set(Some("settings"));
        let rule = Request::SetRule { name: name("Bob"), rule: office() };
        assert_eq!(world.host.ask(rule).await, Err(Error::Flash));
        world.supply.broken.set(None);
        let (_, last) = world.host.log().await.pop().unwrap();
        assert_eq!((last.kind, last.reason), (Kind::Interrupted, Kind::Rule as u8));
        assert_eq!(last.detail[..4], world.host.key()[..4], "and the host that asked");
        let unknown = Request::SetRule { name: name("Eve"), rule: office() };
        assert!(world.host.ask(unknown).await.is_err());
        assert_eq!(world.host.log().await.pop().unwrap().1, last, "what was refused changed nothing");
    });
}

/// The signer and a host are stored after their entry.
#[test]
fn a_power_cut_at_any_operation_of_a_pairing_leaves_no_host_without_an_entry() {
    let whole = Board::unpaired();
    let (mut paired, mut not) = (0, 0);
    for operation in 1.. {
        let mut board = whole.copy();
        let supply = board.supply.clone();
        board.boot(async |world: &mut World| {
            world.host.begin_pairing(Role::Installer, "desk").await.unwrap();
            world.confirm().await;
            supply.operations.set(0);
            supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
            let _ = world.host.ask(Request::PollPairing).await;
        });
        let cut = !supply.is_on();
        supply.cut.set(None);
        let known = board.boot(async |world: &mut World| {
            let known = world.host.connect().await.is_some();
            assert!(!known || world.host.kinds().await.contains(&Kind::Paired), "operation {operation}");
            known
        });
        (paired, not) = if known { (paired + 1, not) } else { (paired, not + 1) };
        if !cut {
            break;
        }
    }
    assert!(paired > 0 && not > 2, "{paired} {not}");
}

#[test]
fn a_comparison_under_a_used_key_is_charged_and_logged_again() {
    board().boot(async |world: &mut World| {
        let embedded = async |world: &mut World| {
            let log = world.host.log().await;
            log.iter().filter(|(_, entry)| entry.kind == Kind::Embedded).count()
        };
        world.host.stage(&engine::picture(2, 1)).await;
        let embed = Request::Embed { source: Source::Staged };
        world.host.ask(embed.clone()).await.unwrap();
        let key = world.host.idempotency;
        for picture in 3..6 {
            world.host.stage(&engine::picture(picture, 1)).await;
            world.host.idempotency = key;
            world.host.send_keyed(&embed);
            assert!(matches!(world.host.receive().await.1, Ok(Response::Embedding { .. })));
        }
        assert_eq!(embedded(world).await, 4);
    });
}
