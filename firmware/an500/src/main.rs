//! Board: Arm MPS2 AN500, Cortex-M7. Its description is in `mps_registers::an500`.
#![no_std]
#![no_main]

mps_board::board!(an500, rows: 1024, tallies: 32, rules: 8, npu: None);
