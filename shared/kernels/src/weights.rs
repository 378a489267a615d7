//! Memory layout of the weights of a dense convolution.
//!
//! A filter is a row of `depth` weights in the order kernel row, kernel column, input channel. Rows are split
//! into pieces of [`PIECE`] weights, the size of a Helium register. The same pieces of all filters are
//! adjacent, so a kernel that keeps one piece of several pixels in registers reads the pieces of all filters
//! in order:
//!
//! ```text
//!           filter 0     filter 1           filter N-1
//! piece 0   [16 weights] [16 weights] ...   [16 weights]
//! piece 1   [16 weights] [16 weights] ...   [16 weights]
//! ```
//!
//! N is the number of filters rounded up to a multiple of [`FILTERS`]. Weights past the end of a row and rows
//! past the last filter are zero, so the values that they are multiplied with do not matter.

/// Number of weights in a piece.
pub const PIECE: usize = 16;
/// The number of filters is rounded up to a multiple of this, the unit of the inner loops.
pub const FILTERS: usize = 4;

/// Bytes of `filters` packed rows of `depth` weights, which must be known to fit the memory.
pub const fn packed_len(depth: usize, filters: usize) -> usize {
    packed_bytes(depth as u64, filters as u64) as usize
}

/// [`packed_len`] for sizes that are not yet checked: below 2^32 each, the result is exact on every processor.
pub const fn packed_bytes(depth: u64, filters: u64) -> u64 {
    let pieces = depth.div_ceil(PIECE as u64);
    let rows = filters.next_multiple_of(FILTERS as u64);
    pieces.saturating_mul(rows).saturating_mul(PIECE as u64)
}

/// Bytes from one piece to the next piece of the same filter.
pub const fn row_len(filters: usize) -> usize {
    filters.next_multiple_of(FILTERS) * PIECE
}

/// Packs `filters` consecutive rows of equal length into `packed`.
///
/// `packed` has [`packed_len`] bytes; weights that do not fit are dropped.
pub fn pack(weights: &[i8], filters: usize, packed: &mut [i8]) {
    packed.fill(0);
    let depth = weights.len() / filters.max(1);
    for (filter, row) in weights.chunks_exact(depth.max(1)).enumerate() {
        for (piece, values) in row.chunks(PIECE).enumerate() {
            let start = piece * row_len(filters) + filter * PIECE;
            if let Some(place) = packed.get_mut(start..start + values.len()) {
                place.copy_from_slice(values);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_all_filters_are_adjacent() {
        let weights: [i8; 36] = core::array::from_fn(|i| i as i8 + 1);
        let mut packed = [99; packed_len(18, 2)];
        pack(&weights, 2, &mut packed);
        assert_eq!(packed.len(), 2 * 4 * 16);
        assert_eq!(packed[..16], weights[..16]);
        assert_eq!(packed[16..32], weights[18..34]);
        assert_eq!(packed[64..67], [17, 18, 0]);
        assert_eq!(packed[80..83], [35, 36, 0]);
        assert!(packed[32..64].iter().all(|&w| w == 0));
    }
}
