//! Operators that give a value other dimensions and keep its numbers in their order.

use crate::{Constant, Node, Problem};

impl Node<'_> {
    /// The dimensions of the output of a `Reshape`, `Flatten`, `Squeeze` or `Unsqueeze` of a value of dimensions `dims`.
    /// `constant` gives the inputs that are known.
    ///
    /// # Errors
    /// What the node asks for is computed, or does not fit the value.
    pub fn reshaped<'c>(
        &self,
        dims: &[usize],
        constant: &dyn Fn(usize) -> Option<&'c Constant>,
    ) -> Result<Vec<usize>, Problem> {
        let found = match self.operator() {
            "Reshape" => {
                let wanted = match (self.ints("shape"), constant(1)) {
                    (Some(wanted), _) => wanted.to_vec(),
                    (None, Some(wanted)) => wanted.integers(),
                    _ => return Err(Problem::unsupported("a shape that is computed")),
                };
                reshape(dims, &wanted, self.int("allowzero").unwrap_or(0) != 0)
            }
            "Flatten" => {
                let axis = self.int("axis").unwrap_or(1);
                // The axis may be the number of dimensions as well.
                let axis = if axis < 0 { axis + dims.len() as i64 } else { axis };
                let axis = usize::try_from(axis).ok().filter(|&axis| axis <= dims.len());
                axis.and_then(|axis| Some(vec![count(&dims[..axis])?, count(&dims[axis..])?]))
            }
            "Squeeze" => {
                let axes = self.axes(dims.len(), constant)?;
                let is_dropped = |axis: usize| match &axes {
                    Some(axes) => axes.contains(&axis),
                    None => dims[axis] == 1,
                };
                let kept = (0..dims.len()).filter(|&axis| !is_dropped(axis)).map(|axis| dims[axis]);
                let dropped = axes.iter().flatten().all(|&axis| dims[axis] == 1);
                dropped.then(|| kept.collect())
            }
            _ => {
                let added = self.ints("axes").map(<[i64]>::to_vec).or_else(|| Some(constant(1)?.integers()));
                let added = added.ok_or_else(|| Problem::unsupported("axes that are computed"))?;
                let rank = dims.len() + added.len();
                let axes = normal(&added, rank)?;
                let mut old = dims.iter().copied();
                Some(
                    (0..rank)
                        .map(|axis| if axes.contains(&axis) { 1 } else { old.next().unwrap_or(1) })
                        .collect(),
                )
            }
        };
        let same = |found: &Vec<usize>| count(found).is_some() && count(found) == count(dims);
        found
            .filter(same)
            .ok_or_else(|| Problem::invalid(format!("a value of {dims:?} cannot have this shape")))
    }

    /// The dimensions of `rank` that a `Shape` gives: all, or those from `start` to `end`.
    pub fn extent(&self, rank: usize) -> std::ops::Range<usize> {
        let place = |bound: i64| {
            let bound = if bound < 0 { bound.saturating_add(rank as i64) } else { bound };
            bound.clamp(0, rank as i64) as usize
        };
        let (start, end) = (place(self.int("start").unwrap_or(0)), self.int("end").map_or(rank, place));
        start..end.max(start)
    }

    /// The `axes` of the node, an attribute or input 1, for a value of `rank` dimensions; `None` where it names none.
    ///
    /// # Errors
    /// They are computed, or out of range.
    pub fn axes<'c>(
        &self,
        rank: usize,
        constant: &dyn Fn(usize) -> Option<&'c Constant>,
    ) -> Result<Option<Vec<usize>>, Problem> {
        if let Some(axes) = self.ints("axes") {
            return normal(axes, rank).map(Some);
        }
        match (self.input(1), constant(1)) {
            (None, _) => Ok(None),
            (_, Some(axes)) => normal(&axes.integers(), rank).map(Some),
            (Some(_), None) => Err(Problem::unsupported("axes that are computed")),
        }
    }
}

/// The dimensions of a value of dimensions `dims` that is repeated to `sides`, aligned at the right.
///
/// # Errors
/// Two sides differ, and none of them is one.
pub fn broadcast(dims: &[usize], sides: &[i64]) -> Result<Vec<usize>, Problem> {
    let rank = dims.len().max(sides.len());
    let old = |axis: usize| (axis + dims.len()).checked_sub(rank).map_or(1, |at| dims[at]);
    let new = |axis: usize| (axis + sides.len()).checked_sub(rank).map_or(1, |at| sides[at]);
    let joined = (0..rank).map(|axis| match (old(axis), usize::try_from(new(axis)).ok()?) {
        (a, b) if a == b || b == 1 => Some(a),
        (1, b) => Some(b),
        _ => None,
    });
    let joined = joined.collect::<Option<Vec<usize>>>().filter(|dims| count(dims).is_some());
    joined.ok_or_else(|| Problem::invalid(format!("a value of {dims:?} cannot be repeated to {sides:?}")))
}

/// Axes counted from the first dimension, sorted; negative ones count from the last.
pub(crate) fn normal(axes: &[i64], rank: usize) -> Result<Vec<usize>, Problem> {
    let positive = |&axis: &i64| {
        let axis = if axis < 0 { axis + rank as i64 } else { axis };
        usize::try_from(axis).ok().filter(|&axis| axis < rank)
    };
    let mut normal: Vec<usize> = axes
        .iter()
        .map(positive)
        .collect::<Option<_>>()
        .ok_or_else(|| Problem::invalid(format!("axes {axes:?} of a value of {rank} dimensions")))?;
    normal.sort_unstable();
    normal.dedup();
    Ok(normal)
}

/// The values of a tensor of these dimensions; `None` if no memory holds so many.
pub(crate) fn count(dims: &[usize]) -> Option<usize> {
    let count = dims.iter().try_fold(1usize, |product, &side| product.checked_mul(side));
    count.filter(|&count| count <= 1 << 30)
}

/// The dimensions `wanted`, in which 0 means the old one and -1 what is left.
fn reshape(dims: &[usize], wanted: &[i64], zero_is_zero: bool) -> Option<Vec<usize>> {
    let mut open = None;
    let mut sides = Vec::new();
    for (axis, &side) in wanted.iter().enumerate() {
        sides.push(match side {
            -1 if open.is_none() => {
                open = Some(axis);
                1
            }
            0 if !zero_is_zero => *dims.get(axis)?,
            _ => usize::try_from(side).ok()?,
        });
    }
    if let Some(open) = open {
        let known: usize = sides.iter().try_fold(1usize, |product, &side| product.checked_mul(side))?;
        sides[open] = count(dims)?.checked_div(known)?;
    }
    Some(sides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_completed_from_the_value() {
        assert_eq!(reshape(&[1, 8, 2, 2], &[0, -1], false), Some(vec![1, 32]));
        assert_eq!(reshape(&[1, 8, 2, 2], &[1, 4, -1, 4], false), Some(vec![1, 4, 2, 4]));
        assert_eq!(reshape(&[1, 8], &[-1, -1], false), None);
        assert_eq!(reshape(&[1, 8], &[-1, 0, 0], false), None);
        assert_eq!(normal(&[-1, 0], 4).unwrap(), [0, 3]);
        assert!(normal(&[4], 4).is_err());
    }
}
