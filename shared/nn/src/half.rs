//! A network at half its sides: the same operators and weights on an input of half the height and half the width.
//!
//! It needs no plan of its own. Each tensor stays where it is in the arena and takes a quarter of its bytes, so none
//! overlaps another one, and each band of a chain needs no more rows than the whole has.

use crate::Model;
use crate::bands;
use crate::check::covers;
use crate::format::{OperatorRecord, TensorRecord, code};
use crate::operator::Operator;

impl Model<'_> {
    /// The same network for an input of half the height and half the width, with the same weights in the same arena, of which
    /// it uses less. `None` if it is not one that slides over an image, or if some tensor's sides are odd.
    pub fn halved(&self) -> Option<Self> {
        (self.halvings == 0 && halves(self)).then_some(Self { halvings: 1, ..*self })
    }
}

/// Whether a checked network also runs with half the height and half the width of each tensor: all of these are even, the
/// operators are those that slide over an image, and the rows that chains keep are enough.
fn halves(model: &Model) -> bool {
    let sliding = |record: &OperatorRecord| {
        matches!(
            record.code,
            code::CONV | code::DEPTHWISE | code::ADD | code::MAX_POOL | code::RESIZE_2X | code::TABLE
        )
    };
    let covered = |record: &OperatorRecord| {
        let operator = Operator::new(model.image, model.tensors, record, 1);
        let (input, output, window) = (operator.input_shape(), operator.output_shape(), operator.window());
        !matches!(record.code, code::CONV | code::DEPTHWISE | code::MAX_POOL)
            || covers(&window, input.height, output.height, 0)
                && covers(&window, input.width, output.width, 1)
    };
    let even = |tensor: &TensorRecord| tensor.height.is_multiple_of(2) && tensor.width.is_multiple_of(2);
    let half = Model { halvings: 1, ..*model };
    let mut first = 0;
    while first < model.operators.len() {
        let range = model.chain(first);
        let (axes, band) = half.axes(&range);
        let kept = bands::kept(axes.get(..range.len()).unwrap_or_default(), band);
        let room = |(record, rows): (&OperatorRecord, usize)| {
            model
                .tensors
                .get(usize::from(record.output))
                .is_some_and(|tensor| usize::from(tensor.kept) >= rows)
        };
        let records = model.operators.get(range.clone()).unwrap_or_default();
        if range.len() > 1 && !records.iter().zip(kept).all(room) {
            return false;
        }
        first = range.end;
    }
    model.tensors.iter().all(even) && model.operators.iter().all(|record| sliding(record) && covered(record))
}
