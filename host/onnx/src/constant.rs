//! Constants of a file, as floats, and as what they are in the file.

use crate::integer::Integer;
use crate::proto::{DataType, Tensor};
use crate::{Error, Problem};

/// A constant of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Dimensions; none for a scalar.
    pub dims: Vec<usize>,
    /// Values in the order of the file; those of another type are converted.
    pub values: Vec<f32>,
    /// What they are in the file.
    pub exact: Exact,
}

/// The numbers of a constant as the file has them.
#[derive(Clone, Debug, PartialEq)]
pub enum Exact {
    /// Floats.
    Floats,
    /// Floats of another precision, or truth values: what is computed of them is not what [`Constant::values`] would give.
    Rounded,
    /// Integers of this type.
    Integers(Integer, Vec<i64>),
}

impl Constant {
    /// Reads the values of `tensor`.
    pub(crate) fn read(tensor: &Tensor) -> Result<Self, Error> {
        let refuse = |reason: String| Error::Constant { name: tensor.name.clone(), reason };
        let dims: Result<Vec<usize>, _> = tensor.dims.iter().map(|&side| usize::try_from(side)).collect();
        let dims = dims.map_err(|_| refuse("a dimension is negative".into()))?;
        let count = dims.iter().try_fold(1usize, |product, side| product.checked_mul(*side));
        if tensor.data_location != 0 {
            let place = tensor.external_data.iter().find(|entry| entry.key == "location");
            let file = place.map_or("another file".into(), |place| format!("the file {:?}", place.value));
            return Err(refuse(format!("its values are in {file}; save the model with its weights inside")));
        }
        let kind = DataType::try_from(tensor.data_type);
        let numbers = kind.ok().and_then(|kind| match tensor.raw_data.is_empty() {
            true => listed(tensor, kind),
            false => raw(&tensor.raw_data, kind),
        });
        let Some((values, exact)) = numbers else {
            return Err(refuse(
                kind.map_or("values of an unknown type".into(), |kind| format!("values of type {kind:?}")),
            ));
        };
        if Some(values.len()) != count {
            return Err(refuse(format!("{} values for the dimensions {dims:?}", values.len())));
        }
        Ok(Self { dims, values, exact })
    }

    /// A constant of these floats.
    pub(crate) fn floats(dims: Vec<usize>, values: Vec<f32>) -> Self {
        Self { dims, values, exact: Exact::Floats }
    }

    /// A constant of these integers, brought into the range of their type.
    pub(crate) fn whole(dims: Vec<usize>, kind: Integer, integers: impl IntoIterator<Item = i64>) -> Self {
        let integers: Vec<i64> = integers.into_iter().map(|value| kind.wrap(value)).collect();
        let values = integers.iter().map(|&value| kind.float(value)).collect();
        Self { dims, values, exact: Exact::Integers(kind, integers) }
    }

    /// A row of integers.
    pub fn of_integers(values: impl Iterator<Item = i64>) -> Self {
        let values: Vec<i64> = values.collect();
        Self::whole(vec![values.len()], Integer::LONG, values)
    }

    /// A constant of these dimensions with the values at these `places` of this one.
    pub(crate) fn picked(&self, dims: Vec<usize>, places: &[usize]) -> Self {
        let exact = match &self.exact {
            Exact::Integers(kind, integers) => {
                Exact::Integers(*kind, places.iter().map(|&place| integers[place]).collect())
            }
            other => other.clone(),
        };
        Self { dims, values: places.iter().map(|&place| self.values[place]).collect(), exact }
    }

    /// The values as integers, for shapes and axes.
    pub fn integers(&self) -> Vec<i64> {
        match &self.exact {
            Exact::Integers(_, integers) => integers.clone(),
            _ => self.values.iter().map(|&value| value as i64).collect(),
        }
    }

    /// The least and the greatest number of its type in the file, where that is an integer of 8 bits.
    pub fn limits(&self) -> Option<[f32; 2]> {
        match self.exact {
            Exact::Integers(kind, _) if kind.bits == 8 => Some(kind.limits()),
            _ => None,
        }
    }

