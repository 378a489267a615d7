//! What the files of the operator's folder hold.

use serde::{Deserialize, Serialize};

use crate::identity::Public;
use crate::presence::Presence;
use crate::record::{Ack, Encoder, LogHead, Person};
use crate::setup::Setup;

/// What holds for the whole fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The operator.
    pub operator: Public,
    /// The broker, as the program that made the folder reaches it.
    pub broker: serde_json::Value,
    /// The number of the newest run.
    pub run: u64,
    /// The last run whose pictures are all on the broker.
    pub pictures_sent: u64,
    /// The last run that the operator's own branch of the broker has.
    pub own_sent: u64,
    /// The encoder that doors must have.
    pub encoder: Option<Encoder>,
    /// Pictures that the broker shall forget.
    pub forget: Vec<String>,
    /// Chunks that the broker shall forget.
    #[serde(default)]
    pub forget_chunks: Vec<String>,
}

/// A person, or one who was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// How many changes there were.
    pub counter: u64,
    /// The run of the last change.
    pub run: u64,
    /// The person; `None` if removed.
    pub person: Option<Person>,
    /// The name that somebody had who was removed, until all doors have it. Of a folder that was recovered it is not known.
    #[serde(default)]
    pub name: Option<String>,
}

/// Settings, a model or firmware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSetup {
    /// How many changes there were.
    pub counter: u64,
    /// The run of the last change.
    pub run: u64,
    /// What doors are set up with; `None` if the fleet no longer decides it.
    pub setup: Option<Setup>,
}

/// A door.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptDoor {
    /// Its name.
    pub name: String,
    /// Its keys.
    pub public: Public,
    /// How many changes there were.
    pub counter: u64,
    /// The run of the last change.
    pub run: u64,
    /// Whether it was removed from the fleet.
    pub removed: bool,
    /// The last run of which the broker has everything for this door.
    pub sent: u64,
    /// Its newest acknowledgement.
    pub ack: Option<Ack>,
    /// The key with which its board signs its log, as it said first, and the highest number of an entry.
    pub log: Option<([u8; 32], u32)>,
    /// What is wrong with the log of its newest acknowledgement.
    pub log_fault: Option<LogFault>,
    /// Whether it is on the broker.
    #[serde(default)]
    pub presence: Presence,
}

impl KeptDoor {
    /// A door that was sent nothing, and of which nothing was heard.
    pub(crate) fn new(name: String, public: Public, counter: u64, run: u64) -> Self {
        Self {
            name,
            public,
            counter,
            run,
            removed: false,
            sent: 0,
            ack: None,
            log: None,
            log_fault: None,
            presence: Presence::default(),
        }
    }
}

/// What is wrong with the log of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogFault {
    /// Another board signs it.
    OtherBoard,
    /// It is shorter than it was.
    Shorter,
    /// The board that it names did not sign its end.
    Unsigned,
}

impl KeptDoor {
    /// Takes an acknowledgement. The first one says which board signs the log; one with another board, or a shorter log, is said.
    /// What no board signed says neither: it is a fault, and the highest number stays.
    pub fn take(&mut self, ack: Ack, is_signed: &dyn Fn(&LogHead) -> bool) {
        if ack.log.as_ref().is_some_and(|log| !is_signed(log)) {
            self.log_fault = Some(LogFault::Unsigned);
        } else if let Some(log) = &ack.log {
            let (signer, number) = *self.log.get_or_insert((log.signer, log.number));
            self.log_fault = if signer != log.signer {
                Some(LogFault::OtherBoard)
            } else if log.number < number {
                Some(LogFault::Shorter)
            } else {
                None
            };
            if self.log_fault.is_none() {
                self.log = Some((signer, log.number));
            }
        }
        self.ack = Some(ack);
    }
}
