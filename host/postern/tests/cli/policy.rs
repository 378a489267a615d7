//! Hours, PINs and failures on a board that knows Barack and a stranger, through the real command line.

use std::io::Write;
use std::process::Stdio;

use crate::bench::{BARACK, Bench, STRANGER, eventually, picture};

/// Milliseconds after the door has locked in which it may still be opened by who was admitted.
const GRACE: u64 = 1_000;

/// Two factors, hours, and a person locked out by failures.
pub fn holds_at_the_door(bench: &Bench) {
    // Liveness has a test of its own; here every picture counts.
    // The PIN has two minutes of the board's time: a busy host may take long between face and PIN.
    bench.done(&["settings", "--liveness", "off", "--pin-time", "120"]);
    let shows = |name: &str| bench.run(&["show", &picture(name)]);
    bench.refused(&["rule", "Barack", "--hours", "mondays"], "mon-fri 08:00-18:00");
    bench.refused(&["rule", "Nobody"], "nobody named Nobody");
    typed(bench, &["rule", "Barack", "--pin", "--duress-pin"], "1234\n1234\n", 2);
    typed(bench, &["rule", "Barack", "--pin"], "12\n", 2);

    typed(bench, &["rule", "Barack", "--pin", "--duress-pin"], "2468\n2469\n", 0);
    let rule = &bench.done(&["rule", "Barack"])[0];
    assert_eq!((rule["hours"].as_str(), rule["pin"].as_bool()), (Some("always"), Some(true)));
    assert_eq!(shows(BARACK[1]).code, 1, "a face is not enough");
    let before = openings(bench);
    bench.done(&["board", "type", "2468"]);
    waits_for_opening(bench, before);
    let last = bench.log().pop().expect("an entry");
    assert_eq!((last["kind"].as_str(), last["duress"].as_bool()), (Some("admitted"), Some(false)));
    assert_eq!(last["name"], "Barack");
    assert_eq!(shows(BARACK[1]).code, 1);
    bench.done(&["board", "type", "2469"]);
    waits_for_opening(bench, before + 1);
    let last = bench.log().pop().expect("an entry");
    assert_eq!(last["duress"], true);

    // One minute of the week, which is not now.
    let minute =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs() / 60;
    let other = (minute + 12 * 60) % (24 * 60);
    let hours =
        format!("mon-sun {:02}:{:02}-{:02}:{:02}", other / 60, other % 60, other / 60, other % 60 + 1);
    let hours = if other % 60 == 59 { "mon-sun 00:00-00:01".to_owned() } else { hours };
    bench.done(&["rule", "Barack", "--no-pin", "--hours", &hours]);
    assert_eq!(shows(BARACK[1]).code, 1);
    let last = bench.log().pop().expect("an entry");
    assert_eq!((last["reason"].as_str(), last["name"].as_str()), (Some("schedule"), Some("Barack")));
    bench.done(&["rule", "Barack", "--hours", "always"]);

    a_code_says_who_it_is(bench);
    the_pins_are_watched(bench);
    crate::osdp::a_controller_hears_of_the_door(bench);
    bench.refused(&["settings", "--failures", "0"], "must be 1 to 100");
    bench.done(&["settings", "--failures", "1", "--lockout", "3600"]);
    assert_eq!(shows(STRANGER).code, 1);
    assert_eq!(shows(BARACK[1]).code, 0, "a stranger shuts the door to nobody");
    typed(bench, &["rule", "Barack", "--pin"], "2468\n", 0);
    assert_eq!(shows(BARACK[1]).code, 1, "a face is not enough");
    bench.done(&["board", "type", "1357"]);
    eventually("the wrong PIN locks Barack out", || last_reason(bench) == "locked-out");
    assert!(bench.log().iter().any(|entry| entry["reason"] == "wrong-pin"), "it is in the log");
    assert_eq!(shows(BARACK[1]).code, 1, "one wrong PIN locks Barack out");
    assert_eq!(last_reason(bench), "locked-out");
    bench.done(&["settings", "--failures", "10", "--lockout", "30", "--liveness", "passive"]);
}

