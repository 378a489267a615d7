//! What a host may ask of a board.
//!
//! Chunks borrow their data from the received frame, so that a board needs no second buffer.

use serde::{Deserialize, Serialize};

use crate::{Hash, Label, ModelKind, Name, Osdp, Role, Rule, Settings, Signature};

/// A request. The reply named is the one on success; any request may be answered by an
/// [`Error`](crate::Error) instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// Opens a session: who are you? → [`Hello`](crate::Response::Hello). Its bytes never change.
    Hello {
        /// The host's [`VERSION`](crate::VERSION).
        protocol: u16,
    },
    /// → [`Status`](crate::Response::Status)
    Status,
    /// → [`Settings`](crate::Response::Settings)
    GetSettings,
    /// Keeps the settings in flash. → [`Settings`](crate::Response::Settings), as now in force
    SetSettings(Settings),
    /// Begins to stage a picture in the board's memory. → [`Done`](crate::Response::Done)
    BeginFrame {
        /// Width in pixels; even for [`PixelFormat::Yuyv`].
        width: u16,
        /// Height in pixels.
        height: u16,
        /// Order of the bytes.
        format: PixelFormat,
    },
    /// The picture's bytes from `offset` on. They must come in order; a chunk that was already
    /// written may come again. → [`Progress`](crate::Response::Progress)
    FrameChunk {
        /// Place of the first byte in the picture.
        offset: u32,
        /// 1 to [`MAX_CHUNK`](crate::MAX_CHUNK) bytes.
        data: &'a [u8],
    },
    /// Finds faces. → [`Faces`](crate::Response::Faces)
    Detect {
        /// Which picture.
        source: Source,
    },
    /// Encodes the largest face. → [`Embedding`](crate::Response::Embedding)
    Embed {
        /// Which picture.
        source: Source,
    },
    /// Enrols the largest face. → [`Enrolled`](crate::Response::Enrolled)
    Enrol {
        /// The person's name.
        name: Name,
        /// Which picture.
        source: Source,
        /// A new person, or one more template of a person.
        enrolment: Enrolment,
    },
    /// 1:1: is the largest face that person's? → [`Verified`](crate::Response::Verified)
    Verify {
        /// The person claimed.
        name: Name,
        /// Which picture.
        source: Source,
    },
    /// 1:N: whose is the largest face? → [`Identified`](crate::Response::Identified)
    Identify {
        /// Which picture.
        source: Source,
    },
    /// One page of the people enrolled, by ascending number. → [`Users`](crate::Response::Users)
    ListUsers {
        /// The smallest number wanted; 0 for the first page.
        from: u32,
    },
    /// Forgets a person and all their templates. → [`Removed`](crate::Response::Removed)
    Remove {
        /// The person's name.
        name: Name,
    },
    /// Begins, or goes on with, the transfer of a model into the idle slot of its kind. A
    /// transfer of the same hash that was interrupted, even by a power cut, goes on where it
    /// stood. → [`Progress`](crate::Response::Progress)
    BeginModel {
        /// Which slot.
        kind: ModelKind,
        /// Length of the image in bytes.
        length: u32,
        /// SHA-256 of the image's bytes.
        sha256: Hash,
        /// It rises with every release; the board takes none that is lower than it had.
        sequence: u64,
        /// Of all of the above, by the key that the board trusts.
        signature: Signature,
    },
    /// The image's bytes from `offset` on, in order; a chunk that was already written may come
    /// again. → [`Progress`](crate::Response::Progress)
    ModelChunk {
        /// Place of the first byte in the image.
        offset: u32,
        /// 1 to [`MAX_CHUNK`](crate::MAX_CHUNK) bytes.
        data: &'a [u8],
    },
    /// Checks the hash and loads the image; only then it takes the place of the old one.
    /// → [`ModelActive`](crate::Response::ModelActive)
    CommitModel,
    /// Door events after the one with this sequence number, the oldest kept first; 0 for all
    /// that are kept. → [`Events`](crate::Response::Events)
    NextEvents {
        /// Sequence number of the last event the host has.
        after: u32,
    },
    /// Resets the board after the reply. → [`Done`](crate::Response::Done)
    Reboot,
    /// Lets the door pass over camera pictures for so long, so that somebody can be enrolled
    /// before the camera and not be let in; it is locked at once and [`Source::Camera`] goes on
    /// to work. → [`Done`](crate::Response::Done)
    PauseDoor {
        /// Milliseconds from now, at most 60,000; 0 ends the pause.
        ms: u32,
    },
    /// Asks to be paired. The first host must be an installer, and every other one needs an
    /// invitation. → [`PairingNonce`](crate::Response::PairingNonce)
    BeginPairing {
        /// What the host wants to be.
        role: Role,
        /// What people shall call it.
        label: Label,
        /// To the nonce that it tells afterwards.
        commitment: Hash,
    },
    /// Tells the nonce: the board shows the code and waits for its button.
    /// → [`Pairing`](crate::Response::Pairing)
    Pair {
        /// The nonce.
        nonce: Hash,
        /// Whose models the board shall trust; from the first installer.
        signer: Option<Hash>,
    },
    /// Has the button been pressed? → [`Pairing`](crate::Response::Pairing)
    PollPairing,
    /// Lets one more host be paired as `role`, within five minutes. → [`Done`](crate::Response::Done)
    Invite {
        /// What it may be.
        role: Role,
    },
    /// → [`Hosts`](crate::Response::Hosts)
    ListHosts,
    /// Forgets a host. The last installer cannot be forgotten. → [`Done`](crate::Response::Done)
    RemoveHost {
        /// Its key.
        key: Hash,
    },
    /// Puts a new key in the place of that by which this host is known; the session goes on.
    /// → [`Done`](crate::Response::Done)
    ReplaceKey {
        /// The new key.
        key: Hash,
    },
    /// Trusts another key with models from now on. → [`Done`](crate::Response::Done)
    SetSigner {
        /// The key, Ed25519.
        signer: Hash,
    },
    /// One page of the audit log, by ascending number. → [`Log`](crate::Response::Log)
    ReadLog {
        /// The smallest number wanted; 0 for the oldest entry that is there.
        from: u32,
    },
    /// Puts the board's clock to a time that is not before what it shows.
    /// → [`Done`](crate::Response::Done)
    SetClock {
        /// Milliseconds since 1970, UTC.
        unix_ms: u64,
    },
    /// When a person may pass, and whether a code is asked for. → [`Rule`](crate::Response::Rule)
    GetRule {
        /// The person.
        name: Name,
    },
    /// Gives a person a rule, which takes the place of the one before.
    /// → [`Rule`](crate::Response::Rule)
    SetRule {
        /// The person.
        name: Name,
        /// The rule; the default is a face alone, at any time.
        rule: Rule,
    },
    /// Which firmware runs, and what is under way. → [`Firmware`](crate::Response::Firmware)
    Firmware,
    /// Answers an access controller on the bus by OSDP from now on, or nobody.
    /// → [`Done`](crate::Response::Done)
    SetOsdp {
        /// How they know each other.
        osdp: Option<Osdp>,
    },
}

/// Where a picture comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// The picture that the host staged with [`Request::BeginFrame`].
    Staged,
    /// The camera's next picture.
    Camera,
}

/// Order of a picture's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PixelFormat {
    /// 4:2:2 in the order Y0 U Y1 V, BT.601 full range; 2 bytes a pixel.
    Yuyv,
    /// 5, 6 and 5 bits, little-endian; 2 bytes a pixel.
    Rgb565,
}

/// What [`Request::Enrol`] makes of the face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enrolment {
    /// A new person: the name and the face must both be new.
    NewPerson,
    /// One more template of the person of that name.
    AddTemplate,
}

impl Request<'_> {
    /// Whether the board needs seconds for it: networks run, flash is erased or verified.
    pub fn is_slow(&self) -> bool {
        matches!(
            self,
            Request::Detect { .. }
                | Request::Embed { .. }
                | Request::Enrol { .. }
                | Request::Verify { .. }
                | Request::Identify { .. }
                | Request::BeginModel { .. }
                | Request::CommitModel
        )
    }
}
