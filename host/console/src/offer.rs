//! What the pages offer, and what each offer has the board asked. The role that it needs follows from the protocol's own table
//! of requests, so that nobody fills in a form in vain. The board judges each request all the same.

use client::protocol::{
    Enrolment, ModelKind, Name, Need, PixelFormat, Request, Role, Rule, Settings, Signature, Source,
};

/// What a page offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// To enrol people, and to add photographs to one.
    Enrol,
    /// To compare who stands before a camera with everybody.
    Compare,
    /// To change, rename, suspend or remove a person.
    Change,
    /// To change the settings, the false-accept rate among them.
    Settings,
    /// To flash models or firmware.
    Flash,
    /// To invite a computer.
    Invite,
    /// To forget a computer.
    Forget,
}

impl Offer {
    /// The least role that may use it.
    pub fn need(self) -> Role {
        let role = |request: &Request<'_>| match request.need() {
            Need::Role(role) => role,
            Need::Nothing | Need::Session => Role::Auditor,
        };
        self.requests().iter().map(role).max().unwrap_or(Role::Installer)
    }

    /// The requests that it has the board asked.
    fn requests(self) -> Vec<Request<'static>> {
        let (name, source) = (Name::new(), Source::Staged);
        match self {
            Self::Enrol => vec![
                Request::ListUsers { from: 0 },
                Request::PauseDoor { ms: 0 },
                Request::BeginFrame { width: 0, height: 0, format: PixelFormat::Yuyv },
                Request::FrameChunk { offset: 0, data: &[] },
                Request::Detect { source },
                Request::Embed { source },
                Request::Enrol { name: name.clone(), source, enrolment: Enrolment::NewPerson },
                Request::RemoveEnrolled { person: 0, template: 0 },
                Request::Remove { name },
            ],
            Self::Compare => vec![
                Request::PauseDoor { ms: 0 },
                Request::BeginFrame { width: 0, height: 0, format: PixelFormat::Yuyv },
                Request::FrameChunk { offset: 0, data: &[] },
                Request::Identify { source },
            ],
            Self::Change => vec![
                Request::ListUsers { from: 0 },
                Request::GetRule { name: name.clone() },
                Request::SetRule { name: name.clone(), rule: Rule::default() },
                Request::Suspend { name: name.clone(), suspended: true },
                Request::Rename { name: name.clone(), new: name.clone() },
                Request::Remove { name },
            ],
            Self::Settings => vec![Request::Status, Request::SetSettings(Settings::default())],
            Self::Flash => vec![
                Request::Status,
                Request::Firmware,
                Request::BeginModel {
                    kind: ModelKind::Firmware,
                    length: 0,
                    sha256: [0; 32],
                    sequence: 0,
                    signature: Signature { r: [0; 32], s: [0; 32] },
                },
                Request::ModelChunk { offset: 0, data: &[] },
                Request::CommitModel,
                Request::Reboot,
            ],
            Self::Invite => vec![Request::Invite { role: Role::Auditor }],
            Self::Forget => vec![Request::ListHosts, Request::RemoveHost { key: [0; 32] }],
        }
    }
}
