//! A functional model of the Ethos-U55: what its command stream computes.
//!
//! It knows the operators, types, formats and roundings that networks of ours use. Everything else is an error by name, so
//! no network is computed wrongly for lack of knowledge. It knows nothing of time: commands run one after the other, each
//! with all of its reads before its writes. Races between commands, caches and the bus are not in it.
#![forbid(unsafe_code)]

mod block;
mod elementwise;
mod error;
mod machine;
mod map;
mod rounding;
mod state;
mod weights;

pub mod codec;

pub use block::Block;
pub use error::Error;
pub use machine::run;
pub use state::Machine;
