//! Why a board refused a request.
//!
//! Every variant carries what a person needs to know to get on; its text is that of the
//! `Display` implementation, so that host and log say the same.

use serde::{Deserialize, Serialize};

use crate::{CosineScore, Flaw, Hash, ModelKind, Name, Role, Text};

/// A refusal. Nothing was changed, unless a variant says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Error {
    /// Host and board speak different versions. Its bytes never change.
    #[error("the board speaks version {board} of the protocol and the host version {host}")]
    Version {
        /// The board's version.
        board: u16,
        /// The host's version.
        host: u16,
    },
    /// The request's body is not one this board knows.
    #[error("the board does not know this request")]
    Malformed,
    /// The board is at something that cannot wait.
    #[error("the board is busy")]
    Busy,

    /// No picture is staged, or parts of it have not come.
    #[error("no whole picture is staged: {next} of {length} bytes have come")]
    NoFrame {
        /// Bytes that have come.
        next: u32,
        /// Bytes of the picture; 0 if none was begun.
        length: u32,
    },
    /// The camera gives no picture.
    #[error("the camera gives no picture")]
    NoCamera,
    /// The picture has no pixels, an odd width in YUYV, or too many pixels.
    #[error("a picture of {width}x{height} does not fit: at most {max_width}x{max_height}, even width")]
    FrameSize {
        /// Width asked for.
        width: u16,
        /// Height asked for.
        height: u16,
        /// Largest width.
        max_width: u16,
        /// Largest height.
        max_height: u16,
    },
    /// A chunk came out of order, or reaches past the end.
    #[error("a chunk at {offset} does not fit: the transfer stands at {next} of {length}")]
    Offset {
        /// Its offset.
        offset: u32,
        /// The offset wanted.
        next: u32,
        /// Length of the whole.
        length: u32,
    },

    /// The picture shows no face.
    #[error("no face in the picture")]
    NoFace,
    /// The largest face is too poor to compare.
    #[error("the face is {flaw}")]
    PoorFace {
        /// Why.
        flaw: Flaw,
    },

    /// The slot for this kind of model is empty.
    #[error("the board has no {kind}")]
    NoModel {
        /// What is missing.
        kind: ModelKind,
    },
    /// The gallery was made by another encoder than the one in force.
    #[error("the people were enrolled with another encoder")]
    ForeignGallery {
        /// The encoder that made the gallery.
        gallery: Hash,
        /// The encoder in force.
        active: Hash,
    },
    /// The encoder carries no calibration table, so that no threshold follows from a rate.
    #[error("the encoder has no calibration table")]
    NoCalibration,

    /// A name is empty or holds a control character.
    #[error("a name must not be empty or hold control characters")]
    BadName,
    /// Somebody of this name is enrolled.
    #[error("{name} is already enrolled")]
    DuplicateName {
        /// The name.
        name: Name,
    },
    /// This face is enrolled under another name.
    #[error("this face is already enrolled as {name}")]
    DuplicateFace {
        /// Under which name.
        name: Name,
        /// How similar it is.
        similarity: CosineScore,
    },
    /// Nobody of this name is enrolled.
    #[error("nobody named {name} is enrolled")]
    UnknownPerson {
        /// The name.
        name: Name,
    },
    /// The person has as many templates as one person may have.
    #[error("{name} has {limit} templates, which is the most a person may have")]
    TooManyTemplates {
        /// The person.
        name: Name,
        /// The most.
        limit: u8,
    },
    /// The gallery's flash is full.
    #[error("the gallery is full: {needed} bytes needed, {free} free")]
    GalleryFull {
        /// Bytes needed.
        needed: u32,
        /// Bytes free.
        free: u32,
    },

    /// The image is longer than its slot.
    #[error("an image of {length} bytes does not fit the {kind} slot of {slot}")]
    SlotSize {
        /// Which slot.
        kind: ModelKind,
        /// Length of the image.
        length: u32,
        /// Size of the slot.
        slot: u32,
    },
    /// No model transfer is under way.
    #[error("no model transfer is under way")]
    NoTransfer,
    /// The transfer is not complete.
    #[error("the transfer stands at {next} of {length} bytes")]
    Incomplete {
        /// Bytes that have come.
        next: u32,
        /// Bytes announced.
        length: u32,
    },
    /// The bytes that came do not have the hash announced. The transfer begins anew.
    #[error("the image that came has another SHA-256 than announced")]
    HashMismatch {
        /// SHA-256 of what came.
        received: Hash,
    },
    /// The image cannot be loaded. The transfer is discarded.
    #[error("the image cannot be used: {reason}")]
    BadModel {
        /// Why.
        reason: Text,
    },

    /// A setting is out of its range.
    #[error("{setting} must be {low} to {high}")]
    BadSetting {
        /// Which one.
        setting: SettingName,
        /// Smallest value.
        low: u32,
        /// Largest value.
        high: u32,
    },
    /// The flash failed. What was acknowledged before is safe.
    #[error("the board's flash failed")]
    Flash,
    /// Something that must not happen did; the board's log tells more.
    #[error("internal error of the board: {reason}")]
    Internal {
        /// What.
        reason: Text,
    },

    /// The board has no such session: it was reset, or spoke with another host since.
    #[error("the board has no such session")]
    NoSession,
    /// Only a paired host may ask this.
    #[error("this computer is not paired with the board")]
    Unpaired,
    /// The host's role is too low.
    #[error("this takes the role of {needed}")]
    Forbidden {
        /// What it takes.
        needed: Role,
    },
    /// The first host must be an installer; a later one needs an invitation for its role.
    #[error("the board does not expect {role} to be paired")]
    NotInvited {
        /// What the host wanted to be.
        role: Role,
    },
    /// No pairing was begun, or its nonce is not the one committed to, or its time is over.
    #[error("no such pairing is under way")]
    NoPairing,
    /// The board knows as many hosts as it can.
    #[error("the board knows {limit} hosts, which is the most it can")]
    HostsFull {
        /// The most.
        limit: u8,
    },
    /// No host has that key.
    #[error("no host with this key is paired")]
    UnknownHost,
    /// Without an installer nobody could change the board any more.
    #[error("the last installer cannot be removed")]
    LastInstaller,
    /// The signature is not of the key that the board trusts, or of something else.
    #[error("the {kind} is not signed by the key that the board trusts")]
    Unsigned {
        /// What was to be installed.
        kind: ModelKind,
    },
    /// The board had a newer one.
    #[error("the {kind} is older than one that the board had: release {newest}")]
    RolledBack {
        /// What was to be installed.
        kind: ModelKind,
        /// The newest release that the board had.
        newest: u64,
    },
    /// What lies in flash was changed, or is another board's.
    #[error("the people in flash were tampered with, or are another board's")]
    Tampered,
    /// The clock was to be set to a time before what it shows, or shows at least.
    #[error("the board's clock does not run backwards: it shows {earliest} ms since 1970")]
    ClockBackwards {
        /// The earliest time it can be set to, in milliseconds since 1970.
        earliest: u64,
    },
    /// The rule has a window that is none, a code that is not 4 to 10 digits, or a duress code that is the
    /// other code, or has none beside it.
    #[error("the rule does not hold together")]
    BadRule,
    /// As many people have rules as can.
    #[error("{limit} people have rules, which is the most that can")]
    RulesFull {
        /// The most.
        limit: u16,
    },
    /// The audit log cannot be read.
    #[error("the board's audit log cannot be read")]
    NoLog,
    /// No boot loader has started the firmware, so that it cannot be updated.
    #[error("the board's firmware was started without a boot loader, and cannot be updated")]
    NoBootLoader,
    /// The firmware that runs is on trial: the slot that is not in use has the one to go back to.
    #[error("the board's firmware is on trial, and takes no other before that is over")]
    OnTrial,
}

