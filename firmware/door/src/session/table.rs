//! The table of requests: whether each is slow, and how the audit log records it. Who may ask it says [`Request::need`].
//!
//! A request that is refused makes no entry: so a stranger on the cable cannot fill the log. One that took a frame from the door
//! makes one, whatever came of it (`framing`).

use audit::Kind;
pub(crate) use protocol::Need;
use protocol::Request;

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) need: Need,
    /// Whether it takes seconds: networks run, flash is erased or verified.
    pub(crate) slow: bool,
    /// The kind of the audit entry, written when the request is done and before it is acknowledged.
    pub(crate) audited: Option<Kind>,
}

impl Row {
    /// Whether it changes nothing but the log: then it may be executed again, with another entry.
    pub(crate) fn only_compares(self) -> bool {
        matches!(self.audited, Some(Kind::Compared | Kind::Embedded))
    }

    /// Whether it is executed whenever it comes, with an entry each time. A transfer goes on where it was interrupted, so a
    /// reply of before says nothing of now.
    pub(crate) fn is_repeated(self) -> bool {
        self.audited == Some(Kind::Transfer)
    }
}

/// The row of a request.
#[rustfmt::skip]
pub(crate) fn row(request: &Request<'_>) -> Row {
    let audited = match request {
        Request::ReplaceKey { .. }     => Some(Kind::Rekeyed),
        Request::Embed { .. }          => Some(Kind::Embedded),
        Request::Enrol { .. }          => Some(Kind::Enrolled),
        Request::Verify { .. }         => Some(Kind::Compared),
        Request::Identify { .. }       => Some(Kind::Compared),
        Request::Remove { .. }         => Some(Kind::Removed),
        Request::RemoveTemplate { .. } => Some(Kind::Template),
        Request::RemoveEnrolled { .. } => Some(Kind::Template),
        Request::Rename { .. }         => Some(Kind::Renamed),
        Request::PauseDoor { .. }      => Some(Kind::Paused),
        Request::SetRule { .. }        => Some(Kind::Rule),
        Request::Suspend { .. }        => Some(Kind::Rule),
        Request::SetSettings(_)        => Some(Kind::Settings),
        Request::RestoreSettings(_)    => Some(Kind::Settings),
        Request::BeginModel { .. }     => Some(Kind::Transfer),
        Request::CommitModel           => Some(Kind::Model),
        Request::Reboot                => Some(Kind::Restart),
        Request::Invite { .. }         => Some(Kind::Invited),
        Request::RemoveHost { .. }     => Some(Kind::Unpaired),
        Request::SetSigner { .. }      => Some(Kind::Signer),
        Request::SetOsdp { .. }        => Some(Kind::Controller),
        Request::Open { .. }           => Some(Kind::Opened),
        Request::SetOpener { .. }      => Some(Kind::Opener),

        // Its entry comes before the host is stored.
        Request::PollPairing => None,
        // The journal records them itself, with the time before.
        Request::SetClock { .. } | Request::SetClockBack { .. } => None,
        // They change nothing, or nothing that lasts; a press of the button erases. A `Detect` that takes a frame from a door that
        // is not paused has an entry all the same (`framing`).
        Request::Hello { .. } | Request::Status | Request::GetSettings | Request::ListUsers { .. }
        | Request::ListHosts | Request::ListOpeners | Request::NextEvents { .. } | Request::ReadLog { .. } | Request::SignLog { .. }
        | Request::Firmware | Request::GetRule { .. } | Request::BeginPairing { .. } | Request::Pair { .. } | Request::Erase
        | Request::BeginFrame { .. } | Request::FrameChunk { .. } | Request::Detect { .. }
        | Request::ModelChunk { .. } => None,
    };
    Row { need: request.need(), slow: request.is_slow(), audited }
}
