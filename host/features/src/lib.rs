//! Nothing but dependencies: features of libraries that the tests of some crate ask for.
//!
//! Cargo compiles a library again if it is asked for other features, and with it everything that uses the library. The
//! programs `postern` and `xtask` depend on this crate. So they and the tests use the same libraries, and each is compiled
//! once, whatever is built first. What is missing here shows as a second "Compiling" of the same crate: the unit graphs of
//! `cargo build --bin xtask` and `cargo test` (`--unit-graph`, nightly) tell which features differ.
