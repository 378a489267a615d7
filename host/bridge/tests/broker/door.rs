//! A door in memory, and a bridge for it in a thread.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use bridge::command::Command;
use bridge::door::{About, Door, Doorway, Entry, Look, Trouble};
use bridge::payload::Event;
use bridge::{Certificates, Error, Options, Said, run};
use fixtures::mqtt::{Mosquitto, eventually};

/// Entries in a page.
const PAGE: usize = 3;
/// The key of the door.
pub const KEY: [u8; 32] = [0xAB; 32];

/// What the door holds.
pub struct State {
    pub entries: Vec<Entry>,
    pub doorway: Doorway,
    pub trouble: Option<Trouble>,
    pub looks: usize,
    /// Commands that reached the door.
    pub commands: Vec<Command>,
}

/// The door.
#[derive(Clone)]
pub struct Fake(Arc<Mutex<State>>);

impl Fake {
    /// A locked door whose log has one entry.
    pub fn new() -> Self {
        let doorway = Doorway { lock_open: false, contact_open: false, cover_open: false, alarm: false };
        let fake = Self(Arc::new(Mutex::new(State {
            entries: Vec::new(),
            doorway,
            trouble: None,
            looks: 0,
            commands: Vec::new(),
        })));
        fake.happen("booted", None);
        fake
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Something happens: an entry of the log.
    pub fn happen(&self, kind: &str, person: Option<(u32, &str)>) {
        let mut state = self.lock();
        let number = state.entries.last().map_or(0, |entry| entry.event.number + 1);
        let event = Event {
            number,
            kind: kind.to_owned(),
            time: Some(format!("2026-11-25T12:00:{number:02}Z")),
            exact: Some(true),
            person: person.map(|(person, _)| person),
            name: person.map(|(_, name)| name.to_owned()),
            reason: None,
            why: None,
            over: None,
            duress: None,
        };
        state.entries.push(Entry { event, link: format!("link of {kind} {number}") });
    }

    /// The board goes away, or comes back.
    pub fn lose(&self, lost: bool) {
        let sentence = "nobody is there".to_owned();
        self.lock().trouble = lost.then_some(Trouble { sentence, lost: true });
    }

    /// Waits until the bridge has looked again, from now on.
    pub fn is_seen(&self) {
        let before = self.lock().looks;
        eventually("the bridge looks", || self.lock().looks > before + 1);
    }
}

impl Door for Fake {
    fn look(&mut self, from: u32) -> Result<Look, Trouble> {
        let mut state = self.lock();
        state.looks += 1;
        if let Some(trouble) = &state.trouble {
            return Err(trouble.clone());
        }
        let entries = state.entries.iter().filter(|entry| entry.event.number >= from).take(PAGE);
        Ok(Look {
            about: About { machine: "linux".to_owned(), firmware: "0.1.0".to_owned() },
            doorway: state.doorway,
            entries: entries.cloned().collect(),
            end: state.entries.last().map_or(0, |entry| entry.event.number + 1),
        })
    }

    /// A door that takes each counter once.
    fn open(&mut self, command: &Command) -> Result<(), Trouble> {
        let mut state = self.lock();
        if let Some(trouble) = &state.trouble {
            return Err(trouble.clone());
        }
        let used = state.commands.iter().any(|before| before.counter >= command.counter);
        state.commands.push(command.clone());
        match used {
            true => Err(Trouble { sentence: "it was used already".to_owned(), lost: false }),
            false => Ok(()),
        }
    }
}

/// A bridge in a thread.
pub struct Bridge {
    thread: JoinHandle<Result<Infallible, Error>>,
    said: Arc<Mutex<Vec<String>>>,
    door: Fake,
}

impl Bridge {
    pub fn start(options: Options, door: &Fake) -> Self {
        door.lock().trouble = None;
        let said = Arc::new(Mutex::new(Vec::new()));
        let (heard, look) = (said.clone(), Box::new(door.clone()));
        let thread = std::thread::spawn(move || {
            run(options, look, &mut |said| {
                if let Said::Remark(remark) = said {
                    println!("{remark}");
                    heard.lock().unwrap().push(remark.to_owned());
                }
            })
        });
        Self { thread, said, door: door.clone() }
    }

    /// Waits until it has said this.
    pub fn says(&self, words: &str) {
        eventually(words, || {
            assert!(!self.thread.is_finished(), "the bridge ended: {:?}", self.said());
            self.said().iter().any(|remark| remark.contains(words))
        });
    }

    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// Ends it as a board does that forgot this computer.
    pub fn end(self) {
        let sentence = "this computer is not paired".to_owned();
        self.door.lock().trouble = Some(Trouble { sentence, lost: false });
        assert_eq!(self.error(), "this computer is not paired");
    }

    pub fn is_finished(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until it ends, and says why.
    pub fn error(self) -> String {
        self.thread.join().expect("no panic").expect_err("it never ends well").to_string()
    }
}

/// The options of a bridge at this broker, with its files in `folder`.
pub fn options(broker: &Mosquitto, folder: &std::path::Path) -> Options {
    Options {
        broker: broker.address().parse().expect("an address"),
        user: None,
        password: None,
        certificates: Certificates::default(),
        prefix: "postern".parse().expect("a level"),
        discovery: "homeassistant".parse().expect("a level"),
        name: "front".to_owned(),
        key: KEY,
        interval: Duration::from_millis(50),
        names: true,
        past: false,
        allow_opening: false,
        folder: PathBuf::from(folder).join("bridge"),
    }
}
