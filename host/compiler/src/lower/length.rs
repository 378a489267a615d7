//! A row of values divided by its length, in the forms that exporters write.
//!
//! | the file | what is left to do |
//! |---|---|
//! | `x * x`, `Pow(x, 2)` | [`Rest::Squares`] |
//! | `ReduceSum` of that, `ReduceSumSquare` | [`Rest::SquaredLength`] |
//! | `Sqrt` or `Pow(0.5)` of that, `ReduceL2` | [`Rest::Length`] |
//! | one divided by that, `Pow(-0.5)` of the sum | [`Rest::InverseLength`] |
//! | the row divided by its length, or times its inverse; `LpNormalization` | [`Rest::Normalized`] |
//!
//! Only an output may be normalised ([`outputs`](super::outputs)), so none of this gets an operator.

use onnx::{Node, Problem};

use super::clip::bounds;
use super::layout::{Layout, Order};
use super::values::{Lowering, Rest, Value};
use crate::graph::Activation;

/// A length below this is that of no embedding; adding it, or taking it for the least, changes none. The same goes for the
/// square of a length.
const NEGLIGIBLE: f32 = 1e-4;

/// The length of a row of values, its square, or the row divided by it.
pub fn length<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let value = to.any_input(node, 0)?;
    let value = match (node.operator(), value.rest) {
        ("ReduceSum", Rest::Squares) => value,
        ("ReduceSum", _) => return Err(Problem::unsupported("only of the squares of a last row of values")),
        _ => to.finished(node, 0, value)?,
    };
    let dims = &value.layout.dims;
    let rank = dims.len();
    let row = (1..rank).find(|&axis| dims[axis] == value.shape.len());
    let row = row.ok_or_else(|| Problem::unsupported("only of one row of values"))?;
    if node.operator() == "LpNormalization" {
        let axis = node.int("axis").unwrap_or(-1);
        if axis.rem_euclid(rank as i64) != row as i64 || node.int("p").unwrap_or(2) != 2 {
            return Err(Problem::unsupported("only the second power, over a row of values"));
        }
        to.alias(node, Value { rest: Rest::Normalized, ..value });
        return Ok(());
    }
    let axes = node.axes(rank, &|index| to.constant(node, index))?;
    let over_row = axes.is_some_and(|axes| axes.contains(&row) && !axes.contains(&0));
    node.ignore(&["noop_with_empty_axes"]);
    if !over_row || node.int("keepdims").unwrap_or(1) == 0 {
        return Err(Problem::unsupported("only over a row of values, and with keepdims"));
    }
    let mut dims = vec![1; rank];
    dims[0] = to.batch;
    let rest = if node.operator() == "ReduceL2" { Rest::Length } else { Rest::SquaredLength };
    to.alias(node, Value { rest, layout: Layout { dims, order: Order::Planes }, ..value });
    Ok(())
}

/// `Sqrt`, or `Pow` with a constant exponent.
pub fn power<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let value = to.any_input(node, 0)?;
    let exponent = match node.operator() {
        "Sqrt" => 0.5,
        _ => match node.constant(1).map(|constant| &constant.values[..]) {
            Some(&[exponent]) => exponent,
            _ => return Err(Problem::unsupported("an exponent that is not one constant number")),
        },
    };
    let rest = match (value.rest, exponent) {
        (Rest::None, 2.0) => Rest::Squares,
        (Rest::SquaredLength, 0.5) => Rest::Length,
        (Rest::SquaredLength, -0.5) | (Rest::Length, -1.0) => Rest::InverseLength,
        _ => return Err(Problem::unsupported("only in the length of a last row of values")),
    };
    to.alias(node, Value { rest, ..value });
    Ok(())
}

/// `Max` of a length and a small constant.
pub fn greatest<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let computed = usize::from(node.is_constant(0));
    let value = to.any_input(node, computed)?;
    match value.rest.is_length() && node.arity() == 2 {
        true => guard(to, node, value),
        false => Err(Problem::unsupported("only of a length and a constant that keeps it from zero")),
    }
}

/// What keeps a length from zero: a small summand, or a small lower bound.
pub fn guard<'a>(to: &mut Lowering<'a>, node: &Node<'a>, length: Value) -> Result<(), Problem> {
    let refused = || Problem::unsupported("a length may only be kept from zero");
    let is_small = |value: f32| (0.0..=NEGLIGIBLE).contains(&value);
    let sound = match node.operator() {
        "Add" | "Max" => {
            let constant = usize::from(!node.is_constant(0));
            let by = node.weights(constant)?;
            node.input(1 - constant);
            by.dims.len() <= length.layout.dims.len() && matches!(by.values[..], [by] if is_small(by))
        }
        "Clip" => {
            matches!(bounds(to, node)?, Activation::Clip([low, f32::INFINITY]) if is_small(low))
                || bounds(to, node)? == Activation::Relu
        }
        _ => false,
    };
    if !sound || length.rest == Rest::InverseLength {
        return Err(refused());
    }
    to.alias(node, length);
    Ok(())
}

/// A row of values divided by its own length, or one divided by a length.
pub fn divide<'a>(to: &mut Lowering<'a>, node: &Node<'a>) -> Result<(), Problem> {
    let only = || Problem::unsupported("only by a constant, or a row by its own length");
    if node.operator() == "Reciprocal" || node.is_constant(0) {
        let computed = usize::from(node.operator() == "Div");
        let length = to.any_input(node, computed)?;
        let is_one = computed == 0 || node.weights(0)?.values == [1.0];
        if length.rest != Rest::Length || !is_one {
            return Err(only());
        }
        to.alias(node, Value { rest: Rest::InverseLength, ..length });
        return Ok(());
    }
    let value = to.input(node, 0)?;
    let length = to.repeated_input(node, 1, &value.layout.dims)?;
    if length.rest != Rest::Length || !belongs(&length, &value) {
        return Err(only());
    }
    to.alias(node, Value { rest: Rest::Normalized, ..value });
    Ok(())
}

/// Whether `length` is that of `value`. One of another rank would be repeated along other dimensions than the values'.
pub fn belongs(length: &Value, value: &Value) -> bool {
    length.tensor == value.tensor && length.layout.dims.len() == value.layout.dims.len()
}

/// The row times the inverse of its length, or its squares; `None` where the product is another one.
pub fn product(a: &Value, b: &Value) -> Option<Value> {
    match (a.rest, b.rest) {
        (Rest::None, Rest::InverseLength) if belongs(b, a) => {
            Some(Value { rest: Rest::Normalized, ..a.clone() })
        }
        (Rest::InverseLength, Rest::None) => product(b, a),
        (Rest::None, Rest::None) if a.tensor == b.tensor && a.layout == b.layout => {
            Some(Value { rest: Rest::Squares, ..a.clone() })
        }
        _ => None,
    }
}
