//! The table of requests: who may ask, whether it is slow, and how the audit log records it.
//!
//! A guest has a session, but is not paired. Roles rise from auditor over operator to installer; a higher role may ask all
//! that a lower one may. A request that is refused makes no entry: so a stranger on the cable cannot fill the log.

use audit::Kind;
use protocol::{Request, Role};

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing: it may come unsealed.
    Nothing,
    /// A session, also that of a guest.
    Session,
    /// A session of a host with this role, or a higher one.
    Role(Role),
}

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

const GUEST: Need = Need::Session;
const AUDITOR: Need = Need::Role(Role::Auditor);
const OPERATOR: Need = Need::Role(Role::Operator);
const INSTALLER: Need = Need::Role(Role::Installer);

/// The row of a request.
#[rustfmt::skip]
pub(crate) fn row(request: &Request<'_>) -> Row {
    let (need, slow, audited) = match request {
        // request                        needs           slow    audited as
        Request::Hello { .. }        => (Need::Nothing,   false,  None),
        Request::Status              => (Need::Nothing,   false,  None),

        Request::BeginPairing { .. } => (GUEST,           false,  None),
        Request::Pair { .. }         => (GUEST,           false,  None),
        // Its entry comes before the host is stored.
        Request::PollPairing         => (GUEST,           false,  None),
        Request::Erase               => (GUEST,           false,  None),

        Request::GetSettings         => (AUDITOR,         false,  None),
        Request::ListUsers { .. }    => (AUDITOR,         false,  None),
        Request::ListHosts           => (AUDITOR,         false,  None),
        Request::NextEvents { .. }   => (AUDITOR,         false,  None),
        Request::ReadLog { .. }      => (AUDITOR,         false,  None),
        Request::SignLog { .. }      => (AUDITOR,         false,  None),
        Request::Firmware            => (AUDITOR,         false,  None),
        Request::GetRule { .. }      => (AUDITOR,         false,  None),
        Request::ReplaceKey { .. }   => (AUDITOR,         false,  Some(Kind::Rekeyed)),

        Request::BeginFrame { .. }   => (OPERATOR,        false,  None),
        Request::FrameChunk { .. }   => (OPERATOR,        false,  None),
        Request::Detect { .. }       => (OPERATOR,        true,   None),
        Request::Embed { .. }        => (OPERATOR,        true,   Some(Kind::Embedded)),
        Request::Enrol { .. }        => (OPERATOR,        true,   Some(Kind::Enrolled)),
        Request::Verify { .. }       => (OPERATOR,        true,   Some(Kind::Compared)),
        Request::Identify { .. }     => (OPERATOR,        true,   Some(Kind::Compared)),
        Request::Remove { .. }       => (OPERATOR,        false,  Some(Kind::Removed)),
        Request::RemoveTemplate { .. } => (OPERATOR,      false,  Some(Kind::Template)),
        Request::Rename { .. }       => (OPERATOR,        false,  Some(Kind::Renamed)),
        Request::PauseDoor { .. }    => (OPERATOR,        false,  Some(Kind::Paused)),
        // The journal records it itself, with the time before.
        Request::SetClock { .. }     => (OPERATOR,        false,  None),
        Request::SetRule { .. }      => (OPERATOR,        false,  Some(Kind::Rule)),
        Request::Suspend { .. }      => (OPERATOR,        false,  Some(Kind::Rule)),

        Request::SetSettings(_)      => (INSTALLER,       false,  Some(Kind::Settings)),
        Request::BeginModel { .. }   => (INSTALLER,       true,   Some(Kind::Transfer)),
        Request::ModelChunk { .. }   => (INSTALLER,       false,  None),
        Request::CommitModel         => (INSTALLER,       true,   Some(Kind::Model)),
        Request::Reboot              => (INSTALLER,       false,  Some(Kind::Restart)),
        Request::Invite { .. }       => (INSTALLER,       false,  Some(Kind::Invited)),
        Request::RemoveHost { .. }   => (INSTALLER,       false,  Some(Kind::Unpaired)),
        // The journal records it itself, with the time before.
        Request::SetClockBack { .. } => (INSTALLER,       false,  None),
        Request::SetSigner { .. }    => (INSTALLER,       false,  Some(Kind::Signer)),
        Request::SetOsdp { .. }      => (INSTALLER,       false,  Some(Kind::Controller)),
    };
    Row { need, slow, audited }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::{Settings, Source};

    #[test]
    fn the_table_and_the_host_agree_on_what_is_slow() {
        let source = Source::Camera;
        let requests = [
            Request::Status,
            Request::PollPairing,
            Request::GetSettings,
            Request::SetSettings(Settings::default()),
            Request::Detect { source },
            Request::Embed { source },
            Request::Identify { source },
            Request::Remove { name: Default::default() },
            Request::CommitModel,
            Request::Reboot,
        ];
        for request in requests {
            assert_eq!(row(&request).slow, request.is_slow(), "{request:?}");
        }
    }
}
