//! The table of who may ask what: a row for each request. A board goes by it, and a host knows by it what a board refuses.
//!
//! A guest has a session, but is not paired. Roles rise from auditor over operator to installer; a higher role may ask all
//! that a lower one may.

use crate::{Request, Role};

/// What a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing: it may come unsealed.
    Nothing,
    /// A session, also that of a guest.
    Session,
    /// A session of a host with this role, or a higher one.
    Role(Role),
}

const GUEST: Need = Need::Session;
const AUDITOR: Need = Need::Role(Role::Auditor);
const OPERATOR: Need = Need::Role(Role::Operator);
const INSTALLER: Need = Need::Role(Role::Installer);

impl Request<'_> {
    /// What the request needs.
    #[rustfmt::skip]
    pub fn need(&self) -> Need {
        match self {
            Request::Hello { .. }          => Need::Nothing,
            Request::Status                => Need::Nothing,

            Request::BeginPairing { .. }   => GUEST,
            Request::Pair { .. }           => GUEST,
            Request::PollPairing           => GUEST,
            // The board looks further: for an installer, and for anybody where none is known.
            Request::Erase                 => GUEST,

            Request::GetSettings           => AUDITOR,
            Request::ListUsers { .. }      => AUDITOR,
            Request::ListHosts             => AUDITOR,
            Request::NextEvents { .. }     => AUDITOR,
            Request::ReadLog { .. }        => AUDITOR,
            Request::SignLog { .. }        => AUDITOR,
            Request::Firmware              => AUDITOR,
            Request::GetRule { .. }        => AUDITOR,
            Request::ReplaceKey { .. }     => AUDITOR,
            Request::ListOpeners           => AUDITOR,
            // The signature decides, not who carries it.
            Request::Open { .. }           => AUDITOR,

            Request::BeginFrame { .. }     => OPERATOR,
            Request::FrameChunk { .. }     => OPERATOR,
            Request::Detect { .. }         => OPERATOR,
            Request::Embed { .. }          => OPERATOR,
            Request::Enrol { .. }          => OPERATOR,
            Request::Verify { .. }         => OPERATOR,
            Request::Identify { .. }       => OPERATOR,
            Request::Remove { .. }         => OPERATOR,
            Request::RemoveTemplate { .. } => OPERATOR,
            Request::RemoveEnrolled { .. } => OPERATOR,
            Request::Rename { .. }         => OPERATOR,
            Request::PauseDoor { .. }      => OPERATOR,
            Request::SetClock { .. }       => OPERATOR,
            Request::SetRule { .. }        => OPERATOR,
            Request::Suspend { .. }        => OPERATOR,

            Request::SetSettings(_)        => INSTALLER,
            Request::RestoreSettings(_)    => INSTALLER,
            Request::BeginModel { .. }     => INSTALLER,
            Request::ModelChunk { .. }     => INSTALLER,
            Request::CommitModel           => INSTALLER,
            Request::Reboot                => INSTALLER,
            Request::Invite { .. }         => INSTALLER,
            Request::RemoveHost { .. }     => INSTALLER,
            Request::SetClockBack { .. }   => INSTALLER,
            Request::SetSigner { .. }      => INSTALLER,
            Request::SetOsdp { .. }        => INSTALLER,
            Request::SetOpener { .. }      => INSTALLER,
        }
    }
}
