//! An entry: what happened, in 28 bytes.
//!
//! ```text
//! offset  bytes  what
//! 0       1      kind
//! 1       1      reason: its meaning depends on the kind
//! 2       2      score, i16 LE: a similarity in Q15, 0 where there is none
//! 4       4      person, u32 LE; ff ff ff ff for nobody
//! 8       8      time, u64 LE: bit 63 is set where it is exact; the rest are milliseconds since 1970
//! 16      12     detail: its meaning depends on the kind
//! ```
//! | kind | reason | detail |
//! |---|---|---|
//! | booted | why, as the protocol numbers it | |
//! | admitted | 1 with the duress code | picture u32 LE |
//! | refused | a number of `policy::Reason` | samples refused for it since its last entry, u32 LE |
//! | enrolled | templates of the person | host, what the liveness network took the face for: 0 not asked, 1 an attack, 2 living; 6 zeros, basis |
//! | removed | templates that went | host, 7 zeros, basis |
//! | settings | what changed: 1 false-accept rate, 2 frames, 4 opening time, 8 liveness, 16 matching, 32 fail-safe, 64 failures, lockout, passback or PIN time, 128 held time, time zone or Wiegand | host, 7 bytes of the SHA-256 of all settings, basis |
//! | model | its kind, as the protocol numbers it | host, head of its SHA-256 |
//! | fault | [`Fault`](crate::Fault) | entries lost, or kind of the network, u32 LE; with `npu` kind of the network, a number of [`NpuFault`](crate::NpuFault) |
//! | clock | 1 if it was set back | host, time shown before, u64 LE |
//! | paired | role, as the protocol numbers it | the new host |
//! | unpaired, rekeyed, signer | | host, head of the key that goes, or that comes |
//! | compared | 1 if accepted | host |
//! | restart | | host |
//! | alarm | a number of `policy::Alarm` | 1 where it is over, u32 LE |
//! | firmware | 1 active, 2 rolled back because it never confirmed itself, 3 refused, 4 the loader fell back to it, because the active slot did not verify | four zeros, its release u64 LE |
//! | rule | 1 for a schedule, 2 for a code, 4 for a duress code, 8 if the person is suspended | host, head of the SHA-256 of the schedule |
//! | invited | role, as the protocol numbers it | host, lost records of hosts that were emptied, a bit each; seven zeros |
//! | paused | | host, milliseconds u64 LE |
//! | embedded | | host |
//! | template | templates that went | host |
//! | transfer | its kind, as the protocol numbers it | host, head of its SHA-256 |
//! | interrupted | the kind of what was begun | host, and what follows it in an entry of that kind, as far as the request tells |
//! | opened | | the host that carried the command, head of the signer's key |
//! | opener | 1 if they may open from now on, 0 if no more | host, head of their key |
//! | erased | | the host that asked, the monotonic counter and one as u24 LE, or 0 without one, and what was used of the accounts of the log: five bytes |
//!
//! The basis tells how the door's threshold was known after it: 1 measured, 2 modelled, 3 unproven, 0 without a threshold.
//!
//! A host is the first four bytes of its key, the head of a hash or a key its first eight.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

/// Bytes of an entry.
pub const ENTRY_BYTES: usize = 28;
/// Bytes of what only one kind of entry has.
pub const DETAIL_BYTES: usize = 12;

/// Nobody's number.
const NOBODY: u32 = u32::MAX;
/// The bit that tells an exact time.
const EXACT: u64 = 1 << 63;

