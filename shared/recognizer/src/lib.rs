//! From a camera frame to a face template.
#![no_std]
#![forbid(unsafe_code)]
