//! Operators of single values.

use npu_section::register as r;
use npu_section::stream::code;

use crate::Error;
use crate::map::{Values, Which};
use crate::rounding::Rounding;
use crate::state::{Machine, signed};

impl Machine<'_> {
    pub(crate) fn elementwise(&mut self, mode: u16) -> Result<(), Error> {
        let shape = self.output_shape()?;
        let first = self.load(Which::Input, shape)?;
        let zero = signed(self.get(r::IFM_ZERO_POINT)?);
        let broadcast = self.get(r::IFM2_BROADCAST)?;
        let zero2 = signed(self.get(r::IFM2_ZERO_POINT)?);
        let repeated = |axis: usize| if broadcast >> axis & 1 == 1 { 1 } else { shape[axis] };
        let second = if broadcast >> 7 & 1 == 1 {
            Values { shape: [1, 1, 1], values: vec![signed(self.get(r::IFM2_SCALAR)?)] }
        } else {
            self.load(Which::Second, [repeated(0), repeated(1), repeated(2)])?
        };
        let turned = broadcast >> 6 & 1 == 1;
        let operate = self.operation(mode)?;
        let mut output = Values { shape, values: Vec::with_capacity(first.values.len()) };
        for y in 0..shape[0] {
            for x in 0..shape[1] {
                for c in 0..shape[2] {
                    let place: [usize; 3] =
                        std::array::from_fn(|axis| [y, x, c][axis].min(second.shape[axis] - 1));
                    let (a, b) =
                        (first.values[first.at([y, x, c])] - zero, second.values[second.at(place)] - zero2);
                    output.values.push(if turned { operate(b, a) } else { operate(a, b) });
                }
            }
        }
        self.finish(output)
    }

    /// The function of two values, with the scaling before and after.
    fn operation(&self, mode: u16) -> Result<Box<dyn Fn(i64, i64) -> i64>, Error> {
        let input = self.precision(Which::Input)?;
        let output = self.precision(Which::Output)?;
        let [before, after] = [self.get(r::IFM_PRECISION)?, self.get(r::OFM_PRECISION)?];
        let (scale, shift) = self.output_scale()?;
        let rounding = Rounding::of(after, r::OFM_PRECISION)?;
        let scaled = move |value: i64| rounding.scaled(value, scale, shift);
        Ok(match mode {
            0 => Box::new(move |a, b| scaled(a * b)),
            1 | 2 => {
                let sign = if mode == 1 { 1 } else { -1 };
                let (opa, opb) = (self.get(r::OPA_SCALE)?, self.get(r::OPB_SCALE)?);
                let (factor, by) = ((opa & 0xffff_ffff) as i64, (opa >> 32 & 63) as u32);
                let other = (opb & 0xffff) as i64;
                let rounding = Rounding::of(before, r::IFM_PRECISION)?;
                // One operand is multiplied by 32 bits, the other one shifted by what is fixed.
                let fixed = if input.bytes == 1 { 19 } else { 14 };
                let one = move |value: i64| rounding.scaled(value, factor, by);
                let small = output.bytes < 4;
                let last = move |value: i64| if small { scaled(value) } else { value };
                match (input.bytes, before >> 8 & 3) {
                    (4, _) => Box::new(move |a, b| last(a + sign * b)),
                    (_, 0) => Box::new(move |a, b| last(a * factor + sign * b * other)),
                    (_, 1) => Box::new(move |a, b| last(one(a) + sign * (b << fixed))),
                    (_, 2) => Box::new(move |a, b| last((a << fixed) + sign * one(b))),
                    _ => return Err(Error::Value(r::IFM_PRECISION, before)),
                }
            }
            3 => Box::new(|a: i64, b: i64| a.min(b)),
            4 => Box::new(|a: i64, b: i64| a.max(b)),
            _ => return Err(Error::Operator(code::ELEMENTWISE, mode)),
        })
    }
}
