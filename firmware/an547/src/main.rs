//! Board: Arm MPS3 AN547, Cortex-M55.
#![no_std]
#![no_main]
