//! The main job on each board: people are enrolled from one photograph and admitted by others, also after a power cut;
//! strangers stay outside.
//!
//! All boards run the same code on the same bytes (`equality.rs` compares them), and emulated ones run it slowly. So the door
//! on Linux sees each picture and each attack, and an emulated board sees one of each kind.

use fixtures::{Need, need};

use crate::bench::{BARACK, Bench, JOE, STRANGER, picture, run};

/// A picture of a person at the door.
type Visitor = &'static str;

/// Who comes to an emulated board.
const FEW: &[Visitor] = &[BARACK[1], JOE, STRANGER];
/// Who comes to the door on Linux.
const ALL: &[Visitor] = &[BARACK[1], BARACK[2], BARACK[3], BARACK[4], JOE, STRANGER];

#[test]
fn the_door_opens_for_enrolled_people_on_a_cortex_m55() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"), Need::Python);
    let bench = Bench::new("an547");
    enrolled_people_come_in(&bench, FEW);
    after_a_power_cut(&bench);
}

#[test]
fn the_door_opens_for_enrolled_people_on_a_cortex_m7() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"), Need::Python);
    main_job("an500", FEW, &["print"]);
}

#[test]
fn the_door_opens_for_enrolled_people_on_linux() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"), Need::Python);
    main_job("linux", ALL, &["print", "cut-out", "swap"]);
}

/// The job as a whole, with these visitors and these sequences of attacks.
///
/// Attacks, log and rules are left out on the Cortex-M55, whose vector instructions take the emulator longest.
fn main_job(board: &'static str, visitors: &[Visitor], attacks: &[&str]) {
    let bench = Bench::new(board);
    enrolled_people_come_in(&bench, visitors);
    presentation_attacks_stay_outside(&bench, attacks);
    after_a_power_cut(&bench);
    crate::log::tells_what_happened(&bench);
    crate::policy::holds_at_the_door(&bench);
}

fn enrolled_people_come_in(bench: &Bench, visitors: &[Visitor]) {
    bench.up();
    bench.refused(&["enroll", "Barack", &picture(BARACK[0])], "has no");
    bench.done(&["flash", "models"]);
    templates_equal_those_of_the_host(bench, visitors);

    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    bench.done(&["enroll", "Joe", &picture(JOE)]);
    bench.refused(&["enroll", "Joe", &picture(STRANGER)], "Joe is already enrolled");
    bench.refused(&["enroll", "Barry", &picture(BARACK[1])], "already enrolled as Barack");
    assert_eq!(bench.people(), ["Barack", "Joe"]);
    queries_have_exit_codes(bench);
    people_in_front_of_the_door(bench, visitors);
}

fn after_a_power_cut(bench: &Bench) {
    bench.done(&["board", "down"]);
    bench.done(&["board", "up"]);
    assert_eq!(bench.people(), ["Barack", "Joe"]);
    assert_eq!(bench.run(&["identify", &picture(BARACK[2])]).code, 0);
    bench.done(&["remove", "Joe"]);
    assert_eq!(bench.run(&["identify", &picture(JOE)]).code, 1);
    bench.refused(&["remove", "Joe"], "nobody named Joe");
}

/// The board computes the same templates as the host, byte for byte.
fn templates_equal_those_of_the_host(bench: &Bench, visitors: &[Visitor]) {
    let mut arguments = vec!["embed"];
    let pictures: Vec<String> = visitors.iter().map(|name| picture(name)).collect();
    arguments.extend(pictures.iter().map(String::as_str));
    let board = bench.done(&arguments);
    arguments.extend(["--on", "host"]);
    let host = bench.done(&arguments);
    assert_eq!(board.len(), pictures.len());
    for (board, host) in board.iter().zip(&host) {
        assert_eq!(board["template"], host["template"], "{}", board["photo"]);
        assert_eq!(board["encoder"], host["encoder"]);
        assert!(board["instructions"].as_u64() > Some(0));
    }
}

