//! What a board answers.
//!
//! Every result of a network says what it cost, in instructions of the board's processor.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{
    CosineScore, ENTRIES_PER_PAGE, EVENTS_PER_PAGE, Event, Face, Firmware, Hash, Host, Liveness, LogEntry,
    MAX_FACES, MAX_HOSTS, MAX_TEMPLATE, ModelInfo, Name, Pairing, PersonId, Role, Schedule, Settings, Status,
    Text, USERS_PER_PAGE,
};

/// A successful reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "no allocator to box with; one lives at a time")]
pub enum Response {
    /// Who answers. Its bytes never change.
    Hello {
        /// The board's [`VERSION`](crate::VERSION).
        protocol: u16,
        /// Version of the firmware, as "0.1.0".
        firmware: Text,
        /// Name of the board, as "an547".
        board: Text,
    },
    /// The board's state.
    Status(Status),
    /// The settings in force.
    Settings(Settings),
    /// It was done, and there is nothing to tell.
    Done,
    /// How far a transfer is.
    Progress {
        /// The offset wanted next; the length once all has come.
        next: u32,
    },
    /// Faces found, the largest first.
    Faces {
        /// The faces.
        faces: Vec<Face, MAX_FACES>,
        /// Instructions spent.
        instructions: u64,
    },
    /// The template of the largest face.
    Embedding {
        /// The face encoded.
        face: Face,
        /// Faces in the picture.
        faces: u8,
        /// Hash of the encoder's image.
        encoder: Hash,
        /// The normalised template, as the architecture page defines it.
        template: Vec<i8, MAX_TEMPLATE>,
        /// Instructions spent.
        instructions: u64,
    },
    /// The person is in flash.
    Enrolled {
        /// The person's number.
        person: PersonId,
        /// Templates the person has now.
        templates: u8,
        /// Faces in the picture; the largest was enrolled.
        faces: u8,
        /// The face enrolled.
        face: Face,
        /// Instructions spent.
        instructions: u64,
    },
    /// 1:1.
    Verified(Comparison),
    /// 1:N. `best` is none if nobody is enrolled.
    Identified(Comparison),
    /// One page of the people enrolled.
    Users {
        /// By ascending number.
        users: Vec<User, USERS_PER_PAGE>,
        /// What to ask for to get the next page; none after the last one.
        next: Option<u32>,
    },
    /// The person is forgotten.
    Removed {
        /// The person's number.
        person: PersonId,
        /// Templates forgotten.
        templates: u8,
    },
    /// The model that was transferred is in force.
    ModelActive(ModelInfo),
    /// Door events, the oldest first.
    Events {
        /// Sequence number of the newest event of the board; 0 if there was none since boot.
        newest: u32,
        /// The events. Empty if there are no newer ones.
        events: Vec<Event, EVENTS_PER_PAGE>,
    },
    /// The handshake is done: what the host may do in this session.
    Session {
        /// None if it is not paired.
        role: Option<Role>,
        /// Whether the board knows the time, so that nobody needs to tell it.
        clock: bool,
    },
    /// The board's part of the code.
    PairingNonce {
        /// Random.
        nonce: Hash,
    },
    /// How far a pairing is.
    Pairing(Pairing),
    /// The hosts that the board knows.
    Hosts(Vec<Host, MAX_HOSTS>),
    /// One page of the audit log.
    Log {
        /// By ascending number. Numbers leave gaps where a power cut interrupted an entry, and where one
        /// does not open any more: the chain tells which.
        entries: Vec<LogEntry, ENTRIES_PER_PAGE>,
        /// What to ask for to get the next page; none after the last one.
        next: Option<u32>,
        /// The number that the next entry will have.
        end: u32,
    },
    /// What holds for a person. Their codes are told to nobody.
    Rule {
        /// The person's number.
        person: PersonId,
        /// At which times they may pass.
        schedule: Schedule,
        /// Whether a code is asked for besides the face.
        pin: bool,
        /// Whether there is a code that raises a silent alarm.
        duress_pin: bool,
    },
    /// The board's own firmware.
    Firmware(Firmware),
}

/// A face compared with templates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The most similar person; for 1:1 the one claimed.
    pub best: Option<Candidate>,
    /// The similarity needed.
    pub threshold: CosineScore,
    /// Whether `best` reaches the threshold.
    pub accepted: bool,
    /// Faces in the picture; the largest was compared.
    pub faces: u8,
    /// The face compared.
    pub face: Face,
    /// Instructions spent.
    pub instructions: u64,
    /// How alive the face looks in this one picture; none if that is not asked. A face that is not
    /// alive is not compared: there is no `best` and it is not accepted.
    pub liveness: Option<Liveness>,
}

/// A person and how similar they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The person's number.
    pub person: PersonId,
    /// The person's name.
    pub name: Name,
    /// The highest similarity to one of their templates.
    pub similarity: CosineScore,
}

/// A person in the gallery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The person's number.
    pub person: PersonId,
    /// The person's name.
    pub name: Name,
    /// How many templates they have.
    pub templates: u8,
    /// Hash of the encoder that made them.
    pub encoder: Hash,
}
