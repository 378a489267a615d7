//! How a file sees a tensor that the engine keeps as NHWC.
//!
//! A file reshapes, flattens and transposes; the engine's tensor stays. A [`Layout`] has the dimensions that the file
//! sees, exactly, and the order in which it counts the values. From both follows where the channels are, and so what a
//! constant that is broadcast means.

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

    /// Where the channels are; `None` where no dimension counts them alone.
    pub fn channels(&self, shape: Shape) -> Option<Axis> {
        let axis = |index| Axis { rank: self.dims.len(), index, length: shape.channels };
        if self.order == Order::Pixels && shape.pixels() > 1 {
            let last = self.dims.len().checked_sub(1)?;
            return (self.dims[last] == shape.channels).then(|| axis(last));
        }
        // The first dimension that is not one, behind the batch.
        let index = (1..self.dims.len()).find(|&index| self.dims[index] != 1);
        let index = index.or_else(|| self.dims.len().checked_sub(1).filter(|&last| last > 0))?;
        (self.dims[index] == shape.channels).then(|| axis(index))
    }

    /// The layout after the axes are put into this order; `None` where it is no order that [`Order`] has.
    pub fn transposed(&self, order: &[usize], shape: Shape) -> Option<Self> {
        let (batch, behind) = (order.first()?, order.get(1..)?);
        if *batch != 0 {
            return None;
        }
        let dims: Vec<usize> = order.iter().map(|&axis| self.dims[axis]).collect();
        let mut steps = vec![1; self.dims.len()];
        for axis in (1..self.dims.len()).rev() {
            steps[axis - 1] = steps[axis] * self.dims[axis];
        }
        let place = |at: usize| {
            let mut rest = at;
            let mut from = 0;
            for &axis in behind.iter().rev() {
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
        assert_eq!(axis(&[1, 30], Order::Planes, SHAPE), None);
        assert_eq!(axis(&[1, 30], Order::Pixels, SHAPE), None);
        let one = Shape::new(1, 1, 5);
        assert_eq!(axis(&[1, 5], Order::Planes, one), Some(1));
        assert_eq!(axis(&[1, 1, 1, 5], Order::Planes, one), Some(3));
        assert_eq!(axis(&[5], Order::Planes, one), None, "it has no dimension of the batch");
    }
}
