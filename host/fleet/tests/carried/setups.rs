//! Settings, models and firmware: they reach the doors that trust the operator with them, whole, and no other door.

use std::collections::BTreeMap;

use fixtures::mqtt::eventually;
use fixtures::{Need, need};
use fleet::door::Again;
use fleet::pictures::digest;
use fleet::setup::{CHUNK, Kind, Release, Setup, chunks, settings_id};

use crate::bench::{Bench, Operator};

fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn decide(operator: &mut Operator, pairs: &[(&str, &str)]) {
    let setup = Setup::Settings(settings(pairs));
    operator.folder.set_up(settings_id(), Some(setup), &[]).expect("kept");
}

/// An image of more than two chunks.
fn image(byte: u8) -> Vec<u8> {
    (0..CHUNK * 2 + 100).map(|at| byte.wrapping_add((at / 1000) as u8)).collect()
}

fn release(kind: Kind, board: &str, image: &[u8]) -> Setup {
    Setup::Image(Release {
        kind,
        board: board.to_owned(),
        name: format!("{}-{}", kind.word(), image[0]),
        release: image[0].into(),
        length: image.len() as u32,
        sha256: digest(image),
        signature: "signed".to_owned(),
        chunks: chunks(image).into_iter().map(|(digest, _)| digest).collect(),
    })
}

fn send(operator: &mut Operator, setup: Setup, image: &[u8]) {
    operator.folder.set_up(setup.id(), Some(setup), image).expect("kept");
}

/// A bench whose doors trust the operator as an installer.
fn trusting(doors: u8) -> Bench {
    let mut bench = Bench::new(doors);
    let key = bench.operator.identity.public().signing;
    bench.doors.iter_mut().for_each(|door| door.installers = vec![key]);
    bench
}

#[test]
fn settings_reach_a_door_that_trusts_an_installer_and_all_others_stay_its_own() {
    need!(Need::Mosquitto);
    let mut bench = trusting(2);
    bench.doors[0].board.lock().settings = settings(&[("open-ms", "1000"), ("zone", "UTC")]);
    decide(&mut bench.operator, &[("open-ms", "4000")]);
    bench.operator.enrol("Ada");
    bench.publish(false);
    bench.up(0);
    bench.complete(0);
    let has = |bench: &Bench, door: usize| bench.doors[door].board.lock().settings.clone();
    assert_eq!(has(&bench, 0), settings(&[("open-ms", "4000"), ("zone", "UTC")]));
    assert!(bench.standing(0).complete);
    decide(&mut bench.operator, &[("liveness", "challenge"), ("open-ms", "5000")]);
    bench.publish(false);
    bench.up(1);
    for door in 0..2 {
        bench.complete(door);
        assert_eq!(has(&bench, door)["open-ms"], "5000");
        assert_eq!(has(&bench, door)["liveness"], "challenge");
        assert!(bench.doors[door].board.has("Ada") && bench.standing(door).complete);
    }
    // What the fleet leaves to the door again stays as it is there.
    bench.operator.folder.set_up(settings_id(), None, &[]).expect("kept");
    bench.publish(false);
    bench.complete(0);
    bench.doors[0].board.lock().settings = settings(&[("open-ms", "1000")]);
    bench.doors[0].down().expect("it ran");
    bench.up(0);
    bench.operator.remove("Ada");
    bench.publish(false);
    bench.complete(0);
    assert_eq!(has(&bench, 0), settings(&[("open-ms", "1000")]));
}

#[test]
fn a_door_that_trusts_an_operator_with_people_alone_takes_nothing_else_and_says_so() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(1);
    decide(&mut bench.operator, &[("liveness", "off")]);
    send(&mut bench.operator, release(Kind::Encoder, "", &image(7)), &image(7));
    bench.operator.enrol("Ada");
    bench.publish(false);
    bench.up(0);
    bench.complete(0);
    assert!(bench.doors[0].board.has("Ada"), "people are not kept waiting");
    let board = bench.doors[0].board.lock().clone();
    assert!(board.settings.is_empty() && board.active.is_empty(), "{board:?}");
    let standing = bench.standing(0);
    assert_eq!(standing.refused.len(), 2, "{standing:?}");
    assert!(standing.refused.iter().all(|(_, why)| why.contains("--installer")), "{standing:?}");
    assert!(standing.why.expect("a reason").contains("2 records of settings, models or firmware"));
    // Once the door trusts the operator, it takes what it refused.
    bench.doors[0].down().expect("it ran");
    bench.doors[0].installers = vec![bench.operator.identity.public().signing];
    bench.up(0);
    eventually("the door has both", || {
        let board = bench.doors[0].board.lock().clone();
        board.settings.len() == 1 && board.active.len() == 1
    });
    eventually("the operator is told so", || bench.standing(0).complete);
}

