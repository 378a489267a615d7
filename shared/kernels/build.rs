//! Tells the crate which instructions a board's processor has beyond its target's.
//!
//! `mve` and `dsp` are no `target_feature` of stable Rust, so that the processor's name, which
//! `.cargo/config.toml` gives with the target, decides.

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
