//! Commands to open that arrive by MQTT.
//!
//! ```text
//! {"board":"64 digits","signer":"64 digits","counter":1,"until":1,"signature":"128 digits"}
//! ```
//! The board checks the signature, the counter and the time; the bridge cannot open by itself. What is no command, was retained,
//! or names another door does not reach the board.

use serde::{Deserialize, Serialize};

use crate::link::Message;
use crate::payload::Opening;
use crate::topics::{Level, level};
use crate::watcher::Watcher;

/// A command to open one door once, as it is published. Keys and the signature are in hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Command {
    /// The key of the board.
    pub board: String,
    /// The key of the signer.
    pub signer: String,
    /// Above that of each command before of this signer.
    pub counter: u64,
    /// Until when the command counts, in milliseconds since 1970.
    pub until: u64,
    /// The signature.
    pub signature: String,
}

/// The topics of a door for commands to open, and for what came of them.
pub fn topics(prefix: &Level, name: &str) -> (String, String) {
    let door = format!("{prefix}/{}", level(name));
    (format!("{door}/open"), format!("{door}/opening"))
}

/// What comes of a message.
pub(crate) async fn answer(watcher: &Watcher, key: &[u8; 32], message: &Message) -> Opening {
    let refused =
        |why: &str| Opening { signer: None, counter: None, opened: false, why: Some(why.to_owned()) };
    let Ok(command) = serde_json::from_slice::<Command>(&message.payload) else {
        return refused("it is none: `postern fleet open` signs one");
    };
    let of = |why: Option<String>| Opening {
        signer: Some(command.signer.clone()),
        counter: Some(command.counter),
        opened: why.is_none(),
        why,
    };
    let why = |why: &str| of(Some(why.to_owned()));
    if message.retained {
        return why(
            "it was retained, so the broker would bring it again and again: publish an empty retained message there, and sign a \
             new command",
        );
    }
    let digits: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    if command.board != digits {
        return why("it is for another door: check the door's name, and `--board` of `postern fleet open`");
    }
    of(watcher.open(command.clone()).await.err().map(|trouble| trouble.sentence))
}
