//! Firmware over the line, on the emulated boards with the real boot loader: an update is tried and becomes active; one that
//! is older, for another board, changed in flash, or that hangs is not, and the log tells.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use client::{Fallback, Firmware, Machine, Signer};
use emulator::{Board, Folder};
use fixtures::{Need, need};

use crate::bench::Bench;

/// `wfi`, and a branch back to it.
const HANG: [u8; 4] = [0x30, 0xbf, 0xfd, 0xe7];

fn built(machine: Machine) -> String {
    let path = emulator::built_firmware(machine).expect("run `cargo xtask firmware` first");
    path.display().to_string()
}

/// A board that this computer is paired with.
fn paired(name: &'static str) -> Bench {
    let bench = Bench::new(name);
    bench.done(&["board", "up"]);
    bench.done(&["pair", "--press-button"]);
    bench
}

/// Reason and release of the log's entries of firmware.
fn told(bench: &Bench) -> Vec<(String, u64)> {
    let log = bench.done(&["log"]);
    let of_firmware = log.iter().filter(|entry| entry["kind"] == "firmware");
    let told = of_firmware.map(|entry| {
        (
            entry["reason"].as_str().unwrap_or_default().to_owned(),
            entry["release"].as_u64().unwrap_or_default(),
        )
    });
    told.collect()
}

#[test]
fn a_good_update_becomes_active_and_a_bad_one_does_not() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    let bench = paired("an547");
    bench.refused(&["flash", "firmware", &built(Machine::An500)], "is firmware for an500");
    bench.refused(&["flash", "firmware", "Cargo.toml"], "cannot be put on a board");
    let no_door =
        emulator::built_conformance(Machine::An547).expect("`need!` found it").display().to_string();
    bench.refused(&["flash", "firmware", &no_door], "which the firmware of a door has");
    bench.refused(&["flash", "firmware", "--release", "5"], "which the board has had");
    let report = &bench.done(&["flash", "firmware"])[0];
    let release = report["release"].as_u64().expect("a number");
    assert!(release > report["before"].as_u64().expect("a number"));
    assert_eq!(report["sent"], 0, "the host wrote the idle slot, and the board checked it");
    assert_eq!(told(&bench), [("active".to_owned(), release)]);
    bench.done(&["board", "down"]);
    bench.done(&["board", "up"]);

    // One that is changed in flash between its transfer and its first boot.
    let folder = Folder::new(Some(bench.state()), "an547").expect("a name");
    let mut board = Board::open(folder.clone()).expect("a board");
    let firmware = Firmware::read(Path::new(&built(Machine::An547))).expect("firmware");
    let signer = Signer::load(&folder.signing_key()).expect("read").expect("a key");
    let mut device = board.connect().expect("it answers");
    let signature = device.sign_firmware(&firmware, None, Fallback::Permitted, &signer).expect("signed");
    // Over the line, as to a board that is not emulated.
    let mut sent = 0;
    let mut count = |done, _| sent = done;
    let changed = device.stage_firmware(&firmware, &signature, &mut |_| false, &mut count).expect("staged");
    assert!(sent > 100_000, "{sent} bytes");
    drop(device);
    board.cut_power().expect("down");
    let memory = OpenOptions::new().read(true).write(true).open(folder.memory()).expect("its memory");
    // The second update lies in slot A again.
    let at = u64::from(Machine::An547.map().partitions.firmware[0].offset) + 50_000;
    let mut byte = [0];
    memory.read_exact_at(&mut byte, at).expect("read");
    memory.write_all_at(&[byte[0] ^ 4], at).expect("written");
    bench.done(&["board", "up"]);
    assert_eq!(told(&bench), [("active".to_owned(), release), ("refused".to_owned(), changed)]);
    let running = board.connect().expect("it answers").running_firmware().expect("told");
    assert_eq!((running.newest, running.slot, running.pending), (release, 1, None));
}

/// The firmware of a machine, whose start-up code does nothing and does not end.
fn hanging(machine: Machine) -> Vec<u8> {
    let mut elf = fs::read(built(machine)).expect("firmware");
    let number = |at: usize| u32::from_le_bytes([elf[at], elf[at + 1], elf[at + 2], elf[at + 3]]) as usize;
    let (headers, size, count) = (number(28), number(42) & 0xffff, number(44) & 0xffff);
    let headers = (0..count).map(|index| headers + index * size);
    // Segments that are loaded: type, place in the file, address, length.
    let loaded: Vec<_> = headers.filter(|at| number(*at) == 1).collect();
    let place = |address: usize| {
        let of = |at: usize| (number(at + 4), number(at + 8), number(at + 16));
        let inside = loaded.iter().map(|at| of(*at));
        let mut inside = inside.filter(|(_, start, len)| (*start..start + len).contains(&address));
        inside.next().map(|(file, start, _)| file + address - start).expect("it is loaded")
    };
    // The vector table lies at address 0, and its second word is the start-up code's address, and that it is Thumb code.
    let start = place(number(place(0) + 4) & !1);
    elf[start..start + HANG.len()].copy_from_slice(&HANG);
    elf
}

#[test]
fn an_update_that_hangs_is_rolled_back_and_the_board_runs_on_as_before() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    let bench = paired("an500");
    let path = bench.state().join("hanging.elf");
    fs::write(&path, hanging(Machine::An500)).expect("written");
    bench.refused(&["flash", "firmware", &path.display().to_string()], "rolled back from release");
    let told = told(&bench);
    assert_eq!((told.len(), told[0].0.as_str()), (1, "rolled-back"));
    let folder = Folder::new(Some(bench.state()), "an500").expect("a name");
    let mut device = Board::open(folder).expect("a board").connect().expect("it answers");
    let running = device.running_firmware().expect("told");
    assert!(running.newest < told[0].1 && running.slot == 0 && running.pending.is_none(), "{running:?}");
}
