//! Who may ask what: each request, asked by everybody, against a table that is written here a second time.

use crate::insider::join;
use crate::simulation::{Board, World};
use protocol::{
    Enrolment, Error, Label, ModelKind, Name, PixelFormat, Request, Role, Rule, Settings, Signature, Source,
    VERSION,
};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Who {
    /// A computer that is not paired, without its session.
    Unsealed,
    /// The same, in its session.
    Guest,
    Auditor,
    Operator,
    Installer,
}

use Who::*;

const EVERYBODY: [Who; 5] = [Unsealed, Guest, Auditor, Operator, Installer];

/// The keys of the hosts.
const AUDITOR: u8 = 11;
const OPERATOR: u8 = 9;
const INSTALLER: u8 = 7;
const STRANGER: u8 = 66;

/// Writes the table: who may ask a request at least, and an example of it. A request without a row does not compile.
macro_rules! table {
    ($($who:ident { $($request:pat => $example:expr,)* })*) => {
        fn least(request: &Request<'_>) -> Who {
            match request {
                $($($request => $who,)*)*
            }
        }

        fn examples() -> Vec<Request<'static>> {
            vec![$($({
                let example = $example;
                assert!(matches!(example, $request), "{example:?} is in the row of another one");
                example
            },)*)*]
        }
    };
}

table! {
    Unsealed {
        Request::Hello { .. } => Request::Hello { protocol: VERSION },
        Request::Status => Request::Status,
    }
    Guest {
        Request::BeginPairing { .. } => Request::BeginPairing {
            role: Role::Installer, label: Label::try_from("desk").unwrap(), commitment: [1; 32],
        },
        Request::Pair { .. } => Request::Pair { nonce: [1; 32], signer: None },
        Request::PollPairing => Request::PollPairing,
    }
    Auditor {
        Request::GetSettings => Request::GetSettings,
        Request::ListUsers { .. } => Request::ListUsers { from: 0 },
        Request::ListHosts => Request::ListHosts,
        Request::ListOpeners => Request::ListOpeners,
        Request::NextEvents { .. } => Request::NextEvents { after: 0 },
        Request::ReadLog { .. } => Request::ReadLog { from: 0 },
        Request::SignLog { .. } => Request::SignLog { from: 0 },
        Request::Firmware => Request::Firmware,
        Request::GetRule { .. } => Request::GetRule { name: ann() },
        Request::ReplaceKey { .. } => Request::ReplaceKey { key: [1; 32] },
        Request::Open { .. } => Request::Open { signer: [1; 32], counter: 1, until: 1, signature: signature() },
    }
    Operator {
        Request::BeginFrame { .. } => Request::BeginFrame { width: 8, height: 8, format: PixelFormat::Yuyv },
        Request::FrameChunk { .. } => Request::FrameChunk { offset: 0, data: &[1] },
        Request::Detect { .. } => Request::Detect { source: Source::Staged },
        Request::Embed { .. } => Request::Embed { source: Source::Staged },
        Request::Enrol { .. } => Request::Enrol {
            name: ann(), source: Source::Staged, enrolment: Enrolment::NewPerson,
        },
        Request::Verify { .. } => Request::Verify { name: ann(), source: Source::Staged },
        Request::Identify { .. } => Request::Identify { source: Source::Staged },
        Request::Remove { .. } => Request::Remove { name: ann() },
        Request::RemoveTemplate { .. } => Request::RemoveTemplate { name: ann(), index: 0 },
        Request::RemoveEnrolled { .. } => Request::RemoveEnrolled { person: 1, template: 0 },
        Request::Rename { .. } => Request::Rename { name: ann(), new: Name::try_from("Cleo").unwrap() },
        Request::PauseDoor { .. } => Request::PauseDoor { ms: 1000 },
        Request::SetClock { .. } => Request::SetClock { unix_ms: 1_800_000_000_000 },
        Request::SetRule { .. } => Request::SetRule { name: ann(), rule: Rule::default() },
        Request::Suspend { .. } => Request::Suspend { name: ann(), suspended: true },
    }
    Installer {
        Request::SetSettings(_) => Request::SetSettings(Settings::default()),
        Request::RestoreSettings(_) => Request::RestoreSettings(Settings::default()),
        Request::BeginModel { .. } => Request::BeginModel {
            kind: ModelKind::Encoder, length: 300, sha256: [1; 32], sequence: 9, signature: signature(),
        },
        Request::ModelChunk { .. } => Request::ModelChunk { offset: 0, data: &[1] },
        Request::CommitModel => Request::CommitModel,
        Request::Reboot => Request::Reboot,
        Request::Invite { .. } => Request::Invite { role: Role::Auditor },
        Request::RemoveHost { .. } => Request::RemoveHost { key: [1; 32] },
        Request::SetClockBack { .. } => Request::SetClockBack { unix_ms: 1_800_000_000_000 },
        Request::SetSigner { .. } => Request::SetSigner { signer: [1; 32] },
        Request::SetOsdp { .. } => Request::SetOsdp { osdp: None },
        Request::SetOpener { .. } => Request::SetOpener { key: [1; 32], allowed: true },
        // Also for a stranger, where records of hosts were lost and with them each installer (`lost`).
        Request::Erase => Request::Erase,
    }
}

fn ann() -> Name {
    Name::try_from("Ann").unwrap()
}

fn signature() -> Signature {
    Signature::new(&[1; 64])
}

/// What somebody who may not ask is told.
fn refusal(who: Who, request: &Request<'_>) -> Error {
    let needed = match least(request) {
        Installer => Role::Installer,
        Operator => Role::Operator,
        _ => Role::Auditor,
    };
    match who {
        Unsealed => Error::Unpaired,
        Guest if !matches!(request, Request::Erase) => Error::Unpaired,
        _ => Error::Forbidden { needed },
    }
}

#[test]
fn each_request_is_refused_to_whoever_is_not_in_the_table() {
    let mut board = Board::with_two_people();
    board.boot(async |world: &mut World| {
        join(world, Role::Auditor, AUDITOR).await;
        join(world, Role::Operator, OPERATOR).await;
    });
    for request in examples() {
        board.copy().boot(async |world: &mut World| {
            for who in EVERYBODY {
                world.host.become_host(match who {
                    Unsealed | Guest => STRANGER,
                    Auditor => AUDITOR,
                    Operator => OPERATOR,
                    Installer => INSTALLER,
                });
                let reply = if who == Unsealed {
                    world.host.connect().await;
                    let id = world.host.send_plain(&request);
                    let (answered, reply) = world.host.receive().await;
                    assert_eq!(answered, id);
                    reply
                } else {
                    world.host.ask(request.clone()).await
                };
                match who < least(&request) {
                    true => assert_eq!(reply, Err(refusal(who, &request)), "{who:?}: {request:?}"),
                    false => assert!(
                        !matches!(reply, Err(Error::Unpaired | Error::Forbidden { .. })),
                        "{who:?}: {request:?}: {reply:?}"
                    ),
                }
            }
        });
    }
}
