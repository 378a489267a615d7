//! Tasks of the workspace: setup, demo, test, bless, tidy, size.
#![forbid(unsafe_code)]

fn main() {}
