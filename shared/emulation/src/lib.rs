//! The memory an emulated board shares with its host.
#![no_std]
#![forbid(unsafe_code)]
