//! What the machine executes: the stream, copies, and the operators with a kernel.

use npu_section::register as r;
use npu_section::stream::{Command, code, commands};
use npu_section::{Section, format::Place};

use crate::error::{Error, MOST};
use crate::map::{Values, Which};
use crate::rounding::Rounding;
use crate::state::{Machine, TABLES, signed};
use crate::weights::Filter;

/// Runs a network on `input`; the outputs are the bytes of each one.
///
/// # Errors
/// See [`Error`].
pub fn run(section: &Section, input: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let header = section.header();
    let needed = header.input.bytes as usize;
    if input.len() != needed {
        return Err(Error::Input { needed, given: input.len() });
    }
    if header.scratch as usize > MOST {
        return Err(Error::TooLarge);
    }
    let from = section.data().len().next_multiple_of(16);
    let mut memory = section.data().to_vec();
    memory.resize(from + header.scratch as usize, 0);
    let range = |place: &Place| {
        let start = from + place.offset as usize;
        start..start + place.bytes as usize
    };
    memory[range(&header.input)].copy_from_slice(input);
    let regions = [0..section.data().len(), from..memory.len()];
    Machine::new(&mut memory, regions).execute(section.stream())?;
    Ok(section.outputs().iter().map(|place| memory[range(place)].to_vec()).collect())
}

