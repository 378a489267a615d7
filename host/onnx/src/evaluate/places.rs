//! Constants whose values are those of others in other places: repeated, cut, padded, chosen.

use crate::constant::Exact;
use crate::index::{indices, place};
use crate::shape::{broadcast, count, normal};
use crate::{Constant, Node, Problem};

/// A constant or why it is none.
type Known<'c> = Result<&'c Constant, Problem>;

/// The most values that a small file can ask for.
const MOST: usize = 1 << 26;

/// Whether a constant may have these dimensions.
fn fits(dims: &[usize]) -> Result<(), Problem> {
    let few = count(dims).is_some_and(|count| count <= MOST);
    few.then_some(()).ok_or_else(|| Problem::unsupported("a constant of so many values"))
}

/// `Expand`.
pub fn repeated(value: &Constant, sides: &Constant) -> Result<Constant, Problem> {
    let dims = broadcast(&value.dims, &sides.integers())?;
    fits(&dims)?;
    let places: Vec<usize> = indices(&dims).map(|index| place(&value.dims, &index)).collect();
    Ok(value.picked(dims, &places))
}

/// `ConstantOfShape`.
pub fn filled(node: &Node, sides: &Constant) -> Result<Constant, Problem> {
    let one = match node.tensor("value") {
        Some(value) => value.map_err(|error| Problem::Invalid(error.to_string()))?,
        None => Constant::floats(vec![1], vec![0.0]),
    };
    let sides =
        sides.integers().into_iter().map(|side| usize::try_from(side).ok()).collect::<Option<Vec<_>>>();
    let sides = sides.filter(|_| one.values.len() == 1);
    let dims = sides.ok_or_else(|| Problem::invalid("a shape that is none, or more than one value"))?;
    fits(&dims)?;
    let places = vec![0; dims.iter().product()];
    Ok(one.picked(dims, &places))
}

/// `Range` of integers.
pub fn counted([start, end, step]: [Known; 3]) -> Result<Constant, Problem> {
    let (start, end, step) = (start?, end?, step?);
    let one = |value: &Constant| match &value.exact {
        Exact::Integers(kind, integers) if integers.len() == 1 => Some((*kind, integers[0])),
        _ => None,
    };
    let (Some((kind, from)), Some((_, to)), Some((_, by))) = (one(start), one(end), one(step)) else {
        return Err(Problem::unsupported("only of integers"));
    };
    let (from, to, by) = (i128::from(from), i128::from(to), i128::from(by));
    let steps =
        if by == 0 { None } else { usize::try_from(((to - from + by - by.signum()) / by).max(0)).ok() };
    let steps = steps.ok_or_else(|| Problem::invalid("a range that is none"))?;
    fits(&[steps])?;
    let values = (0..steps as i128).map(|at| (from + at * by) as i64);
    Ok(Constant::whole(vec![steps], kind, values))
}

/// `Where`.
pub fn chosen([condition, yes, no]: [Known; 3]) -> Result<Constant, Problem> {
    let (condition, yes, no) = (condition?, yes?, no?);
    if !yes.is_like(no) {
        return Err(Problem::invalid("constants of different types"));
    }
    let sides = |of: &Constant| of.dims.iter().map(|&side| side as i64).collect::<Vec<i64>>();
    let dims = broadcast(&broadcast(&condition.dims, &sides(yes))?, &sides(no))?;
    fits(&dims)?;
    let taken = |index: &[usize]| condition.values[place(&condition.dims, index)] != 0.0;
    let of = |index: &[usize], value: &Constant| place(&value.dims, index);
    let values = indices(&dims).map(|index| match taken(&index) {
        true => yes.values[of(&index, yes)],
        false => no.values[of(&index, no)],
    });
    let values: Vec<f32> = values.collect();
    Ok(match (&yes.exact, &no.exact) {
        (Exact::Integers(kind, a), Exact::Integers(_, b)) => {
            let integers = indices(&dims).map(|index| match taken(&index) {
                true => a[of(&index, yes)],
                false => b[of(&index, no)],
            });
            let integers: Vec<i64> = integers.collect();
            Constant::whole(dims, *kind, integers)
        }
        (exact, _) => Constant { dims, values, exact: exact.clone() },
    })
}

