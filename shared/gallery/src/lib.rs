//! Face templates in NOR flash, and their search.
#![no_std]
#![forbid(unsafe_code)]
