//! Nodes whose inputs are all known, computed while a file is read.

use crate::shape::{count, normal};
use crate::{Constant, Node, Problem};

/// What gives the known inputs of a node.
type Inputs<'f, 'c> = &'f dyn Fn(usize) -> Option<&'c Constant>;

impl Node<'_> {
    /// The output of the node for constants, which `input` gives; `None` where the operator is not one of those that
    /// networks compute constants with.
    ///
    /// # Errors
    /// What the node asks for is not supported, or does not fit its inputs.
    pub fn evaluate<'c>(&self, input: Inputs<'_, 'c>) -> Option<Result<Constant, Problem>> {
        Some(match self.operator() {
            "Constant" => self.literal(),
            "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => self.with(input, |node, value| {
                let dims = node.reshaped(&value.dims, input)?;
                Ok(Constant { dims, ..value.clone() })
            }),
            "Identity" => self.with(input, |_, value| Ok(value.clone())),
            "Cast" => self.with(input, cast),
            "Transpose" => self.with(input, transpose),
            "Neg" => self.with(input, |_, value| Ok(map(value, |x| -x))),
            "Sqrt" => self.with(input, |_, value| Ok(map(value, f32::sqrt))),
            "Reciprocal" => self.with(input, |_, value| Ok(map(value, f32::recip))),
            "Add" | "Sub" | "Mul" | "Div" => self.two(input),
            "Concat" => self.concatenated(input),
            "Gather" => self.gathered(input),
            "Slice" => self.sliced(input),
            "QuantizeLinear" => self.quantized(input),
            "DequantizeLinear" => self.dequantized(input),
            _ => return None,
        })
    }

    /// What a `Constant` holds.
    fn literal(&self) -> Result<Constant, Problem> {
        let number = |value: f32, whole| Constant::new(Vec::new(), vec![value], whole);
        let row = |values: Vec<f32>, whole| Constant::new(vec![values.len()], values, whole);
        if let Some(value) = self.tensor("value") {
            return value.map_err(|error| Problem::Invalid(error.to_string()));
        }
        let found = None
            .or_else(|| self.float("value_float").map(|value| number(value, false)))
            .or_else(|| self.int("value_int").map(|value| number(value as f32, true)))
            .or_else(|| self.floats("value_floats").map(|values| row(values.to_vec(), false)))
            .or_else(|| {
                self.ints("value_ints").map(|ints| row(ints.iter().map(|&i| i as f32).collect(), true))
            });
        found.ok_or_else(|| Problem::unsupported("a constant of this form"))
    }

    fn with(
        &self,
        input: Inputs,
        compute: impl Fn(&Self, &Constant) -> Result<Constant, Problem>,
    ) -> Result<Constant, Problem> {
        compute(self, self.known(input, 0)?)
    }

    fn known<'c>(&self, input: Inputs<'_, 'c>, index: usize) -> Result<&'c Constant, Problem> {
        input(index).ok_or_else(|| Problem::invalid(format!("input {index} is missing")))
    }

    /// Arithmetic, with both sides repeated along dimensions of one.
    fn two(&self, input: Inputs) -> Result<Constant, Problem> {
        let (a, b) = (self.known(input, 0)?, self.known(input, 1)?);
        let rank = a.dims.len().max(b.dims.len());
        let side =
            |of: &Constant, axis: usize| (axis + of.dims.len()).checked_sub(rank).map_or(1, |at| of.dims[at]);
        let mut dims = Vec::new();
        for axis in 0..rank {
            dims.push(match (side(a, axis), side(b, axis)) {
                (x, y) if x == y => x,
                (1, y) => y,
                (x, 1) => x,
                _ => return Err(Problem::invalid(format!("dimensions {:?} and {:?}", a.dims, b.dims))),
            });
        }
        count(&dims).ok_or_else(|| Problem::unsupported("a constant of so many values"))?;
        let whole = a.whole && b.whole;
        let place = |of: &Constant, index: &[usize]| {
            let sides = (0..rank).map(|axis| (side(of, axis), index[axis]));
            sides.fold(0, |place, (side, at)| place * side + if side == 1 { 0 } else { at })
        };
        let values = indices(&dims).map(|index| {
            let (a, b) = (a.values[place(a, &index)], b.values[place(b, &index)]);
            match self.operator() {
                "Add" => a + b,
                "Sub" => a - b,
                "Mul" => a * b,
                _ if whole => (a / b).trunc(),
                _ => a / b,
            }
        });
        let values = values.collect();
        Ok(Constant::new(dims, values, whole))
    }

    fn concatenated(&self, input: Inputs) -> Result<Constant, Problem> {
        let parts: Vec<&Constant> = (0..).map_while(input).collect();
        let first = parts.first().ok_or_else(|| Problem::invalid("it has no input"))?;
        let axis = self.int("axis").ok_or_else(|| Problem::invalid("it has no axis"))?;
        let axis = normal(&[axis], first.dims.len())?[0];
        let others = |dims: &[usize]| [&dims[..axis], &dims[axis + 1..]].concat();
        if parts.iter().any(|part| part.dims.len() <= axis || others(&part.dims) != others(&first.dims)) {
            return Err(Problem::invalid("its inputs have different dimensions"));
        }
        let mut dims = first.dims.clone();
        dims[axis] = parts.iter().map(|part| part.dims[axis]).sum();
        let block = |part: &Constant| part.dims[axis..].iter().product::<usize>();
        let mut values = Vec::new();
        for row in 0..dims[..axis].iter().product::<usize>() {
            for part in &parts {
                values.extend(&part.values[row * block(part)..][..block(part)]);
            }
        }
        Ok(Constant::new(dims, values, first.whole))
    }

    /// `Gather` along the first dimension of a row, as shapes are taken apart.
    fn gathered(&self, input: Inputs) -> Result<Constant, Problem> {
        let (value, places) = (self.known(input, 0)?, self.known(input, 1)?);
        if value.dims.len() != 1 || !matches!(self.int("axis").unwrap_or(0), 0 | -1) {
            return Err(Problem::unsupported("a constant that is no row"));
        }
        let mut values = Vec::new();
        for place in places.integers() {
            values.push(value.values[normal(&[place], value.values.len())?[0]]);
        }
        Ok(Constant::new(places.dims.clone(), values, value.whole))
    }

    /// `Slice` of a row, by steps of one.
    fn sliced(&self, input: Inputs) -> Result<Constant, Problem> {
        let value = self.known(input, 0)?;
        let bounds = |name: &str, index: usize| match self.ints(name) {
            Some(bounds) => Some(bounds.to_vec()),
            None => input(index).map(Constant::integers),
        };
        let (starts, ends) = (bounds("starts", 1), bounds("ends", 2));
        let (axes, steps) = (bounds("axes", 3), bounds("steps", 4));
        let simple =
            matches!(axes.as_deref(), None | Some([0 | -1])) && matches!(steps.as_deref(), None | Some([1]));
        let (Some(&[start]), Some(&[end]), 1, true) =
            (starts.as_deref(), ends.as_deref(), value.dims.len(), simple)
        else {
            return Err(Problem::unsupported("a constant that is no row, or a step other than one"));
        };
        let length = value.values.len() as i64;
        let place = |bound: i64| {
            (if bound < 0 { bound.saturating_add(length) } else { bound }).clamp(0, length) as usize
        };
        let values = value.values.get(place(start)..place(end)).unwrap_or_default().to_vec();
        Ok(Constant::new(vec![values.len()], values, value.whole))
    }

    /// `(value - zero point) * scale`, with one scale, or one along `axis`.
    fn dequantized(&self, input: Inputs) -> Result<Constant, Problem> {
        self.by_scales(input, |x, scale, zero| (x - zero) * scale)
    }

    /// `QuantizeLinear`, to 8 bits.
    fn quantized(&self, input: Inputs) -> Result<Constant, Problem> {
        let limits = self.quantized_limits(input)?;
        let [least, greatest] = limits;
        let quantize =
            |x: f32, scale: f32, zero: f32| ((x / scale).round_ties_even() + zero).clamp(least, greatest);
        Ok(Constant { whole: true, limits: Some(limits), ..self.by_scales(input, quantize)? })
    }

    /// The least and the greatest number that a `QuantizeLinear` gives.
    ///
    /// # Errors
    /// Its type is not one of 8 bits.
    pub(crate) fn quantized_limits(&self, input: Inputs) -> Result<[f32; 2], Problem> {
        self.ignore(&["saturate"]);
        let said = self.int("output_dtype").filter(|&kind| kind != 0);
        let limits = match (input(2), said) {
            (Some(zero), _) => zero.limits,
            (None, None | Some(2)) => Some([0.0, 255.0]),
            (None, Some(3)) => Some([-128.0, 127.0]),
            _ => None,
        };
        limits.ok_or_else(|| Problem::unsupported("only to integers of 8 bits"))
    }

    fn by_scales(&self, input: Inputs, compute: impl Fn(f32, f32, f32) -> f32) -> Result<Constant, Problem> {
        let (value, scale) = (self.known(input, 0)?, self.known(input, 1)?);
        let zero = input(2);
        let axis = self.int("axis").unwrap_or(1);
        let by_axis = |index: &[usize], of: &Constant| -> Option<f32> {
            match of.values[..] {
                [one] => Some(one),
                _ => {
                    let axis = normal(&[axis], value.dims.len()).ok()?[0];
                    (of.values.len() == value.dims[axis]).then(|| of.values[index[axis]])
                }
            }
        };
        let values = indices(&value.dims).zip(&value.values).map(|(index, x)| {
            let zero = zero.map_or(Some(0.0), |zero| by_axis(&index, zero))?;
            Some(compute(*x, by_axis(&index, scale)?, zero))
        });
        let values: Option<Vec<f32>> = values.collect();
        let values = values.ok_or_else(|| Problem::invalid("as many scales as its axis has no values"))?;
        Ok(Constant::new(value.dims.clone(), values, false))
    }
}

