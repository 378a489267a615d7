//! What is published when, and what happens when broker or board are away.
//!
//! | event | the bridge |
//! |---|---|
//! | the broker agrees to a connection | publishes the discovery message, then entries, state and `online` |
//! | the board has new entries | publishes each, and moves its number |
//! | a pin of the door, the last person or the refusals changed | publishes the state |
//! | the board does not answer | publishes `offline`, and asks again |
//! | the broker goes away | waits, 1 s at first and 30 s at most, and connects again |
//! | a command to open comes, where that is allowed | has the board check it, and publishes what came of it |
//! | Home Assistant starts | publishes the discovery message, the state and `online` again, once an interval at most |

use std::convert::Infallible;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::door::{About, Door, Doorway, Entry, Look, Trouble};
use crate::fault::Fault;
use crate::kept::{Kept, Progress};
use crate::link::{Connecting, Link, Message};
use crate::opening;
use crate::options::{Options, Said, Tell};
use crate::payload::{
    Admitted, EventPublished, OpeningPublished, State, StatePublished, Status, StatusPublished,
};
use crate::topics::{Topics, identifier, level};
use crate::watcher::Watcher;
use crate::{Error, discovery};

/// The first pause before another connection, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];

/// A connection that ends sooner is one of a row of short ones, and the pause before the next one grows.
const SHORT: Duration = Duration::from_secs(30);

/// How often at most it is said that commands did not open the door for the same reason. Each has its answer on the broker.
const REMARK: Duration = Duration::from_secs(10);

/// Runs until something must be changed by a person.
///
/// # Errors
/// Always: why it ended.
pub fn run(options: Options, door: Box<dyn Door>, tell: Tell<'_>) -> Result<Infallible, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(Error::Runtime)?;
    runtime.block_on(async {
        let mut bridge = Bridge::new(options, door, tell)?;
        Err(bridge.run().await)
    })
}

/// How far the log was read.
enum Reading {
    /// A bridge that begins passes over what is there.
    Passing,
    /// The first entries of this line are compared with what was published before.
    Comparing,
    /// What comes is published.
    Following,
}

struct Bridge<'a> {
    options: Options,
    topics: Topics,
    connecting: Connecting,
    watcher: Watcher,
    tell: Tell<'a>,
    kept: Kept,
    progress: Progress,
    reading: Reading,
    about: Option<About>,
    doorway: Option<Doorway>,
    /// What the broker has of this connection.
    shown: Shown,
    board_is_lost: bool,
    /// Why a command did not open the door, and when that was last said.
    refused: Option<(String, Instant)>,
}

/// What the broker has of a connection.
#[derive(Default)]
struct Shown {
    about: Option<About>,
    state: Option<State>,
    status: Option<Status>,
}

impl<'a> Bridge<'a> {
    fn new(options: Options, door: Box<dyn Door>, tell: Tell<'a>) -> Result<Self, Error> {
        let topics = Topics::of(&options.prefix, &options.discovery, &options.name, options.key);
        let client = format!("{}_{}", identifier(options.key), level(&options.name));
        let mut connecting = Connecting::new(options.broker.clone(), client, &topics);
        match (&options.user, &options.password) {
            (Some(user), Some(password)) => {
                connecting.options.set_credentials(user.clone(), password.clone());
            }
            (Some(user), None) => {
                connecting.options.set_username(user.clone());
            }
            (None, _) => {}
        }
        if options.broker.tls {
            connecting.options.set_transport(options.certificates.transport()?);
        } else if !options.certificates.is_empty() {
            return Err(Error::Plain);
        }
        let (kept, progress) = Kept::open(&options.folder)?;
        let reading = match (&progress, options.past) {
            (None, false) => Reading::Passing,
            _ => Reading::Comparing,
        };
        let mut progress = progress.unwrap_or_default();
        if let (false, Some(last)) = (options.names, &mut progress.last) {
            last.name = None;
        }
        let watcher = Watcher::start(door)?;
        let shown = Shown::default();
        let (about, doorway, board_is_lost) = (None, None, false);
        Ok(Self {
            options,
            topics,
            connecting,
            watcher,
            tell,
            kept,
            progress,
            reading,
            about,
            doorway,
            shown,
            board_is_lost,
            refused: None,
        })
    }

    fn remark(&mut self, text: &str) {
        (self.tell)(Said::Remark(text));
    }

