//! Real-time priority, where the supervisor permits it: io and the keeper run before all that computes.
//!
//! Without the right (`LimitRTPRIO=` of systemd, `ulimit -r`) all threads are equal. Children of such a thread do not
//! inherit the priority, so a command that gives pictures never has it.

use std::io;

/// The priority of the io task, and of the thread that wakes it.
pub const IO: i32 = 10;

/// The priority of the keeper: it locks even if the io task spins.
pub const KEEPER: i32 = IO + 1;

/// Whether this process may raise threads. A thread that ends at once tries it.
pub fn is_permitted() -> bool {
    std::thread::spawn(|| raise_to(KEEPER).is_ok()).join().unwrap_or(false)
}

/// Raises the thread that calls, if the process may.
pub fn raise(priority: i32) {
    match raise_to(priority) {
        Err(error) if error.kind() != io::ErrorKind::PermissionDenied => {
            eprintln!("no real-time priority: {error}");
        }
        _ => {}
    }
}

fn raise_to(priority: i32) -> io::Result<()> {
    // SAFETY: the structure is made of numbers, for which zero is valid.
    let mut parameter: libc::sched_param = unsafe { core::mem::zeroed() };
    parameter.sched_priority = priority;
    // SAFETY: the call reads the structure, and 0 is the thread that calls.
    match unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &parameter) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
