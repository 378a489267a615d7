//! Answers on a fleet: its codes, its changes, and who has what.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

/// The code of an operator or of a door.
#[derive(Serialize, JsonSchema)]
pub struct Code {
    /// The public keys and a check, in 132 hexadecimal digits.
    pub code: String,
    /// Where the fleet is kept on this computer.
    pub folder: PathBuf,
}

/// The operators who a door trusts.
#[derive(Serialize, JsonSchema)]
pub struct TrustedOperators {
    /// Each of them.
    pub operators: Vec<TrustedOperator>,
}

/// An operator who a door trusts.
#[derive(Serialize, JsonSchema)]
pub struct TrustedOperator {
    /// The beginning of their key, as in their topics, in hexadecimal digits.
    pub operator: String,
    /// Their code, as `postern fleet code` prints it.
    pub code: String,
    /// Whether the door trusts them with settings, models and firmware, too.
    pub installer: bool,
}

/// A change of the fleet, which the broker has.
#[derive(Serialize, JsonSchema)]
pub struct Changed {
    /// What was changed.
    #[schemars(extend("enum" = ["door-added", "door-removed", "enrolled", "removed", "suspended", "resumed", "ruled", "renamed", "released", "withdrawn"]))]
    pub change: String,
    /// The person, the door, or what was released.
    pub name: String,
    /// The number of the run that has the change.
    pub run: u64,
}

/// The settings that a fleet decides.
#[derive(Serialize, JsonSchema)]
pub struct FleetSettings {
    /// By the name of an option of `postern settings`, without its dashes. All others are each door's own.
    pub settings: BTreeMap<String, String>,
    /// The number of the newest run.
    pub run: u64,
}

/// What came of a command to open a door.
#[derive(Serialize, JsonSchema)]
pub struct DoorOpened {
    /// The door.
    pub door: String,
    /// The counter of the command.
    pub counter: u64,
    /// Whether the door says that it opened.
    pub opened: bool,
    /// Why not, and what to do. `null` if it opened.
    pub why: Option<String>,
}

/// What the broker did not have was sent.
#[derive(Serialize, JsonSchema)]
pub struct Published {
    /// Doors that were sent something.
    pub doors: u32,
    /// Messages.
    pub messages: u64,
    /// The number of the newest run.
    pub run: u64,
}

/// A door has acknowledged: a line for each.
#[derive(Serialize, JsonSchema)]
pub struct Acknowledged {
    /// The beginning of the operator's key, in hexadecimal digits.
    pub operator: String,
    /// The newest run that the door knows of.
    pub newest: u64,
    /// The last run all of whose records the door has.
    pub complete: u64,
    /// People who are on the board by its fleet.
    pub people: u32,
    /// Records that the door lacks, as far as their number says.
    pub lacking: u32,
    /// People who still have to be changed on the board.
    pub waiting: u32,
    /// People whose pictures have not come.
    pub pictures: u32,
    /// People who were refused by the board.
    pub refused: u32,
    /// Why nothing is changed at the moment. `null` if nothing is wrong.
    pub trouble: Option<String>,
}

/// Who has what, which door is behind, and why. The exit code is 1 if a door is behind.
#[derive(Serialize, JsonSchema)]
pub struct Status {
    /// The number of the newest run.
    pub run: u64,
    /// The doors, by name.
    pub doors: Vec<DoorStanding>,
    /// The people, by name.
    pub people: Vec<PersonStanding>,
    /// Settings, models and firmware that the fleet decides.
    pub set_up: Vec<SetupStanding>,
    /// People who were removed, and who a door is not known to have removed: it has acknowledged nothing since.
    pub leaving: Vec<Leaving>,
}

/// Somebody who was removed from the fleet.
#[derive(Serialize, JsonSchema)]
pub struct Leaving {
    /// The name that they had.
    pub name: String,
    /// The doors at which they may still be.
    pub doors: Vec<String>,
}

