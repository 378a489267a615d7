//! Drivers of the Arm MPS boards.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]