#[test]
fn an_image_comes_whole_in_chunks_and_the_next_one_takes_its_place() {
    need!(Need::Mosquitto);
    let mut bench = trusting(2);
    let first = image(7);
    send(&mut bench.operator, release(Kind::Encoder, "", &first), &first);
    bench.publish(false);
    bench.up(0);
    bench.complete(0);
    let active = |bench: &Bench, door: usize| bench.doors[door].board.lock().active.clone();
    assert_eq!(active(&bench, 0)[0].sha256, digest(&first));
    let acked = bench.doors[0].acked().expect("an acknowledgement").active;
    assert_eq!(acked, active(&bench, 0), "the door says what is on its board");

    let second = image(8);
    send(&mut bench.operator, release(Kind::Encoder, "", &second), &second);
    let firmware = image(9);
    send(&mut bench.operator, release(Kind::Firmware, "an547", &firmware), &firmware);
    bench.publish(false);
    bench.doors[1].board.lock().kind = "an547".to_owned();
    bench.up(1);
    for door in 0..2 {
        bench.complete(door);
        assert!(active(&bench, door).iter().any(|active| active.sha256 == digest(&second)));
        let has_firmware = active(&bench, door).iter().any(|active| active.kind == Kind::Firmware);
        assert_eq!(has_firmware, door == 1, "firmware is for its kind of board");
    }
    // The broker keeps the chunks of the second image alone, and so does the folder.
    let files = bench.operator.folder.path().join("chunks").read_dir().expect("there").count();
    assert_eq!(files, 6);
    let asked = bench.doors[0].board.lock().asked.clone();
    assert_eq!(asked.iter().filter(|asked| asked.starts_with("install")).count(), 2, "{asked:?}");
}

/// Chunks are not sealed: what they are is in the record.
#[test]
fn a_chunk_that_somebody_exchanged_is_not_taken_and_the_right_one_is() {
    need!(Need::Mosquitto);
    let mut bench = trusting(1);
    let good = image(7);
    let setup = release(Kind::Liveness, "", &good);
    let topic = bench.operator.topics().chunk(&setup.chunks()[1]);
    send(&mut bench.operator, setup, &good);
    bench.operator.enrol("Ada");
    bench.publish(false);
    let somebody = bench.connect("somebody");
    somebody.publish(&topic, vec![0; CHUNK], true).expect("published");
    bench.up(0);
    eventually("the door has the person", || bench.doors[0].board.has("Ada"));
    assert!(bench.doors[0].board.lock().active.is_empty());
    // It waits, and the operator sees that.
    eventually("the operator is told", || {
        bench.standing(0).why.is_some_and(|why| why.contains("still changes"))
    });
    bench.doors[0].down().expect("it ran");
    bench.publish(true);
    bench.up(0);
    eventually("the door has the model", || !bench.doors[0].board.lock().active.is_empty());
    assert_eq!(bench.doors[0].board.lock().active[0].sha256, digest(&good));
}

#[test]
fn what_a_board_refuses_is_said_and_kept_apart_from_people() {
    need!(Need::Mosquitto);
    let mut bench = trusting(1);
    bench.doors[0].board.lock().refusals = vec![("set", 1, Again::Never), ("install", 1, Again::Alone)];
    decide(&mut bench.operator, &[("open-ms", "4000")]);
    send(&mut bench.operator, release(Kind::Detector, "", &image(7)), &image(7));
    bench.operator.enrol("Ada");
    bench.publish(false);
    bench.up(0);
    eventually("the door has the person and the model", || {
        let board = bench.doors[0].board.lock().clone();
        board.people.contains_key("Ada") && !board.active.is_empty()
    });
    eventually("the operator is told", || {
        let standing = bench.standing(0);
        standing.refused.iter().any(|(id, why)| *id == settings_id() && why == "the board refuses to set")
    });
    // The next record is tried again.
    decide(&mut bench.operator, &[("open-ms", "5000")]);
    bench.publish(false);
    eventually("the operator is told that all is well", || bench.standing(0).complete);
    assert_eq!(bench.doors[0].board.lock().settings["open-ms"], "5000");
}