/// How a door stands.
#[derive(Serialize, JsonSchema)]
pub struct DoorStanding {
    /// The door.
    pub name: String,
    /// The beginning of its key, as in its topics.
    pub key: String,
    /// Whether it has everything.
    pub complete: bool,
    /// Why not, in a sentence. `null` if it has everything.
    pub why: Option<String>,
    /// Changes that it is not known to have.
    pub behind: u32,
    /// People who are on the board by its fleet.
    pub people: u32,
    /// Those of them who no operator that the door trusts knows any more.
    pub orphans: u32,
    /// People on the board who the fleet did not enrol there, as far as the door's files say.
    pub others: u32,
    /// Whether its program is on the broker: it was heard within five minutes, and nobody said that it went. `null` if it never said so.
    pub connected: Option<bool>,
    /// When it was heard last, if it is not there, by the clock of its computer (RFC 3339). `null` if it is there.
    pub away_since: Option<String>,
    /// When it acknowledged last, by the clock of its computer (RFC 3339). `null` if it never did.
    pub acknowledged: Option<String>,
    /// People who were refused or are enrolled with another encoder than the board runs, and settings, models and firmware that
    /// were refused: at most 20 of them.
    pub refused: Vec<Refused>,
    /// The models that are active on its board, and its firmware.
    pub active: Vec<Active>,
    /// The end of its audit log then. `null` if it said none.
    pub log: Option<LogEnd>,
}

/// A model or firmware that is active on a board.
#[derive(Serialize, JsonSchema)]
pub struct Active {
    /// What it is.
    #[schemars(extend("enum" = ["detector", "encoder", "liveness", "firmware"]))]
    pub kind: String,
    /// Its name; of firmware the release number.
    pub name: String,
    /// SHA-256 of its image, in hexadecimal digits. `null` of firmware.
    pub sha256: Option<String>,
    /// The newest release that the board has had, if it fell back to firmware before it. `null` otherwise.
    pub newest: Option<u64>,
}

/// Settings, a model or firmware that the fleet decides.
#[derive(Serialize, JsonSchema)]
pub struct SetupStanding {
    /// `settings`, the kind of model, or firmware with its kind of board.
    pub what: String,
    /// Names and values of settings; the name and the beginning of the digest of an image.
    pub value: String,
    /// Doors that are known to have it: of a model or firmware, those whose boards say that it is active.
    pub doors: u32,
}

/// A person who was refused by a door, or settings, a model or firmware.
#[derive(Serialize, JsonSchema)]
pub struct Refused {
    /// The person, or what it is.
    pub name: String,
    /// Why, in a sentence.
    pub why: String,
}

/// The end of an audit log.
#[derive(Serialize, JsonSchema)]
pub struct LogEnd {
    /// The number of the newest entry.
    pub number: u32,
    /// Its link of the hash chain, in hexadecimal digits.
    pub link: String,
    /// The key with which the board signs, in hexadecimal digits.
    pub signer: String,
    /// Whether it is signed with that key.
    pub signed: bool,
}

/// A person of the fleet.
#[derive(Serialize, JsonSchema)]
pub struct PersonStanding {
    /// The person.
    pub name: String,
    /// Whether they are suspended.
    pub suspended: bool,
    /// When they may pass.
    pub hours: String,
    /// Whether they must type a PIN, too.
    pub pin: bool,
    /// How many changes of them there were.
    pub counter: u64,
    /// Doors that are known to have the newest of them.
    pub doors: u32,
}

/// The operator's folder was made again from the broker.
#[derive(Serialize, JsonSchema)]
pub struct FleetRecovered {
    /// The folder.
    pub folder: PathBuf,
    /// People in it.
    pub people: u32,
    /// Doors in it.
    pub doors: u32,
    /// People whose pictures the broker does not have.
    pub without_pictures: u32,
    /// The number of the newest run.
    pub run: u64,
}

/// A step of a fleet of simulated doors: a line for each.
#[derive(Serialize, JsonSchema)]
pub struct Simulated {
    /// The step.
    #[schemars(extend("enum" = ["fill", "start", "revoke", "enrol", "partition", "restart", "new door"]))]
    pub step: String,
    /// Changes in it.
    pub changes: u64,
    /// Doors that took part.
    pub doors: u64,
    /// The time until all of them had it; of several changes, that of the middle one.
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
