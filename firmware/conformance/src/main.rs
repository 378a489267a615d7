//! Kernel and model suite as a board binary.
//!
//! Without a job in the shared memory it prints the kernel suite over semihosting, with one it
//! runs the job; the exit code is zero if all is well. Built for the host it prints the suite, to
//! compare with.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod board;

#[cfg(not(target_os = "none"))]
fn main() {
    let mut text = String::new();
    let equal = conformance::suite::run(&mut conformance::suite::Workspace::new(), &mut text);
    print!("{text}");
    std::process::exit(i32::from(equal != Ok(true)));
}
