//! Entries of a board's audit log, as people and programs read them, and the check that none is missing.
//!
//! A line of JSON has what an entry says in words, and beside it the entry's own bytes (`entry`) and its link of
//! the chain (`chain`). The chain is over the bytes: so the words are checked against them, too.

use anyhow::{Context, bail};
use audit::{Chain, ENTRY_BYTES, Entry, Fault, Finding, Kind, Verifier};
use client::protocol::{Alarm, LogEntry, Reason, ResetReason, Role};
use serde_json::Value;

use crate::board_report::reset_name;
use crate::clock::time_text;
use crate::why::Why;

mod fields;
mod folded;
mod line;
mod names;

use fields::Fields;

pub use folded::folded;
pub use line::{Line, Said, Verified};
pub use names::{Names, is_erasure};

/// Kinds of networks, and firmware, as the protocol numbers them.
const NETWORKS: [&str; 4] = ["detector", "encoder", "liveness", "firmware"];

/// What a line has beside what the entry's bytes say: the name of the person now, and the bytes themselves.
const BESIDE: [&str; 3] = ["name", "entry", "chain"];

/// Why somebody was refused, in a sentence.
fn why(entry: &LogEntry, name: Option<String>) -> Option<String> {
    let refused = Entry::from_bytes(&entry.entry).and_then(|entry| Why::of_entry(&entry, name));
    refused.map(|why| why.to_string())
}

/// The entry of a line of JSON, and what its words say that its bytes do not.
///
/// # Errors
/// The line is no entry.
pub fn from_json(line: &str) -> anyhow::Result<(LogEntry, Option<String>)> {
    let Fields(printed) = serde_json::from_str(line).context("this is no line of JSON")?;
    let text = |name: &str| printed.get(name).and_then(Value::as_str);
    let number = printed.get("number").and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    let (Some(number), Some(entry), Some(chain)) = (
        number,
        text("entry").and_then(bytes::<ENTRY_BYTES>),
        text("chain").and_then(bytes::<{ audit::CHAIN_BYTES }>),
    ) else {
        bail!("`number`, `entry` and `chain` are not those of an entry");
    };
    let entry = LogEntry { number, entry, chain };
    let Value::Object(mut said) = serde_json::to_value(Said::by(&entry))? else {
        bail!("an entry has fields")
    };
    // The name is none of the entry's bytes.
    said.insert("why".to_owned(), why(&entry, text("name").map(str::to_owned)).into());
    let wrong = said.iter().find(|(name, value)| printed.get(*name) != Some(value));
    let wrong = wrong
        .map(|(name, value)| format!("entry {number} was changed: its bytes say that `{name}` is {value}"));
    let added = printed.keys().find(|name| !said.contains_key(*name) && !BESIDE.contains(&name.as_str()));
    let added =
        added.map(|name| format!("entry {number} was changed: no board says `{name}` of such an entry"));
    Ok((entry, wrong.or(added)))
}

/// What a check of a log came to.
#[derive(Default)]
pub struct Check {
    verifier: Verifier,
    /// Entries seen.
    pub entries: usize,
    /// The number of the first one.
    pub first: Option<u32>,
    /// The bytes of the first one.
    pub first_entry: Option<[u8; ENTRY_BYTES]>,
    /// The first entry that is not as it should be, and what is wrong.
    pub finding: Option<(u32, String)>,
}

impl Check {
    /// Takes the next entry, with the fault of its line if it has one.
    pub fn take(&mut self, entry: &LogEntry, wrong: Option<String>) {
        self.entries += 1;
        self.first.get_or_insert(entry.number);
        self.first_entry.get_or_insert(entry.entry);
        let checked = self.verifier.check(entry.number, &entry.entry, Chain(entry.chain));
        let broken = checked.err().map(|finding| (culprit(finding), finding_text(finding)));
        let found = wrong.map(|wrong| (entry.number, wrong)).or(broken);
        self.finding = self.finding.take().or(found);
    }

    /// The number of the last entry.
    pub fn last(&self) -> Option<u32> {
        self.verifier.last().map(|(number, _)| number)
    }

    /// The link of the last entry, which stands for all before it.
    pub fn link(&self) -> Option<String> {
        self.verifier.last().map(|(_, chain)| hex::encode(chain.0))
    }
}

/// The number of the first entry that is not as it should be.
fn culprit(finding: Finding) -> u32 {
    match finding {
        Finding::Broken { after: Some(after), .. } => after + 1,
        Finding::Broken { number, .. } | Finding::Order { number } => number,
    }
}

/// What is wrong, for people.
fn finding_text(finding: Finding) -> String {
    match finding {
        Finding::Order { number } => format!("entry {number} stands behind one with a higher number"),
        Finding::Broken { after: Some(after), number } if after + 1 == number => {
            format!("entry {number} was changed, or its link was")
        }
        Finding::Broken { after: Some(after), number } if after + 2 == number => {
            format!("entry {} is missing", after + 1)
        }
        Finding::Broken { after: Some(after), number } => {
            format!("entry {} is missing: something of {} to {}", after + 1, after + 1, number - 1)
        }
        Finding::Broken { after: None, number } => format!("entry {number} was changed, or its link was"),
    }
}

