//! What the records of an image say, as TOSA says it.

use nn::format::TensorRecord;

use crate::tosa::Type;

/// Rows, columns and channels of a tensor.
pub fn shape(tensor: &TensorRecord) -> [i32; 3] {
    [tensor.height, tensor.width, tensor.channels].map(i32::from)
}

/// The type of a tensor.
pub fn kind(tensor: &TensorRecord) -> Type {
    if tensor.bytes == 2 { Type::I16 } else { Type::I8 }
}

/// The right shift of a scale: the engine shifts left first, which is exact.
pub fn shift_of(scale: &kernels::Scale) -> Result<i8, &'static str> {
    i8::try_from(31 - scale.shift).ok().filter(|shift| *shift >= 2).ok_or("its scale is above a half of 2^30")
}
