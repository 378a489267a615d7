//! The audit log of a board that was used: what it tells, and that whatever is done to it is found.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

use serde_json::Value;

use crate::bench::{Bench, Ran};

/// What `postern log` tells of a board on which Barack and Joe were enrolled, let in, and a stranger refused.
pub fn tells_what_happened(bench: &Bench) {
    let log = bench.done(&["log"]);
    let of = |kind: &str| log.iter().filter(|entry| entry["kind"] == kind).collect::<Vec<_>>();
    assert_eq!((log[0]["kind"].as_str(), log[0]["clock"].as_str()), (Some("booted"), Some("unset")));
    assert_eq!(of("paired")[0]["reason"], "installer");
    assert_eq!(of("model").len(), 3);
    assert_eq!(of("enrolled").len(), 2);
    let admitted = of("admitted");
    assert!(admitted.iter().any(|entry| entry["name"] == "Barack" && entry["score"].as_f64() > Some(0.3)));
    assert!(of("refused").iter().any(|entry| entry["reason"] == "stranger"));
    assert!(of("refused").iter().any(|entry| entry["reason"] == "not-live"));
    let exact = log.iter().filter(|entry| entry["clock"] == "exact");
    assert!(exact.clone().count() > 5);
    assert!(exact.clone().all(|entry| entry["time"].as_str().is_some_and(|time| time.starts_with("20"))));
    let clock = &bench.done(&["board", "clock", "--set"])[0];
    assert_eq!(clock["exact"], true);

    exported(bench, &log);
    in_flash(bench);
}

/// A file that was written by `postern log --json`, and changed since.
fn exported(bench: &Bench, log: &[Value]) {
    let path = bench.state().join("log.json");
    let verify = |lines: &[String]| -> Ran {
        std::fs::write(&path, lines.join("\n")).expect("it can be written");
        bench.run(&["log", "verify", &path.display().to_string()])
    };
    let lines: Vec<String> = log.iter().map(Value::to_string).collect();
    let whole = verify(&lines);
    assert_eq!((whole.code, whole.first()["entries"].as_u64()), (0, Some(log.len() as u64 - 1)));
    let named = |ran: Ran, entry: u64| {
        assert_eq!((ran.code, ran.first()["entry"].as_u64()), (1, Some(entry)), "{:?}", ran.answers);
    };
    let mut missing = lines.clone();
    missing.remove(4);
    named(verify(&missing), 4);
    let mut reworded = lines.clone();
    let refused = log.iter().position(|entry| entry["kind"] == "refused").expect("somebody was refused");
    reworded[refused] = reworded[refused].replace("\"refused\"", "\"admitted\"");
    named(verify(&reworded), refused as u64);
    let mut forged = lines.clone();
    let entry = log[5]["entry"].as_str().expect("bytes").to_owned();
    // The last byte of the detail, of which no word tells.
    let other = if entry.ends_with("00") { "01" } else { "00" };
    forged[5] = forged[5].replace(&entry, &format!("{}{other}", &entry[..54]));
    named(verify(&forged), 5);
    assert_eq!(verify(&["{}".to_owned()]).code, 2);
    let mut with_more = lines.clone();
    with_more[5] = with_more[5].replacen('{', "{\"note\":\"a cat\",", 1);
    named(verify(&with_more), 5);

    // The head is the last line and has nothing but what is signed: nothing hides in it or behind it.
    let (head, entries) = lines.split_last().expect("a head");
    let hidden = head.replacen('{', "{\"kind\":\"admitted\",\"name\":\"Mallory\",", 1);
    assert_eq!(verify(&[entries, &[hidden.clone(), head.clone()]].concat()).code, 2);
    assert_eq!(verify(&[entries, &[hidden]].concat()).code, 2);
    assert_eq!(verify(&[&lines[..], &lines[..1]].concat()).code, 2);
    assert_eq!(verify(&[std::slice::from_ref(head), &lines[..]].concat()).code, 2);

    // Entries that were cut off, with the head or without it.
    let mut cut = lines.clone();
    cut.drain(7..lines.len() - 1);
    named(verify(&cut), 7);
    assert_eq!(verify(&lines[..7]).code, 1);
    // The next entries only the board knows.
    assert_eq!(verify(&lines).code, 0);
    let file = path.display().to_string();
    named(bench.run(&["log", "verify", &file, "--with-board"]), log.len() as u64 - 1);
}

/// The board's flash, in which somebody changed a bit and erased an entry.
fn in_flash(bench: &Bench) {
    assert_eq!(bench.run(&["log", "verify"]).code, 0);
    bench.done(&["board", "down"]);
    let map = if bench.name() == "an500" { partitions::AN500 } else { partitions::AN547 };
    let memory = OpenOptions::new().read(true).write(true).open(bench.folder().join("memory"));
    let memory = memory.expect("the board's memory");
    let place = |number: u64| u64::from(map.log.offset) + number * 64;
    let mut entry = [0; 64];
    memory.read_exact_at(&mut entry, place(3)).expect("read");
    let mut changed = entry;
    changed[40] ^= 1;
    memory.write_all_at(&changed, place(3)).expect("written");
    memory.write_all_at(&[0xff; 64], place(6)).expect("written");
    bench.done(&["board", "up"]);
    let found = bench.run(&["log", "verify"]);
    assert_eq!((found.code, found.first()["entry"].as_u64()), (1, Some(3)), "{:?}", found.answers);
    bench.done(&["board", "down"]);
    memory.write_all_at(&entry, place(3)).expect("written");
    bench.done(&["board", "up"]);
    let found = bench.run(&["log", "verify"]);
    assert_eq!((found.code, found.first()["entry"].as_u64()), (1, Some(6)), "{:?}", found.answers);
}
