//! Tests of the bytes on the wire.

mod golden;
mod samples;
mod stream;
