//! Selects the backend for the processor of a board.
//!
//! Stable Rust has no `target_feature` for `mve` and `dsp`. So the backend follows from `target-cpu`, which
//! `.cargo/config.toml` sets for the target.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(backend, values(none(), \"mve\", \"dsp\"))");
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let mut flags = flags.split('\x1f').map(|flag| flag.trim_start_matches("-C"));
    let is = |name: &str| flags.clone().any(|flag| flag == format!("target-cpu={name}"));
    if is("cortex-m55") {
        println!("cargo:rustc-cfg=backend=\"mve\"");
        println!("cargo:rustc-cfg=backend");
    } else if flags.any(|flag| flag == "target-cpu=cortex-m7") {
        println!("cargo:rustc-cfg=backend=\"dsp\"");
        println!("cargo:rustc-cfg=backend");
    }
}
