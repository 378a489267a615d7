//! The thread that asks the door, so that a board which takes its time does not keep the broker waiting.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::Error;
use crate::command::Command;
use crate::door::{Door, Look, Trouble};

/// How often another program that waits for the line is looked for.
const TURN: Duration = Duration::from_millis(20);

/// What the door is asked, and where the answer goes.
enum Question {
    /// How it stands, and its entries from a number on.
    Look(u32, oneshot::Sender<Result<Look, Trouble>>),
    /// To open.
    Open(Command, oneshot::Sender<Result<(), Trouble>>),
}

/// The thread.
pub struct Watcher(Sender<Question>);

impl Watcher {
    /// Starts it. It ends when the watcher is dropped and the door has answered.
    ///
    /// # Errors
    /// [`Error::Runtime`].
    pub fn start(door: Box<dyn Door>) -> Result<Self, Error> {
        let (ask, questions) = channel();
        let thread = std::thread::Builder::new().name("door".to_owned());
        thread.spawn(move || answer(door, &questions)).map_err(Error::Runtime)?;
        Ok(Self(ask))
    }

    /// Looks at the door.
    pub async fn look(&self, from: u32) -> Result<Look, Trouble> {
        self.ask(|reply| Question::Look(from, reply)).await
    }

    /// Has the door opened by a command.
    pub async fn open(&self, command: Command) -> Result<(), Trouble> {
        self.ask(|reply| Question::Open(command, reply)).await
    }

    async fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, Trouble>>) -> Question,
    ) -> Result<T, Trouble> {
        let (reply, answer) = oneshot::channel();
        // A thread that is gone has panicked, and drops the sender as well.
        let _ = self.0.send(question(reply));
        let gone = || Trouble { sentence: "the thread that asks the door has ended".to_owned(), lost: false };
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn answer(mut door: Box<dyn Door>, questions: &Receiver<Question>) {
    loop {
        match questions.recv_timeout(TURN) {
            Ok(Question::Look(from, reply)) => {
                let _ = reply.send(door.look(from));
            }
            Ok(Question::Open(command, reply)) => {
                let _ = reply.send(door.open(&command));
            }
            Err(RecvTimeoutError::Timeout) => door.rest(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
