//! The door: access control over traits.
#![no_std]
#![forbid(unsafe_code)]
