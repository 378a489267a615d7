//! Any NPU section: it is refused, or its parts are where it says and its commands stay inside.
//!
//! Magic and version are made valid first, so that the checks behind them are reached.

use std::cell::RefCell;

use npu_section::Section;
use npu_section::format::{MAGIC, VERSION};

/// Most bytes of a section here.
const MOST: usize = 4096;

#[repr(align(16))]
struct Room([u8; MOST]);

thread_local! {
    static ROOM: RefCell<Box<Room>> = RefCell::new(Box::new(Room([0; MOST])));
}

/// Takes the bytes as a section.
pub fn check(input: &[u8]) {
    let length = input.len().min(MOST);
    if length < 6 {
        return;
    }
    ROOM.with_borrow_mut(|room| {
        room.0[..length].copy_from_slice(&input[..length]);
        room.0[..4].copy_from_slice(&MAGIC);
        room.0[4..6].copy_from_slice(&VERSION.to_le_bytes());
        let Ok(section) = Section::read(&room.0[..length]) else { return };
        let scratch = u64::from(section.header().scratch);
        for place in section.outputs() {
            assert!(u64::from(place.offset) + u64::from(place.bytes) <= scratch);
        }
        assert!(section.data().len() + 4 * section.stream().len() <= length);
        let _ = (section.accelerator(), section.layers().len());
        writes_stay_inside(&section, scratch);
    });
}

/// The first byte of each output and of each copy to the scratch, looked up in the plainest way.
fn writes_stay_inside(section: &Section, scratch: u64) {
    use npu_section::register as r;
    use npu_section::stream::{Command, code, commands};
    let mut registers = r::Registers::default();
    for command in commands(section.stream()) {
        match command.expect("the section was read").1 {
            Command::Set { register, value } => registers.set(register, value).expect("a known register"),
            Command::Do { code: code::STOP | code::DMA_WAIT | code::KERNEL_WAIT, .. } => (),
            Command::Do { code: code::DMA_START, .. } => {
                if registers.get(r::DMA0_DST_REGION) == Some(1) {
                    let end = registers.get(r::DMA0_DST).unwrap() + registers.get(r::DMA0_LEN).unwrap();
                    assert!(end <= scratch);
                }
            }
            Command::Do { .. } => {
                assert_eq!(registers.get(r::OFM_REGION), Some(1));
                assert!(registers.get(r::OFM_BASE0).unwrap() < scratch);
            }
        }
    }
}
