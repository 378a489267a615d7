//! Model image format, memory plan and interpreter: a network runs in place from flash.
#![no_std]
#![forbid(unsafe_code)]
