//! What [`prune`](crate::prune) removed from a network, as its image records it.
//!
//! An image keeps numbers of filters and channels ([`RemovedRecord`]); multiply-adds and bytes follow from them and from the
//! shapes that are left.

use std::ops::Add;

use kernels::weights::packed_len;
use nn::Model;
use nn::format::{RemovedRecord, code};

/// What was removed from one operator, or from all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removal {
    /// Filters of convolutions.
    pub filters: usize,
    /// Channels of the inputs of convolutions.
    pub channels: usize,
    /// Constant channels whose products are now in biases.
    pub folded: usize,
    /// Multiply-adds of one inference.
    pub multiply_adds: usize,
    /// Bytes of weights.
    pub weight_bytes: usize,
}

impl Add for Removal {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            filters: self.filters + other.filters,
            channels: self.channels + other.channels,
            folded: self.folded + other.folded,
            multiply_adds: self.multiply_adds + other.multiply_adds,
            weight_bytes: self.weight_bytes + other.weight_bytes,
        }
    }
}

/// What was removed from each operator of an image; `None` if its compiler did not record it, or recorded what no compiler
/// could have removed.
pub fn of(model: &Model) -> Option<Vec<Removal>> {
    let mut all = vec![Removal::default(); model.operator_count()];
    for record in model.removed()? {
        let index = usize::try_from(record.operator).ok()?;
        *all.get_mut(index)? = of_operator(&model.operator(index)?, record)?;
    }
    Some(all)
}

fn of_operator(operator: &nn::Operator, record: &RemovedRecord) -> Option<Removal> {
    // A tensor has at most 65,535 channels, and a kernel 255 rows and columns, so no product here is out of range.
    let narrow = |number: u32| u16::try_from(number).ok().map(usize::from);
    let (filters, channels, folded) =
        (narrow(record.filters)?, narrow(record.channels)?, narrow(record.folded)?);
    let taps: usize = operator.window().kernel.iter().product();
    let [left, read] = [operator.output_shape().channels, operator.input_shape().channels];
    let of_filter = |read: usize| if operator.record().code == code::CONV { taps * read } else { taps };
    let bytes = |read: usize, filters: usize| match operator.record().code {
        code::CONV => packed_len(of_filter(read), filters),
        _ => of_filter(read) * filters,
    };
    let (read_before, left_before) = (read + channels, left + filters);
    let products = left_before * of_filter(read_before) - left * of_filter(read);
    Some(Removal {
        filters,
        channels,
        folded,
        multiply_adds: products * operator.output_shape().pixels(),
        weight_bytes: bytes(read_before, left_before) - bytes(read, left),
    })
}