    async fn run(&mut self) -> Error {
        // What a person must change at the board is said before the broker is looked for.
        match self.watcher.look(u32::MAX).await {
            Err(Trouble { sentence, lost: false }) => return Error::Door { sentence },
            Err(Trouble { sentence, .. }) => self.lose(&sentence),
            Ok(look) => self.about = Some(look.about),
        }
        let broker = self.options.broker.to_string();
        let (mut pause, mut told, mut short) = (PAUSES[0], None, 0);
        loop {
            let connected = Link::open(&self.connecting).await;
            let fault = match connected {
                Ok(mut link) => {
                    let since = Instant::now();
                    told = None;
                    self.remark(&format!("Connected to {broker}; topics begin with {}.", self.door_topic()));
                    self.shown = Shown::default();
                    let fault = self.serve(&mut link).await;
                    (pause, short) =
                        if since.elapsed() < SHORT { (pause, short + 1) } else { (PAUSES[0], 0) };
                    fault
                }
                Err(fault) => fault,
            };
            match fault {
                Fault::End(error) => return error,
                Fault::Wait(why) => {
                    if told.as_ref() != Some(&why) {
                        self.remark(&format!(
                            "There is no connection to {broker}: {why}. The bridge tries again until there is one; \
                             the log of the board keeps what happens meanwhile."
                        ));
                        told = Some(why);
                    }
                }
            }
            // Not every broker says that it closes a connection because of another one.
            if short == 3 {
                self.remark(
                    "The broker has closed three connections soon after they began. Another bridge for this door may be \
                     running on another computer: one is enough.",
                );
                short += 1;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES[1]);
        }
    }

    /// What the topics of the door begin with.
    fn door_topic(&self) -> &str {
        self.topics.state.strip_suffix("/state").unwrap_or_default()
    }

    /// Publishes until the connection ends.
    async fn serve(&mut self, link: &mut Link) -> Fault {
        match self.follow(link).await {
            Ok(never) => match never {},
            Err(fault) => fault,
        }
    }

    async fn follow(&mut self, link: &mut Link) -> Result<Infallible, Fault> {
        if !link.listen(&self.topics.birth.clone()).await? {
            let remark = format!("The broker does not let this user listen to {}.", self.topics.birth);
            self.remark(&remark);
        }
        if self.options.allow_opening && !link.listen(&self.topics.open.clone()).await? {
            let remark = format!("The broker does not let this user listen to {}.", self.topics.open);
            self.remark(&remark);
        }
        let mut commands = link.take_commands();
        loop {
            let looked = tokio::select! {
                fault = link.ended() => return Err(fault),
                looked = self.watcher.look(self.from()) => looked,
            };
            let more = match looked {
                Ok(look) => self.see(link, look).await?,
                Err(Trouble { sentence, lost: false }) => return Err(Error::Door { sentence }.into()),
                Err(Trouble { sentence, .. }) => {
                    self.lose(&sentence);
                    self.show_status(link, Status::Offline).await?;
                    false
                }
            };
            if link.was_born() {
                self.shown = Shown::default();
            }
            // What did not open the door is no reason to look at it: commands come as fast as somebody sends them.
            let due = tokio::time::Instant::now() + self.options.interval;
            let mut looks = more;
            while !looks {
                looks = tokio::select! {
                    fault = link.ended() => return Err(fault),
                    Some(message) = commands.recv() => self.open(link, message).await?,
                    () = tokio::time::sleep_until(due) => true,
                };
            }
        }
    }

    /// Has the board judge a command to open, and publishes what came of it. Returns whether the door was opened.
    async fn open(&mut self, link: &mut Link, message: Message) -> Result<bool, Fault> {
        let answer = opening::answer(&self.watcher, &self.options.key, &message).await;
        if let Some(why) = &answer.why {
            self.remark_refused(why);
        }
        let opened = answer.opened;
        link.publish(&self.topics.opening, &json!(answer).to_string(), false).await?;
        let published = OpeningPublished { topic: self.topics.opening.clone(), payload: answer };
        (self.tell)(Said::Opening(&published));
        Ok(opened)
    }

    fn remark_refused(&mut self, why: &str) {
        let said = self.refused.as_ref().is_some_and(|(last, at)| last == why && at.elapsed() < REMARK);
        if !said {
            self.remark(&format!("A command to open did not open the door: {why}."));
            self.refused = Some((why.to_owned(), Instant::now()));
        }
    }

    /// The entry that is asked for: the one before the next if the log is compared.
    fn from(&self) -> u32 {
        match self.reading {
            Reading::Comparing => self.progress.next.saturating_sub(1),
            Reading::Passing | Reading::Following => self.progress.next,
        }
    }

