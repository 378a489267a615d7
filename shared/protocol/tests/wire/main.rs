//! Tests of the wire format.

mod golden;
mod samples;
mod stream;
