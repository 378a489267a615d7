//! Board: Arm MPS2 AN500, Cortex-M7.
#![no_std]
#![no_main]
