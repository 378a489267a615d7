//! The memory protection unit on both emulated boards: the real firmware, started by the real boot loader, in which the
//! interrupt handler of the urgent executor does what it must not. A fault resets the board. What is allowed does not fault;
//! then the handler hangs, and the watchdog resets the board.

use std::time::{Duration, Instant};

use emulator::{Board, Folder, Launch, Machine, Memory};
use fixtures::{Need, need};
use host_window::window::{self, ResetCause};
use host_window::{AN500, AN547, Layout};

/// How long a board may take on this machine for two resets: far more than a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(900);

/// What the handler does at an address.
#[derive(Clone, Copy, Debug)]
enum Access {
    Read,
    Write,
    /// It writes `bx lr` there, and calls it.
    Execute,
}

/// `movw` or `movt` of 16 bits to a register.
fn moved(operation: u16, register: u16, value: u32) -> [u16; 2] {
    let value = value as u16;
    let first = operation | (value >> 11 & 1) << 10 | value >> 12;
    [first, (value >> 8 & 7) << 12 | register << 8 | value & 0xff]
}

/// The instructions of a handler that does this once, and then hangs.
fn handler(access: Access, address: u32) -> Vec<u8> {
    const MOVW: u16 = 0xf240;
    const MOVT: u16 = 0xf2c0;
    let mut code = [moved(MOVW, 0, address), moved(MOVT, 0, address >> 16)].concat();
    match access {
        Access::Read => code.push(0x6801),  // ldr r1, [r0]
        Access::Write => code.push(0x6001), // str r1, [r0]
        Access::Execute => {
            code.extend(moved(MOVW, 1, 0x4770));
            // strh r1, [r0]; adds r0, #1; blx r0
            code.extend([0x8001, 0x3001, 0x4780]);
        }
    }
    // wfi, and a branch back to it.
    code.extend([0xbf30, 0xe7fd]);
    code.into_iter().flat_map(u16::to_le_bytes).collect()
}

/// Why the board was reset, once it was reset twice.
fn cause(memory: &Memory, boots: u32) -> u32 {
    let start = Instant::now();
    while memory.word(window::BOOTS).unwrap() < boots + 3 {
        assert!(start.elapsed() < PATIENCE, "the board was not reset");
        std::thread::sleep(Duration::from_millis(50));
    }
    memory.word(window::RESET_CAUSE).unwrap()
}

/// Boots a board whose handler on `line` does each of these, and compares why it is reset.
fn is_reset(machine: Machine, line: usize, cases: &[(Access, usize, ResetCause)]) {
    let state = tempfile::tempdir().unwrap();
    let folder = Folder::new(Some(state.path()), machine.name()).unwrap();
    let launch = Launch { machine: Some(machine), firmware: None, npu: None };
    let mut board = Board::up(folder.clone(), &launch).unwrap();
    let memory = board.memory().unwrap();
    board.cut_power().unwrap();
    for (access, address, expected) in cases {
        let boots = memory.word(window::BOOTS).unwrap();
        let code = handler(*access, *address as u32);
        board.install_firmware(&e2e::spoilt(machine, line, &code, state.path())).unwrap();
        std::thread::scope(|scope| {
            // It never answers, so that this ends only with the board.
            let up = scope.spawn(|| Board::up(folder.clone(), &Launch::default()).map(drop));
            let found = cause(&memory, boots);
            board.cut_power().unwrap();
            let _ = up.join().unwrap();
            assert_eq!(found, *expected as u32, "{}: {access:?} at {address:#x}", machine.name());
        });
    }
}

/// What must fault on a board, and what must not.
fn cases(layout: Layout, data: usize, guard: usize) -> [(Access, usize, ResetCause); 7] {
    let flash = layout.partitions;
    [
        (Access::Read, layout.fuses, ResetCause::Fault),
        (Access::Read, flash.boot.address(), ResetCause::Fault),
        (Access::Write, flash.boot.address(), ResetCause::Fault),
        (Access::Write, 0x100, ResetCause::Fault),
        (Access::Execute, data, ResetCause::Fault),
        (Access::Write, guard, ResetCause::Fault),
        (Access::Read, flash.gallery.address(), ResetCause::Watchdog),
    ]
}

#[test]
fn forbidden_memory_faults_on_a_cortex_m55() {
    need!(Need::Boards);
    is_reset(Machine::An547, 127, &cases(AN547, 0x2130_0000, 0x1fff_fffc));
}

#[test]
fn forbidden_memory_faults_on_a_cortex_m7() {
    need!(Need::Boards);
    is_reset(Machine::An500, 31, &cases(AN500, 0x0030_0000, 0x202f_fffc));
}
