//! The thread that asks the door, so that a board which takes its time does not keep the broker waiting.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::Error;
use crate::door::{Door, Look, Trouble};

/// How often another program that waits for the line is looked for.
const TURN: Duration = Duration::from_millis(20);

/// From which entry on, and where the answer goes.
type Question = (u32, oneshot::Sender<Result<Look, Trouble>>);

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
        let (reply, answer) = oneshot::channel();
        // A thread that is gone has panicked, and drops the sender as well.
        let _ = self.0.send((from, reply));
        let gone = || Trouble { sentence: "the thread that asks the door has ended".to_owned(), lost: false };
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

fn answer(mut door: Box<dyn Door>, questions: &Receiver<Question>) {
    loop {
        match questions.recv_timeout(TURN) {
            Ok((from, reply)) => {
                let _ = reply.send(door.look(from));
            }
            Err(RecvTimeoutError::Timeout) => door.rest(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}
