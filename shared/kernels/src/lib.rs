//! Int8 operators for Cortex-M and the host.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]
