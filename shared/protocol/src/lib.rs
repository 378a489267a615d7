//! Messages and framing between host and board.
#![no_std]
#![forbid(unsafe_code)]
