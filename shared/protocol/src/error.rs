//! Errors: why a board refused a request.
//!
//! Every variant carries what a person needs to solve the problem. The text comes from its `Display`
//! implementation, so host and log print the same.

use serde::{Deserialize, Serialize};

use crate::setting_name::{SettingName, range};
use crate::{CosineScore, Flaw, Hash, ModelKind, Name, NotOpened, Role, Text};

/// An error reply. The request changed nothing, unless a variant says otherwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Error {
    /// Host and board speak different versions. Its bytes never change.
    #[error("the board uses protocol version {board}, the host version {host}")]
    Version {
        /// The board's version.
        board: u16,
        /// The host's version.
        host: u16,
    },
    /// The body of the request cannot be decoded.
    #[error("the board does not know this request")]
    Malformed,
    /// The board is working on another request.
    #[error("the board is busy")]
    Busy,

    /// No image is staged, or it is incomplete.
    #[error("no complete image is staged: {next} of {length} bytes received")]
    NoFrame {
        /// Bytes received.
        next: u32,
        /// Bytes of the image; 0 if no transfer was started.
        length: u32,
    },
    /// The camera delivers no frame.
    #[error("the camera delivers no image")]
    NoCamera,
    /// The image has no pixels, an odd width in YUYV, or too many pixels.
    #[error("an image of {width}x{height} does not fit: at most {max_width}x{max_height}, even width")]
    FrameSize {
        /// Requested width.
        width: u16,
        /// Requested height.
        height: u16,
        /// Largest width.
        max_width: u16,
        /// Largest height.
        max_height: u16,
    },
    /// A chunk arrived out of order, or exceeds the length of the transfer.
    #[error("unexpected chunk at offset {offset}: the transfer is at {next} of {length} bytes")]
    Offset {
        /// Offset of the chunk.
        offset: u32,
        /// Expected offset.
        next: u32,
        /// Length of the transfer.
        length: u32,
    },

    /// The detector finds no face.
    #[error("no face in the image")]
    NoFace,
    /// The largest face fails the quality gate.
    #[error("the face is {flaw}")]
    PoorFace {
        /// The flaw.
        flaw: Flaw,
    },

    /// The slot for this kind of model is empty.
    #[error("the board has no {kind}")]
    NoModel {
        /// Kind of the missing model.
        kind: ModelKind,
    },
    /// The gallery was made with another encoder than the active one.
    #[error("the people were enrolled with another encoder")]
    ForeignGallery {
        /// The encoder that made the gallery.
        gallery: Hash,
        /// The active encoder.
        active: Hash,
    },
    /// The encoder has no calibration table, so no threshold can be derived from a false-match rate.
    #[error("the encoder has no calibration table")]
    NoCalibration,

    /// A name is empty or contains a control character.
    #[error("a name must not be empty or contain control characters")]
    BadName,
    /// A person with this name is enrolled.
    #[error("{name} is already enrolled")]
    DuplicateName {
        /// The name.
        name: Name,
    },
    /// This face is enrolled under another name.
    #[error("this face is already enrolled as {name}")]
    DuplicateFace {
        /// The name of the enrolled person.
        name: Name,
        /// Similarity to that person.
        similarity: CosineScore,
    },
    /// No person with this name is enrolled.
    #[error("nobody named {name} is enrolled")]
    UnknownPerson {
        /// The name.
        name: Name,
    },
    /// The person has the maximum number of templates.
    #[error("{name} has {limit} templates, which is the maximum")]
    TooManyTemplates {
        /// The person.
        name: Name,
        /// The maximum.
        limit: u8,
    },
    /// The flash of the gallery is full, or the memory for the values of templates.
    #[error("the gallery is full: {needed} bytes needed, {free} free")]
    GalleryFull {
        /// Bytes needed: up to [`MAX_TEMPLATE`](crate::MAX_TEMPLATE) of memory, and more of flash.
        needed: u32,
        /// Bytes free.
        free: u32,
    },

    /// The image is longer than its slot.
    #[error("an image of {length} bytes does not fit the {kind} slot of {slot}")]
    SlotSize {
        /// Kind of the slot.
        kind: ModelKind,
        /// Length of the image.
        length: u32,
        /// Size of the slot.
        slot: u32,
    },
    /// No model transfer is in progress.
    #[error("no model transfer is in progress")]
    NoTransfer,
    /// The transfer is incomplete.
    #[error("the transfer is incomplete: {next} of {length} bytes received")]
    Incomplete {
        /// Bytes received.
        next: u32,
        /// Bytes announced.
        length: u32,
    },
    /// The received bytes do not have the announced hash. The transfer restarts from the beginning.
    #[error("the SHA-256 of the received image differs from the announced one")]
    HashMismatch {
        /// SHA-256 of the received bytes.
        received: Hash,
    },
    /// The image cannot be loaded. The transfer is discarded.
    #[error("the image cannot be used: {reason}")]
    BadModel {
        /// The reason.
        reason: Text,
    },

    /// A setting is out of its range.
    #[error("{setting} must be {}", range(*setting, *low, *high))]
    BadSetting {
        /// The setting.
        setting: SettingName,
        /// Smallest value.
        low: u32,
        /// Largest value.
        high: u32,
    },
    /// The flash failed. Everything acknowledged before is safe.
    #[error("the board's flash failed")]
    Flash,
    /// A violated invariant; the log of the board has the details.
    #[error("internal error of the board: {reason}")]
    Internal {
        /// The violated invariant.
        reason: Text,
    },

    /// The board does not know this session: it was reset, or has a session with another host.
    #[error("the board has no such session")]
    NoSession,
    /// Only a paired host may send this request.
    #[error("this computer is not paired with the board")]
    Unpaired,
    /// The role of the host is too low.
    #[error("this requires the role of {needed}")]
    Forbidden {
        /// The required role.
        needed: Role,
    },
    /// The first host must be an installer; a later one needs an invitation for its role.
    #[error("the board does not expect {role} to be paired")]
    NotInvited {
        /// The role that the host requested.
        role: Role,
    },
    /// No pairing was started, it timed out, or the nonce does not match the commitment.
    #[error("no such pairing is in progress")]
    NoPairing,
    /// The board has the maximum number of paired hosts.
    #[error("the board is paired with {limit} hosts, which is the maximum")]
    HostsFull {
        /// The maximum.
        limit: u8,
    },
    /// No paired host has this key.
    #[error("no host with this key is paired")]
    UnknownHost,
    /// Without an installer nobody could change the board any more.
    #[error("the last installer cannot be removed")]
    LastInstaller,
    /// The signature was made with another key than the trusted one, or for something else.
    #[error("the {kind} is not signed by the key that the board trusts")]
    Unsigned {
        /// Kind of the image.
        kind: ModelKind,
    },
    /// The board has had a newer release.
    #[error("the {kind} is older than release {newest}, which the board has had")]
    TooOld {
        /// Kind of the image.
        kind: ModelKind,
        /// The newest release that the board has had.
        newest: u64,
    },
    /// The gallery in flash was changed, or belongs to another board.
    #[error("the people in flash were tampered with, or belong to another board")]
    Tampered,
    /// The new time is earlier than the clock, or than the lower bound of a clock that is not exact.
    #[error("the board's clock cannot be set back: it shows {earliest} ms since 1970")]
    ClockBackwards {
        /// The earliest time that can be set, in milliseconds since 1970.
        earliest: u64,
    },
    /// The rule has an invalid window, a PIN that is not 4 to 10 digits, or a duress PIN that equals the PIN
    /// or comes without one.
    #[error(
        "invalid rule: check the time windows, use PINs of 4 to 10 digits, and make the duress PIN differ from the PIN"
    )]
    BadRule,
    /// The maximum number of people have rules.
    #[error("{limit} people have rules, which is the maximum")]
    RulesFull {
        /// The maximum.
        limit: u16,
    },
    /// The audit log cannot be read.
    #[error("the board's audit log cannot be read")]
    NoLog,
    /// The firmware was started without a boot loader, so it cannot be updated.
    #[error("the board's firmware was started without a boot loader and cannot be updated")]
    NoBootLoader,
    /// The running firmware is on trial: the other slot holds the fallback.
    #[error("the board's firmware is on trial; wait until it is confirmed")]
    OnTrial,
    /// The key of the access controller is the default key of the standard, or a pattern that repeats.
    #[error("the key of the access controller can be guessed: use a random one, as `postern osdp` makes it")]
    WeakKey,
    /// The new time is far in the future.
    #[error("the board's clock cannot be set that far ahead: {latest} ms since 1970 is the latest")]
    ClockAhead {
        /// The latest time that can be set, in milliseconds since 1970.
        latest: u64,
    },
    /// The host caused as many entries of the audit log as it may. The log must not be washed away by one host.
    #[error("this computer has changed too much at once for the audit log; try again in {seconds} s")]
    TooManyChanges {
        /// Seconds until the next change.
        seconds: u32,
    },
    /// The face does not look like the person's templates.
    #[error("this face does not look like that of {name}")]
    Unlike {
        /// The person.
        name: Name,
        /// Similarity to the nearest template of the person.
        similarity: CosineScore,
        /// The least similarity.
        least: CosineScore,
    },
    /// The face is nearly the same picture as one of the person's templates.
    #[error("{name} has a template of this picture")]
    SamePicture {
        /// The person.
        name: Name,
        /// Similarity to the nearest template of the person.
        similarity: CosineScore,
    },
    /// The person has no template of this number, or no other one.
    #[error("there are {templates} templates of {name}, and the only one goes with the person")]
    NoTemplate {
        /// The person.
        name: Name,
        /// Number of templates.
        templates: u8,
    },
    /// The board began this request before a reset, and does not know whether it was done. It is not done again.
    #[error("the board was reset while it did this: look whether it is done, and ask again if it is not")]
    Interrupted,
    /// The encoder's calibration table does not bear out the false-accept rate for so many templates, and the settings do not
    /// [accept that](crate::Settings::accept_unproven).
    #[error("the encoder's table does not bear out 1 in {one_in} strangers for {templates} templates")]
    UnprovenRate {
        /// The false-accept rate, as one in this many strangers.
        one_in: u32,
        /// Templates that a face would be compared with.
        templates: u16,
    },
    /// The settings demand a challenge, and the liveness network takes the face to be enrolled for an attack.
    #[error(
        "this looks like a photograph or a screen, and the liveness check `challenge` enrols no such face: take another picture"
    )]
    NotAlive,
    /// A record of a paired host was lost or tampered with: it may be that of an installer, or of this host.
    #[error(
        "the board lost its record of a computer. Without an installer, `postern pair --erase` makes it a new board"
    )]
    HostsLost,
    /// Both records of the newest release were lost or tampered with.
    #[error(
        "the board lost its records of the newest release of the {kind}, so none is known to be new enough"
    )]
    ReleaseLost {
        /// Kind of the image.
        kind: ModelKind,
    },
    /// The pairing button is waited for already: a pairing and an erasure exclude each other.
    #[error("the board waits for its pairing button for something else: try again in a minute")]
    ButtonAwaited,
    /// The rule of the person may be lost. They are refused until one is set, and are suspended then.
    #[error("the board lost the rule of this person, and refuses them until it is set again")]
    RuleLost,
    /// The settings were lost or tampered with. Nobody is admitted, and none is changed alone, until an installer sets all of them
    /// ([`RestoreSettings`](crate::Request::RestoreSettings)).
    #[error("the board lost its settings, and admits nobody until an installer sets all of them")]
    SettingsLost,
    /// A signed command does not open the door.
    #[error("the door stays locked: {why}")]
    NotOpened {
        /// Why not.
        why: NotOpened,
    },
    /// The maximum number of people may open the door by signed commands.
    #[error("{limit} people may open this door by signed commands, which is the maximum")]
    OpenersFull {
        /// The maximum.
        limit: u8,
    },
}
