//! Each reason has its sentence, its word, and what it tells besides.

use super::*;
use client::protocol::Gesture;

/// Saturday, 28 November 2026, 13:05 UTC.
const SATURDAY: u64 = 1_795_871_100_000;

fn ada() -> Option<String> {
    Some("Ada".to_owned())
}

#[test]
fn a_schedule_is_told_with_its_hours_the_time_and_the_zone() {
    let schedule = hours::parse("mon-fri 08:00-18:00").unwrap();
    let named = |zone| Why::Schedule { name: ada(), hours: Some(Hours::at(&schedule, SATURDAY, zone)) };
    let at = |offset| named((None, offset));
    assert_eq!(
        at(60).to_string(),
        "Ada may pass mon-fri 08:00-18:00, and it is sat 14:05 at the door (UTC+01:00)"
    );
    let berlin = named((Some("Europe/Berlin"), 60)).to_string();
    assert!(berlin.ends_with("it is sat 14:05 at the door (Europe/Berlin, UTC+01:00)"), "{berlin}");
    assert!(at(0).to_string().ends_with("it is sat 13:05 at the door (UTC)"), "{}", at(0));
    assert!(at(-14 * 60 + 15).to_string().ends_with("it is fri 23:20 at the door (UTC-13:45)"));
}

#[test]
fn each_reason_has_one_sentence_and_one_word() {
    let known = |reason| Why::of_reason(reason, ada());
    let all = [
        (Why::NoFace, "no-face", "no face"),
        (Why::Poor(Flaw::TooDark), "poor", "a face too dark: add light in front"),
        (
            Why::Stranger { best: Some(("Ada".to_owned(), 0.25)), threshold: Some(0.5) },
            "stranger",
            "a stranger: most similar is Ada with 0.250, and a match needs 0.500",
        ),
        (
            Why::NotLive { reason: Some(RejectReason::Score) },
            "not-live",
            "no living face: it looks like a picture",
        ),
        (
            Why::Undecided(RejectReason::ChallengeRequested(Gesture::Left)),
            "liveness-undecided",
            "a face, and the door asks it to turn left",
        ),
        (
            Why::Undecided(RejectReason::TooFewSamples),
            "liveness-undecided",
            "a face whose liveness is not decided: it has too few samples so far",
        ),
        (
            Why::Agreement { name: "Ada".to_owned(), frames: 2, needed: 3 },
            "agreement",
            "Ada was recognised in 2 pictures in a row, and 3 are needed (`postern settings --agreement`)",
        ),
        (
            Why::PinMissing { name: "Ada".to_owned(), seconds: Some(15) },
            "pin-requested",
            "Ada is recognised, and the door waits 15 s for their PIN",
        ),
        (Why::FaceMissing { name: "Ada".to_owned() }, "face-requested", "the door waits for the face of Ada"),
        (
            Why::LockedOut { name: ada(), left_ms: Some(29_100) },
            "locked-out",
            "Ada is locked out after too many failures, for 30 s more",
        ),
        (
            Why::LockedOut { name: None, left_ms: Some(3_600_000) },
            "locked-out",
            "faces and PINs that belong to nobody here are locked out after too many failures, for 60 min more",
        ),
        (
            Why::Passback { name: ada(), seconds: Some(60) },
            "passback",
            "Ada came in within the last 60 s (`postern settings --passback`)",
        ),
        (
            known(Reason::Clock),
            "clock",
            "Ada has hours, and the board does not know the time (`postern board clock --set`)",
        ),
        (known(Reason::WrongPin), "wrong-pin", "this is not the PIN of Ada"),
        (
            known(Reason::Unreadable),
            "unreadable",
            "the rule of Ada is damaged: set it again with `postern rule`",
        ),
        (known(Reason::Suspended), "suspended", "Ada is suspended (`postern resume NAME` ends that)"),
        (Why::Cover, "cover", "the cover of the board is open: close it"),
    ];
    for (why, word, sentence) in all {
        assert_eq!((why.word(), &*why.to_string()), (word, sentence));
    }
    assert!(Why::Unclaimed.to_string().contains("--matching") && Why::Unable.word() == "unable");
}

#[test]
fn each_reason_of_the_board_keeps_its_name() {
    for reason in Reason::ALL {
        let why = Why::of_reason(reason, ada());
        assert_eq!(why.word(), reason.name());
        assert!(!why.to_string().is_empty());
    }
}
