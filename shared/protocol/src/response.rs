//! Responses from the board to the host.
//!
//! Every result of a network includes its cost in instructions of the board's processor.

use heapless::Vec;
use serde::{Deserialize, Serialize};

use crate::{
    Basis, Candidate, CosineScore, ENTRIES_PER_PAGE, EVENTS_PER_PAGE, Event, Face, Firmware, Hash, Host,
    Liveness, LogEntry, LogHead, MAX_FACES, MAX_HOSTS, MAX_OPENERS, MAX_TEMPLATE, ModelInfo, Pairing,
    PersonId, Role, Schedule, Settings, Status, Text, USERS_PER_PAGE, User,
};

/// A successful reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::large_enum_variant, reason = "no allocator to box with; one lives at a time")]
pub enum Response {
    /// Version and board. Its bytes never change.
    Hello {
        /// The board's [`VERSION`](crate::VERSION).
        protocol: u16,
        /// Version of the firmware, such as "0.1.0".
        firmware: Text,
        /// Name of the board, such as "an547".
        board: Text,
    },
    /// The state of the board.
    Status(Status),
    /// The active settings.
    Settings(Settings),
    /// Success, without data.
    Done,
    /// Progress of a transfer.
    Progress {
        /// The next expected offset; the length when the transfer is complete.
        next: u32,
    },
    /// Detected faces, the largest first.
    Faces {
        /// The faces.
        faces: Vec<Face, MAX_FACES>,
        /// Instructions executed.
        instructions: u64,
    },
    /// The template of the largest face.
    Embedding {
        /// The encoded face.
        face: Face,
        /// Number of faces in the image.
        faces: u8,
        /// Hash of the encoder's image.
        encoder: Hash,
        /// The normalised template, as the architecture page defines it.
        template: Vec<i8, MAX_TEMPLATE>,
        /// Instructions executed.
        instructions: u64,
    },
    /// The person is stored in flash.
    Enrolled {
        /// ID of the person.
        person: PersonId,
        /// Number of templates that the person has now.
        templates: u8,
        /// Number of faces in the image; the largest was enrolled.
        faces: u8,
        /// The enrolled face.
        face: Face,
        /// Instructions executed.
        instructions: u64,
        /// How the threshold of the door is known for the gallery as it is now.
        basis: Basis,
        /// Whether the liveness network takes the face for a living one in this frame; `None` if liveness is off.
        alive: Option<bool>,
        /// Number of the new template, for [`RemoveEnrolled`](crate::Request::RemoveEnrolled).
        template: u16,
    },
    /// Result of a verification (1:1).
    Verified(Comparison),
    /// Result of an identification (1:N). `best` is `None` if nobody is enrolled.
    Identified(Comparison),
    /// One page of the enrolled people.
    Users {
        /// The people, by ascending ID.
        users: Vec<User, USERS_PER_PAGE>,
        /// Value of `from` for the next page; `None` after the last page.
        next: Option<u32>,
    },
    /// The person was removed.
    Removed {
        /// ID of the person.
        person: PersonId,
        /// Number of templates removed.
        templates: u8,
    },
    /// The transferred model is active.
    ModelActive(ModelInfo),
    /// Door events, the oldest first.
    Events {
        /// Sequence number of the newest event; 0 if there was none since boot.
        newest: u32,
        /// The events; empty if there are no newer ones.
        events: Vec<Event, EVENTS_PER_PAGE>,
    },
    /// The handshake is complete.
    Session {
        /// Role of the host in this session; `None` if it is not paired.
        role: Option<Role>,
        /// Whether the board knows the time, so that the host need not set the clock.
        clock: bool,
    },
    /// The board's contribution to the pairing code.
    PairingNonce {
        /// Random nonce.
        nonce: Hash,
    },
    /// State of a pairing.
    Pairing(Pairing),
    /// The paired hosts.
    Hosts(Vec<Host, MAX_HOSTS>),
    /// One page of the audit log.
    Log {
        /// The entries, by ascending number. Numbers are missing where a power cut interrupted an entry, or
        /// where an entry fails authentication; the hash chain reveals which.
        entries: Vec<LogEntry, ENTRIES_PER_PAGE>,
        /// Value of `from` for the next page; `None` after the last page.
        next: Option<u32>,
        /// Number of the next entry to be written.
        end: u32,
    },
    /// The access rule of a person. PINs are never reported.
    Rule {
        /// ID of the person.
        person: PersonId,
        /// The times at which the person may enter.
        schedule: Schedule,
        /// Whether a PIN is required besides the face.
        pin: bool,
        /// Whether there is a duress PIN.
        duress_pin: bool,
        /// Whether the person is suspended.
        suspended: bool,
    },
    /// The firmware of the board.
    Firmware(Firmware),
    /// The signed head of the audit log.
    LogHead(LogHead),
    /// A person has another name.
    Renamed {
        /// The person.
        person: PersonId,
    },
    /// Who may open the door by signed commands: their keys.
    Openers(Vec<Hash, MAX_OPENERS>),
}

/// The result of matching a face.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// The most similar person; in a verification (1:1) the claimed person.
    pub best: Option<Candidate>,
    /// The threshold on the similarity.
    pub threshold: CosineScore,
    /// Whether `best` reaches the threshold.
    pub accepted: bool,
    /// Number of faces in the image; the largest was matched.
    pub faces: u8,
    /// The matched face.
    pub face: Face,
    /// Instructions executed.
    pub instructions: u64,
    /// Liveness in this single image; `None` if liveness is off. A face that fails liveness is never matched:
    /// `best` is `None` and `accepted` is false.
    pub liveness: Option<Liveness>,
}
