//! Search for the nearest template.

use super::dot;

/// See [`crate::nearest`].
pub fn nearest(query: &[i8], rows: &[i8], pitch: usize) -> Option<(usize, i32)> {
    let mut best = None;
    for (number, row) in rows.chunks(pitch.max(query.len()).max(1)).enumerate() {
        let Some(row) = row.get(..query.len()) else { break };
        let product = dot(query, row);
        if best.is_none_or(|(_, greatest)| product > greatest) {
            best = Some((number, product));
        }
    }
    best
}