fn queries_have_exit_codes(bench: &Bench) {
    let code = |arguments: &[&str]| bench.run(arguments).code;
    assert_eq!(code(&["verify", "Barack", &picture(BARACK[1])]), 0);
    assert_eq!(code(&["verify", "Joe", &picture(BARACK[1])]), 1);
    assert_eq!(code(&["identify", &picture(JOE)]), 0);
    assert_eq!(code(&["identify", &picture(STRANGER)]), 1);
    bench.refused(&["verify", "Nobody", &picture(JOE)], "nobody named Nobody");
}

/// Prints and screens that show an enrolled face, in front of the camera and in a request.
fn presentation_attacks_stay_outside(bench: &Bench, attacks: &[&str]) {
    let folder = bench.state().join("attacks").display().to_string();
    let made = run(&["simulate-attacks", &picture(BARACK[0]), "--output", &folder, "--pictures", "12"]);
    assert_eq!((made.code, made.answers.len()), (0, 8), "{}", made.said);
    let sequences: Vec<String> =
        attacks.iter().map(|attack_type| format!("{folder}/sequences/{attack_type}/1")).collect();
    let mut arguments = vec!["show", "--sequence"];
    arguments.extend(sequences.iter().map(String::as_str));
    let shown = bench.run(&arguments);
    assert_eq!((shown.code, shown.answers.len()), (1, attacks.len()), "{}", shown.said);
    for told in &shown.answers {
        assert_eq!(
            (told["door"].as_str(), told["liveness"]["live"].as_bool()),
            (Some("locked"), Some(false))
        );
        assert!(told["similarity"].is_null(), "it was compared: {told}");
    }
    let still = bench.run(&["show", "--still", &picture(BARACK[1])]);
    assert_eq!((still.code, still.first()["door"].as_str()), (1, Some("locked")), "{}", still.said);
    let screen = format!("{folder}/screen.png");
    let asked = bench.run(&["identify", &screen]);
    assert_eq!((asked.code, asked.first()["liveness"]["live"].as_bool()), (1, Some(false)));

    bench.done(&["settings", "--liveness", "off"]);
    let asked = bench.run(&["identify", &screen]);
    assert_eq!(asked.code, 0, "without liveness checks a photograph is enough: {}", asked.said);
    let shown = bench.run(&["show", &picture(STRANGER)]);
    assert_eq!((shown.code, shown.first()["door"].as_str()), (1, Some("locked")), "{}", shown.said);
    bench.done(&["settings", "--liveness", "passive"]);
}

/// The table of the demo, made with `postern show`.
fn people_in_front_of_the_door(bench: &Bench, visitors: &[Visitor]) {
    let saved = bench.state().join("saved").display().to_string();
    let pictures: Vec<String> = visitors.iter().map(|name| picture(name)).collect();
    let mut arguments = vec!["show"];
    arguments.extend(pictures.iter().map(String::as_str));
    arguments.extend(["--save", saved.as_str()]);
    let decisions = bench.done(&arguments);
    assert_eq!(decisions.len(), visitors.len());
    for (&visitor, decision) in visitors.iter().zip(&decisions) {
        let door = decision["door"].as_str().expect("a state of the door");
        let told = (door, decision["name"].as_str());
        match visitor {
            STRANGER => assert_eq!(door, "locked", "a stranger"),
            JOE => assert_eq!(told, ("open", Some("Joe"))),
            // Liveness may reject half a face, but never leads to another identity.
            half if half.contains("partial") => {
                assert!([("open", Some("Barack")), ("locked", None)].contains(&told), "{told:?}");
            }
            _ => assert_eq!(told, ("open", Some("Barack")), "{visitor}"),
        }
        let threshold = decision["threshold"].as_f64().expect("a threshold");
        // A face that fails liveness is never matched.
        let known = decision["similarity"].as_f64().is_some_and(|similarity| similarity >= threshold);
        assert_eq!(decision["known"], known, "{}", decision["picture"]);
        let drawn = decision["saved"].as_str().expect("a picture was drawn");
        assert!(std::fs::metadata(drawn).expect("it is there").len() > 1000);
    }
}
