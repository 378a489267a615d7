//! An entry of the log as a line of JSON.

use audit::{Entry, Fault, Kind, NpuFault, Time};
use client::protocol::LogEntry;
use schemars::JsonSchema;
use serde::Serialize;

use super::{NETWORKS, Names, basis, changed, reason, why};
use crate::clock::time_text;
use crate::device::rounded;

/// An entry of the log: a line for each.
#[derive(Serialize, JsonSchema)]
pub struct Line {
    /// What the bytes of the entry say.
    #[serde(flatten)]
    pub said: Said,
    /// The person's name. `null` for nobody, for a person who is no longer enrolled, and in an entry of before the board was erased.
    pub name: Option<String>,
    /// Why somebody was refused, in a sentence. `null` for another kind.
    pub why: Option<String>,
    /// The bytes of the entry, in hexadecimal digits.
    pub entry: String,
    /// The link of the chain: a hash over this entry and all before it, in hexadecimal digits.
    pub chain: String,
}

impl Line {
    /// The line of an entry.
    pub fn of(entry: &LogEntry, names: &Names) -> Self {
        let said = Said::by(entry);
        let name = said.person.flatten().and_then(|person| names.name(entry.number, person)).cloned();
        Self {
            said,
            why: why(entry, name.clone()),
            name,
            entry: hex::encode(entry.entry),
            chain: hex::encode(entry.chain),
        }
    }
}

