//! A door on a broker: it listens, applies, fetches what it lacks, and acknowledges.
//!
//! | event | the door |
//! |---|---|
//! | a connection | says that it is there, and again each minute; its last will says that it is away |
//! | a connection | listens to new records and to the head of each operator, without what the broker retains of records |
//! | a head that differs from what it has | fetches the parts of the directory that differ |
//! | a record | notes it, and changes the board: removals and suspensions first |
//! | a record that needs pictures | fetches them, a few people at a time |
//! | nothing to do, and something is new | acknowledges, to each operator |
//! | nothing to do for an hour | acknowledges all the same, so that an operator sees that it is there |
//! | the broker goes away | waits, 1 s at first and 30 s at most, and connects again |
//! | the board does not answer, or allows no more changes | says so in the acknowledgement, and asks again after a pause |
//!
//! A broker that holds back the mark stops nothing: after a while the door goes on as if it had come.
//!
//! A broker that holds back a record is seen by the digest of the head, and asked again with pauses.

mod ended;
mod fetch;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bridge::{Fault, Level};
use ended::Ended;

use crate::Error;
use crate::connection::{Connection, Hub, Message, Route, Traffic};
use crate::follower::{Follower, Step};
use crate::identity::Public;
use crate::presence::Said;
use crate::record::Ack;
use crate::topics::{About, Topics, presence};

/// The first pause before another connection, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];
/// A connection that ends sooner is one of a row of short ones, and the pause before the next one grows.
const SHORT: Duration = Duration::from_secs(30);
/// The pause before the board is asked again, and before records that are missing are asked for again.
const AGAIN: Duration = Duration::from_secs(5);
/// The longest pause before the board is asked again, whatever it says.
const LONGEST: Duration = Duration::from_secs(120);
/// How long a door waits for the head that belongs to a record.
const HEAD: Duration = Duration::from_secs(2);
/// How often a door acknowledges that has nothing new to say.
pub const HOURLY: Duration = Duration::from_secs(3600);
/// How often a door says that it is there.
const BEAT: Duration = Duration::from_secs(60);
/// How long a door works before it says how far it is.
const LONG: Duration = Duration::from_secs(10);

/// How a door reaches its broker.
pub struct Options<'a> {
    /// The thread that drives connections.
    pub hub: &'a Hub,
    /// The broker.
    pub route: &'a Route,
    /// What the topics begin with.
    pub prefix: &'a Level,
    /// Whether to end when the door has everything.
    pub once: bool,
    /// How often it acknowledges when nothing is new.
    pub hourly: Duration,
    /// What goes over the connection.
    pub traffic: Arc<Traffic>,
}

