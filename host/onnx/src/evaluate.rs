//! Nodes whose inputs are all known, computed while a file is read.

mod places;
mod reduce;

use crate::constant::Exact;
use crate::index::indices;
use crate::integer::Integer;
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
            "Neg" => self.with(input, |_, value| match &value.exact {
                Exact::Integers(kind, integers) => {
                    let negative = integers.iter().map(|integer| integer.wrapping_neg());
                    Ok(Constant::whole(value.dims.clone(), *kind, negative))
                }
                _ => map(value, |x| -x),
            }),
            "Relu" => self.with(input, |_, value| map(value, |x| x.max(0.0))),
            "Sqrt" => self.with(input, |_, value| map(value, f32::sqrt)),
            "Exp" => self.with(input, |_, value| map(value, f32::exp)),
            "Log" => self.with(input, |_, value| map(value, f32::ln)),
            "Abs" => self.with(input, |_, value| map(value, f32::abs)),
            "Reciprocal" => self.with(input, |_, value| map(value, f32::recip)),
            "MatMul" => reduce::product(self.known(input, 0), self.known(input, 1)),
            "ReduceL2" | "ReduceSum" | "ReduceSumSquare" | "ReduceMean" => {
                self.with(input, |node, value| reduce::along(node, value, input))
            }
            "Shape" => self.with(input, |node, value| {
                let sides = &value.dims[node.extent(value.dims.len())];
                Ok(Constant::of_integers(sides.iter().map(|&side| side as i64)))
            }),
            "Expand" => self.with(input, |node, value| places::repeated(value, node.known(input, 1)?)),
            "ConstantOfShape" => self.with(input, places::filled),
            "Range" => places::counted([0, 1, 2].map(|index| self.known(input, index))),
            "Where" => places::chosen([0, 1, 2].map(|index| self.known(input, index))),
            "Pad" => self.with(input, |node, value| places::padded(node, value, input)),
            "Add" | "Sub" | "Mul" | "Div" | "Mod" | "Pow" => self.two(input),
            "Concat" => self.concatenated(input),
            "Gather" => self.gathered(input),
            "Slice" => self.with(input, |node, value| places::cut(node, value, input)),
            "QuantizeLinear" => self.quantized(input),
            "DequantizeLinear" => self.dequantized(input),
            _ => return None,
        })
    }

    /// What a `Constant` holds.
    fn literal(&self) -> Result<Constant, Problem> {
        if let Some(value) = self.tensor("value") {
            return value.map_err(|error| Problem::Invalid(error.to_string()));
        }
        let row = |values: &[f32]| Constant::floats(vec![values.len()], values.to_vec());
        let found = None
            .or_else(|| self.float("value_float").map(|value| Constant::floats(Vec::new(), vec![value])))
            .or_else(|| {
                self.int("value_int").map(|value| Constant::whole(Vec::new(), Integer::LONG, [value]))
            })
            .or_else(|| self.floats("value_floats").map(row))
            .or_else(|| self.ints("value_ints").map(|ints| Constant::of_integers(ints.iter().copied())));
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
        let place = |of: &Constant, index: &[usize]| {
            let sides = (0..rank).map(|axis| (side(of, axis), index[axis]));
            sides.fold(0, |place, (side, at)| place * side + if side == 1 { 0 } else { at })
        };
        let places = indices(&dims).map(|index| [place(a, &index), place(b, &index)]);
        match (&a.exact, &b.exact) {
            (Exact::Floats, Exact::Floats) => {
                let operator = self.operator();
                if operator == "Mod" && self.int("fmod").unwrap_or(0) == 0 {
                    return Err(Problem::invalid("floats need fmod"));
                }
                let values = places.map(|[x, y]| {
                    let (x, y) = (a.values[x], b.values[y]);
                    match operator {
                        "Add" => x + y,
                        "Sub" => x - y,
                        "Mul" => x * y,
                        "Mod" => x % y,
                        "Pow" => x.powf(y),
                        _ => x / y,
                    }
                });
                Ok(Constant::floats(dims.clone(), values.collect()))
            }
            (Exact::Integers(kind, a), Exact::Integers(other, b)) if kind == other => {
                let integers = places.map(|[x, y]| kind.compute(self.operator(), a[x], b[y]));
                let integers: Option<Vec<i64>> = integers.collect();
                let integers = integers.ok_or_else(|| {
                    Problem::invalid("a division of integers by zero, or one that integers do not have")
                })?;
                Ok(Constant::whole(dims.clone(), *kind, integers))
            }
            (Exact::Rounded, Exact::Rounded) => Err(not_single()),
            _ => Err(Problem::invalid("constants of different types")),
        }
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
        let (mut values, mut integers) = (Vec::new(), Vec::new());
        for row in 0..dims[..axis].iter().product::<usize>() {
            for part in &parts {
                let span = row * block(part)..(row + 1) * block(part);
                values.extend(&part.values[span.clone()]);
                if let Exact::Integers(_, of_part) = &part.exact {
                    integers.extend(&of_part[span]);
                }
            }
        }
        if parts.iter().any(|part| !part.is_like(first)) {
            return Err(Problem::invalid("constants of different types"));
        }
        Ok(match first.exact {
            Exact::Integers(kind, _) => Constant::whole(dims, kind, integers),
            _ => Constant { dims, values, exact: first.exact.clone() },
        })
    }

    /// `Gather` along the first dimension of a row, as shapes are taken apart.
    fn gathered(&self, input: Inputs) -> Result<Constant, Problem> {
        let (value, places) = (self.known(input, 0)?, self.known(input, 1)?);
        if value.dims.len() != 1 || !matches!(self.int("axis").unwrap_or(0), 0 | -1) {
            return Err(Problem::unsupported("a constant that is no row"));
        }
        let one = |place| Ok(normal(&[place], value.values.len())?[0]);
        let chosen: Vec<usize> = places.integers().into_iter().map(one).collect::<Result<_, Problem>>()?;
        Ok(value.picked(places.dims.clone(), &chosen))
    }

    /// `(value - zero point) * scale`, with one scale, or one along `axis`.
    fn dequantized(&self, input: Inputs) -> Result<Constant, Problem> {
        let values = self.by_scales(input, |x, scale, zero| (x - zero) * scale)?;
        Ok(Constant::floats(self.known(input, 0)?.dims.clone(), values))
    }

    /// `QuantizeLinear`, to 8 bits.
    fn quantized(&self, input: Inputs) -> Result<Constant, Problem> {
        let [least, greatest] = self.quantized_limits(input)?;
        let quantize =
            |x: f32, scale: f32, zero: f32| ((x / scale).round_ties_even() + zero).clamp(least, greatest);
        let values = self.by_scales(input, quantize)?;
        if values.iter().any(|value| value.is_nan()) {
            return Err(Problem::invalid("it quantizes what is no number"));
        }
        let kind = if least < 0.0 { Integer::SIGNED_BYTE } else { Integer::BYTE };
        let integers = values.into_iter().map(|value| value as i64);
        Ok(Constant::whole(self.known(input, 0)?.dims.clone(), kind, integers))
    }

    /// The least and the greatest number that a `QuantizeLinear` gives.
    ///
    /// # Errors
    /// Its type is not one of 8 bits.
    pub(crate) fn quantized_limits(&self, input: Inputs) -> Result<[f32; 2], Problem> {
        self.ignore(&["saturate"]);
        let said = self.int("output_dtype").filter(|&kind| kind != 0);
        let limits = match (input(2), said) {
            (Some(zero), _) => zero.limits(),
            (None, None | Some(2)) => Some([0.0, 255.0]),
            (None, Some(3)) => Some([-128.0, 127.0]),
            _ => None,
        };
        limits.ok_or_else(|| Problem::unsupported("only to integers of 8 bits"))
    }

    fn by_scales(&self, input: Inputs, compute: impl Fn(f32, f32, f32) -> f32) -> Result<Vec<f32>, Problem> {
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
        values.ok_or_else(|| Problem::invalid("as many scales as its axis has no values"))
    }
}