/// Leaves out what an entry of this kind does not have.
macro_rules! said {
    ($($(#[$attribute:meta])* $field:ident: $type:ty,)+) => {
        /// What the bytes of an entry say.
        #[derive(Default, Serialize, JsonSchema)]
        pub struct Said {
            /// The number of the entry.
            pub number: u32,
            /// What happened, in one word; `unknown` and a number for an entry of a newer board, which has none of the
            /// fields that can be absent.
            pub kind: String,
            $($(#[$attribute])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$type>,)+
        }
    };
}

said! {
    /// Whether `time` is the time, or the earliest that it can be, or the clock was not set. Absent for an unknown kind.
    #[schemars(extend("enum" = ["exact", "at-least", "unset"]))]
    #[schemars(required)]
    clock: &'static str,
    /// When it happened (RFC 3339). `null` if the clock was not set. Absent for an unknown kind.
    time: Option<String>,
    /// How long the board ran since it booted. Absent if the clock was set.
    #[schemars(required)]
    unset_ms: u64,
    /// The person's number. `null` for nobody. Absent for an unknown kind.
    person: Option<u32>,
    /// The similarity of the face, a cosine. `null` if no face was compared. Absent for an unknown kind.
    score: Option<f64>,
    /// Why, or what of: a word that depends on the kind. `null` if the kind has none. Absent for an unknown kind.
    reason: Option<&'static str>,
    /// `admitted`: whether the duress PIN was typed; `rule`: whether there is one. Absent for another kind.
    #[schemars(required)]
    duress: bool,
    /// `admitted`: the number of the picture. Absent for another kind.
    #[schemars(required)]
    picture: u32,
    /// `refused`: samples refused for this reason since its last entry. Absent for another kind.
    #[schemars(required)]
    samples: u32,
    /// `alarm`: whether it ended. Absent for another kind.
    #[schemars(required)]
    over: bool,
    /// `fault` of a network: which one. Absent for another kind.
    #[schemars(required)]
    network: &'static str,
    /// `fault` of the NPU: why the processor runs the network in its place. Absent for another kind.
    #[schemars(required)]
    npu: &'static str,
    /// `fault`: entries that were lost. `null` if none was. Absent for another kind.
    lost: Option<u32>,
    /// The first bytes of the key of the computer that asked for it. Absent if no computer did.
    #[schemars(required)]
    host: String,
    /// `enrolled`: templates that the person has; `removed`, `template`: templates that went. Absent for another kind.
    #[schemars(required)]
    templates: u8,
    /// `enrolled`: whether the liveness network takes the face for a living one. `null` if it was not asked. Absent for another kind.
    alive: Option<bool>,
    /// How the door's threshold is known after it. `null` without a threshold. Absent for a kind that does not change it.
    #[schemars(extend("enum" = ["measured", "modelled", "unproven", null]))]
    rate: Option<&'static str>,
    /// `firmware`: its release number. Absent for another kind.
    #[schemars(required)]
    release: u64,
    /// `model`, `transfer`: the first bytes of its SHA-256. Absent for another kind.
    #[schemars(required)]
    sha256: String,
    /// `unpaired`, `rekeyed`, `signer`, `opener`: the first bytes of the key that goes or comes; `opened`: those of the key that
    /// signed the command. Absent for another kind.
    #[schemars(required)]
    key: String,
    /// `opener`: whether the holder of the key may open the door by signed commands from now on. Absent for another kind.
    #[schemars(required)]
    allowed: bool,
    /// `invited`: computers whose record the board had lost, and forgets now. Absent for another kind.
    #[schemars(required)]
    emptied: u32,
    /// `clock`: whether it was set to an earlier time. Absent for another kind.
    #[schemars(required)]
    set_back: bool,
    /// `clock`: the time shown before, since 1970. Absent for another kind.
    #[schemars(required)]
    before_ms: u64,
    /// `paused`: for how long. Absent for another kind.
    #[schemars(required)]
    pause_ms: u64,
    /// `rule`: whether the person has hours. Absent for another kind.
    #[schemars(required)]
    schedule: bool,
    /// `rule`: whether the person has a PIN. Absent for another kind.
    #[schemars(required)]
    pin: bool,
    /// `rule`: whether the person is suspended. Absent for another kind.
    #[schemars(required)]
    suspended: bool,
    /// `controller`: the board's address. `null` if OSDP was disabled. Absent for another kind.
    address: Option<u64>,
    /// `compared`: whether the face matched. Absent for another kind.
    #[schemars(required)]
    accepted: bool,
    /// `settings`: which ones changed. Absent for another kind.
    #[schemars(required)]
    changed: String,
    /// `settings`: the first bytes of the SHA-256 of all settings. Absent for another kind.
    #[schemars(required)]
    settings: String,
}

impl Said {
    /// What these bytes say.
    pub fn by(log: &LogEntry) -> Self {
        let Some(entry) = Entry::from_bytes(&log.entry) else {
            let kind = format!("unknown {}", log.entry[0]);
            return Self { number: log.number, kind, ..Self::default() };
        };
        let Time { unix_ms, exact } = entry.time;
        let (clock, time) = match (entry.time.was_set(), exact) {
            (false, _) => ("unset", None),
            (true, true) => ("exact", time_text(unix_ms)),
            (true, false) => ("at-least", time_text(unix_ms)),
        };
        let mut said = Self {
            number: log.number,
            kind: entry.kind.name().to_owned(),
            clock: Some(clock),
            time: Some(time),
            unset_ms: (clock == "unset").then_some(unix_ms),
            person: Some(entry.person),
            score: Some((entry.score != 0).then(|| rounded(entry.score))),
            reason: Some(reason(&entry)),
            ..Self::default()
        };
        said.detail(&entry);
        said
    }

    /// What only an entry of its kind has.
    fn detail(&mut self, entry: &Entry) {
        let [h0, h1, h2, h3, more @ ..] = entry.detail;
        let count = u32::from_le_bytes([h0, h1, h2, h3]);
        let number = u64::from_le_bytes(more);
        self.host = Some(hex::encode([h0, h1, h2, h3]));
        match entry.kind {
            // The board does these by itself.
            Kind::Booted
            | Kind::Admitted
            | Kind::Refused
            | Kind::Button
            | Kind::Fault
            | Kind::Alarm
            | Kind::Firmware => self.host = None,
            _ => {}
        }
        match entry.kind {
            Kind::Admitted => {
                self.duress = Some(entry.reason == 1);
                self.picture = Some(count);
            }
            Kind::Refused => self.samples = Some(count),
            Kind::Alarm => self.over = Some(count == 1),
            Kind::Fault if entry.reason == Fault::Model as u8 => {
                self.network = Some(NETWORKS.get(count as usize).copied().unwrap_or("unknown"));
            }
            Kind::Fault if entry.reason == Fault::Npu as u8 => {
                let [network, why, ..] = count.to_le_bytes();
                self.network = Some(NETWORKS.get(usize::from(network)).copied().unwrap_or("unknown"));
                let why = NpuFault::ALL.into_iter().find(|it| *it as u8 == why);
                self.npu = Some(why.map_or("unknown", NpuFault::name));
            }
            Kind::Fault => self.lost = Some((count > 0).then_some(count)),
            Kind::Enrolled => {
                let alive = more.first().map_or(0, |alive| usize::from(*alive));
                self.templates = Some(entry.reason);
                self.alive = Some([None, Some(false), Some(true)].get(alive).copied().flatten());
                self.rate = Some(basis(more));
            }
            Kind::Removed | Kind::Template => {
                self.templates = Some(entry.reason);
                self.rate = Some(basis(more));
            }
            Kind::Firmware => self.release = Some(number),
            Kind::Invited => self.emptied = Some(more.first().map_or(0, |lost| lost.count_ones())),
            Kind::Model | Kind::Transfer => self.sha256 = Some(hex::encode(more)),
            Kind::Unpaired | Kind::Rekeyed | Kind::Signer => self.key = Some(hex::encode(more)),
            Kind::Clock => {
                self.set_back = Some(entry.reason == 1);
                self.before_ms = Some(number);
            }
            Kind::Paused => self.pause_ms = Some(number),
            Kind::Rule => {
                self.schedule = Some(entry.reason & 1 != 0);
                self.pin = Some(entry.reason & 2 != 0);
                self.duress = Some(entry.reason & 4 != 0);
                self.suspended = Some(entry.reason & 8 != 0);
            }
            Kind::Opened => self.key = Some(hex::encode(more)),
            Kind::Opener => {
                self.key = Some(hex::encode(more));
                self.allowed = Some(entry.reason == 1);
            }
            Kind::Controller => self.address = Some((number != 255).then_some(number)),
            Kind::Compared => self.accepted = Some(entry.reason == 1),
            Kind::Settings => {
                self.changed = Some(changed(entry.reason));
                self.settings = Some(hex::encode(&more[..7]));
                self.rate = Some(basis(more));
            }
            _ => {}
        }
    }
}

/// What a check of a log found.
#[derive(Serialize, JsonSchema)]
pub struct Verified {
    /// Entries that were checked.
    pub entries: usize,
    /// The number of the first. `null` if the log is empty.
    pub first: Option<u32>,
    /// The number of the last. `null` if the log is empty.
    pub last: Option<u32>,
    /// The link of the last, in hexadecimal digits. `null` if the log is empty.
    pub link: Option<String>,
    /// Whether no entry was changed and none is missing.
    pub whole: bool,
    /// The number of the first entry that is wrong. `null` if the log is whole.
    pub entry: Option<u32>,
    /// What is wrong with it. `null` if the log is whole.
    pub finding: Option<String>,
}
