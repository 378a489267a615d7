//! Kernel and model suite as a board binary.
//!
//! Without a job in the shared memory it prints the kernel suite over semihosting, with one it
//! runs the job; the exit code is zero if all is well. Built for the host it prints the suite, or runs a
//! board's and compares.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod board;

#[cfg(not(target_os = "none"))]
use conformance::host;

/// Exits with 0 if all agree, 1 if not, 2 on an error.
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
