//! An operator, doors in memory, and a broker.

use std::sync::Arc;
use std::time::Duration;

use bridge::{Certificates, Level};
use crypto::Key;
use fixtures::mqtt::{Mosquitto, eventually};
use fleet::connection::{Connection, Hub, Route, Traffic};
use fleet::folder::Folder;
use fleet::identity::Identity;
use fleet::pictures;
use fleet::publish::publish;
use fleet::record::Person;
use fleet::recover::recover;
use fleet::simulated::Simulated;
use fleet::standing::{Standing, collect, digest, standing};
use fleet::topics::Topics;
use tempfile::TempDir;

pub struct Bench {
    pub broker: Mosquitto,
    pub hub: Arc<Hub>,
    pub operator: Operator,
    pub doors: Vec<Simulated>,
    /// How long the broker may take to agree to a request of a door.
    pub patience: Duration,
    /// Whether the operator and the doors say who they are.
    pub users: bool,
    _folder: TempDir,
}

/// An operator with a folder.
pub struct Operator {
    pub identity: Identity,
    pub folder: Folder,
    place: TempDir,
}

pub fn prefix() -> Level {
    "postern".parse().expect("a level")
}

pub fn route(broker: &Mosquitto) -> Route {
    route_of(broker, None)
}

/// The way of a user, whose password is not asked for.
fn route_of(broker: &Mosquitto, user: Option<&str>) -> Route {
    let address = broker.address().parse().expect("an address");
    let user = user.map(|user| (user.to_owned(), None));
    Route::new(&address, user, &Certificates::default()).expect("no certificates")
}

/// A person with a picture of their own.
pub fn person(name: &str) -> (Person, Vec<u8>) {
    let (pictures, sealed) = pictures::seal(&[format!("a picture of {name}").into_bytes()]).expect("sealed");
    let person = Person {
        name: name.to_owned(),
        hours: "always".to_owned(),
        pin: None,
        duress_pin: None,
        suspended: false,
        pictures,
    };
    (person, sealed)
}

impl Operator {
    pub fn new(byte: u8) -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let identity = Identity::of(&Key::new([byte; 32]));
        let folder = Folder::make(&place.path().join("fleet"), identity.public(), serde_json::Value::Null);
        Self { identity, folder: folder.expect("made"), place }
    }

    /// The folder as another command finds it.
    pub fn reopen(self) -> Self {
        let Self { identity, folder, place } = self;
        drop(folder);
        let folder = Folder::open(&place.path().join("fleet")).expect("there");
        Self { identity, folder, place }
    }

    /// A copy of the folder as it is now.
    pub fn copied(&self) -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let to = place.path().join("fleet");
        for inside in ["", "people", "doors", "pictures", "setup", "chunks"] {
            std::fs::create_dir(to.join(inside)).expect("made");
            for file in self.folder.path().join(inside).read_dir().expect("read") {
                let file = file.expect("read").path();
                if file.is_file() {
                    std::fs::copy(&file, to.join(inside).join(file.file_name().expect("a name")))
                        .expect("copied");
                }
            }
        }
        let folder = Folder::open(&to).expect("there");
        Self { identity: Identity::of(&Key::new([1; 32])), folder, place }
    }

    pub fn topics(&self) -> Topics {
        Topics::of(&prefix(), &self.identity.public())
    }

    pub fn enrol(&mut self, name: &str) {
        let (person, sealed) = person(name);
        self.folder.add(person, &sealed).expect("added");
    }

    pub fn remove(&mut self, name: &str) {
        let (id, _) = self.folder.find(name).expect("there");
        self.folder.change(id, None).expect("removed");
    }

    /// Changes a person.
    pub fn change(&mut self, name: &str, change: impl FnOnce(&mut Person)) {
        let (id, mut person) = self.folder.find(name).expect("there");
        change(&mut person);
        self.folder.change(id, Some(person)).expect("changed");
    }
}

impl Bench {
    /// A broker, and doors that are down.
    pub fn new(doors: u8) -> Self {
        Self::on(doors, "")
    }

    /// The same, with Ada in the fleet and at the first door, which is up.
    pub fn with_ada(doors: u8) -> Self {
        let mut bench = Self::new(doors);
        bench.operator.enrol("Ada");
        bench.publish(false);
        bench.up(0);
        bench.complete(0);
        bench
    }

    /// The same, and the configuration of the broker has these lines, too.
    pub fn on(doors: u8, lines: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let broker = Mosquitto::start(folder.path(), lines);
        let mut operator = Operator::new(1);
        let doors: Vec<Simulated> =
            (0..doors).map(|door| Simulated::new(Key::new([100 + door; 32]))).collect();
        for (at, door) in doors.iter().enumerate() {
            operator.folder.add_door(&format!("door {at}"), door.public()).expect("added");
        }
        Self {
            broker,
            hub: Arc::new(Hub::start().expect("a thread")),
            operator,
            doors,
            patience: Duration::from_secs(120),
            users: false,
            _folder: folder,
        }
    }

    pub fn connect(&self, client: &str) -> Connection {
        self.connect_as("operator", client)
    }

    /// A connection of a user.
    pub fn connect_as(&self, user: &str, client: &str) -> Connection {
        let traffic = Arc::new(Traffic::default());
        self.hub.connect(&self.route_of(user), client, &traffic).expect("connected")
    }

    fn route_of(&self, user: &str) -> Route {
        route_of(&self.broker, Some(user).filter(|_| self.users))
    }

    /// Sends what the broker does not have.
    pub fn publish(&mut self, all: bool) {
        let connection = self.connect("operator");
        let Operator { identity, folder, .. } = &mut self.operator;
        publish(folder, identity, &prefix(), &connection, "the broker", (all, 1)).expect("published");
    }

    pub fn up(&mut self, door: usize) {
        let operators = [self.operator.identity.public()];
        self.up_for(door, &operators);
    }

    pub fn up_for(&mut self, door: usize, operators: &[fleet::identity::Public]) {
        let traffic = Arc::new(Traffic::default());
        let (hub, route) = (self.hub.clone(), self.route_of("door").within(self.patience));
        self.doors[door].up(&hub, &route, &prefix(), (operators, &traffic)).expect("a thread");
    }

    /// Waits until a door has everything of the newest run.
    pub fn complete(&self, door: usize) {
        let run = self.operator.folder.settings.run;
        eventually(&format!("door {door} has run {run}: {:?}", self.doors[door].acked()), || {
            self.doors[door].has(run)
        });
    }

    /// The folder as it is made again from the broker, beside the one that is there.
    pub fn recovered(&self) -> Folder {
        let place = self.operator.place.path().join("recovered");
        let (connection, identity) = (self.connect("operator"), &self.operator.identity);
        let (settings, patience) =
            ((&prefix(), serde_json::Value::Null), ("the broker", Duration::from_secs(20)));
        recover(&place, identity, settings, &connection, patience, &[], &|_| true).expect("recovered");
        Folder::open(&place).expect("there")
    }

    /// How a door stands by what the broker has of it.
    pub fn standing(&mut self, door: usize) -> Standing {
        let connection = self.connect("operator");
        let Operator { identity, folder, .. } = &mut self.operator;
        let patience = ("the broker", std::time::Duration::from_secs(600));
        let came = collect(folder, identity, &prefix(), &connection, patience, &|_| true).expect("collected");
        let public = self.doors[door].public();
        let (id, kept) = folder.fleet_doors().find(|(_, kept)| kept.public == public).expect("the door");
        standing(folder, &digest(folder), kept, Some(came.get(id).copied().unwrap_or_default()))
    }
}
