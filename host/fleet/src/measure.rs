//! What a fleet of simulated doors on a real broker costs: messages, bytes, and the time from a change until all doors have it.
//!
//! | step | what happens |
//! |---|---|
//! | `fill` | the operator sends all people for all doors, which are down |
//! | `start` | all doors start, and fetch everything |
//! | `revoke` | a person is removed, several times; the time is that until no board has them |
//! | `enrol` | a person is added |
//! | `partition` | half of the doors are away during ten removals, and come back |
//! | `restart` | the broker is started again, which somebody else does; ten people are removed while it is away |
//! | `new door` | a door is added, and fetches everything |
//!
//! Operator, doors and broker share one computer, so a time says what they cost together.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bridge::Level;
use crypto::Entropy;

use crate::Error;
use crate::connection::{Connection, Hub, Route, Traffic};
use crate::envelope::System;
use crate::folder::Folder;
use crate::identity::Identity;
use crate::pictures;
use crate::publish::{fault_of, publish};
use crate::record::Person;
use crate::simulated::Simulated;

/// Removals while half of the doors are away, and while the broker is.
const PARTED: usize = 10;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Doors.
    pub doors: usize,
    /// People.
    pub people: usize,
    /// Bytes of the pictures of a person.
    pub picture_bytes: usize,
    /// Removals that are timed.
    pub removals: usize,
    /// Whether the broker is started again in between.
    pub restart: bool,
}

/// What is told meanwhile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told<'a> {
    /// A step is over.
    Step(&'a Measured),
    /// Somebody has to start the broker again, with what it retained.
    Restart,
}

/// A step that was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The step.
    pub step: &'static str,
    /// Changes in it.
    pub changes: u64,
    /// Doors that took part.
    pub doors: u64,
    /// Seconds until all of them had it; of several changes, the middle one.
    pub seconds: f64,
    /// The longest of several changes.
    pub longest_seconds: f64,
    /// Messages that the operator published.
    pub operator_messages: u64,
    /// Their bytes, topics included.
    pub operator_bytes: u64,
    /// Messages that the doors received.
    pub door_messages: u64,
    /// Their bytes.
    pub door_bytes: u64,
    /// Messages that the doors published.
    pub ack_messages: u64,
    /// Their bytes.
    pub ack_bytes: u64,
}

/// Measures, in a folder that is not there yet, and tells each step.
///
/// # Errors
/// The connection ended; the folder cannot be written; [`Error::Lost`].
pub fn measure(
    route: &Route,
    prefix: &Level,
    plan: Plan,
    folder: &Path,
    tell: &mut dyn FnMut(Told<'_>),
) -> Result<(), Error> {
    let identity = Identity::of(&System.key());
    let mut folder = Folder::make(folder, identity.public(), serde_json::Value::Null)?;
    let hub = Arc::new(Hub::start()?);
    let (of_operator, of_doors) = (Arc::new(Traffic::default()), Arc::new(Traffic::default()));
    let broker = route.broker();
    let connected = hub.connect(route, &client(&identity), &of_operator);
    let connection = connected.map_err(|fault| fault_of(fault, &broker, "Start one, and begin again"))?;
    let mut doors: Vec<Simulated> = (0..=plan.doors).map(|_| Simulated::new(System.key())).collect();
    let mut new = doors.pop().into_iter().collect::<Vec<_>>();
    for (at, door) in doors.iter().enumerate() {
        folder.add_door(&format!("door {at}"), door.public())?;
    }
    for at in 0..plan.people {
        enrol(&mut folder, at, plan.picture_bytes)?;
    }
    let mut bench = Bench { hub, route, prefix, identity, folder, connection, broker, of_operator, of_doors };

    let all = plan.doors as u64;
    bench.step("fill", (plan.people as u64, all), tell, |bench| bench.publish().map(|()| Vec::new()))?;
    bench.step("start", (plan.people as u64, all), tell, |bench| {
        doors.iter_mut().try_for_each(|door| bench.up(door))?;
        bench.wait(&doors).map(|()| Vec::new())
    })?;
    bench.step("revoke", (plan.removals as u64, all), tell, |bench| {
        let times = (0..plan.removals).map(|at| bench.revoke(at, &doors)).collect();
        // The doors acknowledge the last one after their boards have it.
        bench.wait(&doors)?;
        times
    })?;
    bench.step("enrol", (1, all), tell, |bench| {
        enrol(&mut bench.folder, plan.people, plan.picture_bytes)?;
        bench.publish()?;
        bench.wait(&doors).map(|()| Vec::new())
    })?;
    let half = plan.doors / 2;
    doors.iter_mut().take(half).try_for_each(Simulated::down)?;
    let mut removed = plan.removals;
    for _ in 0..PARTED {
        bench.remove(&mut removed)?;
        bench.publish()?;
    }
    bench.wait(doors.get(half..).unwrap_or_default())?;
    bench.step("partition", (PARTED as u64, half as u64), tell, |bench| {
        doors.iter_mut().take(half).try_for_each(|door| bench.up(door))?;
        bench.wait(&doors).map(|()| Vec::new())
    })?;
    if plan.restart {
        tell(Told::Restart);
        bench.step("restart", (PARTED as u64, all), tell, |bench| {
            until(|| bench.connection.receive(Duration::from_millis(50)).is_err())?;
            (0..PARTED).try_for_each(|_| bench.remove(&mut removed))?;
            bench.reconnect()?;
            let since = Instant::now();
            bench.publish()?;
            bench.wait(&doors)?;
            Ok(vec![since.elapsed()])
        })?;
    }
    bench.folder.add_door("new", new.first().map(Simulated::public).ok_or(Error::Digit)?)?;
    let left = plan.people + 1 - removed;
    bench.step("new door", (left as u64, 1), tell, |bench| {
        bench.publish()?;
        new.iter_mut().try_for_each(|door| bench.up(door))?;
        bench.wait(&new).map(|()| Vec::new())
    })?;
    for door in doors.iter().chain(&new) {
        let has = door.board.names().len();
        if has != left {
            return Err(Error::Lost { has, wanted: left });
        }
    }
    Ok(())
}

fn client(operator: &Identity) -> String {
    format!("postern_operator_{}", operator.public().level())
}

fn name(at: usize) -> String {
    format!("person {at}")
}

fn enrol(folder: &mut Folder, at: usize, bytes: usize) -> Result<(), Error> {
    let (pictures, sealed) = pictures::seal(&[vec![0; bytes]])?;
    let (name, hours) = (name(at), "mon-fri 08:00-18:00".to_owned());
    let person = Person { name, hours, pin: None, duress_pin: None, suspended: false, pictures };
    folder.add(person, &sealed).map(drop)
}

struct Bench<'a> {
    hub: Arc<Hub>,
    route: &'a Route,
    prefix: &'a Level,
    identity: Identity,
    folder: Folder,
    connection: Connection,
    broker: String,
    of_operator: Arc<Traffic>,
    of_doors: Arc<Traffic>,
}

