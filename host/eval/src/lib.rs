//! How often the door is wrong: LFW protocol, FMR, TAR, plots.
#![forbid(unsafe_code)]
