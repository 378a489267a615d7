//! `QuantizeLinear` and `DequantizeLinear` of values that are computed.

use crate::{Constant, Node, Problem};

/// How a value is written in 8 bits: `round(value / step) + zero`, within the limits of the type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantization {
    /// Real value of one step.
    pub step: f32,
    /// The least and the greatest value that can be written.
    pub range: [f32; 2],
}

impl Node<'_> {
    /// The scale of a `QuantizeLinear` or a `DequantizeLinear`, one for the whole value. `constant` gives the inputs that are
    /// known.
    ///
    /// # Errors
    /// The scale is computed, one a channel or no positive number, or the type is not one of 8 bits.
    pub fn quantization<'c>(
        &self,
        constant: &dyn Fn(usize) -> Option<&'c Constant>,
    ) -> Result<Quantization, Problem> {
        // It says where a scale a channel would lie.
        self.ignore(&["axis"]);
        self.input(1);
        self.input(2);
        let one = |index: usize| match constant(index).map(|constant| &constant.values[..]) {
            Some(&[value]) => Ok(value),
            _ => Err(Problem::unsupported("scales that are not one constant number for the whole value")),
        };
        let step = one(1)?;
        let zero = if self.peek(2).is_some() { one(2)? } else { 0.0 };
        let [least, greatest] = self.quantized_limits(constant)?;
        if !step.is_normal() || step < 0.0 || !(least..=greatest).contains(&zero) {
            return Err(Problem::invalid(format!("a scale of {step} and a zero point of {zero}")));
        }
        Ok(Quantization { step, range: [(least - zero) * step, (greatest - zero) * step] })
    }
}
