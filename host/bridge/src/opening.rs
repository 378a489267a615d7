//! Commands to open that arrive by MQTT. The board checks the signature, the counter and the time; the bridge cannot open by itself. What is no command, was retained,
//! or names another door does not reach the board.

use crate::command::Command;
use crate::link::Message;
use crate::payload::Opening;
use crate::watcher::Watcher;

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
