//! Doors and operators in memory, on a real broker: to measure a fleet of many doors, and to test one.
//!
//! A simulated door has no board and no disk: what an enrolment costs on a board is not in what is measured here. Its envelopes,
//! signatures, topics and connections are those of a real door.

mod board;
mod place;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use bridge::Level;
use crypto::Key;

pub use self::board::{Board, OnBoard, Rule};
pub use self::place::Place;
use crate::Error;
use crate::connection::{Hub, Route, Traffic};
use crate::follow::{HOURLY, Options, Told, follow};
use crate::follower::Follower;
use crate::identity::{Identity, Public};
use crate::record::Ack;

/// A door in memory, which runs in a thread while it is up.
pub struct Simulated {
    root: Key,
    /// Its board.
    pub board: Board,
    /// Its place.
    pub place: Place,
    /// How often it acknowledges when nothing is new.
    pub hourly: Duration,
    /// The signing keys of those operators who it trusts as installers.
    pub installers: Vec<[u8; 32]>,
    /// Its newest acknowledgement.
    acked: Arc<Mutex<Option<Ack>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), Error>>>,
}

impl Simulated {
    /// A door whose keys follow from a secret. It is down.
    #[must_use]
    pub fn new(root: Key) -> Self {
        let (board, place) = (Board::default(), Place::default());
        let (acked, stop) = (Arc::default(), Arc::default());
        Self { root, board, place, hourly: HOURLY, installers: Vec::new(), acked, stop, thread: None }
    }

    /// Its public keys.
    #[must_use]
    pub fn public(&self) -> Public {
        Identity::of(&self.root).public()
    }

    /// Begins to follow operators.
    ///
    /// # Errors
    /// There is no thread for it.
    pub fn up(
        &mut self,
        hub: &Arc<Hub>,
        route: &Route,
        prefix: &Level,
        (operators, traffic): (&[Public], &Arc<Traffic>),
    ) -> Result<(), Error> {
        self.stop = Arc::default();
        let identity = Identity::of(&self.root);
        let follower =
            Follower::new(identity, operators, Box::new(self.place.clone()), Box::new(self.board.clone()))?;
        let mut follower = follower.with_installers(&self.installers);
        let (hub, route, prefix, traffic) = (hub.clone(), route.clone(), prefix.clone(), traffic.clone());
        let (stop, acked, hourly) = (self.stop.clone(), self.acked.clone(), self.hourly);
        let run = move || {
            let options = Options { hub: &hub, route: &route, prefix: &prefix, once: false, hourly, traffic };
            let stop = || stop.load(Ordering::Relaxed);
            follow(&options, &mut follower, &stop, &mut |told| {
                if let Told::Acknowledged(_, ack) = told {
                    *acked.lock().unwrap_or_else(PoisonError::into_inner) = Some(ack.clone());
                }
            })
        };
        let thread = std::thread::Builder::new().name("simulated door".to_owned());
        self.thread = Some(thread.spawn(run).map_err(Error::Runtime)?);
        Ok(())
    }

    /// Stops following.
    ///
    /// # Errors
    /// Why it had ended before.
    pub fn down(&mut self) -> Result<(), Error> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(_)) => Err(Error::Runtime(std::io::Error::other("a simulated door has panicked"))),
            None => Ok(()),
        }
    }

    /// Its newest acknowledgement.
    #[must_use]
    pub fn acked(&self) -> Option<Ack> {
        self.acked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether it has acknowledged that it has everything of a run.
    #[must_use]
    pub fn has(&self, run: u64) -> bool {
        let is_whole = |ack: Ack| ack.complete >= run && ack.waiting == 0 && ack.pictures == 0;
        self.acked().is_some_and(is_whole)
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        let _ = self.down();
    }
}