/// What the door tells the program that runs it.
#[derive(Debug)]
pub enum Told<'a> {
    /// A remark for people.
    Remark(&'a str),
    /// The operator of this number was sent an acknowledgement.
    Acknowledged(usize, &'a Ack),
}

/// Where it tells it.
pub type Tell<'a> = &'a mut dyn FnMut(Told<'_>);

/// Follows the operators until `stop`, or until everything is there with [`Options::once`].
///
/// # Errors
/// A person must change something.
pub fn follow(
    options: &Options<'_>,
    follower: &mut Follower,
    stop: &dyn Fn() -> bool,
    tell: Tell<'_>,
) -> Result<(), Error> {
    let broker = options.route.broker();
    let client = format!("postern_fleet_{}", follower.public().level());
    let [here, away] = presence(options.prefix, &follower.public());
    let (mut pause, mut told, mut number) = (PAUSES[0], None, 0);
    while !stop() {
        let since = Instant::now();
        let now = unix_ms();
        number = follower.connection(now).max(number + 1);
        let will = follower.says(Said { here: false, connection: number, unix_ms: now });
        let connected =
            options.hub.connect_with(options.route, &client, &options.traffic, Some((&away, will)));
        let ended = match connected {
            Ok(connection) => {
                told = None;
                tell(Told::Remark(&format!("Connected to {broker}.")));
                Session::new(options, &connection, follower, (here.clone(), number)).run(stop, tell)
            }
            Err(fault) => Err(fault.into()),
        };
        match ended {
            Ok(()) => return Ok(()),
            Err(Ended::Error(error)) => return Err(error),
            Err(Ended::Away(why)) => {
                if told.as_ref() != Some(&why) {
                    tell(Told::Remark(&format!(
                        "There is no connection to {broker}: {why}. The door goes on with the people it has, and tries again \
                         until there is one."
                    )));
                    told = Some(why);
                }
            }
        }
        if since.elapsed() >= SHORT {
            pause = PAUSES[0];
        }
        let until = Instant::now() + pause;
        while Instant::now() < until && !stop() {
            follower.rest();
            std::thread::sleep(follower.turn());
        }
        pause = (pause * 2).min(PAUSES[1]);
    }
    Ok(())
}

/// The time by this computer's clock, in milliseconds since 1970.
fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// What is done on one connection.
struct Session<'a> {
    connection: &'a Connection,
    follower: &'a mut Follower,
    door: Public,
    topics: Vec<Topics>,
    once: bool,
    /// How often it acknowledges when nothing is new.
    hourly: Duration,
    /// How long the broker may take to return a mark.
    patience: Duration,
    /// Operators of who something is new since they were sent an acknowledgement.
    news: BTreeSet<usize>,
    /// Operators whose head has come on this connection.
    heads: BTreeSet<usize>,
    /// What they were sent last, without number and time.
    acked: BTreeMap<usize, Ack>,
    /// Pictures and chunks that are fetched, since when.
    fetched: BTreeMap<[u8; 32], (usize, Instant)>,
    /// The topics of pictures and chunks that are fetched when there is room.
    later: VecDeque<(usize, [u8; 32], String)>,
    /// When the board, and missing records, are asked for again.
    again: Option<Instant>,
    /// The part that is being fetched, of which operator, since when; the broker returns a mark when it has sent it.
    part: Option<(usize, usize, Instant)>,
    /// Parts that are fetched after it.
    parts: BTreeSet<(usize, usize)>,
    /// Until when the head is awaited that belongs to a record which came.
    ahead: Option<Instant>,
    /// When it acknowledged last, or had nothing to say.
    last: Instant,
    /// When each operator was sent an acknowledgement.
    sent: BTreeMap<usize, Instant>,
    /// When those who wait for another encoder were looked after.
    held: Instant,
    /// Messages that are not authentic were told.
    told_forged: bool,
    /// Where it says that it is there, the number of the connection, and when it said so last.
    here: (String, u64, Option<Instant>),
}

impl<'a> Session<'a> {
    fn new(
        options: &Options<'a>,
        connection: &'a Connection,
        follower: &'a mut Follower,
        (here, number): (String, u64),
    ) -> Self {
        let topics =
            follower.operators().iter().map(|operator| Topics::of(options.prefix, operator)).collect();
        Self {
            connection,
            door: follower.public(),
            follower,
            topics,
            once: options.once,
            hourly: options.hourly,
            patience: options.route.patience(),
            news: BTreeSet::new(),
            heads: BTreeSet::new(),
            acked: BTreeMap::new(),
            fetched: BTreeMap::new(),
            later: VecDeque::new(),
            again: None,
            part: None,
            parts: BTreeSet::new(),
            ahead: None,
            last: Instant::now(),
            sent: BTreeMap::new(),
            held: Instant::now(),
            told_forged: false,
            here: (here, number, None),
        }
    }

    fn run(&mut self, stop: &dyn Fn() -> bool, tell: Tell<'_>) -> Result<(), Ended> {
        for topics in &self.topics {
            // New records first, and then the head: what is changed in between is in one of them.
            for (filter, retained) in [
                (topics.mark(&self.door.level()), false),
                (topics.records(&self.door), false),
                (topics.head(&self.door), true),
            ] {
                if !self.connection.subscribe(&filter, retained)? {
                    tell(Told::Remark(&format!("The broker does not let this user listen to {filter}.")));
                }
            }
        }
        // What waited for pictures on the connection before waits again.
        self.follower.ask_again();
        while !stop() {
            while let Some(message) = self.connection.receive(Duration::ZERO)? {
                self.take(&message, tell)?;
            }
            self.say_here(tell)?;
            self.fetch_part()?;
            self.fetch_pictures()?;
            let step = if self.is_resting() { Step::Idle } else { self.follower.step()? };
            match step {
                Step::Done => {
                    self.note_all();
                    if self.last.elapsed() >= LONG {
                        self.acknowledge(tell)?;
                    }
                }
                Step::Wants(operator, digest) => self.fetch_later(operator, digest, Topics::pictures),
                Step::WantsChunk(operator, digest) => self.fetch_later(operator, digest, Topics::chunk),
                Step::Later(pause) => {
                    self.again = Some(Instant::now() + pause.map_or(AGAIN, |pause| pause.min(LONGEST)));
                    self.note_all();
                }
                Step::Idle => {
                    if self.ahead.is_none_or(|until| Instant::now() >= until) {
                        self.acknowledge(tell)?;
                        if self.once && self.is_over() {
                            return Ok(());
                        }
                        self.look_again()?;
                    }
                    match self.connection.receive(self.follower.turn())? {
                        Some(message) => self.take(&message, tell)?,
                        None => self.follower.rest(),
                    }
                }
            }
        }
        Ok(())
    }

    /// Something is new to all operators whose head is known.
    fn note_all(&mut self) {
        self.news.extend(&self.heads);
    }

    fn is_resting(&self) -> bool {
        self.again.is_some_and(|again| Instant::now() < again) && self.follower.has_trouble()
    }

    /// Whether everything is there and acknowledged.
    fn is_over(&self) -> bool {
        let all = 0..self.topics.len();
        self.heads.len() == self.topics.len()
            && self.news.is_empty()
            && self.follower.open() == 0
            && all.into_iter().all(|operator| self.follower.differing(operator).is_empty())
    }

    fn take(&mut self, Message { topic, payload }: &Message, tell: Tell<'_>) -> Result<(), Ended> {
        let about = self.topics.iter().enumerate().find_map(|(at, topics)| Some((at, topics.about(topic)?)));
        let Some((operator, about)) = about else { return Ok(()) };
        let taken = match about {
            // What is gone from the broker says nothing.
            About::Record(_) | About::Head | About::Pictures(_) | About::Chunk(_) if payload.is_empty() => {
                Ok(())
            }
            About::Record(id) => self.follower.record(operator, id, payload).map(|is_news| {
                // Its head follows it.
                if is_news && self.part.is_none() {
                    self.ahead = Some(Instant::now() + HEAD);
                }
            }),
            About::Head => self.follower.head(operator, payload).map(|parts| {
                self.heads.insert(operator);
                self.news.insert(operator);
                self.ahead = None;
                self.parts.extend(parts.into_iter().map(|part| (operator, part)));
            }),
            About::Pictures(digest) => {
                self.fetched.remove(&digest);
                self.connection.unsubscribe(topic)?;
                self.follower.pictures(&digest, payload)
            }
            About::Chunk(digest) => {
                self.fetched.remove(&digest);
                self.connection.unsubscribe(topic)?;
                self.follower.chunk(&digest, payload)
            }
            About::Mark => {
                self.end_part()?;
                Ok(())
            }
            About::Ack(_) | About::Presence(_) => Ok(()),
        };
        match taken {
            Err(Error::Forged) => {
                if !std::mem::replace(&mut self.told_forged, true) {
                    tell(Told::Remark(&format!(
                        "What came for {topic} is older than what the door has, or not of an operator of this fleet: the door \
                         takes none of it. It is said once for a connection."
                    )));
                }
                Ok(())
            }
            // Whoever has an operator's key shall not stop the door.
            Err(far @ Error::Far) => {
                tell(Told::Remark(&far.to_string()));
                Ok(())
            }
            taken => Ok(taken?),
        }
    }

    /// Says that the door is there, if it is time. A broker that does not take it keeps no door from its people.
    fn say_here(&mut self, tell: Tell<'_>) -> Result<(), Ended> {
        let (topic, connection, said) = &mut self.here;
        if said.is_some_and(|said| said.elapsed() < BEAT) {
            return Ok(());
        }
        let is_first = said.replace(Instant::now()).is_none();
        let message = self.follower.says(Said { here: true, connection: *connection, unix_ms: unix_ms() });
        match self.connection.publish(topic, message, true) {
            Err(Fault::End(error)) => {
                if is_first {
                    tell(Told::Remark(&format!("Operators do not see whether the door is there: {error}.")));
                }
                Ok(())
            }
            said => Ok(said?),
        }
    }

    /// Whether an operator was sent nothing for so long that they may think that the door is away.
    fn is_due(&self, operator: usize) -> bool {
        self.sent.get(&operator).is_some_and(|sent| sent.elapsed() >= self.hourly)
    }

    /// Acknowledges what is new, if it says anything new, or for want of anything else.
    fn acknowledge(&mut self, tell: Tell<'_>) -> Result<(), Ended> {
        if self.part.is_some() || !self.parts.is_empty() {
            return Ok(());
        }
        self.last = Instant::now();
        while let Some(operator) = self.news.pop_first() {
            let (ack, sealed) = self.follower.ack(operator, unix_ms())?;
            let bare = Ack { number: 0, unix_ms: 0, log: None, ..ack.clone() };
            if self.acked.get(&operator) == Some(&bare) && !self.is_due(operator) {
                continue;
            }
            self.sent.insert(operator, Instant::now());
            let Some(topics) = self.topics.get(operator) else { continue };
            self.connection.publish(&topics.ack(&self.door), sealed, true)?;
            self.acked.insert(operator, bare);
            tell(Told::Acknowledged(operator, &ack));
        }
        Ok(())
    }
}
