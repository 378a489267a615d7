//! People, rules, settings, models and firmware of many doors, signed by an operator, sealed for each door, and carried by an MQTT broker.
//!
//! ```text
//! identity    the keys of an operator and of a door, which follow from keys that are there already
//! record      what is sealed: what holds for a person, what a door should have, what it has
//! setup       what a door is set up with: settings, models, firmware
//! envelope    signed and sealed for one recipient
//! pictures    the pictures of a person, sealed once for all doors
//! directory   which records a recipient has, and a digest of them
//! topics      where the broker keeps what
//! connection  connections to the broker, over rumqttc
//! folder      the operator's folder: people, doors, and what each was sent
//! kept        what its files hold
//! publish     what the broker does not have yet
//! place       the door's place: what it knows of each person, and what is on its board
//! door        what is asked of a door, as a trait
//! follower    a door that applies records
//! follow      a door on a broker
//! foreign     people of another encoder than a board runs
//! presence    whether a door is on the broker
//! opening     commands that open a door
//! standing    who has what, who is behind, and why
//! counted     numbers of things in sentences
//! recover     the operator's folder, made again from the broker
//! overrule    a folder that is right where another copy of it sent something else
//! simulated   doors in memory, to measure and to test
//! measure     what a fleet of them costs
//! ```
//! # Invariants
//! - The broker sees ciphertext, sizes, times and random numbers. Nothing that it does makes a door take an older record, one
//!   of somebody else, or one for another door.
//! - A record is signed for one door. What a door keeps of it is in a file before the board is changed.
//! - What was sent, and what is on a board, is in files. So each side goes on where it was, and does the last step again.
#![forbid(unsafe_code)]

pub mod connection;
pub mod counted;
pub mod directory;
pub mod door;
pub mod envelope;
mod error;
pub mod folder;
pub mod follow;
pub mod follower;
pub mod foreign;
pub mod identity;
mod kept;
pub mod measure;
pub mod opening;
pub mod overrule;
pub mod pictures;
pub mod place;
pub mod presence;
pub mod publish;
mod rank;
pub mod record;
pub mod recover;
pub mod setup;
pub mod simulated;
pub mod standing;
pub mod topics;

pub use error::Error;
