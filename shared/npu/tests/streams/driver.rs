//! The driver, on registers that play an NPU and its faults.

use npu_section::bus::{NpuBus, USUAL_LIMIT, Wiring, block, command, status};
use npu_section::{Fault, Npu, Section};

use crate::made::{SCRATCH, registers, stream, with};

/// Most waits of an operation.
const PATIENCE: u32 = 5;
const BASE: u32 = 0x6000_0000;

/// What the registers do.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Plays {
    Well,
    /// It ends after this many waits.
    Slow(u32),
    /// It never ends.
    Endless,
    /// It ends with this STATUS.
    Ends(u32),
    /// It runs already, and a reset helps.
    Busy,
}

/// The registers.
struct Registers {
    plays: Plays,
    /// Whether a reset ends.
    resets: bool,
    /// The level that a reset leads to, if not the one that was asked for.
    level: Option<u32>,
    reaches: bool,
    words: [u32; 64],
    written: Vec<(u16, u32)>,
    /// Bytes of what was made visible to the NPU, and back.
    moved: Vec<i64>,
}

impl Registers {
    fn new() -> Self {
        let mut words = [0; 64];
        words[usize::from(block::ID / 4)] = 0x1006_6001;
        words[usize::from(block::CONFIG / 4)] = 0x1807;
        Self {
            plays: Plays::Well,
            resets: true,
            level: None,
            reaches: true,
            words,
            written: Vec::new(),
            moved: Vec::new(),
        }
    }

    fn with(mut self, register: u16, value: u32) -> Self {
        self.words[usize::from(register / 4)] = value;
        self
    }

    fn state(&mut self) -> &mut u32 {
        &mut self.words[usize::from(block::STATUS / 4)]
    }
}

impl NpuBus for &mut Registers {
    fn read(&mut self, register: u16) -> u32 {
        self.words[usize::from(register / 4)]
    }

    fn write(&mut self, register: u16, value: u32) {
        self.written.push((register, value));
        match (register, self.plays) {
            (block::RESET, _) => {
                self.words[usize::from(block::PROT / 4)] = self.level.unwrap_or(value);
                *self.state() = if self.resets { 0 } else { status::RESETTING };
            }
            (block::CMD, Plays::Busy) if value == 0 => *self.state() = status::RUNNING,
            (block::CMD, plays) if value & command::RUN != 0 => {
                *self.state() = match plays {
                    Plays::Well => status::END | status::IRQ,
                    Plays::Ends(state) => state,
                    _ => status::RUNNING,
                };
            }
            (block::CMD, _) if value & command::CLEAR_IRQ != 0 => *self.state() &= !status::IRQ,
            _ => (),
        }
    }

    fn address(&mut self, memory: &[u8]) -> Option<u32> {
        // The stream has no length of its own in the test, the data has 512 bytes, the scratch 4,096.
        let place = match memory.len() {
            512 => 0x1000,
            4096 => 0x2000,
            _ => 0,
        };
        self.reaches.then_some(BASE + place)
    }

    fn clean(&mut self, memory: &[u8]) {
        self.moved.push(memory.len() as i64);
    }

    fn invalidate(&mut self, memory: &mut [u8]) {
        self.moved.push(-(memory.len() as i64));
    }

    fn wait(&mut self, count: u32) -> bool {
        if self.plays == Plays::Slow(count) {
            *self.state() = status::END | status::IRQ;
        }
        count < PATIENCE
    }
}

#[repr(align(16))]
struct Scratch([u8; SCRATCH as usize + 16]);

/// Runs a section on the registers, once for each of `plays`.
fn run(registers_of: &mut Registers, plays: &[Plays]) -> Result<Vec<Result<(), Fault>>, Fault> {
    let mut npu = Npu::new(registers_of)?;
    let mut scratch = Scratch([0; SCRATCH as usize + 16]);
    Ok(with(
        &stream(&registers()),
        |_| (),
        |section| {
            let section = section.expect("a section");
            let run = |plays: &Plays| {
                npu.bus().plays = *plays;
                npu.run(&section, &mut scratch.0)
            };
            plays.iter().map(run).collect()
        },
    ))
}

/// Runs something on a section and a scratch.
fn section(then: impl FnOnce(&Section, &mut [u8])) {
    let mut scratch = Scratch([0; SCRATCH as usize + 16]);
    with(&stream(&registers()), |_| (), |section| then(&section.expect("a section"), &mut scratch.0));
}

#[test]
fn registers_are_written_in_this_order() {
    let mut played = Registers::new();
    assert_eq!(run(&mut played, &[Plays::Well]), Ok(vec![Ok(())]));
    let words = stream(&registers()).len() as u32;
    let [data, scratch] = [BASE + 0x1000, BASE + 0x2000];
    let mut expected = vec![(block::RESET, 1)];
    expected.extend((0..4).map(|limit| (block::AXI_LIMIT0 + 4 * limit, USUAL_LIMIT)));
    expected.extend([(block::CMD, 0), (block::QCONFIG, 2), (block::REGIONCFG, 3)]);
    for region in 0..8 {
        let base = if region == 0 { data } else { scratch };
        expected.extend([(block::BASEP0 + 8 * region, base), (block::BASEP0 + 8 * region + 4, 0)]);
    }
    expected.extend([(block::QBASE, BASE), (block::QBASE + 4, 0), (block::QSIZE, 4 * words)]);
    let end = [command::RUN, command::CLEAR_IRQ, command::GATED];
    expected.extend(end.map(|command| (block::CMD, command)));
    assert_eq!(played.written, expected);
    // Stream, data and scratch before, the scratch behind.
    assert_eq!(played.moved, [4 * i64::from(words), 512, 4096, -4096]);
}

