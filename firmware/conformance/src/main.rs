//! Kernel and model suite as a board binary.
#![no_std]
#![no_main]