    fn lose(&mut self, why: &str) {
        // The board that answers again may be another one.
        if matches!(self.reading, Reading::Following) {
            self.reading = Reading::Comparing;
        }
        if !std::mem::replace(&mut self.board_is_lost, true) {
            self.remark(&format!("The board does not answer: {why}. The bridge asks again until it does."));
        }
    }

    /// Publishes what was seen. Returns whether there is more of it now.
    async fn see(&mut self, link: &mut Link, look: Look) -> Result<bool, Fault> {
        if std::mem::take(&mut self.board_is_lost) {
            self.remark("The board answers again.");
        }
        let Look { about, doorway, mut entries, end } = look;
        // A board that tells of more and sends none would be asked without end.
        let has_some = !entries.is_empty();
        (self.about, self.doorway) = (Some(about), Some(doorway));
        match self.reading {
            Reading::Passing => {
                entries.iter().for_each(|entry| self.progress.take(entry));
                if self.progress.next < end && has_some {
                    return Ok(true);
                }
                self.progress.next = end;
                self.kept.save(&self.progress)?;
                self.reading = Reading::Following;
                entries.clear();
            }
            Reading::Comparing => {
                if !self.is_same_log(&entries) {
                    self.progress = Progress::default();
                    self.remark(
                        "The log is another one than before: the board was replaced, or its flash erased. All of it is published.",
                    );
                    return Ok(true);
                }
                self.reading = Reading::Following;
                entries.retain(|entry| entry.event.number >= self.progress.next);
            }
            Reading::Following => {}
        }
        let (about, discovered) = (self.about.clone(), self.topics.discovery.clone());
        if let Some(about) = about.filter(|about| self.shown.about.as_ref() != Some(about)) {
            let Options { name, key, .. } = &self.options;
            let message = discovery::message(name, *key, &self.topics, &about);
            link.publish(&discovered, &message.to_string(), true).await?;
            self.shown.about = Some(about);
        }
        for entry in entries {
            self.publish_event(link, entry).await?;
        }
        self.show_state(link).await?;
        self.show_status(link, Status::Online).await?;
        Ok(has_some && self.progress.next < end)
    }

    /// Whether the log goes on where the bridge was, and says so if some of it is gone.
    fn is_same_log(&mut self, entries: &[Entry]) -> bool {
        let next = self.progress.next;
        let Some(link) = &self.progress.link else { return true };
        let Some(first) = entries.first() else { return false };
        if first.event.number < next {
            return first.link == *link;
        }
        if first.event.number > next {
            let lost = first.event.number - next;
            self.remark(&format!("The board has erased {lost} entries that were not published yet."));
        }
        true
    }

    async fn publish_event(&mut self, link: &mut Link, entry: Entry) -> Result<(), Fault> {
        let payload = json!(entry.event).to_string();
        link.publish(&self.topics.event, &payload, false).await?;
        self.progress.take(&entry);
        self.kept.save(&self.progress)?;
        let published = EventPublished { topic: self.topics.event.clone(), payload: entry.event };
        (self.tell)(Said::Event(&published));
        Ok(())
    }

    async fn show_state(&mut self, link: &mut Link) -> Result<(), Fault> {
        let Some(doorway) = self.doorway else { return Ok(()) };
        let state = state(doorway, &self.progress);
        if self.shown.state.as_ref() == Some(&state) {
            return Ok(());
        }
        link.publish(&self.topics.state, &json!(state).to_string(), true).await?;
        let published = StatePublished { topic: self.topics.state.clone(), payload: state };
        (self.tell)(Said::State(&published));
        self.shown.state = Some(published.payload);
        Ok(())
    }

    async fn show_status(&mut self, link: &mut Link, status: Status) -> Result<(), Fault> {
        if self.shown.status == Some(status) {
            return Ok(());
        }
        link.publish(&self.topics.status, status.word(), true).await?;
        self.shown.status = Some(status);
        let published = StatusPublished { topic: self.topics.status.clone(), payload: status.word() };
        (self.tell)(Said::Status(&published));
        Ok(())
    }
}

/// How a door stands.
fn state(doorway: Doorway, progress: &Progress) -> State {
    let open = |open: bool| if open { "open" } else { "closed" };
    State {
        lock: if doorway.lock_open { "open" } else { "locked" },
        contact: open(doorway.contact_open),
        cover: open(doorway.cover_open),
        alarm: if doorway.alarm { "on" } else { "off" },
        last_person: progress.last.as_ref().map(Admitted::text),
        last_admitted: progress.last.as_ref().and_then(|last| last.time.clone()),
        refused: progress.refused,
    }
}
