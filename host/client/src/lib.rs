//! Typed client of a device: emulator, serial, TCP.
#![forbid(unsafe_code)]
