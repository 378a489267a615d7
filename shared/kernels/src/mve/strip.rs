//! Strips: four rows of a plane, interleaved, and where a 3x3 filter lies in a patch of them.
//!
//! Four rows of the plane are first interleaved to a strip: the four values of a column lie together, one column after
//! the other. So a patch of four columns is a contiguous load. A gather of its 16 bytes would take a Cortex-M55 8 to 16
//! cycles, and nothing else would issue meanwhile.
//!
//! ```text
//! strip     column 0           column 1           column 2
//!           rows 0 1 2 3       rows 0 1 2 3       rows 0 1 2 3       ...
//! ```

use crate::parts;

/// The filter tap for each lane of a patch, for each position of the filter in the patch; 9 stands for zero.
pub type Positions = [[u8; 16]; 4];

/// The filter at four positions in a patch, for 2x2 outputs.
pub const STRIDE_1: Positions = positions([(0, 0), (0, 1), (1, 0), (1, 1)]);
/// The filter at the start of a patch, which gives one output.
pub const STRIDE_2: Positions = positions([(0, 0); 4]);

const fn positions(places: [(usize, usize); 4]) -> Positions {
    let mut all = [[9; 16]; 4];
    let mut place = 0;
    while place < 4 {
        let mut tap = 0;
        while tap < 9 {
            let (y, x) = (places[place].0 + tap / 3, places[place].1 + tap % 3);
            all[place][x * ROWS + y] = tap as u8;
            tap += 1;
        }
        place += 1;
    }
    all
}

/// Rows of a strip, and columns of a patch.
pub const ROWS: usize = 4;
/// Most columns of a strip.
pub const COLUMNS: usize = parts::PITCH.next_multiple_of(ROUND);
/// Columns that are interleaved at once.
pub const ROUND: usize = 16;
/// Bytes that may be read past the end of a row of the plane.
pub const SLACK: usize = COLUMNS - parts::PITCH;

/// Memory for the strips of two rows of outputs; with stride 1 there is one strip for both.
#[repr(C, align(16))]
pub struct Strips([[i8; COLUMNS * ROWS]; 2]);

impl Strips {
    /// Empty strips.
    pub fn new() -> Self {
        Self([[0; COLUMNS * ROWS]; 2])
    }
}

// The assembly knows the distance of the strips.
const _: () = assert!(COLUMNS * ROWS == 256);
