//! Any style in one pass: a network predicts a hundred numbers from the style, and another one paints the
//! content with them.
//!
//! Ghiasi et al., "Exploring the structure of a real-time, arbitrary neural artistic stylization network",
//! BMVC 2017. Coarser than the optimisation, and done in a second: for previews, and to start from.
//!
//! The two networks have operators that nothing else here needs. So the caller brings what runs them
//! ([`Inference`]), and this crate has no inference library among its dependencies.

use crate::Error;
use crate::picture::Picture;

/// Side of the picture that the predictor looks at.
const STYLE_SIDE: usize = 256;

/// Side of the square that is painted.
const SIDE: usize = 384;

/// An input of a network: its dimensions, and its values in row-major order.
pub type Input<'a> = (&'a [usize], &'a [f32]);

/// A network that can be run.
pub trait Inference {
    /// The first output for these inputs.
    ///
    /// # Errors
    /// A sentence that says why the network cannot be run on them.
    fn run(&self, inputs: &[Input]) -> Result<Vec<f32>, String>;
}

/// The two networks.
pub struct Painter<'a> {
    /// From a picture of 256 x 256 pixels, 0 to 1, to the numbers of its style.
    pub predictor: &'a dyn Inference,
    /// From a picture of 384 x 384 pixels and the numbers of a style to the painted picture.
    pub transformer: &'a dyn Inference,
}

impl Painter<'_> {
    /// Paints `content` in the blend of `styles`; the longer side of the result is at most 384 pixels.
    ///
    /// # Errors
    /// [`Error::Painter`], [`Error::NoStyle`].
    pub fn paint(&self, content: &Picture, styles: &[(f64, &Picture)]) -> Result<Picture, Error> {
        let total: f64 = styles.iter().map(|(weight, _)| weight).sum();
        let mut blend = Vec::new();
        for (weight, style) in styles {
            let vector = self.style(style)?;
            blend.resize(vector.len(), 0.0);
            let share = (weight / total) as f32;
            blend.iter_mut().zip(vector).for_each(|(sum, value)| *sum += share * value);
        }
        if blend.is_empty() {
            return Err(Error::NoStyle);
        }
        let small = content.resized(content.fitted(SIDE));
        // The square is filled up with the picture's mirror image, so that its border is painted evenly.
        let mirrored = |place: usize, side: usize| {
            let turn = place % (2 * side);
            if turn < side { turn } else { 2 * side - 1 - turn }
        };
        let mut square = Vec::with_capacity(SIDE * SIDE * 3);
        for y in 0..SIDE {
            for x in 0..SIDE {
                let start = (mirrored(y, small.height) * small.width + mirrored(x, small.width)) * 3;
                square.extend(small.values[start..start + 3].iter().map(|value| value / 255.0));
            }
        }
        let length = blend.len();
        let inputs: [Input; 2] = [(&[1, SIDE, SIDE, 3], &square), (&[1, 1, 1, length], &blend)];
        let painted = self.transformer.run(&inputs).map_err(Error::Painter)?;
        let rows = painted.chunks_exact(SIDE * 3).take(small.height);
        let values = rows.flat_map(|row| row[..small.width * 3].iter().map(|value| value * 255.0)).collect();
        Ok(Picture { values, ..small })
    }

    /// The numbers of a style, from its middle square.
    fn style(&self, picture: &Picture) -> Result<Vec<f32>, Error> {
        let square = picture.middle().resized([STYLE_SIDE; 2]);
        let values: Vec<f32> = square.values.iter().map(|value| value / 255.0).collect();
        self.predictor.run(&[(&[1, STYLE_SIDE, STYLE_SIDE, 3], &values)]).map_err(Error::Painter)
    }
}
