//! What happened at the door.
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
    /// Its number, from 1 at boot, without gaps.
    pub sequence: u32,
    /// When, in milliseconds since boot.
    pub uptime_ms: u64,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKind {
    /// The board booted; the door is locked.
    Booted {
        /// Why.
        reset: ResetReason,
    },
    /// A camera picture was judged.
    FrameAssessed {
        /// The picture's sequence number.
        frame: u32,
        /// What it shows.
        result: FrameResult,
        /// Faces in the picture.
        faces: u8,
        /// The largest one.
        face: Option<Face>,
        /// The similarity needed; none without an encoder.
        threshold: Option<CosineScore>,
        /// Pictures in a row that agree, this one included.
        agreement: u8,
        /// Instructions spent.
        instructions: u64,
        /// How alive it looks; none if it was not looked at for that.
        liveness: Option<Liveness>,
    },
    /// The lock opened.
    Opened {
        /// The picture that decided; 0 if no picture did.
        frame: u32,
        /// To whom; none if the button did it.
        person: Option<PersonId>,
        /// Their name; empty if the button did it.
        name: Name,
        /// For how long, in milliseconds.
        open_ms: u32,
    },
    /// The lock closed.
    Locked,
    /// A host was paired.
    Paired {
        /// What it may do.
        role: Role,
        /// What people call it.
        label: Label,
    },
    /// Somebody known was not let in, or failures shut the door to everybody.
    Denied {
        /// Who; none if the door is shut to everybody from now on.
        person: Option<PersonId>,
        /// Their name.
        name: Name,
        /// Why.
        reason: Reason,
    },
    /// A code is asked of somebody known.
    PinRequested {
        /// Of whom.
        person: PersonId,
        /// Their name.
        name: Name,
    },
    /// Somebody opened with their duress code. Nothing at the door shows it.
    Duress {
        /// Who.
        person: PersonId,
        /// Their name.
        name: Name,
    },
    /// Something is wrong with the door, or the cover is open; or the cover is closed again.
    Alarm {
        /// What.
        alarm: Alarm,
        /// Whether it is over.
        over: bool,
    },
    /// Somebody's code was typed, and now their face is waited for.
    FaceRequested {
        /// Whose.
        person: PersonId,
        /// Their name.
        name: Name,
    },
}

/// What a camera picture shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FrameResult {
    /// No face.
    NoFace,
    /// A face too poor to compare.
    Poor(Flaw),
    /// A face that nobody's template matches, and the person it resembles most.
    Stranger(Option<Candidate>),
    /// A person of the gallery.
    Known(Candidate),
    /// The board cannot judge: a network is missing, or the gallery is another encoder's.
    Unable,
    /// A face that is no living one's; it was not compared.
    NotLive(RejectReason),
    /// A face that was not compared, since nobody's code was typed before.
    Unclaimed,
}