/// A field of [`Settings`](crate::Settings).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SettingName {
    /// [`far_one_in`](crate::Settings::far_one_in)
    FarOneIn,
    /// [`agreement_frames`](crate::Settings::agreement_frames)
    AgreementFrames,
    /// [`open_ms`](crate::Settings::open_ms)
    OpenMs,
    /// [`failures`](crate::Limits::failures)
    Failures,
    /// [`lockout_ms`](crate::Limits::lockout_ms)
    LockoutMs,
    /// [`passback_ms`](crate::Limits::passback_ms)
    PassbackMs,
    /// [`pin_ms`](crate::Limits::pin_ms)
    PinMs,
    /// [`utc_offset_minutes`](crate::Limits::utc_offset_minutes), of which the range tells the absolute value
    UtcOffset,
    /// [`held_ms`](crate::Limits::held_ms)
    HeldMs,
    /// [`address`](crate::Osdp::address)
    OsdpAddress,
}

impl core::fmt::Display for SettingName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            SettingName::FarOneIn => "the false-accept rate (one in)",
            SettingName::AgreementFrames => "the number of agreeing pictures",
            SettingName::OpenMs => "the opening time in milliseconds",
            SettingName::Failures => "the number of failures that shut the door",
            SettingName::LockoutMs => "the time for which failures shut the door, in milliseconds,",
            SettingName::PassbackMs => "the time within which nobody comes in twice, in milliseconds,",
            SettingName::PinMs => "the time for a code in milliseconds",
            SettingName::UtcOffset => "the minutes by which the door is ahead of UTC, or behind,",
            SettingName::HeldMs => "the time for which the door may stand open, in milliseconds,",
            SettingName::OsdpAddress => "the address on the bus",
        })
    }
}