/// A board without models refuses to enrol, and the models come by the same way.
#[test]
fn an_enrolment_that_the_board_cannot_do_keeps_no_model_and_no_removal_waiting() {
    need!(Need::Mosquitto);
    let mut bench = trusting(1);
    bench.operator.enrol("Ada");
    bench.publish(false);
    bench.up(0);
    bench.complete(0);
    bench.doors[0].board.lock().refusals = vec![("enrol", u32::MAX, Again::All(None))];
    bench.operator.enrol("Bob");
    bench.publish(false);
    eventually("the operator is told", || {
        bench.standing(0).why.is_some_and(|why| why.contains("refuses to enrol"))
    });
    send(&mut bench.operator, release(Kind::Encoder, "", &image(7)), &image(7));
    bench.operator.remove("Ada");
    bench.publish(false);
    eventually("the model is there, and Ada is gone", || {
        let board = bench.doors[0].board.lock().clone();
        !board.active.is_empty() && !board.people.contains_key("Ada")
    });
    bench.doors[0].board.lock().refusals.clear();
    bench.complete(0);
    assert_eq!(bench.doors[0].board.names(), ["Bob"]);
}

#[test]
fn of_two_operators_the_later_record_holds_if_the_door_trusts_its_operator_as_an_installer() {
    need!(Need::Mosquitto);
    let mut bench = trusting(1);
    let mut second = Operator::new(2);
    second.folder.add_door("door", bench.doors[0].public()).expect("added");
    decide(&mut bench.operator, &[("open-ms", "1000")]);
    decide(&mut second, &[("open-ms", "2000")]);
    decide(&mut second, &[("open-ms", "2500")]);
    let both = [bench.operator.identity.public(), second.identity.public()];
    bench.publish(false);
    std::mem::swap(&mut bench.operator, &mut second);
    bench.publish(false);
    std::mem::swap(&mut bench.operator, &mut second);
    let set = |bench: &Bench| bench.doors[0].board.lock().settings.get("open-ms").cloned();
    bench.up_for(0, &both);
    bench.complete(0);
    eventually("the door has settings", || set(&bench).is_some());
    assert_eq!(set(&bench).as_deref(), Some("1000"), "the other one is trusted with people alone");
    bench.doors[0].down().expect("it ran");
    bench.doors[0].installers = both.iter().map(|of| of.signing).collect();
    bench.up_for(0, &both);
    eventually("the later record holds", || set(&bench).as_deref() == Some("2500"));
    eventually("the first operator is told", || {
        bench.standing(0).refused.iter().any(|(_, why)| why.contains("another operator"))
    });
}

#[test]
fn a_lost_folder_is_made_again_with_settings_and_images() {
    need!(Need::Mosquitto);
    let mut bench = trusting(1);
    let good = image(7);
    decide(&mut bench.operator, &[("open-ms", "4000")]);
    send(&mut bench.operator, release(Kind::Encoder, "", &good), &good);
    bench.publish(false);
    bench.up(0);
    bench.complete(0);
    let made = bench.recovered();
    assert_eq!(made.setups.len(), 2);
    let chunk = |digest: &[u8; 32]| std::fs::read(made.chunk_file(digest)).expect("there");
    let release = release(Kind::Encoder, "", &good);
    assert_eq!(release.chunks().iter().flat_map(chunk).collect::<Vec<u8>>(), good);
    assert_eq!(made.fleet_settings(), settings(&[("open-ms", "4000")]));
}

/// The time, in milliseconds since 1970.
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock");
    since.as_millis() as u64
}

#[test]
fn a_door_that_goes_away_is_away_at_once_and_there_again_when_it_is_back() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(2);
    let presence = |bench: &mut Bench, door: usize| {
        bench.standing(door);
        let public = bench.doors[door].public();
        let found = bench.operator.folder.fleet_doors().find(|(_, kept)| kept.public == public);
        found.map(|(_, kept)| kept.presence).expect("the door")
    };
    bench.up(1);
    bench.complete(1);
    eventually("both are there", || {
        (0..2).all(|door| presence(&mut bench, door).is_here(now()) == Some(true))
    });
    bench.doors[0].down().expect("it ran");
    eventually("the first is away", || presence(&mut bench, 0).is_here(now()) == Some(false));
    let away = presence(&mut bench, 0);
    assert!(away.heard > 0 && presence(&mut bench, 1).is_here(now()) == Some(true));
    // Somebody else who writes there does not bring it back, and takes no other door away.
    let somebody = bench.connect("somebody");
    let [here, _] = fleet::topics::presence(&crate::bench::prefix(), &bench.doors[0].public());
    let [_, gone] = fleet::topics::presence(&crate::bench::prefix(), &bench.doors[1].public());
    somebody.publish(&here, vec![1; 81], true).expect("published");
    somebody.publish(&gone, vec![0; 81], true).expect("published");
    assert_eq!(presence(&mut bench, 0).is_here(now()), Some(false));
    assert_eq!(presence(&mut bench, 1).is_here(now()), Some(true));
    bench.up(0);
    eventually("the first is there again", || presence(&mut bench, 0).is_here(now()) == Some(true));
}
