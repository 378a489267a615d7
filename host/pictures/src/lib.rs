//! Photographs in, camera frames and annotated pictures out.
#![forbid(unsafe_code)]
