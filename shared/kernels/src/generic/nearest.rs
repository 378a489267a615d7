//! The template nearest to another.

use super::dot;

/// Number and dot product of the row of `rows` whose dot product with `query` is greatest, the first
/// of equal ones; `None` if there is no whole row.
pub fn nearest(query: &[i8], rows: &[i8]) -> Option<(usize, i32)> {
    let mut best = None;
    for (number, row) in rows.chunks_exact(query.len().max(1)).enumerate() {
        let product = dot(query, row);
        if best.is_none_or(|(_, greatest)| product > greatest) {
            best = Some((number, product));
        }
    }
    best
}
