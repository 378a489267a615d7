//! The tests with emulated boards, which plain `cargo test` does not run.
//!
//! Their manifests say `test = false`, so that `cargo test` stays quick and `--all-targets` leaves them out. `cargo test
//! --test NAME` still runs them. The packages that cargo selects stay the same, so nothing is compiled twice.

/// The test targets.
const END_TO_END: [&str; 7] = ["equality", "frame", "linux", "many_people", "protection", "watchdog", "cli"];

/// Cargo's options that choose these targets and nothing else.
pub fn end_to_end() -> Vec<&'static str> {
    END_TO_END.into_iter().flat_map(|name| ["--test", name]).collect()
}
