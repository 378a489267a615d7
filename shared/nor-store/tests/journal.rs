//! The A/B journal over a flash whose power is cut at every byte, and whose bits flip.

use nor_model::{Nor, SECTOR_SIZE};
use nor_store::{Check, Error, Journal};

const CELL: usize = 16;
const BANK: usize = SECTOR_SIZE;

/// A sum over the content.
struct Sum;

impl Check for Sum {
    const MAGIC: [u8; 4] = *b"TEST";

    fn matches(&self, content: &[u8], check: &[u8]) -> bool {
        self.check(content).starts_with(check)
    }

    fn check(&self, content: &[u8]) -> [u8; 8] {
        let hash = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let sum = content.iter().fold(0xcbf2_9ce4_8422_2325, hash);
        // The first bytes are what a cell has: each bit must reach them.
        (sum ^ sum >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()
    }
}

type Cells = Vec<[u8; CELL - 4]>;

fn journal() -> Journal<Sum, BANK, CELL> {
    Journal::new(Sum)
}

/// The cells in flash; none if there is no journal.
fn read(cells: &mut [u8]) -> Option<Cells> {
    let mut found = Cells::new();
    let content = |_, content: &[u8]| found.push(content.try_into().unwrap());
    let is_one = journal().read(&mut Nor::new(cells), content).unwrap();
    is_one.then_some(found)
}

/// A journal of these cells.
fn made(contents: &[[u8; CELL - 4]]) -> Vec<u8> {
    let mut cells = vec![0xff; 2 * BANK];
    let mut flash = Nor::new(cells.as_mut_slice());
    let mut journal = journal();
    journal.format(&mut flash).unwrap();
    for (number, content) in contents.iter().enumerate() {
        assert_eq!(journal.append(&mut flash, content), Ok(number));
    }
    cells
}

const THREE: [[u8; CELL - 4]; 3] = [[1; CELL - 4], [2; CELL - 4], [3; CELL - 4]];

#[test]
fn the_bytes_are_these() {
    let cells = made(&THREE);
    assert_eq!(cells[..8], *b"TEST\x01\0\0\0");
    assert_eq!(cells[8..16], Sum.check(b"TEST\x01\0\0\0"));
    assert_eq!(cells[16..28], [1; 12]);
    assert_eq!(cells[28..32], Sum.check(&[1; 12])[..4]);
    assert_eq!(cells[16 + 3 * CELL..], vec![0xff; cells.len() - 16 - 3 * CELL]);
}

#[test]
fn an_append_is_there_or_not_after_a_cut_at_every_byte() {
    for cut in 0..=CELL {
        let mut cells = made(&THREE[..2]);
        let mut flash = Nor::new(cells.as_mut_slice());
        let mut one = journal();
        assert_eq!(one.read(&mut flash, |_, _| {}), Ok(true));
        flash.cut_power_after(cut);
        let appended = one.append(&mut flash, &THREE[2]);
        let found = read(&mut cells).unwrap();
        assert!(found == THREE || (found == THREE[..2] && appended.is_err()), "cut after {cut}");
        // The next cell takes the place behind a broken one.
        let mut flash = Nor::new(cells.as_mut_slice());
        let mut one = journal();
        one.read(&mut flash, |_, _| {}).unwrap();
        one.append(&mut flash, &[9; CELL - 4]).unwrap();
        assert_eq!(read(&mut cells).unwrap().last(), Some(&[9; CELL - 4]));
    }
}

#[test]
fn a_deletion_is_there_or_not_and_leaves_nothing_of_the_cell() {
    // Two bits in each byte: one that is lost could be mended.
    let three = [THREE[0], [0x5a; CELL - 4], THREE[2]];
    for cut in 0..=CELL {
        let mut cells = made(&three);
        let mut flash = Nor::new(cells.as_mut_slice());
        let mut one = journal();
        assert_eq!(one.read(&mut flash, |_, _| {}), Ok(true));
        flash.cut_power_after(cut);
        let deleted = one.delete(&mut flash, 1);
        assert_eq!(deleted.is_ok(), cut == CELL);
        let found = read(&mut cells).unwrap();
        assert!(found == [THREE[0], THREE[2]] || (found == three && deleted.is_err()), "cut after {cut}");
        // Whoever opens it completes what was begun, for a part of a secret is much of it.
        let place = 16 + CELL..16 + 2 * CELL;
        let left = if found == three { made(&three)[place.clone()].to_vec() } else { vec![0; CELL] };
        assert_eq!(cells[place], left, "cut after {cut}");
        // Numbers stay, and the next cell comes behind.
        let mut flash = Nor::new(cells.as_mut_slice());
        let mut one = journal();
        let mut numbers = Vec::new();
        one.read(&mut flash, |number, _| numbers.push(number)).unwrap();
        assert_eq!(numbers, if found == three { vec![0, 1, 2] } else { vec![0, 2] });
        assert_eq!(one.append(&mut flash, &[9; CELL - 4]), Ok(3));
        assert_eq!(one.delete(&mut flash, 3), Ok(()));
        assert_eq!(one.delete(&mut flash, 3), Ok(()), "as often as one likes");
        assert_eq!(read(&mut cells), Some(found));
    }
}

#[test]
fn a_bit_of_a_deleted_cell_that_flips_makes_no_cell() {
    let mut whole = made(&THREE);
    let mut flash = Nor::new(whole.as_mut_slice());
    let mut one = journal();
    one.read(&mut flash, |_, _| {}).unwrap();
    one.delete(&mut flash, 1).unwrap();
    for bit in 8 * (16 + CELL)..8 * (16 + 2 * CELL) {
        let mut cells = whole.clone();
        cells[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(read(&mut cells), Some(vec![THREE[0], THREE[2]]), "bit {bit}");
        assert_eq!(cells, whole, "bit {bit}: it is zeros again");
    }
}

#[test]
fn a_rewrite_leaves_the_old_cells_or_the_new_ones_and_then_the_old_ones_are_erased() {
    // The cells, the header, and the erase of the old bank.
    for cut in 0..=2 * CELL + 16 + BANK {
        let mut cells = made(&THREE);
        let mut flash = Nor::new(cells.as_mut_slice());
        let mut one = journal();
        one.read(&mut flash, |_, _| {}).unwrap();
        flash.cut_power_after(cut);
        let kept = [THREE[0], THREE[2]];
        let rewritten = one.rewrite(&mut flash, kept.into_iter());
        assert_eq!(rewritten.is_ok(), cut >= 2 * CELL + 16 + BANK);
        let found = read(&mut cells).unwrap();
        assert!(found == kept || (found == THREE && cut < 2 * CELL + 16), "cut after {cut}");
        // Whoever opens it completes the erase: the deleted cell is nowhere.
        let deleted = cells.windows(CELL - 4).any(|window| window == THREE[1]);
        assert_eq!(deleted, found == THREE, "cut after {cut}");
        // And it works on.
        let mut flash = Nor::new(cells.as_mut_slice());
        let mut one = journal();
        one.read(&mut flash, |_, _| {}).unwrap();
        one.rewrite(&mut flash, [THREE[1]].into_iter()).unwrap();
        assert_eq!(read(&mut cells), Some(vec![THREE[1]]));
    }
}

#[test]
fn formatting_leaves_no_journal_or_an_empty_one() {
    for cut in 0..=16 {
        let mut cells = vec![0xff; 2 * BANK];
        let mut flash = Nor::new(cells.as_mut_slice());
        flash.cut_power_after(cut);
        let formatted = journal().format(&mut flash);
        let found = read(&mut cells);
        assert!(found == Some(Vec::new()) || (found.is_none() && formatted.is_err()), "cut after {cut}");
    }
}

#[test]
fn a_flipped_bit_costs_nothing_and_two_cost_one_cell() {
    let whole = made(&THREE);
    for bit in 0..8 * (16 + 3 * CELL) {
        let mut cells = whole.clone();
        cells[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(read(&mut cells), Some(THREE.to_vec()), "bit {bit}");
    }
    let mut cells = whole;
    cells[16 + CELL] ^= 3;
    assert_eq!(read(&mut cells), Some(vec![THREE[0], THREE[2]]));
}

#[test]
fn a_full_bank_takes_no_cell_until_it_is_rewritten() {
    let mut cells = made(&vec![THREE[0]; Journal::<Sum, BANK, CELL>::CAPACITY]);
    let mut flash = Nor::new(cells.as_mut_slice());
    let mut one = journal();
    one.read(&mut flash, |_, _| {}).unwrap();
    assert!(one.is_full());
    assert_eq!(one.append(&mut flash, &THREE[1]), Err(Error::Full));
    one.rewrite(&mut flash, [THREE[0]].into_iter()).unwrap();
    assert_eq!(one.append(&mut flash, &THREE[1]), Ok(1));
    assert_eq!(read(&mut cells), Some(vec![THREE[0], THREE[1]]));
}
