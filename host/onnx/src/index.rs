//! The order of the values of a tensor.

/// All indices into a tensor of these dimensions, the last one fastest.
pub(crate) fn indices(dims: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<> {
    let dims = dims.to_vec();
    (0..dims.iter().product()).map(move |mut place: usize| {
        let mut index = vec![0; dims.len()];
        for (at, side) in index.iter_mut().zip(&dims).rev() {
            (*at, place) = (place % side, place / side);
        }
        index
    })
}

/// The place of the value at `index`; dimensions of one are repeated, and missing ones are the first.
pub(crate) fn place(dims: &[usize], index: &[usize]) -> usize {
    let ahead = index.len().saturating_sub(dims.len());
    let sides = dims.iter().zip(&index[ahead..]);
    sides.fold(0, |place, (&side, &at)| place * side + if side == 1 { 0 } else { at })
}
