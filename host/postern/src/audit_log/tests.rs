//! Lines of the log there and back, and what is found in a changed one.

use audit::Time;
use client::protocol::Host;

use super::*;

fn to_json(entry: &LogEntry, names: &Names) -> Value {
    serde_json::to_value(Line::of(entry, names)).unwrap()
}

fn log(count: u32) -> Vec<LogEntry> {
    let mut chain = Chain::default();
    let entry = |number: u32| {
        let time = Time { unix_ms: 1_795_610_096_789 + u64::from(number), exact: true };
        let reason = Reason::Stranger as u8;
        let entry = Entry { reason, score: 8192, ..Entry::new(Kind::Refused, time) }.to_bytes();
        chain = chain.next(number, &entry);
        LogEntry { number, entry, chain: chain.0 }
    };
    (0..count).map(entry).collect()
}

fn check(entries: &[LogEntry]) -> Option<(u32, String)> {
    let mut check = Check::default();
    entries.iter().for_each(|entry| check.take(entry, None));
    check.finding
}

#[test]
fn a_line_comes_back_and_its_words_are_those_of_its_bytes() {
    let entry = log(3)[2];
    let line = to_json(&entry, &Names::new()).to_string();
    assert!(line.contains("\"time\":\"2026-11-25T12:34:56.791Z\""), "{line}");
    assert_eq!(from_json(&line).unwrap(), (entry, None));
    for (from, to) in
        [("stranger", "not-live"), ("12:34:56", "12:34:57"), ("0.25", "0.75"), ("exact", "unset")]
    {
        assert!(line.contains(from), "{line}");
        let (_, wrong) = from_json(&line.replace(from, to)).unwrap();
        assert!(wrong.is_some_and(|wrong| wrong.starts_with("entry 2 was changed")), "{from}");
    }
    let other = line.replacen("\"why\":\"", "\"why\":\"not that ", 1);
    assert!(other != line && from_json(&other).unwrap().1.is_some(), "the sentence of a refusal: {line}");
    for added in ["duress", "note", "picture"] {
        let more = line.replacen('{', &format!("{{\"{added}\":true,"), 1);
        let wrong = from_json(&more).unwrap().1;
        assert!(wrong.is_some_and(|wrong| wrong.contains(added)), "{added}");
    }
    let Value::Object(mut fields) = serde_json::from_str(&line).unwrap() else { unreachable!() };
    fields.remove("why");
    assert!(from_json(&Value::Object(fields).to_string()).unwrap().1.is_some(), "without the sentence");
    // Of two fields of one name another reader may take the first.
    let twice = line.replacen('{', "{\"kind\":\"opened\",", 1);
    let error = format!("{:#}", from_json(&twice).unwrap_err());
    assert!(error.contains("`kind` is there twice"), "{error}");
    for bad in ["", "{}", "[1]", "{\"number\":1,\"entry\":\"\",\"chain\":\"\"}", "{\"number\":-1}"] {
        assert!(from_json(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_text_of_a_refused_picture_says_who_it_is_like() {
    let time = Time { unix_ms: 1_795_610_096_789, exact: true };
    let text = |person| {
        let reason = Reason::NotLive as u8;
        let entry = Entry { reason, person, ..Entry::new(Kind::Refused, time) }.to_bytes();
        let entry = LogEntry { number: 1, entry, chain: Chain::default().next(1, &entry).0 };
        to_text(&entry, &Names::from_iter([(7, "Bob".to_owned())]))
    };
    assert!(text(Some(7)).contains("no living face, like Bob"), "{}", text(Some(7)));
    assert!(text(Some(8)).contains("no living face, like person 8"), "{}", text(Some(8)));
    assert!(text(None).contains("no living face") && !text(None).contains("like"), "{}", text(None));
}

#[test]
fn the_first_entry_that_is_wrong_is_named() {
    let whole = log(9);
    assert_eq!(check(&whole), None);
    assert_eq!(check(&whole[4..]), None, "the oldest give way");
    for place in 1..8 {
        let mut changed = whole.clone();
        changed[place].entry[9] ^= 1;
        let (number, what) = check(&changed).unwrap();
        assert_eq!(number, place as u32);
        assert!(what.contains("was changed"), "{what}");
        let mut missing = whole.clone();
        missing.remove(place);
        assert_eq!(check(&missing), Some((place as u32, format!("entry {place} is missing"))));
        let mut swapped = whole.clone();
        swapped.swap(place, place - 1);
        assert!(check(&swapped).is_some());
    }
}

#[test]
fn an_entry_of_a_newer_board_and_an_unset_clock_are_told_as_they_are() {
    let mut entry = log(1)[0];
    entry.entry[0] = 200;
    assert_eq!(to_json(&entry, &Names::new())["kind"], "unknown 200");
    let unset = Entry::new(Kind::Booted, Time { unix_ms: 1500, exact: false }).to_bytes();
    let entry = LogEntry { number: 0, entry: unset, chain: [0; 16] };
    let json = to_json(&entry, &Names::new());
    assert_eq!((json["clock"].as_str(), json["time"].is_null()), (Some("unset"), true));
    assert!(to_text(&entry, &Names::new()).contains("clock not set, +1.500 s"));
}

/// The log outlives an erasure, and numbers begin again: who has number 1 now did nothing before.
#[test]
fn only_entries_after_the_newest_erasure_have_names() {
    let kinds = [Kind::Enrolled, Kind::Admitted, Kind::Erased, Kind::Enrolled, Kind::Refused];
    let entries: Vec<LogEntry> = (10..)
        .zip(kinds)
        .map(|(number, kind)| {
            let time = Time { unix_ms: 1_795_610_096_789, exact: true };
            let person = Some(1).filter(|_| kind != Kind::Erased);
            let entry = Entry { person, ..Entry::new(kind, time) }.to_bytes();
            LogEntry { number, entry, chain: [0; audit::CHAIN_BYTES] }
        })
        .collect();
    let mut names = Names::from_iter([(1, "Eve".to_owned())]);
    entries.iter().for_each(|entry| names.take(entry));
    let named: Vec<bool> = entries.iter().map(|entry| to_text(entry, &names).contains("Eve")).collect();
    assert_eq!(named, [false, false, false, true, true]);
    assert!(to_text(&entries[1], &names).contains("person 1"));
    assert_eq!(to_json(&entries[1], &names)["name"], Value::Null);
    assert_eq!(names.seen(), 15);
}

/// Who did it is the head of a key; a person knows the computer by its label, such as the one that applies a fleet's records.
#[test]
fn the_computer_that_did_it_has_its_label_beside_its_key() {
    let time = Time { unix_ms: 1_795_610_096_789, exact: true };
    let mut detail = [0; 12];
    detail[..4].copy_from_slice(&[0xAB, 0xCD, 0xEF, 0x01]);
    let entry = Entry { detail, ..Entry::new(Kind::Removed, time) }.to_bytes();
    let entry = LogEntry { number: 3, entry, chain: [0; audit::CHAIN_BYTES] };
    let host = |first: u8, label: &str| {
        let mut key = [0xCD; 32];
        key[..4].copy_from_slice(&[first, 0xCD, 0xEF, 0x01]);
        Host { key, role: Role::Operator, label: label.try_into().expect("short") }
    };
    let names = Names::new().with_hosts(vec![host(0xAB, "fleet server"), host(0xAC, "laptop")]);
    let text = to_text(&entry, &names);
    assert!(text.ends_with("by fleet server (abcdef01)"), "{text}");
    assert!(to_text(&entry, &Names::new()).ends_with("by abcdef01"));
    assert!(to_text(&entry, &Names::new().with_hosts(vec![host(0xAB, "")])).ends_with("by abcdef01"));
}
