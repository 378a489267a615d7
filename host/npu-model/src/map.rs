//! Feature maps in memory: four tiles, rows and columns in order or bricks of sixteen channels.

use npu_section::register as r;

use crate::error::{Error, MOST};
use crate::state::Machine;

/// Values of a feature map in the order row, column, channel.
#[derive(Clone, Debug)]
pub struct Values {
    /// Rows, columns, channels.
    pub shape: [usize; 3],
    /// The values.
    pub values: Vec<i64>,
}

impl Values {
    /// Values that are all the same.
    pub fn filled(shape: [usize; 3], value: i64) -> Result<Self, Error> {
        Ok(Self { shape, values: vec![value; limited(&shape)?] })
    }

    /// The place of a value.
    pub fn at(&self, [y, x, c]: [usize; 3]) -> usize {
        (y * self.shape[1] + x) * self.shape[2] + c
    }
}

/// The product of these sides, if the model computes so many values.
pub(crate) fn limited(sides: &[usize]) -> Result<usize, Error> {
    let product = sides.iter().try_fold(1usize, |product, side| product.checked_mul(*side));
    product.filter(|product| *product <= MOST).ok_or(Error::TooLarge)
}

/// Which feature map of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The input.
    Input,
    /// The second input.
    Second,
    /// The output.
    Output,
}

impl Which {
    /// Registers: base, region, precision, and those of the tiles.
    fn registers(self) -> [u16; 6] {
        match self {
            Self::Input => [
                r::IFM_BASE0,
                r::IFM_REGION,
                r::IFM_PRECISION,
                r::IFM_WIDTH0_M1,
                r::IFM_HEIGHT0_M1,
                r::IFM_HEIGHT1_M1,
            ],
            Self::Second => [
                r::IFM2_BASE0,
                r::IFM2_REGION,
                r::IFM2_PRECISION,
                r::IFM2_WIDTH0_M1,
                r::IFM2_HEIGHT0_M1,
                r::IFM2_HEIGHT1_M1,
            ],
            Self::Output => [
                r::OFM_BASE0,
                r::OFM_REGION,
                r::OFM_PRECISION,
                r::OFM_WIDTH0_M1,
                r::OFM_HEIGHT0_M1,
                r::OFM_HEIGHT1_M1,
            ],
        }
    }
}

/// Type of the values of a feature map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Precision {
    /// Bytes of a value.
    pub bytes: usize,
    /// Whether values are signed.
    pub signed: bool,
    /// Whether sixteen channels make a brick.
    bricks: bool,
}

impl Precision {
    /// Least and greatest value.
    pub fn range(self) -> [i64; 2] {
        let bits = 8 * self.bytes as u32;
        if self.signed { [-(1 << (bits - 1)), (1 << (bits - 1)) - 1] } else { [0, (1 << bits) - 1] }
    }
}

impl Machine<'_> {
    /// The type of a feature map.
    pub(crate) fn precision(&self, which: Which) -> Result<Precision, Error> {
        let register = which.registers()[2];
        let value = self.get(register)?;
        let size = (value >> if which == Which::Output { 1 } else { 2 }) & 3;
        let bytes = match size {
            0 => 1,
            1 => 2,
            2 => 4,
            _ => return Err(Error::Value(register, value)),
        };
        let bricks = match value >> 6 & 3 {
            0 => false,
            1 => true,
            _ => return Err(Error::Value(register, value)),
        };
        Ok(Precision { bytes, signed: value & 1 == 1, bricks })
    }

    /// Offset in its memory of the pixel in row `y` and column `x`, and of each channel from there.
    fn place(
        &self,
        which: Which,
        precision: Precision,
    ) -> Result<impl Fn([usize; 3]) -> usize + use<>, Error> {
        let [base, _, _, width0, height0, height1] = which.registers();
        let number = |register: u16| self.get(register).map(|value| value as usize);
        let bases = [number(base)?, number(base + 1)?, number(base + 2)?, number(base + 3)?];
        let [by_column, by_row, by_brick] = [number(base + 4)?, number(base + 5)?, number(base + 6)?];
        let [width0, heights] = [[number(width0)? + 1; 2], [number(height0)? + 1, number(height1)? + 1]];
        let Precision { bytes, bricks, .. } = precision;
        Ok(move |[y, x, c]: [usize; 3]| {
            let right = usize::from(x >= width0[0]);
            let low = usize::from(y >= heights[right]);
            let (y, x) = (y - low * heights[right], x - right * width0[0]);
            let start = bases[2 * low + right] + y * by_row;
            if bricks {
                start + c / 16 * by_brick + x * 16 * bytes + c % 16 * bytes
            } else {
                start + x * by_column + c * bytes
            }
        })
    }

    /// Reads a feature map.
    pub(crate) fn load(&self, which: Which, shape: [usize; 3]) -> Result<Values, Error> {
        let precision = self.precision(which)?;
        let place = self.place(which, precision)?;
        let memory = self.memory(which.registers()[1])?;
        let mut values = Vec::with_capacity(limited(&shape)?);
        for y in 0..shape[0] {
            for x in 0..shape[1] {
                for c in 0..shape[2] {
                    let at = place([y, x, c]);
                    let bytes = memory.get(at..at + precision.bytes).ok_or(Error::Outside)?;
                    let value = bytes.iter().rev().fold(0i64, |value, &byte| value << 8 | i64::from(byte));
                    let [_, most] = precision.range();
                    values.push(if value > most { value - (1 << (8 * precision.bytes)) } else { value });
                }
            }
        }
        Ok(Values { shape, values })
    }

    /// Writes the output.
    pub(crate) fn store(&mut self, output: &Values) -> Result<(), Error> {
        let precision = self.precision(Which::Output)?;
        let place = self.place(Which::Output, precision)?;
        if self.get(r::OFM_REGION)? != 1 {
            return Err(Error::Outside);
        }
        let [height, width, depth] = output.shape;
        let scratch = self.scratch()?;
        for y in 0..height {
            for x in 0..width {
                for c in 0..depth {
                    let at = place([y, x, c]);
                    let bytes = scratch.get_mut(at..at + precision.bytes).ok_or(Error::Outside)?;
                    let value = output.values[output.at([y, x, c])].to_le_bytes();
                    bytes.copy_from_slice(&value[..precision.bytes]);
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stream may name shapes that no memory holds.
    #[test]
    fn shapes_beyond_the_limit_are_refused_before_memory_is_taken() {
        assert_eq!(limited(&[2, 3, 4]), Ok(24));
        assert_eq!(limited(&[MOST]), Ok(MOST));
        for sides in [&[MOST, 2][..], &[65_536; 3], &[usize::MAX; 3]] {
            assert_eq!(limited(sides), Err(Error::TooLarge), "{sides:?}");
        }
        assert_eq!(Values::filled([65_536, 65_536, 1024], 0).map(|_| ()), Err(Error::TooLarge));
    }
}
