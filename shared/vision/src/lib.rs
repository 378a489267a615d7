//! Integer image operations: resize, detect, align, crop, quality.
#![no_std]
#![forbid(unsafe_code)]
