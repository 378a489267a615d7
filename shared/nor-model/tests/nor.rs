//! The rules of NOR flash hold on any operation, and the power can go at any byte.

use nor_model::{ERASED, Error, Nor, SECTOR_SIZE, WORD_SIZE};
use proptest::prelude::*;

const SECTORS: usize = 3;
const LEN: usize = SECTORS * SECTOR_SIZE;

#[test]
fn programming_clears_and_erasing_sets() {
    let mut flash = Nor::new(vec![0; LEN]);
    assert_eq!(flash.program(0, &[0, 0, 0, 1]), Err(Error::NotErased));
    flash.erase(0, SECTOR_SIZE as u32).unwrap();
    assert_eq!(flash.bytes()[SECTOR_SIZE - 1], ERASED);
    assert_eq!(flash.bytes()[SECTOR_SIZE], 0);
    flash.program(4, &[0xf0; 4]).unwrap();
    flash.program(4, &[0x30; 4]).unwrap();
    assert_eq!(flash.program(4, &[0x31; 4]), Err(Error::NotErased));
    assert_eq!(flash.bytes()[4..8], [0x30; 4]);
}

#[test]
fn a_refused_program_changes_nothing() {
    let mut flash = Nor::new(vec![ERASED; LEN]);
    flash.program(8, &[0; 4]).unwrap();
    assert_eq!(flash.program(0, &[0x55; 12]), Err(Error::NotErased));
    assert_eq!(flash.bytes()[..8], [ERASED; 8]);
}

#[test]
fn ranges_are_checked() {
    let mut flash = Nor::new(vec![ERASED; LEN + 100]);
    assert_eq!(flash.bytes().len(), LEN);
    assert_eq!(flash.program(2, &[0; 4]), Err(Error::NotAligned));
    assert_eq!(flash.program(0, &[0; 3]), Err(Error::NotAligned));
    assert_eq!(flash.program(LEN as u32, &[0; 4]), Err(Error::OutOfBounds));
    assert_eq!(flash.program(u32::MAX - 3, &[0; 4]), Err(Error::OutOfBounds));
    assert_eq!(flash.erase(0, 1), Err(Error::NotAligned));
    assert_eq!(flash.erase(SECTOR_SIZE as u32, 0), Err(Error::OutOfBounds));
    assert_eq!(flash.erase(0, (LEN + SECTOR_SIZE) as u32), Err(Error::OutOfBounds));
    assert_eq!(flash.read(LEN as u32 - 1, &mut [0; 2]), Err(Error::OutOfBounds));
}

proptest! {
    #[test]
    fn a_cut_leaves_a_prefix(bytes in 0..200usize, words in 1..50usize, value: u8) {
        let mut flash = Nor::new(vec![ERASED; LEN]);
        let data = vec![value; words * WORD_SIZE];
        flash.cut_power_after(bytes);
        let result = flash.program(0, &data);
        let done = bytes.min(data.len());
        prop_assert_eq!(result.is_ok(), bytes >= data.len());
        prop_assert!(flash.bytes()[..done].iter().all(|&cell| cell == value));
        prop_assert!(flash.bytes()[done..].iter().all(|&cell| cell == ERASED));
        prop_assert_eq!(flash.program(LEN as u32 - 4, &[0; 4]).is_ok(), bytes >= data.len() + 4);
    }
}
