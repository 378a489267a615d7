//! Requests from the host to the board.
//!
//! Chunks borrow their data from the received frame, so a board needs no second buffer.

use serde::{Deserialize, Serialize};

use crate::{Hash, Label, ModelKind, Name, Osdp, PersonId, Role, Rule, Settings, Signature};

/// A request. The reply after the arrow is the one on success; any request may be answered with an
/// [`Error`](crate::Error) instead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request<'a> {
    /// Queries version and board. → [`Hello`](crate::Response::Hello). Its bytes never change.
    Hello {
        /// The host's [`VERSION`](crate::VERSION).
        protocol: u16,
    },
    /// Queries the state of the board. → [`Status`](crate::Response::Status)
    Status,
    /// Queries the settings. Refused where they are lost. → [`Settings`](crate::Response::Settings)
    GetSettings,
    /// Stores the settings in flash, changed from those that were read. Refused where they are lost, as then nothing was there to
    /// be changed. → [`Settings`](crate::Response::Settings), as now active
    SetSettings(Settings),
    /// Starts staging an image in the memory of the board. A session of another host makes it forget the image. → [`Done`](crate::Response::Done)
    BeginFrame {
        /// Width in pixels; even for [`PixelFormat::Yuyv`].
        width: u16,
        /// Height in pixels.
        height: u16,
        /// Pixel format.
        format: PixelFormat,
    },
    /// Bytes of the staged image from `offset` on. Chunks must arrive in order; a chunk that was already
    /// written may be sent again. → [`Progress`](crate::Response::Progress)
    FrameChunk {
        /// Offset of the first byte in the image.
        offset: u32,
        /// 1 to [`MAX_CHUNK`](crate::MAX_CHUNK) bytes.
        data: &'a [u8],
    },
    /// Detects faces. An image of the camera is staged, so that [`Source::Staged`] names the image whose faces were told.
    /// → [`Faces`](crate::Response::Faces)
    Detect {
        /// Source of the image.
        source: Source,
    },
    /// Encodes the largest face. → [`Embedding`](crate::Response::Embedding)
    Embed {
        /// Source of the image.
        source: Source,
    },
    /// Enrols the largest face. → [`Enrolled`](crate::Response::Enrolled)
    Enrol {
        /// The name of the person.
        name: Name,
        /// Source of the image.
        source: Source,
        /// A new person, or another template of a person.
        enrolment: Enrolment,
    },
    /// Verifies the largest face against one person (1:1). → [`Verified`](crate::Response::Verified)
    Verify {
        /// The claimed person.
        name: Name,
        /// Source of the image.
        source: Source,
    },
    /// Identifies the largest face (1:N). → [`Identified`](crate::Response::Identified)
    Identify {
        /// Source of the image.
        source: Source,
    },
    /// One page of the enrolled people, by ascending ID. → [`Users`](crate::Response::Users)
    ListUsers {
        /// The lowest ID of the page; 0 for the first page.
        from: u32,
    },
    /// Removes a person and all their templates. → [`Removed`](crate::Response::Removed)
    Remove {
        /// The name of the person.
        name: Name,
    },
    /// Starts or resumes the transfer of a model into the idle slot of its kind. An interrupted transfer of
    /// the same hash resumes where it stopped, even after a power cut. →
    /// [`Progress`](crate::Response::Progress)
    BeginModel {
        /// Kind of the slot.
        kind: ModelKind,
        /// Length of the image in bytes.
        length: u32,
        /// SHA-256 of the image.
        sha256: Hash,
        /// Release number. It increases with every release; the board refuses a lower one than it has had.
        sequence: u64,
        /// Signature over all of the above, by the key that the board trusts.
        signature: Signature,
    },
    /// Bytes of the image from `offset` on, in order; a chunk that was already written may be sent again.
    /// → [`Progress`](crate::Response::Progress)
    ModelChunk {
        /// Offset of the first byte in the image.
        offset: u32,
        /// 1 to [`MAX_CHUNK`](crate::MAX_CHUNK) bytes.
        data: &'a [u8],
    },
    /// Verifies the hash and loads the image; only then it replaces the active one.
    /// → [`ModelActive`](crate::Response::ModelActive)
    CommitModel,
    /// Door events after the one with this sequence number, the oldest first; 0 for all stored events.
    /// → [`Events`](crate::Response::Events)
    NextEvents {
        /// Sequence number of the last event that the host has.
        after: u32,
    },
    /// Resets the board after the reply. → [`Done`](crate::Response::Done)
    Reboot,
    /// Pauses the door: it locks immediately and ignores camera frames for the given time. So a person can be
    /// enrolled in front of the camera without opening the door. [`Source::Camera`] keeps working. →
    /// [`Done`](crate::Response::Done)
    PauseDoor {
        /// Milliseconds from now, at most 60,000; 0 ends the pause.
        ms: u32,
    },
    /// Starts pairing. The first host must be an installer; every other one needs an invitation. The board discloses its
    /// nonce only after a press of its pairing button ([`PollPairing`](Self::PollPairing)): one nonce a press.
    /// → [`Pairing`](crate::Response::Pairing)
    BeginPairing {
        /// The requested role.
        role: Role,
        /// The label of the host.
        label: Label,
        /// Commitment to the nonce that the host sends next.
        commitment: Hash,
    },
    /// Reveals the nonce: the board shows the code, and its button counts a moment later.
    /// → [`Pairing`](crate::Response::Pairing)
    Pair {
        /// The nonce.
        nonce: Hash,
        /// Public key that the board shall trust for models; from the first installer only.
        signer: Option<Hash>,
    },
    /// Queries whether the button was pressed. → [`Pairing`](crate::Response::Pairing), and after the first press
    /// [`PairingNonce`](crate::Response::PairingNonce)
    PollPairing,
    /// Invites one more host with `role`, for five minutes. → [`Done`](crate::Response::Done)
    Invite {
        /// The role that the host may get.
        role: Role,
    },
    /// Lists the paired hosts. → [`Hosts`](crate::Response::Hosts)
    ListHosts,
    /// Removes a host. The last installer cannot be removed. → [`Done`](crate::Response::Done)
    RemoveHost {
        /// The key of the host.
        key: Hash,
    },
    /// Replaces the key of this host; the session continues. → [`Done`](crate::Response::Done)
    ReplaceKey {
        /// The new key.
        key: Hash,
    },
    /// Replaces the key that the board trusts for models. → [`Done`](crate::Response::Done)
    SetSigner {
        /// The key, Ed25519.
        signer: Hash,
    },
    /// One page of the audit log, by ascending number. → [`Log`](crate::Response::Log)
    ReadLog {
        /// The lowest number of the page; 0 for the oldest stored entry.
        from: u32,
    },
    /// Sets the clock of the board to a time that is not earlier than the one it shows, and before 2056.
    /// → [`Done`](crate::Response::Done)
    SetClock {
        /// Milliseconds since 1970, UTC.
        unix_ms: u64,
    },
    /// Queries the access rule of a person. → [`Rule`](crate::Response::Rule)
    GetRule {
        /// The person.
        name: Name,
    },
    /// Sets the access rule of a person and replaces the previous one. Only [`Suspend`](Self::Suspend) changes whether the
    /// person is suspended. → [`Rule`](crate::Response::Rule)
    SetRule {
        /// The person.
        name: Name,
        /// The rule; the default needs the face alone, at any time.
        rule: Rule,
    },
    /// Queries the running firmware and a pending update. → [`Firmware`](crate::Response::Firmware)
    Firmware,
    /// Configures the OSDP bus, or disables it. → [`Done`](crate::Response::Done)
    SetOsdp {
        /// The configuration; `None` disables the bus.
        osdp: Option<Osdp>,
    },
    /// Has the audit log signed, from an entry to the newest. → [`LogHead`](crate::Response::LogHead)
    SignLog {
        /// The lowest number; the first entry from there on is the first one signed.
        from: u32,
    },
    /// Sets the clock of the board to a time that may be earlier than the one it shows. For an installer; the audit log
    /// records it. → [`Done`](crate::Response::Done)
    SetClockBack {
        /// Milliseconds since 1970, UTC.
        unix_ms: u64,
    },
    /// Removes one template of a person, who keeps the others. → [`Removed`](crate::Response::Removed)
    RemoveTemplate {
        /// The name of the person.
        name: Name,
        /// Which, from 0, in the order in which they were added.
        index: u8,
    },
    /// Gives a person another name. The ID, templates and rule stay. → [`Renamed`](crate::Response::Renamed)
    Rename {
        /// The name of the person.
        name: Name,
        /// The new name, which nobody else has.
        new: Name,
    },
    /// Suspends a person, who is refused until they are resumed, or resumes them. The rest of the rule stays.
    /// → [`Rule`](crate::Response::Rule)
    Suspend {
        /// The name of the person.
        name: Name,
        /// Whether to suspend; else to resume.
        suspended: bool,
    },
    /// Shows that the board is to be erased, and waits for two presses of the pairing button. Then the board erases all but
    /// its log, restarts, and is a new board. For an installer, and for anybody where no installer is known because records of
    /// hosts were lost. Refused while a pairing waits for the button.
    /// → [`Pairing`](crate::Response::Pairing)
    Erase,
    /// Removes the template that an [`Enrol`](Self::Enrol) added, whatever was added or removed since. The person keeps the
    /// others. → [`Removed`](crate::Response::Removed), with no templates if it is not there any more
    RemoveEnrolled {
        /// ID of the person.
        person: PersonId,
        /// The number of the template, as [`Enrolled`](crate::Response::Enrolled) told it.
        template: u16,
    },
    /// Stores all settings, also where the board lost them, or lost who is locked out: an installer's word that these are
    /// all that shall hold. People are admitted again. → [`Settings`](crate::Response::Settings), as now active
    RestoreSettings(Settings),
    /// Opens the door once for its usual time, by a command that an opener signed. Any paired host may carry it, since the board
    /// checks it. → [`Done`](crate::Response::Done)
    Open {
        /// The opener: their key, Ed25519.
        signer: Hash,
        /// Above that of each command before of this signer.
        counter: u64,
        /// Until when the command counts, in milliseconds since 1970; at most [`LONGEST_OPENING_MS`](crate::LONGEST_OPENING_MS)
        /// from now.
        until: u64,
        /// Signature over counter, end and the board's key.
        signature: Signature,
    },
    /// Allows somebody to open the door by signed commands, or no more. → [`Done`](crate::Response::Done)
    SetOpener {
        /// Their key, Ed25519.
        key: Hash,
        /// Whether they may.
        allowed: bool,
    },
    /// Lists who may open the door by signed commands. → [`Openers`](crate::Response::Openers)
    ListOpeners,
}

