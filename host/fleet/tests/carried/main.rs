//! Doors in memory and an operator's folder on a real broker, mosquitto: what is lost, held back, repeated and cut.

mod away;
mod bench;
mod broker;
mod copies;
mod firmware;
mod foreign;
mod local;
mod measure;
mod overrule;
mod power;
mod recover;
mod refusals;
mod rule;
mod setups;
mod told;