    /// The values as one a channel of a value whose channels lie along `axis`: one value is used for all of them.
    ///
    /// ONNX aligns dimensions at the right, and repeats a constant along each where its length is one.
    ///
    /// # Errors
    /// The constant differs along another dimension, or has more dimensions than the value.
    pub fn along(&self, axis: Axis) -> Result<Vec<f32>, Problem> {
        let Some(ahead) = axis.rank.checked_sub(self.dims.len()) else {
            let reason = format!("a constant of dimensions {:?} for a value of {}", self.dims, axis.rank);
            return Err(Problem::Unsupported(reason));
        };
        let sides = (ahead..).zip(&self.dims);
        let others = |&(place, side): &(usize, &usize)| *side != 1 && place != axis.index;
        if let Some((place, _)) = sides.clone().find(others) {
            let reason = format!(
                "a constant of dimensions {:?} varies along dimension {place} of {}; only one number, or one a \
                 channel (dimension {}), is supported",
                self.dims, axis.rank, axis.index
            );
            return Err(Problem::Unsupported(reason));
        }
        match self.values[..] {
            [value] => Ok(vec![value; axis.length]),
            _ if self.values.len() == axis.length => Ok(self.values.clone()),
            _ => {
                let reason = format!("a constant of dimensions {:?} for {} channels", self.dims, axis.length);
                Err(Problem::Invalid(reason))
            }
        }
    }
}

/// Where a value has its channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Number of the value's dimensions.
    pub rank: usize,
    /// The dimension that counts channels.
    pub index: usize,
    /// Number of channels.
    pub length: usize,
}

impl Axis {
    /// The channels of a feature map: batch, channels, height, width.
    pub const fn of_map(channels: usize) -> Self {
        Self { rank: 4, index: 1, length: channels }
    }

    /// The values of a row: batch, values.
    pub const fn of_row(values: usize) -> Self {
        Self { rank: 2, index: 1, length: values }
    }
}

/// The numbers of a tensor: as floats, and as they are.
type Numbers = (Vec<f32>, Exact);

fn floats(values: impl Iterator<Item = f32>) -> Option<Numbers> {
    Some((values.collect(), Exact::Floats))
}

fn rounded(values: impl Iterator<Item = f32>) -> Option<Numbers> {
    Some((values.collect(), Exact::Rounded))
}

fn integers(kind: Integer, values: impl Iterator<Item = i64>) -> Option<Numbers> {
    let Constant { values, exact, .. } = Constant::whole(Vec::new(), kind, values);
    Some((values, exact))
}

/// Values in the field of their type; `None` where there is no such type here.
fn listed(tensor: &Tensor, kind: DataType) -> Option<Numbers> {
    match kind {
        DataType::Float => floats(tensor.float_data.iter().copied()),
        DataType::Double => rounded(tensor.double_data.iter().map(|&value| value as f32)),
        DataType::Float16 => rounded(tensor.int32_data.iter().map(|&bits| half(bits as u16))),
        DataType::Bool => rounded(tensor.int32_data.iter().map(|&value| f32::from(u8::from(value != 0)))),
        DataType::Int64 => integers(Integer::LONG, tensor.int64_data.iter().copied()),
        DataType::Uint32 | DataType::Uint64 => {
            integers(Integer::of(kind)?, tensor.uint64_data.iter().map(|&value| value as i64))
        }
        _ => integers(Integer::of(kind)?, tensor.int32_data.iter().map(|&value| value.into())),
    }
}

/// Values as little-endian bytes; `None` where there is no such type here. A rest that is no whole value makes the
/// count wrong, which the caller finds.
fn raw(bytes: &[u8], kind: DataType) -> Option<Numbers> {
    use DataType as T;
    /// The values, and a further one for a rest, so that the count is wrong.
    fn read<const N: usize, V>(bytes: &[u8], convert: fn([u8; N]) -> V) -> impl Iterator<Item = V> {
        let (whole, rest) = bytes.as_chunks::<N>();
        let rest = (!rest.is_empty()).then_some([0; N]);
        whole.iter().copied().chain(rest).map(convert)
    }
    match kind {
        T::Float => floats(read(bytes, f32::from_le_bytes)),
        T::Double => rounded(read(bytes, |value| f64::from_le_bytes(value) as f32)),
        T::Float16 => rounded(read(bytes, |value| half(u16::from_le_bytes(value)))),
        T::Bool => rounded(read(bytes, |[value]| f32::from(u8::from(value != 0)))),
        _ => {
            let kind = Integer::of(kind)?;
            // The sign is brought back by the type's range.
            match kind.bits {
                8 => integers(kind, read(bytes, |[value]| value.into())),
                16 => integers(kind, read(bytes, |value| u16::from_le_bytes(value).into())),
                32 => integers(kind, read(bytes, |value| u32::from_le_bytes(value).into())),
                _ => integers(kind, read(bytes, i64::from_le_bytes)),
            }
        }
    }
}

