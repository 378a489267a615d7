//! A matrix of keys: which wires are connected, and what of it somebody typed.
//!
//! A key connects a row to a column. One row after the other is driven low, and the columns, which resistors pull high, show
//! which of its keys are down. A row that is not driven is let go (open drain), so two keys in one column connect no two
//! outputs that disagree.
//!
//! ```text
//!           column 0   column 1   column 2
//! row 0  ──── 1 ───────── 2 ───────── 3
//! row 1  ──── 4 ───────── 5 ───────── 6
//! row 2  ──── 7 ───────── 8 ───────── 9
//! row 3  ──── * ───────── 0 ───────── #
//! ```
//!
//! # Invariants
//! - A picture of the keys counts once it was the same [`SAME`] times: contacts bounce.
//! - A key counts when it goes down alone. Two at once are no typing.
//! - Without diodes, three corners of a rectangle make a fourth that nobody pressed. From such a picture nothing is taken,
//!   and what was down in it counts when it was up in between.
//! - What is down when the door starts does not count, and what stays down for [`STUCK`] pictures is said.

use std::io;

/// Rows and columns at most.
pub const MOST: usize = 8;

/// Pictures in a row that must be the same.
pub const SAME: u32 = 4;

/// Pictures in a row in which a key is down, after which it sticks: ten seconds, at a picture each 5 ms.
pub const STUCK: u32 = 2_000;

/// The wires of a matrix.
pub trait Wires {
    /// Drives a row low, or lets it go.
    ///
    /// # Errors
    /// The chip does not obey.
    fn drive(&mut self, row: usize, low: bool) -> io::Result<()>;

    /// Whether a column is low, after the wires had time to settle.
    ///
    /// # Errors
    /// The chip does not answer.
    fn is_low(&mut self, column: usize) -> io::Result<bool>;
}

/// Which keys are down: a word for each row, a bit for each column.
pub type Down = [u8; MOST];

/// Looks which keys are down. Between two calls all rows are driven, so that one look at the columns is enough while
/// nobody types.
///
/// # Errors
/// The chip does not obey.
pub fn look(wires: &mut impl Wires, rows: usize, columns: usize) -> io::Result<Down> {
    let mut down = Down::default();
    if low(wires, columns)? == 0 {
        return Ok(down);
    }
    (0..rows).try_for_each(|row| wires.drive(row, false))?;
    // A column that is low by itself is a wire that touches ground.
    let grounded = low(wires, columns)?;
    for (row, keys) in down.iter_mut().enumerate().take(rows) {
        wires.drive(row, true)?;
        *keys = low(wires, columns)? & !grounded;
        wires.drive(row, false)?;
    }
    (0..rows).try_for_each(|row| wires.drive(row, true))?;
    Ok(down)
}

/// The columns that are low.
fn low(wires: &mut impl Wires, columns: usize) -> io::Result<u8> {
    let mut low = 0;
    for column in 0..columns {
        low |= u8::from(wires.is_low(column)?) << column;
    }
    Ok(low)
}

/// What of the pictures somebody typed.
#[derive(Debug)]
pub struct Typing {
    last: Down,
    /// How often the last picture came in a row.
    same: u32,
    /// What was down in the last picture that counted.
    down: Down,
    /// What was said to stick.
    said: Down,
}

/// What a picture means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// A key was pressed: its row and column.
    Key(usize, usize),
    /// A key sticks: its row and column.
    Sticks(usize, usize),
}

impl Typing {
    /// Nothing was typed; what is down does not count.
    pub fn new() -> Self {
        Self { last: Down::default(), same: 0, down: [0xff; MOST], said: Down::default() }
    }