/// A line for people.
pub fn to_text(entry: &LogEntry, names: &Names) -> String {
    let fields = serde_json::to_value(Line::of(entry, names)).unwrap_or_default();
    let said = |name: &str| match &fields[name] {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        // The log has sixteenths.
        number if name == "score" => number.as_f64().map(|score| format!("{score:.2}")),
        other => Some(other.to_string()),
    };
    let time = match (fields["clock"].as_str(), said("time")) {
        (Some("exact"), Some(time)) => time,
        (_, Some(time)) => format!("after {time}"),
        _ => {
            format!("clock not set, +{:.3} s", fields["unset_ms"].as_f64().unwrap_or_default() / 1000.0)
        }
    };
    let who = said("name").or_else(|| said("person").map(|person| format!("person {person}")));
    let mut words: Vec<String> = match said("why") {
        // Of a face that failed liveness the reason does not say who it looks like.
        Some(why) if fields["reason"] == "not-live" => {
            vec![why].into_iter().chain(who.map(|who| format!("like {who}"))).collect()
        }
        Some(why) => vec![why],
        None => who.into_iter().chain(said("reason")).collect(),
    };
    words.extend(in_words(&fields));
    for (name, about) in [
        ("score", "similarity"),
        ("samples", "samples"),
        ("templates", "templates"),
        ("network", "network"),
        ("npu", "because"),
        ("release", "release"),
        ("address", "address"),
        ("sha256", "sha256"),
        ("key", "key"),
        ("lost", "entries"),
        ("emptied", "lost computers forgotten"),
        ("set_back", "SET BACK"),
        ("changed", "changed"),
        ("settings", "settings"),
        ("rate", "false-accept rate"),
        ("accepted", "accepted"),
        ("over", "over"),
        ("host", "by"),
    ] {
        words.extend(said(name).filter(|value| value != "0" && value != "false").map(|value| {
            match names.label(&value).filter(|_| name == "host") {
                Some(label) => format!("{about} {label} ({value})"),
                None => format!("{about} {value}"),
            }
        }));
    }
    let kind = said("kind").unwrap_or_default();
    format!("{:>6}  {time:<30}  {kind:<10} {}", entry.number, words.join(", ")).trim_end().to_owned()
}

/// What is said in words of its own, by the kind of the entry.
fn in_words(fields: &Value) -> Vec<String> {
    let is = |name: &str| fields[name].as_bool();
    match fields["kind"].as_str() {
        Some("admitted") if is("duress") == Some(true) => vec!["the DURESS PIN was typed".to_owned()],
        Some("paused") => vec![match fields["pause_ms"].as_u64().unwrap_or(0) {
            0 => "the pause is over".to_owned(),
            time => format!("the door admits nobody for {} s", time.div_ceil(1000)),
        }],
        Some("rule") => {
            let parts = [
                ("suspended", "suspended"),
                ("schedule", "has hours"),
                ("pin", "has a PIN"),
                ("duress", "has a duress PIN"),
            ];
            let parts: Vec<String> = parts
                .into_iter()
                .filter(|(name, _)| is(name) == Some(true))
                .map(|(_, said)| said.to_owned())
                .collect();
            if parts.is_empty() { vec!["may pass at any time, without a PIN".to_owned()] } else { parts }
        }
        Some("clock") => {
            match fields["before_ms"].as_u64().filter(|before| *before > 0).and_then(time_text) {
                Some(before) => vec![format!("it was {before} before")],
                None => Vec::new(),
            }
        }
        _ => Vec::new(),
    }
}

/// How the door's threshold was known then: the last byte of the detail.
fn basis(detail: [u8; 8]) -> Option<&'static str> {
    let names = ["measured", "modelled", "unproven"];
    usize::from(detail[7]).checked_sub(1).and_then(|number| names.get(number)).copied()
}

/// Which settings changed.
fn changed(mask: u8) -> String {
    const SETTINGS: [&str; 8] = [
        "false-accept rate",
        "frames",
        "opening time",
        "liveness",
        "matching",
        "fail-safe",
        "failures, lockout, passback or PIN time",
        "held time, UTC offset or Wiegand",
    ];
    let changed = SETTINGS.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 != 0);
    changed.map(|(_, name)| *name).collect::<Vec<_>>().join(", ")
}

/// Why, in a word, where the kind has reasons.
fn reason(entry: &Entry) -> Option<&'static str> {
    let reason = entry.reason;
    match entry.kind {
        Kind::Alarm => Alarm::ALL.into_iter().find(|it| *it as u8 == reason).map(Alarm::name),
        Kind::Refused => Reason::ALL.into_iter().find(|it| *it as u8 == reason).map(Reason::name),
        Kind::Fault => Fault::ALL.into_iter().find(|it| *it as u8 == reason).map(Fault::name),
        Kind::Firmware => match reason {
            1 => Some("active"),
            2 => Some("rolled-back"),
            3 => Some("refused"),
            4 => Some("fell-back"),
            _ => None,
        },
        Kind::Interrupted => Kind::from_byte(reason).map(Kind::name),
        Kind::Model | Kind::Transfer => NETWORKS.get(usize::from(reason)).copied(),
        Kind::Paired | Kind::Invited => {
            let roles =
                [(Role::Auditor, "auditor"), (Role::Operator, "operator"), (Role::Installer, "installer")];
            roles.into_iter().find(|(role, _)| *role as u8 == reason).map(|(_, name)| name)
        }
        Kind::Booted => {
            let resets = [
                ResetReason::PowerOn,
                ResetReason::Requested,
                ResetReason::Watchdog,
                ResetReason::Fault,
                ResetReason::Unknown,
            ];
            resets.into_iter().find(|reset| *reset as u8 == reason).map(reset_name)
        }
        _ => None,
    }
}

/// Bytes from their hexadecimal digits.
pub fn bytes<const N: usize>(digits: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests;