impl Bench<'_> {
    fn up(&self, door: &mut Simulated) -> Result<(), Error> {
        let operators = [self.identity.public()];
        door.up(&self.hub, self.route, self.prefix, (&operators, &self.of_doors))
    }

    fn publish(&mut self) -> Result<(), Error> {
        let Self { folder, identity, prefix, connection, broker, .. } = self;
        publish(folder, identity, prefix, connection, broker, (false, 0)).map(drop)
    }

    /// Connects again, as soon as the broker is there.
    fn reconnect(&mut self) -> Result<(), Error> {
        let client = client(&self.identity);
        until(|| match self.hub.connect(self.route, &client, &self.of_operator) {
            Ok(connection) => {
                self.connection = connection;
                true
            }
            Err(_) => false,
        })
    }

    /// Removes the next person from the folder.
    fn remove(&mut self, removed: &mut usize) -> Result<(), Error> {
        let (id, _) = self.folder.find(&name(*removed))?;
        *removed += 1;
        self.folder.change(id, None)
    }

    /// Waits until doors have acknowledged everything.
    fn wait(&self, doors: &[Simulated]) -> Result<(), Error> {
        let run = self.folder.settings.run;
        until(|| doors.iter().all(|door| door.has(run)))
    }

    /// Removes a person. Returns how long it took until no board had them.
    fn revoke(&mut self, at: usize, doors: &[Simulated]) -> Result<Duration, Error> {
        // The broker and the doors have nothing else to do.
        self.wait(doors)?;
        let (id, person) = self.folder.find(&name(at))?;
        let since = Instant::now();
        self.folder.change(id, None)?;
        self.publish()?;
        until(|| doors.iter().all(|door| !door.board.has(&person.name)))?;
        Ok(since.elapsed())
    }

    fn step(
        &mut self,
        step: &'static str,
        (changes, doors): (u64, u64),
        tell: &mut dyn FnMut(Told<'_>),
        work: impl FnOnce(&mut Self) -> Result<Vec<Duration>, Error>,
    ) -> Result<(), Error> {
        let counts = |bench: &Self| {
            let of = |traffic: &Traffic| {
                let load = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
                [&traffic.sent, &traffic.sent_bytes, &traffic.received, &traffic.received_bytes].map(load)
            };
            (of(&bench.of_operator), of(&bench.of_doors))
        };
        let (before, since) = (counts(self), Instant::now());
        let mut times = work(self)?;
        if times.is_empty() {
            times.push(since.elapsed());
        }
        times.sort();
        let after = counts(self);
        let [operator_messages, operator_bytes] = [0, 1].map(|at| after.0[at] - before.0[at]);
        let [ack_messages, ack_bytes, door_messages, door_bytes] =
            [0, 1, 2, 3].map(|at| after.1[at] - before.1[at]);
        tell(Told::Step(&Measured {
            step,
            changes,
            doors,
            seconds: times.get(times.len() / 2).map_or(0.0, Duration::as_secs_f64),
            longest_seconds: times.last().map_or(0.0, Duration::as_secs_f64),
            operator_messages,
            operator_bytes,
            door_messages,
            door_bytes,
            ack_messages,
            ack_bytes,
        }));
        Ok(())
    }
}

/// Waits until something holds. The end is generous.
fn until(mut holds: impl FnMut() -> bool) -> Result<(), Error> {
    const GENEROUS: Duration = Duration::from_secs(3600);
    let end = Instant::now() + GENEROUS;
    while !holds() {
        if Instant::now() > end {
            return Err(Error::Slow);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
