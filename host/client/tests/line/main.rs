//! The client against a simulated device, over a line that fails in every way lines do.

mod device;
mod loss;
mod pairing;
mod pending;
mod sealed;
mod transfers;
mod versions;
