//! Sums over constants.

use crate::constant::Exact;
use crate::index::{indices, place};
use crate::shape::count;
use crate::{Constant, Node, Problem};

/// `MatMul` of two matrices.
pub fn product(a: Result<&Constant, Problem>, b: Result<&Constant, Problem>) -> Result<Constant, Problem> {
    let (a, b) = (a?, b?);
    let (&[rows, depth], &[of, columns]) = (&a.dims[..], &b.dims[..]) else {
        return Err(Problem::unsupported("only of two matrices"));
    };
    if depth != of || a.exact != Exact::Floats || b.exact != Exact::Floats {
        return Err(Problem::invalid(format!("matrices of {:?} and {:?}, or not of floats", a.dims, b.dims)));
    }
    count(&[rows, columns]).ok_or_else(|| Problem::unsupported("a constant of so many values"))?;
    let values = indices(&[rows, columns]).map(|at| {
        let terms = (0..depth)
            .map(|k| f64::from(a.values[at[0] * depth + k]) * f64::from(b.values[k * columns + at[1]]));
        terms.sum::<f64>() as f32
    });
    let values = values.collect();
    Ok(Constant::floats(vec![rows, columns], values))
}

/// `ReduceSum`, `ReduceSumSquare`, `ReduceMean` or `ReduceL2`, of floats.
pub fn along<'c>(
    node: &Node,
    value: &Constant,
    input: &dyn Fn(usize) -> Option<&'c Constant>,
) -> Result<Constant, Problem> {
    let rank = value.dims.len();
    let axes = node.axes(rank, input)?.filter(|axes| !axes.is_empty());
    let nothing = axes.is_none() && node.int("noop_with_empty_axes").unwrap_or(0) != 0;
    let keep = node.int("keepdims").unwrap_or(1) != 0;
    if nothing || value.exact != Exact::Floats || value.values.is_empty() {
        return Err(Problem::unsupported("only of floats, along axes that it names"));
    }
    let axes = axes.unwrap_or_else(|| (0..rank).collect());
    let short: Vec<usize> = value
        .dims
        .iter()
        .enumerate()
        .map(|(axis, &side)| if axes.contains(&axis) { 1 } else { side })
        .collect();
    let mut sums = vec![0f64; short.iter().product()];
    let operator = node.operator();
    for (index, &x) in indices(&value.dims).zip(&value.values) {
        let x = f64::from(x);
        let squared = matches!(operator, "ReduceL2" | "ReduceSumSquare");
        sums[place(&short, &index)] += if squared { x * x } else { x };
    }
    let terms = axes.iter().map(|&axis| value.dims[axis]).product::<usize>() as f64;
    let values = sums.into_iter().map(|sum| match operator {
        "ReduceL2" => sum.sqrt() as f32,
        "ReduceMean" => (sum / terms) as f32,
        _ => sum as f32,
    });
    let dims =
        short.iter().enumerate().filter(|(axis, _)| keep || !axes.contains(axis)).map(|(_, &side)| side);
    Ok(Constant::floats(dims.collect(), values.collect()))
}