fn map(value: &Constant, compute: impl Fn(f32) -> f32) -> Constant {
    let values = value.values.iter().map(|&x| compute(x)).collect();
    Constant { values, ..value.clone() }
}

/// `Cast` between floats, which changes nothing here, and to integers.
fn cast(node: &Node, value: &Constant) -> Result<Constant, Problem> {
    match node.int("to") {
        Some(1 | 11) => Ok(Constant { whole: false, ..value.clone() }),
        Some(6 | 7) => Ok(Constant { whole: true, ..map(value, f32::trunc) }),
        kind => Err(Problem::unsupported(format!("a conversion to the type {kind:?}"))),
    }
}

fn transpose(node: &Node, value: &Constant) -> Result<Constant, Problem> {
    let rank = value.dims.len();
    let turned: Vec<i64> = (0..rank as i64).rev().collect();
    let order = permutation(node.ints("perm").unwrap_or(&turned), rank)?;
    let dims: Vec<usize> = order.iter().map(|&axis| value.dims[axis]).collect();
    let mut steps = vec![1; rank];
    for axis in (1..rank).rev() {
        steps[axis - 1] = steps[axis] * value.dims[axis];
    }
    let place =
        |index: Vec<usize>| index.iter().zip(&order).map(|(at, &axis)| at * steps[axis]).sum::<usize>();
    let values = indices(&dims).map(|index| value.values[place(index)]).collect();
    Ok(Constant::new(dims, values, value.whole))
}

/// The axes of a `perm`, if it has each of `rank` once.
///
/// # Errors
/// It has not.
pub fn permutation(order: &[i64], rank: usize) -> Result<Vec<usize>, Problem> {
    let all = normal(order, rank)?;
    let order: Vec<usize> = order.iter().map(|&axis| axis.rem_euclid(rank.max(1) as i64) as usize).collect();
    match all.len() == rank && order.len() == rank {
        true => Ok(order),
        false => Err(Problem::invalid(format!("the order {order:?} of {rank} dimensions"))),
    }
}

/// All indices into a tensor of these dimensions, the last one fastest.
fn indices(dims: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let dims = dims.to_vec();
    (0..dims.iter().product()).map(move |mut place: usize| {
        let mut index = vec![0; dims.len()];
        for (at, side) in index.iter_mut().zip(&dims).rev() {
            (*at, place) = (place % side, place / side);
        }
        index
    })
}