#[test]
fn what_is_no_npu_is_absent() {
    for (register, value) in
        [(block::ID, 0), (block::CONFIG, 0), (block::CONFIG, 0x1000_3009), (block::CONFIG, u32::MAX)]
    {
        let mut played = Registers::new().with(register, value);
        let absent = run(&mut played, &[]);
        assert!(matches!(absent, Err(Fault::Absent(..))), "{value:#x}: {absent:?}");
        assert!(played.written.is_empty(), "nothing is written to what is no NPU");
    }
}

#[test]
fn a_section_for_another_npu_does_not_run() {
    let other = |register, value| run(&mut Registers::new().with(register, value), &[Plays::Well]);
    assert_eq!(other(block::CONFIG, 0x3008), Ok(vec![Err(Fault::Config(0x3008, 0x1807))]));
    let older = 0x0fff_6001;
    assert_eq!(other(block::ID, older), Ok(vec![Err(Fault::Architecture(older, 0x1006_6001))]));
    // A later one of the same kind runs older streams.
    assert_eq!(other(block::ID, 0x1016_6001), Ok(vec![Ok(())]));
}

#[test]
fn a_fault_resets_the_npu_and_the_next_run_is_good() {
    use status::{BUS, ECC, END, IRQ, PARSE, RUNNING, WEIGHTS};
    for fault in
        [IRQ, IRQ | BUS | END, BUS, PARSE | IRQ, WEIGHTS | END | IRQ, ECC | END | IRQ, IRQ | END | RUNNING]
    {
        let mut played = Registers::new();
        let runs = run(&mut played, &[Plays::Ends(fault), Plays::Well]).expect("an NPU");
        assert_eq!(runs, [Err(Fault::Stopped(fault & !IRQ)), Ok(())], "{fault:#x}");
        let resets = played.written.iter().filter(|(register, _)| *register == block::RESET).count();
        assert_eq!(resets, 2, "at first, and after the fault");
    }
}

#[test]
fn a_run_that_does_not_end_is_reset_and_a_slow_one_is_waited_for() {
    let mut played = Registers::new();
    let runs =
        run(&mut played, &[Plays::Endless, Plays::Slow(PATIENCE - 1), Plays::Slow(0)]).expect("an NPU");
    assert_eq!(runs, [Err(Fault::TimeOut(status::RUNNING)), Ok(()), Ok(())]);
}

#[test]
fn an_npu_that_is_busy_is_reset() {
    let mut played = Registers::new();
    let runs = run(&mut played, &[Plays::Busy, Plays::Well]).expect("an NPU");
    assert_eq!(runs, [Err(Fault::Busy(status::RUNNING)), Ok(())]);
}

#[test]
fn an_npu_that_does_not_reset_is_not_started() {
    let mut played = Registers::new();
    played.resets = false;
    assert_eq!(run(&mut played, &[]), Err(Fault::Stuck(status::RESETTING)));
    let mut played = Registers::new();
    played.level = Some(3);
    assert_eq!(run(&mut played, &[]), Err(Fault::Stuck(0)), "it has not the level that was asked for");

    let mut played = Registers::new();
    let mut npu = Npu::new(&mut played).expect("an NPU");
    section(|section, scratch| {
        npu.bus().plays = Plays::Endless;
        npu.bus().resets = false;
        assert_eq!(npu.run(section, scratch), Err(Fault::Stuck(status::RESETTING)));
        npu.bus().written.clear();
        assert_eq!(npu.run(section, scratch), Err(Fault::Stuck(status::RESETTING)));
        assert_eq!(npu.bus().written, [(block::RESET, 1)], "it is not started");
        (npu.bus().plays, npu.bus().resets) = (Plays::Well, true);
        assert_eq!(npu.run(section, scratch), Ok(()));
    });
}

#[test]
fn a_scratch_that_does_not_fit_is_refused_before_anything_is_written() {
    let mut played = Registers::new();
    let mut npu = Npu::new(&mut played).expect("an NPU");
    npu.bus().written.clear();
    let needed = SCRATCH as usize;
    section(|section, scratch| {
        let short = npu.run(section, &mut scratch[..needed - 1]);
        assert_eq!(short, Err(Fault::Scratch { needed, given: needed - 1 }));
        assert_eq!(npu.run(section, &mut scratch[8..]), Err(Fault::Scratch { needed, given: needed + 8 }));
        npu.bus().reaches = false;
        assert_eq!(npu.run(section, scratch), Err(Fault::Unreachable));
    });
    assert!(played.written.is_empty());
}

#[test]
fn a_board_says_how_its_npu_is_wired() {
    let usual = Wiring::default();
    assert_eq!((usual.level, usual.stream, usual.data, usual.scratch), (1, 2, 3, 0));
    assert_eq!(USUAL_LIMIT, 0x0f1f_0000);
}
