//! How a file sees a tensor that the engine keeps as NHWC.
//!
//! A file reshapes, flattens and transposes; the engine's tensor stays. A [`Layout`] has the dimensions that the file
//! sees, exactly, and the order in which it counts the values. From both follows what each dimension counts
//! ([`Dimension`]), the first one too, and so what a constant that is broadcast means.
//!
//! # Invariants
//! - The dimensions hold the values of all pictures of the batch, in the order of the batch, and then in [`Order`].
//! - A dimension counts something alone only if a step along it is a step along that, and nothing else. All others are
//!   [`Dimension::Mixed`], and an operator for which they make a difference refuses them.

use kernels::Shape;
use onnx::Axis;

/// In which order the file counts the values of a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Channel by channel: channels, height, width.
    Planes,
    /// Pixel by pixel: height, width, channels.
    Pixels,
}

/// What a dimension of the file counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// Nothing: it is 1.
    One,
    /// The pictures of the batch.
    Batch,
    /// All channels.
    Channels,
    /// Rows, columns, or some of both: a step along it leaves picture and channel as they are.
    Pixels,
    /// Some of the channels, or channels and pixels, or pictures and their values.
    Mixed,
}

/// Dimensions and order of a value of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The dimensions, with that of the batch.
    pub dims: Vec<usize>,
    /// The order of the values.
    pub order: Order,
}

impl Order {
    /// The place in the engine's tensor of the value that the file counts as number `at`.
    fn place(self, shape: Shape, at: usize) -> usize {
        match self {
            Self::Pixels => at,
            Self::Planes => at % shape.pixels() * shape.channels + at / shape.pixels(),
        }
    }
}

impl Layout {
    /// A feature map: batch, channels, height, width.
    pub fn map(batch: usize, shape: Shape) -> Self {
        Self { dims: vec![batch, shape.channels, shape.height, shape.width], order: Order::Planes }
    }

    /// An input of Keras: batch, height, width, channels.
    pub fn pixels(batch: usize, shape: Shape) -> Self {
        Self { dims: vec![batch, shape.height, shape.width, shape.channels], order: Order::Pixels }
    }

    /// Whether it is a feature map of this `shape`.
    pub fn is_map(&self, batch: usize, shape: Shape) -> bool {
        self.dims == Self::map(batch, shape).dims && self.has_order(Order::Planes, shape)
    }

    /// Whether the values have this order; both are one where there is one pixel, or one channel.
    pub fn has_order(&self, order: Order, shape: Shape) -> bool {
        self.order == order || shape.pixels() == 1 || shape.channels == 1
    }

    /// What each dimension counts in a value of this `shape`.
    pub fn dimensions(&self, shape: Shape) -> Vec<Dimension> {
        let (pixels, channels) = (shape.pixels(), shape.channels);
        // How many values apart two neighbours lie, and where the next one of what is outside begins.
        let (of_channels, of_pixels) = match self.order {
            Order::Planes => ([pixels, pixels * channels], [1, pixels]),
            Order::Pixels => ([1, channels], [channels, channels * pixels]),
        };
        let mut step = 1;
        let counts = self.dims.iter().rev().map(|&side| {
            let [from, to] = [step, step * side];
            step = to;
            match () {
                () if side == 1 => Dimension::One,
                () if [from, to] == of_channels => Dimension::Channels,
                () if from.is_multiple_of(of_pixels[0]) && of_pixels[1].is_multiple_of(to) => {
                    Dimension::Pixels
                }
                () if from.is_multiple_of(shape.len()) => Dimension::Batch,
                () => Dimension::Mixed,
            }
        });
        let mut counts: Vec<Dimension> = counts.collect();
        counts.reverse();
        counts
    }

    /// Where the channels are; `None` where no dimension counts them alone. A single channel is a dimension of 1: the
    /// second, where that is one.
    pub fn channels(&self, shape: Shape) -> Option<Axis> {
        let counts = self.dimensions(shape);
        let index = match shape.channels {
            1 if self.dims.get(1) == Some(&1) => Some(1),
            1 => counts.iter().rposition(|&dimension| dimension == Dimension::One),
            _ => counts.iter().position(|&dimension| dimension == Dimension::Channels),
        };
        index.map(|index| Axis { rank: self.dims.len(), index, length: shape.channels })
    }

