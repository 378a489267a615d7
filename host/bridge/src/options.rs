//! What the bridge is told, and what it tells.

use std::path::PathBuf;
use std::time::Duration;

use crate::Certificates;
use crate::address::Address;
use crate::payload::{EventPublished, OpeningPublished, StatePublished, StatusPublished};
use crate::topics::Level;

/// What the bridge is told.
pub struct Options {
    /// Where the broker is.
    pub broker: Address,
    /// The user, if the broker wants one.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<String>,
    /// Certificates, for TLS.
    pub certificates: Certificates,
    /// What the topics of doors begin with.
    pub prefix: Level,
    /// What the topics of Home Assistant begin with.
    pub discovery: Level,
    /// The name of the door.
    pub name: String,
    /// The public key of the board.
    pub key: [u8; 32],
    /// How often the board is asked.
    pub interval: Duration,
    /// Whether names of people are published.
    pub names: bool,
    /// Whether a bridge that begins publishes the entries that the log has already.
    pub past: bool,
    /// Whether commands to open that are signed are carried to the board, which checks them.
    pub allow_opening: bool,
    /// The folder for what was published.
    pub folder: PathBuf,
}

/// What the bridge tells the program that started it.
#[derive(Clone, Copy, Debug)]
pub enum Said<'a> {
    /// A remark for people.
    Remark(&'a str),
    /// An event was published.
    Event(&'a EventPublished),
    /// The state was published.
    State(&'a StatePublished),
    /// It was published whether the door can be reached.
    Status(&'a StatusPublished),
    /// It was published what came of a command to open.
    Opening(&'a OpeningPublished),
}

/// Where the bridge tells it.
pub(crate) type Tell<'a> = &'a mut dyn FnMut(Said<'_>);
