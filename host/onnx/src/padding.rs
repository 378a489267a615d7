//! `Pad`.

use crate::shape::normal;
use crate::{Constant, Node, Problem};

impl Node<'_> {
    /// The pixels of zeros that a `Pad` of a feature map adds above, to the left, below, and to the right. `constant` gives
    /// the inputs that are known.
    ///
    /// # Errors
    /// It pads by something else than zeros, other dimensions, takes pixels away, or is computed.
    pub fn padding<'c>(
        &self,
        rank: usize,
        constant: &dyn Fn(usize) -> Option<&'c Constant>,
    ) -> Result<[usize; 4], Problem> {
        if let Some(mode) = self.string("mode").filter(|mode| mode != "constant") {
            return Err(Problem::Unsupported(format!("mode {mode}; only padding by zeros is supported")));
        }
        let value = match (self.float("value"), self.input(2)) {
            (Some(value), _) => Some(value),
            (None, None) => Some(0.0),
            (None, Some(_)) => constant(2).and_then(|value| value.values.first().copied()),
        };
        if value != Some(0.0) {
            return Err(Problem::unsupported("only padding by zeros is supported"));
        }
        let pads = self.ints("pads").map(<[i64]>::to_vec).or_else(|| {
            self.input(1)?;
            Some(constant(1)?.integers())
        });
        let pads = pads.ok_or_else(|| Problem::unsupported("pads that are computed"))?;
        let axes = match self.input(3) {
            None => (0..rank).collect(),
            Some(_) => {
                let axes = constant(3).ok_or_else(|| Problem::unsupported("axes that are computed"))?;
                let single = |axis: i64| Ok(normal(&[axis], rank)?[0]);
                axes.integers().into_iter().map(single).collect::<Result<Vec<usize>, Problem>>()?
            }
        };
        if pads.len() != 2 * axes.len() || rank != 4 {
            return Err(Problem::invalid(format!("pads {pads:?} for {} axes of {rank}", axes.len())));
        }
        let mut found = [0; 4];
        for (index, &pad) in pads.iter().enumerate() {
            let (axis, end) = (axes[index % axes.len()], index / axes.len());
            match (axis, usize::try_from(pad)) {
                (_, Ok(0)) => {}
                (2 | 3, Ok(pad)) => found[axis - 2 + 2 * end] = pad,
                (_, Ok(_)) => return Err(Problem::unsupported("only height and width can be padded")),
                (_, Err(_)) => return Err(Problem::unsupported("negative pads")),
            }
        }
        Ok(found)
    }
}