/// `Slice`, by any steps.
pub fn cut<'c>(
    node: &Node,
    value: &Constant,
    input: &dyn Fn(usize) -> Option<&'c Constant>,
) -> Result<Constant, Problem> {
    let bounds = |name: &str, index: usize| match node.ints(name) {
        Some(bounds) => Some(bounds.to_vec()),
        None => input(index).map(Constant::integers),
    };
    let (starts, ends) = (bounds("starts", 1), bounds("ends", 2));
    let (Some(starts), Some(ends)) = (starts, ends) else {
        return Err(Problem::invalid("it has no bounds"));
    };
    let axes = bounds("axes", 3).unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = bounds("steps", 4).unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()].iter().any(|&length| length != starts.len()) {
        return Err(Problem::invalid("bounds of different lengths"));
    }
    if value.values.is_empty() {
        return Err(Problem::unsupported("a constant without values"));
    }
    let mut taken: Vec<Vec<usize>> = value.dims.iter().map(|&side| (0..side).collect()).collect();
    for (at, &axis) in axes.iter().enumerate() {
        let axis = normal(&[axis], value.dims.len())?[0];
        let (side, step) = (value.dims[axis] as i64, steps[at]);
        let from_end = |bound: i64| if bound < 0 { bound.saturating_add(side) } else { bound };
        let (start, end) = (from_end(starts[at]), from_end(ends[at]));
        taken[axis] = match step {
            0 => return Err(Problem::invalid("steps of zero")),
            1.. => (start.clamp(0, side)..end.clamp(0, side))
                .step_by(step as usize)
                .map(|i| i as usize)
                .collect(),
            _ => {
                let (start, end) = (start.clamp(-1, side - 1), end.clamp(-1, side - 1));
                let back = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX);
                (end + 1..=start).rev().step_by(back).map(|i| i as usize).collect()
            }
        };
    }
    let dims: Vec<usize> = taken.iter().map(Vec::len).collect();
    let source = |index: Vec<usize>| {
        let from: Vec<usize> = index.iter().zip(&taken).map(|(&at, taken)| taken[at]).collect();
        place(&value.dims, &from)
    };
    let places: Vec<usize> = indices(&dims).map(source).collect();
    Ok(value.picked(dims, &places))
}

/// `Pad` by one number, of floats.
pub fn padded<'c>(
    node: &Node,
    value: &Constant,
    input: &dyn Fn(usize) -> Option<&'c Constant>,
) -> Result<Constant, Problem> {
    let pads = node.ints("pads").map(<[i64]>::to_vec).or_else(|| input(1).map(Constant::integers));
    let around = match node.float("value") {
        Some(around) => around,
        None => input(2).map_or(Some(0.0), |value| value.values.first().copied()).unwrap_or(0.0),
    };
    let constant = node.string("mode").is_none_or(|mode| mode == "constant");
    let rank = value.dims.len();
    let pads = pads.filter(|pads| pads.len() == 2 * rank && constant && input(3).is_none());
    let pads =
        pads.filter(|pads| value.exact == Exact::Floats && pads.iter().all(|pad| (0..1 << 20).contains(pad)));
    let pads = pads.ok_or_else(|| Problem::unsupported("only floats, by one number, along all axes"))?;
    let dims: Vec<usize> =
        (0..rank).map(|axis| value.dims[axis] + (pads[axis] + pads[axis + rank]) as usize).collect();
    fits(&dims)?;
    let values = indices(&dims).map(|index| {
        let inside = index
            .iter()
            .enumerate()
            .map(|(axis, &at)| at.checked_sub(pads[axis] as usize).filter(|&at| at < value.dims[axis]));
        let inside: Option<Vec<usize>> = inside.collect();
        inside.map_or(around, |index| value.values[place(&value.dims, &index)])
    });
    let values = values.collect();
    Ok(Constant::floats(dims, values))
}
