//! A door on an MQTT broker: what happens at it and how it stands, for Home Assistant and other readers.
//!
//! ```text
//! bridge     what is published when, and what happens when broker or board are away
//! link       one connection to the broker, over rumqttc
//! fault      whether a connection that ended is tried again, and why it ended
//! address    where the broker is
//! tls        certificates
//! topics     the topics of a door, whatever its name is
//! payload    what is published, as types with a schema
//! discovery  what Home Assistant learns of a door
//! kept       which entry of the log comes next, in a file
//! door       what the bridge asks of the program that starts it, as a trait
//! watcher    the thread that asks the door
//! command    a command to open, as it is published
//! opening    what comes of one, where they are allowed
//! options    what the bridge is told, and what it tells
//! ```
//! # Invariants
//! - By default nothing that arrives over MQTT reaches the door. The bridge subscribes to one topic, the birth message of Home
//!   Assistant, and what that says is compared with one word.
//! - Where opening is allowed, commands reach the door by one method of [`door::Door`], and the board checks signature, counter
//!   and time. The bridge has no key that opens.
//! - An event is an entry of the door's audit log. It counts as published when the broker has acknowledged it, and the number of
//!   the next one is in a file before another one is sent. So a broker or a board that is away costs nothing, as long as the log
//!   still holds the entry; and a bridge that is killed sends at most one event twice.
//! - What is retained is sent again on each new connection, because a broker may have forgotten it.
#![forbid(unsafe_code)]

pub mod address;
mod bridge;
pub mod command;
mod discovery;
pub mod door;
mod error;
mod fault;
mod kept;
mod link;
mod opening;
mod options;
pub mod payload;
mod tls;
mod topics;
mod watcher;

pub use bridge::run;
pub use error::Error;
pub use fault::Fault;
pub use options::{Options, Said};
pub use tls::Certificates;
pub use topics::{Level, opening_topics};