/// What kind of thing happened. Numbers are never given another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Kind {
    /// The board booted. Reason: why.
    Booted = 1,
    /// Somebody was let in. Score: the similarity of their face.
    Admitted = 2,
    /// Somebody was refused. Reason: why; score: the similarity to the nearest person.
    Refused = 3,
    /// The button inside opened the door.
    Button = 4,
    /// A person, or one more template of theirs, was enrolled.
    Enrolled = 5,
    /// A person was removed.
    Removed = 6,
    /// Settings changed.
    Settings = 7,
    /// A network was flashed and made active.
    Model = 8,
    /// Something failed. Reason: what.
    Fault = 9,
    /// A host set the clock.
    Clock = 10,
    /// A host was paired.
    Paired = 11,
    /// A host was unpaired.
    Unpaired = 12,
    /// A host has another key.
    Rekeyed = 13,
    /// Models must be signed with another key.
    Signer = 14,
    /// A host had a face compared.
    Compared = 15,
    /// The board restarts, as a host asked.
    Restart = 16,
    /// A person has another rule.
    Rule = 17,
    /// Something is wrong with the door, or the cover is open.
    Alarm = 18,
    /// An update of the firmware is active, or was rolled back. Reason: which.
    Firmware = 19,
    /// The bus to an access controller was enabled or disabled: the detail begins with the address, or 255.
    Controller = 20,
    /// An installer invited one more host. Reason: its role.
    Invited = 21,
    /// A host paused the door.
    Paused = 22,
    /// A host had a face encoded, and got the template.
    Embedded = 23,
    /// A template of a person was removed, and the person stays.
    Template = 24,
    /// A person got another name.
    Renamed = 25,
    /// A network or firmware is sent into the idle slot, which is overwritten from here on.
    Transfer = 26,
    /// A change was begun, and a power cut or a failed write came in between: it may be done, half done, or not. Reason: the
    /// number of the kind that its entry would have.
    Interrupted = 27,
    /// Somebody at the board had everything but this log erased. It is done at the boot that follows.
    Erased = 28,
    /// A signed command opened the door.
    Opened = 29,
    /// An installer allowed somebody to open the door by signed commands, or no more.
    Opener = 30,
}

impl Kind {
    /// Its name, in one word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Booted => "booted",
            Self::Admitted => "admitted",
            Self::Refused => "refused",
            Self::Button => "button",
            Self::Enrolled => "enrolled",
            Self::Removed => "removed",
            Self::Settings => "settings",
            Self::Model => "model",
            Self::Fault => "fault",
            Self::Clock => "clock",
            Self::Paired => "paired",
            Self::Unpaired => "unpaired",
            Self::Rekeyed => "rekeyed",
            Self::Signer => "signer",
            Self::Compared => "compared",
            Self::Restart => "restart",
            Self::Rule => "rule",
            Self::Alarm => "alarm",
            Self::Firmware => "firmware",
            Self::Controller => "controller",
            Self::Invited => "invited",
            Self::Paused => "paused",
            Self::Embedded => "embedded",
            Self::Template => "template",
            Self::Renamed => "renamed",
            Self::Transfer => "transfer",
            Self::Interrupted => "interrupted",
            Self::Erased => "erased",
            Self::Opened => "opened",
            Self::Opener => "opener",
        }
    }

    /// The kind of this number, if there is one.
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Booted,
            2 => Self::Admitted,
            3 => Self::Refused,
            4 => Self::Button,
            5 => Self::Enrolled,
            6 => Self::Removed,
            7 => Self::Settings,
            8 => Self::Model,
            9 => Self::Fault,
            10 => Self::Clock,
            11 => Self::Paired,
            12 => Self::Unpaired,
            13 => Self::Rekeyed,
            14 => Self::Signer,
            15 => Self::Compared,
            16 => Self::Restart,
            17 => Self::Rule,
            18 => Self::Alarm,
            19 => Self::Firmware,
            20 => Self::Controller,
            21 => Self::Invited,
            22 => Self::Paused,
            23 => Self::Embedded,
            24 => Self::Template,
            25 => Self::Renamed,
            26 => Self::Transfer,
            27 => Self::Interrupted,
            28 => Self::Erased,
            29 => Self::Opened,
            30 => Self::Opener,
            _ => return None,
        })
    }
}

/// When something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Time {
    /// Milliseconds since 1970, UTC.
    pub unix_ms: u64,
    /// Whether the clock was set, and ran since. If not, this is the earliest that it can have been: the
    /// time of the last entry before the board booted, and how long it has run.
    pub exact: bool,
}

