//! Streams written here, whole and with one field changed each: the second ones are refused, with the reason. A whole one
//! is run by the driver, on registers that play faults.

mod driver;
mod made;
mod memory;
mod places;
mod sections;
mod values;