    /// Takes a picture.
    pub fn see(&mut self, picture: Down) -> Option<Typed> {
        self.same = if picture == self.last { self.same.saturating_add(1) } else { 1 };
        self.last = picture;
        if self.same == STUCK {
            let sticks = first(&new(&picture, &self.said));
            self.said = picture;
            return sticks.map(|(row, column)| Typed::Sticks(row, column));
        }
        if self.same != SAME {
            return None;
        }
        if is_ambiguous(&picture) {
            self.down.iter_mut().zip(picture).for_each(|(down, keys)| *down |= keys);
            return None;
        }
        let pressed = new(&picture, &self.down);
        self.down = picture;
        self.said.iter_mut().zip(picture).for_each(|(said, keys)| *said &= keys);
        let alone = pressed.iter().map(|keys| keys.count_ones()).sum::<u32>() == 1;
        let (row, column) = first(&pressed).filter(|_| alone)?;
        Some(Typed::Key(row, column))
    }
}

/// What is in the first picture and not in the second.
fn new(picture: &Down, before: &Down) -> Down {
    core::array::from_fn(|row| picture[row] & !before[row])
}

/// The first key that is down.
fn first(down: &Down) -> Option<(usize, usize)> {
    let row = down.iter().position(|keys| *keys != 0)?;
    Some((row, down[row].trailing_zeros() as usize))
}

