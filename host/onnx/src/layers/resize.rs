//! `Resize` and `Upsample`.

use crate::shape::normal;
use crate::{Constant, Node, Problem};

impl Node<'_> {
    /// Nothing, if a `Resize` or `Upsample` of a value of dimensions `dims` repeats every pixel twice in both directions.
    /// `constant` gives the inputs that are known.
    ///
    /// Several combinations of coordinates and rounding do. So the pixel that each one takes is computed by the formulas
    /// of ONNX, and compared with repetition.
    ///
    /// # Errors
    /// It takes another pixel somewhere, mixes pixels, or has another size.
    pub fn doubles<'c>(
        &self,
        dims: &[usize],
        constant: &dyn Fn(usize) -> Option<&'c Constant>,
    ) -> Result<(), Problem> {
        let only = || Problem::unsupported("only nearest, and only where it repeats each pixel twice");
        let (coordinates, nearest) = match self.operator() {
            "Upsample" => ("asymmetric".into(), "floor".into()),
            _ => (
                self.string("coordinate_transformation_mode").unwrap_or_else(|| "half_pixel".into()),
                self.string("nearest_mode").unwrap_or_else(|| "round_prefer_floor".into()),
            ),
        };
        if self.string("mode").is_some_and(|mode| mode != "nearest") || !self.grows(dims, constant)? {
            return Err(only());
        }
        // They count for other modes only, or where a pixel outside is taken.
        self.ignore(&[
            "cubic_coeff_a",
            "exclude_outside",
            "extrapolation_value",
            "antialias",
            "keep_aspect_ratio_policy",
        ]);
        let repeats =
            |side: usize| (0..2 * side).all(|at| source(at, side, &coordinates, &nearest) == Some(at / 2));
        if dims[2..].iter().all(|&side| repeats(side)) { Ok(()) } else { Err(only()) }
    }

    /// Whether the scales, or the sizes, double height and width and nothing else.
    fn grows<'c>(
        &self,
        dims: &[usize],
        constant: &dyn Fn(usize) -> Option<&'c Constant>,
    ) -> Result<bool, Problem> {
        let [batch, channels, height, width] = dims[..] else { return Ok(false) };
        // Since opset 18 the scales and sizes may be those of some axes, in any order.
        let axes = self.ints("axes").unwrap_or(&[0, 1, 2, 3]);
        let axes =
            axes.iter().map(|&axis| Ok(normal(&[axis], 4)?[0])).collect::<Result<Vec<_>, Problem>>()?;
        if [2, 3].iter().any(|axis| axes.iter().filter(|of| *of == axis).count() != 1) {
            return Ok(false);
        }
        let of_axes = |all: [f32; 4]| axes.iter().map(|&axis| all[axis]).collect::<Vec<f32>>();
        let twice = of_axes([1.0, 1.0, 2.0, 2.0]);
        let sides = of_axes([batch, channels, 2 * height, 2 * width].map(|side| side as f32));
        if self.operator() == "Upsample" || self.arity() == 2 {
            if let Some(scales) = self.floats("scales") {
                return Ok(scales == twice);
            }
            return Ok(constant(1).is_some_and(|scales| scales.values == twice));
        }
        // The region counts for coordinates that no doubling has.
        self.input(1);
        let found = [(constant(2), twice), (constant(3), sides)];
        let given: Vec<bool> = found
            .into_iter()
            .filter_map(|(given, wanted)| {
                given.filter(|given| !given.values.is_empty()).map(|it| it.values == wanted)
            })
            .collect();
        Ok(!given.is_empty() && given.iter().all(|&doubles| doubles))
    }
}

/// The pixel of a side of `length` that pixel `at` of twice that length takes.
fn source(at: usize, length: usize, coordinates: &str, nearest: &str) -> Option<usize> {
    let x = at as f64;
    let place = match coordinates {
        "asymmetric" => x / 2.0,
        // With a factor of two and more than one pixel, these are one.
        "half_pixel" | "pytorch_half_pixel" | "half_pixel_symmetric" => (x + 0.5) / 2.0 - 0.5,
        "align_corners" => x * (length as f64 - 1.0) / (2.0 * length as f64 - 1.0),
        _ => return None,
    };
    let taken = match nearest {
        "floor" => place.floor(),
        "ceil" => place.ceil(),
        "round_prefer_floor" => (place - 0.5).ceil(),
        "round_prefer_ceil" => (place + 0.5).floor(),
        _ => return None,
    };
    Some(taken.clamp(0.0, length as f64 - 1.0) as usize)
}

#[cfg(test)]
mod tests {
    use super::source;

    #[test]
    fn half_pixels_rounded_down_shift_a_row() {
        let row = |coordinates, nearest| {
            [0, 1, 2, 3, 4, 5, 6, 7].map(|at| source(at, 4, coordinates, nearest).unwrap())
        };
        assert_eq!(row("half_pixel", "floor"), [0, 0, 0, 1, 1, 2, 2, 3]);
        for (coordinates, nearest) in [
            ("asymmetric", "floor"),
            ("asymmetric", "round_prefer_floor"),
            ("half_pixel", "round_prefer_floor"),
            ("half_pixel", "round_prefer_ceil"),
            ("pytorch_half_pixel", "round_prefer_floor"),
        ] {
            assert_eq!(row(coordinates, nearest), [0, 0, 1, 1, 2, 2, 3, 3], "{coordinates} {nearest}");
        }
        assert_ne!(row("asymmetric", "round_prefer_ceil"), [0, 0, 1, 1, 2, 2, 3, 3]);
    }
}