/// A number of half precision (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f32::from(bits & 1023));
    sign * match exponent {
        0 => fraction * (-24f32).exp2(),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1.0 + fraction / 1024.0) * ((exponent - 15) as f32).exp2(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(kind: DataType, dims: &[i64]) -> Tensor {
        Tensor { name: "c".into(), dims: dims.to_vec(), data_type: kind as i32, ..Default::default() }
    }

    #[test]
    fn values_are_the_same_in_bytes_and_in_their_fields() {
        let bytes = [0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00];
        let raw = Tensor { raw_data: bytes.to_vec(), ..tensor(DataType::Float16, &[3]) };
        let listed = Tensor { int32_data: vec![0x3c00, 0xc000, 1], ..tensor(DataType::Float16, &[3]) };
        for tensor in [raw, listed] {
            assert_eq!(Constant::read(&tensor).unwrap().values, [1.0, -2.0, (-24f32).exp2()]);
        }
        let raw = Tensor { raw_data: vec![255; 8], ..tensor(DataType::Int64, &[1]) };
        assert_eq!(Constant::read(&raw).unwrap().values, [-1.0]);
        let scalar = Tensor { float_data: vec![0.5], ..tensor(DataType::Float, &[]) };
        assert_eq!(Constant::read(&scalar).unwrap(), Constant::floats(vec![], vec![0.5]));
    }

    #[test]
    fn values_that_are_not_as_many_as_the_dimensions_say_are_refused() {
        let broken = [
            Tensor { raw_data: vec![0; 7], ..tensor(DataType::Float, &[1]) },
            Tensor { float_data: vec![0.0; 3], ..tensor(DataType::Float, &[2, 2]) },
            Tensor { float_data: vec![0.0], ..tensor(DataType::Float, &[-1]) },
            Tensor { float_data: vec![], ..tensor(DataType::Float, &[i64::MAX, i64::MAX]) },
            Tensor { data_location: 1, ..tensor(DataType::Float, &[0]) },
            tensor(DataType::String, &[0]),
            Tensor { data_type: 16, ..tensor(DataType::Float, &[0]) },
        ];
        for tensor in broken {
            let error = Constant::read(&tensor).expect_err("it is refused").to_string();
            assert!(error.contains("constant \"c\""), "{error}");
        }
    }

    #[test]
    fn one_value_is_for_all_channels() {
        let constant = |dims: &[usize], values: &[f32]| Constant::floats(dims.to_vec(), values.to_vec());
        let map = Axis::of_map(2);
        assert_eq!(constant(&[], &[2.0]).along(Axis::of_map(3)).unwrap(), [2.0; 3]);
        assert_eq!(constant(&[1, 1, 1, 1], &[2.0]).along(Axis::of_map(3)).unwrap(), [2.0; 3]);
        for dims in [&[2, 1, 1][..], &[1, 2, 1, 1]] {
            assert_eq!(constant(dims, &[1.0, 2.0]).along(map).unwrap(), [1.0, 2.0]);
        }
        assert_eq!(constant(&[2], &[1.0, 2.0]).along(Axis::of_row(2)).unwrap(), [1.0, 2.0]);
        assert!(constant(&[2, 1, 1], &[1.0, 2.0]).along(Axis::of_map(3)).is_err());
        assert!(constant(&[1; 5], &[1.0]).along(map).is_err());
    }

    #[test]
    fn a_constant_over_width_or_height_is_not_taken_for_channels() {
        for dims in [&[2][..], &[1, 2], &[2, 1], &[1, 1, 2, 1], &[2, 1, 1, 1]] {
            let error = Constant::floats(dims.to_vec(), vec![1.0, 2.0]).along(Axis::of_map(2));
            let error = error.expect_err("it varies within a channel").to_string();
            assert!(error.contains("varies along dimension"), "{dims:?}: {error}");
        }
    }
}