/// Whether two rows have two columns in common.
fn is_ambiguous(down: &Down) -> bool {
    down.iter().enumerate().any(|(row, keys)| down[..row].iter().any(|other| (keys & other).count_ones() > 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pad of four rows and three columns: which keys are down, which rows are driven, what touches ground.
    #[derive(Default)]
    struct Pad {
        keys: Vec<(usize, usize)>,
        driven: [bool; 4],
        grounded: Option<usize>,
        looks: u32,
        broken: bool,
    }

    impl Wires for Pad {
        fn drive(&mut self, row: usize, low: bool) -> io::Result<()> {
            self.driven[row] = low;
            if self.broken { Err(io::ErrorKind::NotFound.into()) } else { Ok(()) }
        }

        /// Current flows through all keys that are down, and in both directions.
        fn is_low(&mut self, column: usize) -> io::Result<bool> {
            self.looks += 1;
            let (mut rows, mut columns) = (self.driven, [false; 3]);
            self.grounded.into_iter().for_each(|column| columns[column] = true);
            for _ in 0..self.keys.len() {
                for (row, column) in &self.keys {
                    let low = rows[*row] || columns[*column];
                    (rows[*row], columns[*column]) = (low, low);
                }
            }
            Ok(columns[column])
        }
    }

    /// A pad and what is typed on it.
    struct Typist(Pad, Typing);

    impl Typist {
        fn new() -> Self {
            let mut typist = Self(Pad { driven: [true; 4], ..Pad::default() }, Typing::new());
            assert_eq!(typist.hold(&[]), "", "nothing is typed by a start");
            typist
        }

        fn look(&mut self, keys: &[(usize, usize)]) -> Option<Typed> {
            self.0.keys = keys.to_vec();
            let picture = look(&mut self.0, 4, 3).expect("the chip obeys");
            self.1.see(picture)
        }

        /// What is typed while these keys are down.
        fn hold(&mut self, keys: &[(usize, usize)]) -> String {
            let typed = (0..2 * SAME).filter_map(|_| self.look(keys));
            let keys = typed.map(|typed| match typed {
                Typed::Key(row, column) => ["123", "456", "789", "*0#"][row][column..=column].to_owned(),
                Typed::Sticks(..) => "!".to_owned(),
            });
            keys.collect()
        }
    }

    #[test]
    fn each_key_is_typed_once_and_again_after_it_was_up() {
        let mut typist = Typist::new();
        let all = (0..4).flat_map(|row| (0..3).map(move |column| (row, column)));
        let typed: String = all.map(|key| typist.hold(&[key]) + &typist.hold(&[])).collect();
        assert_eq!(typed, "123456789*0#");
        assert_eq!(typist.hold(&[(1, 1)]) + &typist.hold(&[(1, 1)]), "5");
    }

    #[test]
    fn a_contact_that_bounces_is_one_press() {
        let mut typist = Typist::new();
        let bounces = [true, false, true, true, false, true, true, true, false, true, true, true, true, true];
        let typed =
            bounces.iter().filter_map(|down| typist.look(if *down { &[(0, 1)] } else { &[] })).count();
        assert_eq!(typed, 1);
        let bounces = [false, true, false, false, true, false, false, false, false];
        assert!(bounces.iter().all(|down| typist.look(if *down { &[(0, 1)] } else { &[] }).is_none()));
    }

    #[test]
    fn fingers_that_overlap_type_both_keys_and_two_at_once_none() {
        let mut typist = Typist::new();
        let typed = typist.hold(&[(0, 0)]) + &typist.hold(&[(0, 0), (0, 1)]) + &typist.hold(&[(0, 1)]);
        assert_eq!(typed, "12");
        assert_eq!(typist.hold(&[]) + &typist.hold(&[(0, 0), (2, 2)]) + &typist.hold(&[(2, 2)]), "");
    }

    #[test]
    fn a_key_that_nobody_pressed_is_not_typed() {
        let mut typist = Typist::new();
        // 1 and 2 are held, then 4: the wires show 5, too.
        let typed = typist.hold(&[(0, 0)]) + &typist.hold(&[(0, 0), (0, 1)]);
        assert_eq!(typed, "12");
        let corners = [(0, 0), (0, 1), (1, 0)];
        assert_eq!(look(&mut typist.0, 4, 3).expect("it obeys")[..2], [3, 0]);
        assert_eq!(typist.hold(&corners), "");
        assert_eq!(look(&mut typist.0, 4, 3).expect("it obeys")[..2], [3, 3], "the fourth corner");
        assert_eq!(typist.hold(&[(1, 0)]), "", "it was pressed while nobody could tell");
        assert_eq!(typist.hold(&[]) + &typist.hold(&[(1, 0)]), "4");
    }

    #[test]
    fn a_key_that_sticks_is_said_once_and_the_others_work() {
        let mut typist = Typist::new();
        let long =
            |typist: &mut Typist| (0..STUCK + 9).filter_map(|_| typist.look(&[(1, 1)])).collect::<Vec<_>>();
        assert_eq!(long(&mut typist), [Typed::Key(1, 1), Typed::Sticks(1, 1)]);
        assert_eq!(typist.hold(&[(1, 1), (0, 0)]), "1");
        assert_eq!(typist.hold(&[(1, 1)]), "");
        assert_eq!(long(&mut typist), [], "it was said");
        assert_eq!(typist.hold(&[]) + &typist.hold(&[(1, 1)]), "5");
    }

    #[test]
    fn what_is_down_at_the_start_and_a_wire_at_ground_type_nothing() {
        let mut typist = Typist(Pad { driven: [true; 4], ..Pad::default() }, Typing::new());
        assert_eq!(typist.hold(&[(2, 0)]) + &typist.hold(&[(2, 0), (0, 0)]), "1");
        let mut typist = Typist::new();
        typist.0.grounded = Some(2);
        assert_eq!(typist.hold(&[]), "");
        assert_eq!(typist.hold(&[(0, 0)]), "1", "the other columns work");
    }

    #[test]
    fn while_nobody_types_one_look_at_the_columns_is_enough() {
        let mut pad = Pad { driven: [true; 4], ..Pad::default() };
        look(&mut pad, 4, 3).expect("it obeys");
        assert_eq!(pad.looks, 3);
        pad.keys = vec![(3, 2)];
        assert_eq!(look(&mut pad, 4, 3).expect("it obeys"), [0, 0, 0, 4, 0, 0, 0, 0]);
        assert_eq!(pad.driven, [true; 4], "the rows wait for the next key");
        pad.broken = true;
        assert!(look(&mut pad, 4, 3).is_err());
    }
}
