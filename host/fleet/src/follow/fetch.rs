//! What a door asks the broker for: parts of a directory that differ, and pictures.

use std::time::{Duration, Instant};

use super::{AGAIN, Ended, Session};
use crate::topics::Topics;

/// People whose pictures are fetched at once.
const FETCHED: usize = 16;
/// How long pictures may take before others are fetched beside them.
const SLOW: Duration = Duration::from_secs(10);
/// The pause before the board is asked again for its encoder, and after it did not answer.
const HELD: Duration = Duration::from_secs(15);

impl Session<'_> {
    /// Asks again for what is missing, after a pause.
    pub(super) fn look_again(&mut self) -> Result<(), Ended> {
        if self.held.elapsed() >= HELD {
            self.held = Instant::now();
            self.follower.retry_held()?;
            if self.follower.answers_again() {
                self.note_all();
            }
        }
        let due: Vec<usize> = self.sent.keys().copied().filter(|of| self.is_due(*of)).collect();
        if !due.is_empty() {
            self.follower.check_again();
        }
        self.news.extend(due);
        if self.again.is_some_and(|again| Instant::now() < again) || self.part.is_some() {
            return Ok(());
        }
        let missing: Vec<(usize, usize)> = self
            .heads
            .iter()
            .flat_map(|&operator| {
                self.follower.differing(operator).into_iter().map(move |part| (operator, part))
            })
            .collect();
        if !missing.is_empty() {
            self.parts.extend(missing);
            self.again = Some(Instant::now() + AGAIN);
        }
        Ok(())
    }

    /// Fetches the next part of a directory. The mark is sent after it and comes back behind it, so a broker never has more
    /// than one part to hold for this client.
    pub(super) fn fetch_part(&mut self) -> Result<(), Ended> {
        match self.part {
            Some((_, _, since)) if since.elapsed() < self.patience => return Ok(()),
            Some(_) => self.end_part()?,
            None => {}
        }
        let Some((operator, part)) = self.parts.pop_first() else { return Ok(()) };
        let Some(topics) = self.topics.get(operator) else { return Ok(()) };
        self.part = Some((operator, part, Instant::now()));
        self.again = Some(Instant::now() + AGAIN);
        self.connection.subscribe(&topics.part(&self.door, part), true)?;
        self.connection.publish(&topics.mark(&self.door.level()), b"mark".to_vec(), false)?;
        Ok(())
    }

    /// The broker has sent a part, or has had the time for it.
    pub(super) fn end_part(&mut self) -> Result<(), Ended> {
        if let Some((operator, part, _)) = self.part.take() {
            if let Some(topics) = self.topics.get(operator) {
                self.connection.unsubscribe(&topics.part(&self.door, part))?;
            }
            self.news.insert(operator);
        }
        Ok(())
    }

    /// Has pictures or a chunk of an operator fetched when there is room.
    pub(super) fn fetch_later(
        &mut self,
        operator: usize,
        digest: [u8; 32],
        topic: fn(&Topics, &[u8; 32]) -> String,
    ) {
        if let Some(topics) = self.topics.get(operator) {
            self.later.push_back((operator, digest, topic(topics, &digest)));
        }
    }

    pub(super) fn fetch_pictures(&mut self) -> Result<(), Ended> {
        let now = Instant::now();
        let quick = self.fetched.values().filter(|(_, since)| now.duration_since(*since) < SLOW).count();
        let mut topics = Vec::new();
        while quick + topics.len() < FETCHED {
            let Some((operator, digest, topic)) = self.later.pop_front() else { break };
            if self.fetched.insert(digest, (operator, now)).is_none() {
                topics.push(topic);
            }
        }
        if !topics.is_empty() {
            self.connection.fetch(topics)?;
        }
        Ok(())
    }
}
