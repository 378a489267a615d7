//! The conformance suite as a board binary.
//!
//! If the shared memory contains a job, the binary runs it; otherwise it prints the kernel suite over
//! semihosting. The exit code is zero on success. Built for the host, it prints the suite, or runs that of a
//! board and compares the results.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod board;

#[cfg(not(target_os = "none"))]
use conformance::host;

/// Exits with 0 if all results are equal, 1 if not, 2 on an error.
#[cfg(not(target_os = "none"))]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    std::process::exit(match host::run(&arguments) {
        Ok(agree) => i32::from(!agree),
        Err(error) => {
            eprintln!("{error}");
            2
        }
    });
}
