//! The watchdog resets a board whose `io` task hangs. This is the real firmware in which a loop replaces the first
//! instructions of the interrupt handler of the urgent executor. `io` feeds the watchdog and is one task, so it stops
//! feeding wherever it hangs. A worker that hangs is tested on the host, in `door`: `io` stops feeding after a minute.

use std::time::{Duration, Instant};

use emulator::{Board, Folder, Launch, Machine};
use fixtures::{Need, need};
use host_window::window::{self, ResetCause};

/// `wfi`, and a branch back to it.
const HANG: &[u8] = &[0x30, 0xbf, 0xfd, 0xe7];
/// How long the board may take on this machine until it is reset: far more than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(900);

/// Boots the changed firmware on a board that good firmware has formatted, until the watchdog has reset it.
fn is_reset(machine: Machine, line: usize) {
    let state = tempfile::tempdir().unwrap();
    let folder = Folder::new(Some(state.path()), machine.name()).unwrap();
    let launch = Launch { machine: Some(machine), firmware: None, npu: None };
    let mut board = Board::up(folder.clone(), &launch).unwrap();
    let memory = board.memory().unwrap();
    assert_eq!(memory.word(window::RESET_CAUSE).unwrap(), ResetCause::PowerOn as u32);
    board.cut_power().unwrap();
    let boots = memory.word(window::BOOTS).unwrap();
    board.install_firmware(&e2e::spoilt(machine, line, HANG, state.path())).unwrap();
    let start = Instant::now();
    std::thread::scope(|scope| {
        // It never answers, so that this ends only with the board.
        let up = scope.spawn(|| Board::up(folder.clone(), &Launch::default()).map(drop));
        let reset = loop {
            let cause = memory.word(window::RESET_CAUSE).unwrap();
            if cause == ResetCause::Watchdog as u32 || start.elapsed() > PATIENCE {
                break cause == ResetCause::Watchdog as u32;
            }
            std::thread::sleep(Duration::from_millis(50));
        };
        let after = memory.word(window::BOOTS).unwrap();
        let open = memory.relay_is_on().unwrap();
        board.cut_power().unwrap();
        let _ = up.join().unwrap();
        assert!(reset, "{}: the watchdog did not reset the board", machine.name());
        assert_eq!((after, open), (boots + 2, false));
    });
    println!("{}: reset by the watchdog after {:.0} s", machine.name(), start.elapsed().as_secs_f64());
}

#[test]
fn a_front_that_hangs_is_reset_on_a_cortex_m55() {
    need!(Need::Boards);
    is_reset(Machine::An547, 127);
}

#[test]
fn a_front_that_hangs_is_reset_on_a_cortex_m7() {
    need!(Need::Boards);
    is_reset(Machine::An500, 31);
}