impl Machine<'_> {
    pub(crate) fn execute(&mut self, stream: &[u32]) -> Result<(), Error> {
        for command in commands(stream) {
            match command?.1 {
                Command::Set { register, value } => {
                    self.registers.set(register, value).map_err(|_| Error::Value(register, value))?;
                }
                Command::Do { code, parameter } => match code {
                    code::STOP => return Ok(()),
                    code::DMA_WAIT | code::KERNEL_WAIT => (),
                    code::DMA_START => self.copy()?,
                    code::CONV => self.convolution(false)?,
                    code::DEPTHWISE => self.convolution(true)?,
                    code::POOL => self.pool(parameter)?,
                    code::ELEMENTWISE => self.elementwise(parameter)?,
                    _ => return Err(Error::Operator(code, parameter)),
                },
            }
        }
        Ok(())
    }

    fn copy(&mut self) -> Result<(), Error> {
        let number = |register| self.get(register).map(|value| value as usize);
        let [from, to, length] = [number(r::DMA0_SRC)?, number(r::DMA0_DST)?, number(r::DMA0_LEN)?];
        let source = self.memory(r::DMA0_SRC_REGION)?;
        let bytes = source.get(from..from + length).ok_or(Error::Outside)?.to_vec();
        let on_chip = self.get(r::DMA0_DST_REGION)? & r::ON_CHIP != 0;
        let (to, memory) = if on_chip {
            // The last part of the memory in the NPU holds the tables.
            (to % TABLES, &mut self.tables[..])
        } else {
            (to, self.scratch()?)
        };
        memory.get_mut(to..to + length).ok_or(Error::Outside)?.copy_from_slice(&bytes);
        Ok(())
    }

    /// Kernel rows and columns, strides, and whether the kernel is walked through first.
    fn kernel(&self) -> Result<([usize; 2], [usize; 2], bool), Error> {
        let value = self.get(r::KERNEL_STRIDE)?;
        let step = |low: u32, high: u32| (1 + (value >> low & 1) + 2 * (value >> high & 1)) as usize;
        let size = |register| self.get(register).map(|value| value as usize + 1);
        let kernel = [size(r::KERNEL_HEIGHT_M1)?, size(r::KERNEL_WIDTH_M1)?];
        Ok((kernel, [step(1, 9), step(0, 6)], value >> 2 & 1 == 1))
    }

    /// The input without its zero point, with padding of `fill`.
    fn padded(&self, kernel: [usize; 2], stride: [usize; 2], fill: i64) -> Result<Values, Error> {
        let [rows, columns, _] = self.output_shape()?;
        let number = |register| self.get(register).map(|value| value as usize);
        let [top, bottom, left, right] = [
            number(r::IFM_PAD_TOP)?,
            number(r::IFM_PAD_BOTTOM)?,
            number(r::IFM_PAD_LEFT)?,
            number(r::IFM_PAD_RIGHT)?,
        ];
        let whole = [(rows - 1) * stride[0] + kernel[0], (columns - 1) * stride[1] + kernel[1]];
        let inner = [whole[0].checked_sub(top + bottom), whole[1].checked_sub(left + right)];
        let [Some(height), Some(width)] = inner else { return Err(Error::Outside) };
        let depth = number(r::IFM_DEPTH_M1)? + 1;
        let up = match self.get(r::IFM_UPSCALE)? {
            0 => 1,
            1 => 2,
            value => return Err(Error::Value(r::IFM_UPSCALE, value)),
        };
        let source = self.load(Which::Input, [height.div_ceil(up), width.div_ceil(up), depth])?;
        let zero = signed(self.get(r::IFM_ZERO_POINT)?);
        let mut padded = Values::filled([whole[0], whole[1], depth], fill)?;
        for y in 0..height {
            for x in 0..width {
                let (from, to) = (source.at([y / up, x / up, 0]), padded.at([y + top, x + left, 0]));
                for c in 0..depth {
                    padded.values[to + c] = source.values[from + c] - zero;
                }
            }
        }
        Ok(padded)
    }

    fn convolution(&mut self, depthwise: bool) -> Result<(), Error> {
        let (kernel, stride, kernel_first) = self.kernel()?;
        let [rows, columns, channels] = self.output_shape()?;
        let input = self.padded(kernel, stride, 0)?;
        let from = input.shape[2];
        if depthwise && from != channels {
            return Err(Error::Operator(code::DEPTHWISE, 0));
        }
        let bytes = self.precision(Which::Input)?.bytes;
        let filter = Filter { depthwise, kernel, kernel_first, channels: [from, channels], bytes };
        let weights = self.weights(&filter)?;
        let depth = if depthwise { 1 } else { from };
        let mut output = Values::filled([rows, columns, channels], 0)?;
        for y in 0..rows {
            for x in 0..columns {
                let place = output.at([y, x, 0]);
                let sums = &mut output.values[place..place + channels];
                for ky in 0..kernel[0] {
                    for kx in 0..kernel[1] {
                        let seen = input.at([y * stride[0] + ky, x * stride[1] + kx, 0]);
                        let pixel = &input.values[seen..seen + from];
                        let taps = &weights[(ky * kernel[1] + kx) * depth * channels..];
                        if depthwise {
                            for ((sum, value), weight) in sums.iter_mut().zip(pixel).zip(taps) {
                                *sum += value * weight;
                            }
                        } else {
                            for (value, row) in pixel.iter().zip(taps.chunks_exact(channels)) {
                                for (sum, weight) in sums.iter_mut().zip(row) {
                                    *sum += value * weight;
                                }
                            }
                        }
                    }
                }
            }
        }
        self.scale_channels(&mut output)?;
        self.finish(output)
    }

    /// Adds the biases and applies the scales.
    fn scale_channels(&self, output: &mut Values) -> Result<(), Error> {
        let channels = output.shape[2];
        let precision = self.get(r::OFM_PRECISION)?;
        let rounding = Rounding::of(precision, r::OFM_PRECISION)?;
        let mut scales = self.scales(channels)?;
        if precision >> 8 & 1 == 1 {
            let (scale, shift) = self.output_scale()?;
            scales.iter_mut().for_each(|it| (it.1, it.2) = (scale, shift));
        }
        for pixel in output.values.chunks_exact_mut(channels) {
            for (value, &(bias, scale, shift)) in pixel.iter_mut().zip(&scales) {
                *value = rounding.scaled(*value + bias, scale, shift);
            }
        }
        Ok(())
    }

    fn pool(&mut self, mode: u16) -> Result<(), Error> {
        let (kernel, stride, _) = self.kernel()?;
        let precision = self.get(r::OFM_PRECISION)?;
        let rounding = Rounding::of(precision, r::OFM_PRECISION)?;
        let (scale, shift) = self.output_scale()?;
        let single = kernel == [1, 1];
        if mode > 1 || !(precision >> 8 & 1 == 1 || single) {
            return Err(Error::Operator(code::POOL, mode));
        }
        let input = self.padded(kernel, stride, if mode == 0 { i64::from(i32::MIN) } else { 0 })?;
        let [rows, columns, channels] = self.output_shape()?;
        if input.shape[2] != channels {
            return Err(Error::Operator(code::POOL, mode));
        }
        let mut output = Values { shape: [rows, columns, channels], values: Vec::new() };
        for y in 0..rows {
            for x in 0..columns {
                for c in 0..channels {
                    let window = (0..kernel[0] * kernel[1]).map(|tap| {
                        let (ky, kx) = (tap / kernel[1], tap % kernel[1]);
                        input.values[input.at([y * stride[0] + ky, x * stride[1] + kx, c])]
                    });
                    let value = if mode == 0 { window.max().unwrap_or(0) } else { window.sum() };
                    output.values.push(rounding.scaled(value, scale, shift));
                }
            }
        }
        self.finish(output)
    }

    /// Zero point, limits and table of the output.
    pub(crate) fn finish(&mut self, mut output: Values) -> Result<(), Error> {
        let precision = self.precision(Which::Output)?;
        let zero = signed(self.get(r::OFM_ZERO_POINT)?);
        let [mut least, mut most] = precision.range();
        if precision.bytes < 4 {
            let limit = |register| {
                self.get(register).map(|value| if precision.signed { signed(value) } else { value as i64 })
            };
            (least, most) = (least.max(limit(r::ACTIVATION_MIN)?), most.min(limit(r::ACTIVATION_MAX)?));
        }
        let activation = self.get(r::ACTIVATION)?;
        let table = match activation & 31 {
            0 => None,
            number if number >= 16 && precision.bytes == 1 => {
                Some(self.tables[(number as usize - 16) * 256..].to_vec())
            }
            _ => return Err(Error::Value(r::ACTIVATION, activation)),
        };
        for value in &mut output.values {
            *value = (*value + zero).max(least).min(most);
            if let Some(table) = &table {
                let entry = table.get((*value + if precision.signed { 128 } else { 0 }) as usize);
                let entry = *entry.ok_or(Error::Outside)?;
                *value = if precision.signed { i64::from(entry as i8) } else { i64::from(entry) };
            }
        }
        self.store(&output)
    }
}
