//! Door events.
//!
//! A board keeps the newest events in memory and numbers them from 1 at boot.

use serde::{Deserialize, Serialize};

use crate::{
    Alarm, Candidate, CosineScore, Face, Flaw, Label, Liveness, Name, PersonId, Reason, RejectReason,
    ResetReason, Role,
};

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Sequence number, from 1 at boot, without gaps.
    pub sequence: u32,
    /// Time in milliseconds since boot.
    pub uptime_ms: u64,
    /// The kind of event.
    pub kind: EventKind,
}

/// A kind of event, with its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// The board booted; the door is locked.
    Booted {
        /// Why it was reset.
        reset: ResetReason,
    },
    /// A camera frame was assessed.
    FrameAssessed {
        /// Sequence number of the frame.
        frame: u32,
        /// The result.
        result: FrameResult,
        /// Number of faces in the frame.
        faces: u8,
        /// The largest face.
        face: Option<Face>,
        /// The threshold on the similarity; `None` without an encoder.
        threshold: Option<CosineScore>,
        /// Consecutive frames that agree, including this one.
        agreement: u8,
        /// Instructions executed.
        instructions: u64,
        /// The liveness of the face; `None` if it was not assessed.
        liveness: Option<Liveness>,
    },
    /// The lock opened.
    Opened {
        /// The frame that led to the decision; 0 if there is none.
        frame: u32,
        /// The person; `None` for request to exit (the button).
        person: Option<PersonId>,
        /// The name of the person; empty for request to exit.
        name: Name,
        /// Opening time in milliseconds.
        open_ms: u32,
    },
    /// The lock closed.
    Locked,
    /// A host was paired.
    Paired {
        /// The role of the host.
        role: Role,
        /// The label of the host.
        label: Label,
    },
    /// A known person was refused, or a lockout started.
    Denied {
        /// The person; `None` if a lockout started.
        person: Option<PersonId>,
        /// The name of the person.
        name: Name,
        /// The reason.
        reason: Reason,
        /// Milliseconds until the lockout ends; 0 for another reason.
        left_ms: u32,
    },
    /// A PIN is requested from a known person.
    PinRequested {
        /// The person.
        person: PersonId,
        /// The name of the person.
        name: Name,
    },
    /// A person opened the door with their duress PIN. Nothing at the door shows it.
    Duress {
        /// The person.
        person: PersonId,
        /// The name of the person.
        name: Name,
    },
    /// An alarm started or ended.
    Alarm {
        /// The alarm.
        alarm: Alarm,
        /// Whether it ended.
        over: bool,
    },
    /// The PIN of a person was typed, and their face is requested.
    FaceRequested {
        /// The person.
        person: PersonId,
        /// The name of the person.
        name: Name,
    },
    /// A signed command opened the lock.
    OpenedByCommand {
        /// Opening time in milliseconds.
        open_ms: u32,
    },
}

/// The result of assessing a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameResult {
    /// No face.
    NoFace,
    /// A face that fails the quality gate.
    Poor(Flaw),
    /// A face that matches no template, and the most similar person.
    Stranger(Option<Candidate>),
    /// A face that matches a person in the gallery.
    Known(Candidate),
    /// The board cannot assess frames: a model is missing, or the gallery was made with another encoder.
    Unable,
    /// A face that failed liveness; it was not matched.
    NotLive(RejectReason),
    /// A face that was not matched, because no PIN was typed before it (1:1 mode).
    Unclaimed,
}