impl Time {
    /// The beginning of 2020: no clock is set to a time before.
    pub const EARLIEST_MS: u64 = 1_577_836_800_000;
    /// The beginning of 2056: no clock is set to a time after, some thirty years beyond this firmware.
    pub const LATEST_MS: u64 = 2_713_910_400_000;

    /// Whether the clock had ever been set. If not, the time counts from the board's first boot.
    #[must_use]
    pub const fn was_set(&self) -> bool {
        self.unix_ms >= Self::EARLIEST_MS
    }

    /// The bytes of an entry for it.
    #[must_use]
    pub const fn to_bytes(&self) -> [u8; 8] {
        (self.unix_ms & !EXACT | if self.exact { EXACT } else { 0 }).to_le_bytes()
    }
}

/// One entry: something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Entry {
    /// What kind of thing.
    pub kind: Kind,
    /// Why, by the kind.
    pub reason: u8,
    /// A similarity in Q15, 0 where there is none.
    pub score: i16,
    /// Who, if anybody known.
    pub person: Option<u32>,
    /// When.
    pub time: Time,
    /// What only this kind has; zeros where there is nothing.
    pub detail: [u8; DETAIL_BYTES],
}

impl Entry {
    /// An entry of this kind and time, with all other fields empty.
    #[must_use]
    pub const fn new(kind: Kind, time: Time) -> Self {
        Self { kind, reason: 0, score: 0, person: None, time, detail: [0; DETAIL_BYTES] }
    }

    /// The bytes, as the log keeps them.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        bytes[0] = self.kind as u8;
        bytes[1] = self.reason;
        bytes[2..4].copy_from_slice(&self.score.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.person.unwrap_or(NOBODY).to_le_bytes());
        bytes[8..16].copy_from_slice(&self.time.to_bytes());
        bytes[16..].copy_from_slice(&self.detail);
        bytes
    }

    /// The entry of these bytes; none if a newer firmware wrote a kind unknown here.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; ENTRY_BYTES]) -> Option<Self> {
        let [kind, reason, s0, s1, p0, p1, p2, p3, t0, t1, t2, t3, t4, t5, t6, t7, detail @ ..] = *bytes;
        let person = u32::from_le_bytes([p0, p1, p2, p3]);
        let time = u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]);
        Some(Self {
            kind: Kind::from_byte(kind)?,
            reason,
            score: i16::from_le_bytes([s0, s1]),
            person: (person != NOBODY).then_some(person),
            time: Time { unix_ms: time & !EXACT, exact: time & EXACT != 0 },
            detail,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_these() {
        let time = Time { unix_ms: 0x0102_0304_0506, exact: true };
        let entry = Entry { reason: 7, score: -2, person: Some(0x0a0b), ..Entry::new(Kind::Refused, time) };
        let bytes = entry.to_bytes();
        assert_eq!(bytes[..8], [3, 7, 0xfe, 0xff, 0x0b, 0x0a, 0, 0]);
        assert_eq!(bytes[8..16], [6, 5, 4, 3, 2, 1, 0, 0x80]);
        assert_eq!(bytes[16..], [0; 12]);
        assert_eq!(Entry::from_bytes(&bytes), Some(entry));
    }

    #[test]
    fn nobody_and_unknown_kinds() {
        let entry = Entry::new(Kind::Booted, Time::default());
        assert_eq!(entry.to_bytes()[4..8], [0xff; 4]);
        assert_eq!(Entry::from_bytes(&entry.to_bytes()), Some(entry));
        let mut bytes = entry.to_bytes();
        bytes[0] = 0;
        assert_eq!(Entry::from_bytes(&bytes), None);
    }

    #[test]
    fn a_clock_that_was_never_set_shows() {
        assert!(!Time { unix_ms: 3_600_000, exact: false }.was_set());
        assert!(Time { unix_ms: Time::EARLIEST_MS, exact: false }.was_set());
    }

    #[test]
    fn every_kind_has_its_number() {
        for byte in 0..=u8::MAX {
            assert!(Kind::from_byte(byte).is_none_or(|kind| kind as u8 == byte));
        }
    }
}