    /// The layout after the axes are put into this order; `None` where it is no order that [`Order`] has, or the first
    /// axis does not stay.
    pub fn transposed(&self, order: &[usize], shape: Shape) -> Option<Self> {
        if *order.first()? != 0 {
            return None;
        }
        let dims: Vec<usize> = order.iter().map(|&axis| self.dims[axis]).collect();
        let mut steps = vec![1; self.dims.len()];
        for axis in (1..self.dims.len()).rev() {
            steps[axis - 1] = steps[axis] * self.dims[axis];
        }
        // Of the first picture, whose values lie first before and after.
        let place = |at: usize| {
            let mut rest = at;
            let mut from = 0;
            for &axis in order.iter().rev() {
                from += rest % self.dims[axis] * steps[axis];
                rest /= self.dims[axis];
            }
            self.order.place(shape, from)
        };
        let found = [Order::Planes, Order::Pixels]
            .into_iter()
            .find(|order| (0..shape.len()).all(|at| place(at) == order.place(shape, at)));
        found.map(|order| Self { dims, order })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape::new(2, 3, 5);

    #[test]
    fn a_transposition_there_and_back_is_none() {
        let map = Layout::map(1, SHAPE);
        let pixels = map.transposed(&[0, 2, 3, 1], SHAPE).expect("to channels last");
        assert_eq!(pixels, Layout::pixels(1, SHAPE));
        assert_eq!(pixels.transposed(&[0, 3, 1, 2], SHAPE), Some(map.clone()));
        assert_eq!(map.transposed(&[0, 1, 3, 2], SHAPE), None, "width and height change places");
        let one = Layout::map(1, Shape::new(1, 1, 5));
        assert!(one.transposed(&[0, 2, 3, 1], Shape::new(1, 1, 5)).is_some());
    }

    #[test]
    fn channels_are_found_where_one_dimension_counts_them() {
        let axis = |dims: &[usize], order, shape| {
            Layout { dims: dims.to_vec(), order }.channels(shape).map(|axis| axis.index)
        };
        assert_eq!(axis(&[1, 5, 2, 3], Order::Planes, SHAPE), Some(1));
        assert_eq!(axis(&[1, 2, 3, 5], Order::Pixels, SHAPE), Some(3));
        assert_eq!(axis(&[1, 6, 5], Order::Pixels, SHAPE), Some(2));
        assert_eq!(axis(&[6, 5], Order::Pixels, SHAPE), Some(1));
        assert_eq!(axis(&[5, 2, 3], Order::Planes, SHAPE), Some(0));
        for order in [Order::Planes, Order::Pixels] {
            assert_eq!(axis(&[1, 30], order, SHAPE), None);
        }
        // Rows of planes, as long as there are channels.
        assert_eq!(axis(&[6, 5], Order::Planes, SHAPE), None);
        assert_eq!(axis(&[1, 6, 5], Order::Planes, SHAPE), None);
        assert_eq!(axis(&[1, 5, 6], Order::Pixels, SHAPE), None);
        // As many rows and columns as channels: only the order tells them apart.
        let cube = Shape::new(4, 4, 4);
        assert_eq!(axis(&[4, 4, 4], Order::Planes, cube), Some(0));
        assert_eq!(axis(&[4, 4, 4], Order::Pixels, cube), Some(2));
        let one = Shape::new(1, 1, 5);
        assert_eq!(axis(&[1, 5], Order::Planes, one), Some(1));
        assert_eq!(axis(&[1, 1, 1, 5], Order::Planes, one), Some(3));
        assert_eq!(axis(&[5], Order::Planes, one), Some(0));
        let grey = Shape::new(2, 3, 1);
        assert_eq!(axis(&[1, 1, 2, 3], Order::Planes, grey), Some(1));
        assert_eq!(axis(&[2, 3], Order::Planes, grey), None);
    }

    #[test]
    fn what_a_dimension_counts_follows_from_the_order() {
        use Dimension::{Batch, Channels, Mixed, One, Pixels};
        let counts = |dims: &[usize], order| Layout { dims: dims.to_vec(), order }.dimensions(SHAPE);
        assert_eq!(counts(&[1, 5, 2, 3], Order::Planes), [One, Channels, Pixels, Pixels]);
        assert_eq!(counts(&[4, 5, 2, 3], Order::Planes), [Batch, Channels, Pixels, Pixels]);
        assert_eq!(counts(&[4, 6, 1, 5], Order::Pixels), [Batch, Pixels, One, Channels]);
        assert_eq!(counts(&[5, 3, 2], Order::Planes), [Channels, Pixels, Pixels]);
        assert_eq!(counts(&[6, 5], Order::Planes), [Mixed, Mixed]);
        assert_eq!(counts(&[2, 15], Order::Pixels), [Pixels, Mixed]);
        assert_eq!(counts(&[20, 6], Order::Planes), [Mixed, Pixels]);
    }

    #[test]
    fn a_first_dimension_that_is_no_batch_is_transposed_with_the_others() {
        let cube = Layout { dims: vec![5, 2, 3], order: Order::Planes };
        assert_eq!(cube.transposed(&[0, 2, 1], SHAPE), None);
        let rows = Layout { dims: vec![2, 3, 5], order: Order::Pixels };
        assert_eq!(rows.transposed(&[0, 1, 2], SHAPE), Some(rows.clone()));
        let pictures = Layout::map(4, SHAPE).transposed(&[0, 2, 3, 1], SHAPE);
        assert_eq!(pictures, Some(Layout::pixels(4, SHAPE)));
    }
}
