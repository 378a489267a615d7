//! The whole door on simulated parts: one program, so that the simulation is compiled once.

mod simulation;

mod asked;
mod bit_flips;
mod challenge;
mod claims;
mod controller;
mod door;
mod enrolment;
mod erasing;
mod flushing;
mod frames;
mod guesses;
mod insider;
mod journal;
mod line;
mod lost;
mod models;
mod once;
mod opening;
mod pairing;
mod pins;
mod policy;
mod power_cut;
mod promise;
mod removal;
mod requests;
mod roles;
mod rollback;
mod room;
mod secrets;
mod soak;
mod stored_rules;
mod updates;
mod verify;
mod wear;