impl Constant {
    /// Whether its numbers are of the type of those of `other`.
    fn is_like(&self, other: &Self) -> bool {
        match (&self.exact, &other.exact) {
            (Exact::Integers(a, _), Exact::Integers(b, _)) => a == b,
            (a, b) => a == b,
        }
    }
}

/// Results of another precision are not those of floats.
fn not_single() -> Problem {
    Problem::unsupported("it computes with constants of double or half precision, or with truth values")
}

fn map(value: &Constant, compute: impl Fn(f32) -> f32) -> Result<Constant, Problem> {
    let values = value.values.iter().map(|&x| compute(x)).collect();
    match value.exact {
        Exact::Floats => Ok(Constant::floats(value.dims.clone(), values)),
        Exact::Rounded => Err(not_single()),
        Exact::Integers(..) => Err(Problem::invalid("it is for floats, and its input has integers")),
    }
}

/// `Cast` to floats, and to integers of 8, 32 and 64 bits.
fn cast(node: &Node, value: &Constant) -> Result<Constant, Problem> {
    let kind = match node.int("to") {
        Some(1) => return Ok(Constant { exact: Exact::Floats, ..value.clone() }),
        Some(11) => return Ok(Constant { exact: Exact::Rounded, ..value.clone() }),
        Some(2) => Integer::BYTE,
        Some(3) => Integer::SIGNED_BYTE,
        Some(6) => Integer { bits: 32, signed: true },
        Some(7) => Integer::LONG,
        Some(kind) => return Err(Problem::unsupported(format!("a conversion to the type {kind} of ONNX"))),
        None => return Err(Problem::invalid("it does not say to which type")),
    };
    match &value.exact {
        Exact::Integers(_, integers) => {
            Ok(Constant::whole(value.dims.clone(), kind, integers.iter().copied()))
        }
        Exact::Rounded => Err(not_single()),
        Exact::Floats => {
            let [least, greatest] = kind.limits();
            // The greatest one is rounded up to a number that does not fit.
            let fits = |x: &f32| (least..greatest).contains(&x.trunc());
            match value.values.iter().find(|x| !fits(x)) {
                Some(x) => Err(Problem::Invalid(format!("{x} is no integer of {} bits", kind.bits))),
                None => {
                    let integers = value.values.iter().map(|&x| x as i64);
                    Ok(Constant::whole(value.dims.clone(), kind, integers))
                }
            }
        }
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
    let places: Vec<usize> = indices(&dims).map(place).collect();
    Ok(value.picked(dims, &places))
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
