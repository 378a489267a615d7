//! Board: Arm MPS3 AN547, Cortex-M55. Its description is in `mps_registers::an547`.
#![no_std]
#![no_main]

mps_board::board!(an547, rows: 1536, tallies: 128, rules: 32, npu: Some(mps_board::played_npu));