/// Source of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// The image that the host staged with [`Request::BeginFrame`], or that of the camera whose faces it was told.
    Staged,
    /// The next frame of the camera.
    Camera,
}

/// Pixel format of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PixelFormat {
    /// 4:2:2 in the order Y0 U Y1 V, BT.601 full range; 2 bytes a pixel.
    Yuyv,
    /// 5, 6 and 5 bits, little-endian; 2 bytes a pixel.
    Rgb565,
}

/// What [`Request::Enrol`] adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Enrolment {
    /// A new person: name and face must both be new.
    NewPerson,
    /// Another template of the person with that name. It must resemble the person's others, and be new.
    AddTemplate,
    /// Another template of the person with that name, however much or little it resembles the others.
    AddAnyTemplate,
}

impl Request<'_> {
    /// Whether the board needs seconds for the request, because it runs networks, or erases or verifies
    /// flash.
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

    /// Whether neither the request nor its reply changes with [`VERSION`](crate::VERSION): what it takes to send firmware to a board.
    pub fn keeps_its_bytes(&self) -> bool {
        matches!(
            self,
            Request::Hello { .. }
                | Request::BeginModel { kind: ModelKind::Firmware, .. }
                | Request::ModelChunk { .. }
                | Request::CommitModel
                | Request::Reboot
                | Request::Firmware
        )
    }
}
