//! Why the door did not open, for each reason: in `show`, in `watch` and in the log, on the door on Linux.

use std::io::Write as _;
use std::process::Stdio;

use fixtures::{Need, need};
use serde_json::Value;

use crate::bench::{BARACK, Bench, STRANGER, eventually, picture, run};

/// Hours of one minute that is not now.
fn other_hours() -> String {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time");
    let other = (since.as_secs() / 60 + 12 * 60) % (24 * 60);
    match (other / 60, other % 60) {
        (_, 59) => "mon-sun 00:00-00:01".to_owned(),
        (hour, minute) => format!("mon-sun {hour:02}:{minute:02}-{hour:02}:{:02}", minute + 1),
    }
}

/// What `show` says of a presentation that does not open the door.
fn shown(bench: &Bench, arguments: &[&str]) -> Value {
    let ran = bench.run(&[&["show"][..], arguments].concat());
    assert_eq!((ran.code, ran.first()["door"].as_str()), (1, Some("locked")), "{}", ran.said);
    ran.first().clone()
}

fn is(told: &Value, reason: &str, parts: &[&str]) {
    let why = told["why"].as_str().unwrap_or_default();
    assert_eq!(told["reason"], reason, "{told}");
    assert!(parts.iter().all(|part| why.contains(part)), "{why:?} lacks one of {parts:?}");
}

#[test]
fn each_reason_is_told_in_one_sentence() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    let (barack, stranger) = (picture(BARACK[1]), picture(STRANGER));
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    let still = shown(&bench, &["--still", &barack]);
    assert!(["not-live", "liveness-undecided"].iter().any(|reason| still["reason"] == *reason), "{still}");
    bench.done(&["settings", "--liveness", "off", "--pin-time", "120"]);
    let told = shown(&bench, &[&stranger]);
    is(&told, "stranger", &["most similar is Barack", "a match needs"]);
    assert!(told["name"].is_null() && told["most_similar"] == "Barack", "a stranger has no name: {told}");

    let hours = other_hours();
    bench.done(&["rule", "Barack", "--hours", &hours]);
    is(&shown(&bench, &[&barack]), "schedule", &["Barack may pass", &hours, "at the door (UTC)"]);
    bench.done(&["rule", "Barack", "--hours", "always"]);

    assert_eq!(bench.done(&["suspend", "Barack"])[0]["suspended"], true);
    is(&shown(&bench, &[&barack]), "suspended", &["Barack is suspended", "postern resume"]);
    assert_eq!(bench.done(&["users"])[0]["people"][0]["suspended"], true);
    bench.done(&["board", "down"]);
    bench.done(&["board", "up"]);
    is(&shown(&bench, &[&barack]), "suspended", &["Barack is suspended"]);
    assert_eq!(
        bench.done(&["rule", "Barack", "--hours", "always"])[0]["suspended"],
        true,
        "the rule changes, and that stays"
    );
    assert_eq!(bench.done(&["resume", "Barack"])[0]["suspended"], false);
    bench.refused(&["suspend", "Nobody"], "nobody named Nobody");
    let log = bench.log();
    let rules: Vec<&Value> = log.iter().filter(|entry| entry["kind"] == "rule").collect();
    assert!(rules.iter().any(|entry| entry["suspended"] == true && entry["name"] == "Barack"), "{rules:?}");

    bench.done(&["board", "cover", "open"]);
    eventually("the cover is seen", || {
        let ran = bench.run(&["show", &barack]);
        ran.first()["reason"] == "cover"
    });
    bench.done(&["board", "cover", "closed"]);
    eventually("the door opens again", || bench.run(&["show", &barack]).code == 0);

    let admitted = || bench.log().iter().filter(|entry| entry["kind"] == "admitted").count();
    let before = admitted();
    let text = bench.state().join("text.jpg");
    std::fs::write(&text, "a text").expect("written");
    bench.refused(&["show", &barack, text.to_str().expect("a path")], "not a picture");
    assert_eq!(admitted(), before, "a picture was shown although a later one cannot be read");

    bench.done(&["settings", "--passback", "3600"]);
    eventually("the door opens once more, and not twice", || bench.run(&["show", &barack]).code == 1);
    is(&shown(&bench, &[&barack]), "passback", &["Barack came in within the last 3600 s"]);
    bench.done(&["settings", "--passback", "0", "--failures", "1", "--lockout", "3600"]);

    let mut typed = bench.command(&["rule", "Barack", "--pin"]);
    let typed = typed.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut typed = typed.expect("postern starts");
    typed.stdin.take().expect("a pipe").write_all(b"2468\n").expect("read");
    assert!(typed.wait().expect("it ends").success());
    is(&shown(&bench, &[&barack]), "pin-requested", &["Barack is recognised", "their PIN"]);
    bench.done(&["board", "type", "1357"]);
    eventually("the wrong PIN locks Barack out", || {
        let told = bench.run(&["show", &barack]);
        let told = told.first();
        told["reason"] == "locked-out" && told["why"].as_str().is_some_and(|why| why.ends_with("min more"))
    });

    let log = bench.log();
    for (reason, sentence) in [
        ("schedule", "Barack came outside their hours"),
        ("suspended", "Barack is suspended"),
        ("wrong-pin", "this is not the PIN of Barack"),
        ("locked-out", "Barack is locked out after too many failures"),
        ("stranger", "a stranger"),
    ] {
        let told = log.iter().any(|entry| {
            entry["reason"] == reason && entry["why"].as_str().is_some_and(|why| why.starts_with(sentence))
        });
        assert!(told, "{reason}: {sentence}");
    }
}

#[test]
fn a_photograph_that_looks_like_a_picture_is_no_match_and_has_an_answer() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    let photo = picture(BARACK[0]);
    bench.done(&["enroll", "Barack", &photo]);
    let folder = bench.state().join("attacks").display().to_string();
    assert_eq!(run(&["simulate-attacks", &photo, "--output", &folder, "--pictures", "12"]).code, 0);
    // The photograph on a display.
    let screen = format!("{folder}/screen.png");
    let screen = screen.as_str();
    for arguments in [&["identify", screen][..], &["verify", "Barack", screen]] {
        let told = bench.run(arguments);
        assert_eq!((told.code, &told.first()["match"]), (1, &Value::Bool(false)), "{}", told.said);
        assert_eq!(told.first()["most_similar"], "Barack", "{}", told.said);
        assert_eq!(told.first()["liveness"]["live"], false, "{}", told.said);
    }
    bench.done(&["settings", "--liveness", "off"]);
    assert_eq!(bench.done(&["identify", screen])[0]["name"], "Barack");
}
