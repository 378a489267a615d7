//! Streams written here, whole and with one field changed each: the second ones are refused, with the reason.

mod made;
mod places;
mod sections;
mod values;