/// A door that compares a face with whose code was typed, and nobody else.
fn a_code_says_who_it_is(bench: &Bench) {
    bench.refused(&["settings", "--matching", "guess"], "not identify or verify");
    assert_eq!(bench.done(&["settings", "--matching", "verify"])[0]["matching"], "verify");
    typed(bench, &["rule", "Barack", "--pin"], "2468\n", 0);
    assert_eq!(bench.run(&["show", &picture(BARACK[1])]).code, 1, "nobody said who they are");
    bench.done(&["board", "type", "2468"]);
    assert_eq!(bench.run(&["show", &picture(BARACK[1])]).code, 0);
    bench.done(&["rule", "Barack", "--no-pin"]);
    bench.done(&["settings", "--matching", "identify", "--pin-time", "15"]);
    // A door that is opened within the grace time is used, not forced.
    eventually("the door locks", || bench.uptime().1);
    let (locked, _) = bench.uptime();
    eventually("the grace time passes", || bench.uptime().0 > locked + GRACE);
}

/// Opens or closes the door or the cover until the board's alarm is as expected. The board reads its inputs fifty times
/// a second of its own time.
fn alarm(bench: &Bench, input: &str, position: &str, expected: bool) {
    let what = format!("{input} {position}");
    eventually(&what, || bench.done(&["board", input, position])[0]["alarm"] == expected);
}

/// A door that is forced, and a cover that is opened while this computer has a session.
fn the_pins_are_watched(bench: &Bench) {
    alarm(bench, "door", "open", true);
    alarm(bench, "door", "closed", false);
    alarm(bench, "cover", "open", true);
    assert_eq!(bench.run(&["show", &picture(BARACK[1])]).code, 1, "nobody is let in from outside");
    alarm(bench, "cover", "closed", false);
    bench.refused(&["settings", "--wiegand", "26:999"], "0 to 255");
    bench.done(&["settings", "--wiegand", "26:7"]);
    assert_eq!(bench.run(&["show", &picture(BARACK[1])]).code, 0);
    // The bits take a moment to go out.
    eventually("26 bits", || bench.done(&["board", "wires"])[0]["bits"] == 26);
    let message = &bench.done(&["board", "wires"])[0];
    assert_eq!(message["facility"], 7, "{message}");
    assert_eq!(message["number"], 1, "Barack");
    bench.done(&["settings", "--wiegand", "off"]);
    let log = bench.log();
    let alarms: Vec<_> = log.iter().filter(|entry| entry["kind"] == "alarm").collect();
    let told: Vec<_> =
        alarms.iter().map(|entry| (entry["reason"].as_str(), entry["over"].as_bool())).collect();
    let expected = [(Some("forced"), Some(false)), (Some("cover"), Some(false)), (Some("cover"), Some(true))];
    assert_eq!(told, expected);
    assert!(
        log.iter().all(|entry| entry["kind"] != "refused" || entry["reason"] != "cover"),
        "none was assessed"
    );
}

/// Runs a command with lines on its stdin, which must end with this exit code.
fn typed(bench: &Bench, arguments: &[&str], lines: &str, code: i32) {
    let mut child = bench
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("postern starts");
    child.stdin.take().expect("a pipe").write_all(lines.as_bytes()).expect("it is read");
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
}

/// The reason of the last refusal.
fn last_reason(bench: &Bench) -> String {
    let log = bench.log();
    let last = log.iter().rev().find(|entry| entry["kind"] == "refused").expect("somebody was refused");
    last["reason"].as_str().expect("a reason").to_owned()
}

/// How often somebody was let in.
fn openings(bench: &Bench) -> usize {
    bench.log().iter().filter(|entry| entry["kind"] == "admitted").count()
}

fn waits_for_opening(bench: &Bench, before: usize) {
    eventually("the door opens", || openings(bench) > before);
}
