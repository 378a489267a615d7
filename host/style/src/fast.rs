//! Any style in one pass: a network predicts a hundred numbers from the style, another one paints the
//! content with them.
//!
//! Ghiasi et al., "Exploring the structure of a real-time, arbitrary neural artistic stylization network",
//! BMVC 2017. Coarser than the optimisation, and done in a second: for previews, and to start from.

use tract_onnx::prelude::*;

use crate::Error;
use crate::picture::Picture;

/// Side of the picture that the predictor looks at.
const STYLE_SIDE: usize = 256;

/// Side of the square that is painted.
const SIDE: usize = 384;

/// The two networks.
pub struct Painter {
    predictor: Arc<TypedRunnableModel>,
    transformer: Arc<TypedRunnableModel>,
}

impl Painter {
    /// Reads the networks from ONNX files.
    ///
    /// # Errors
    /// [`Error::Painter`].
    pub fn read(predictor: &[u8], transformer: &[u8]) -> Result<Self, Error> {
        Ok(Self { predictor: load(predictor)?, transformer: load(transformer)? })
    }

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
        let inputs = tvec!(tensor(&[1, SIDE, SIDE, 3], &square)?, tensor(&[1, 1, 1, length], &blend)?);
        let painted = first(self.transformer.run(inputs))?;
        let rows = painted.chunks_exact(SIDE * 3).take(small.height);
        let values = rows.flat_map(|row| row[..small.width * 3].iter().map(|value| value * 255.0)).collect();
        Ok(Picture { values, ..small })
    }

    /// The numbers of a style, from its middle square.
    fn style(&self, picture: &Picture) -> Result<Vec<f32>, Error> {
        let square = picture.middle().resized([STYLE_SIDE; 2]);
        let values: Vec<f32> = square.values.iter().map(|value| value / 255.0).collect();
        first(self.predictor.run(tvec!(tensor(&[1, STYLE_SIDE, STYLE_SIDE, 3], &values)?)))
    }
}

fn load(bytes: &[u8]) -> Result<Arc<TypedRunnableModel>, Error> {
    let model = tract_onnx::onnx().model_for_read(&mut &bytes[..]);
    model
        .and_then(|model| model.into_optimized()?.into_runnable())
        .map_err(|error| Error::Painter(format!("{error:#}")))
}

fn tensor(shape: &[usize], values: &[f32]) -> Result<TValue, Error> {
    let tensor = Tensor::from_shape(shape, values).map_err(|error| Error::Painter(format!("{error:#}")))?;
    Ok(tensor.into())
}

fn first(outputs: TractResult<TVec<TValue>>) -> Result<Vec<f32>, Error> {
    let read = |outputs: TVec<TValue>| -> TractResult<Vec<f32>> {
        Ok(outputs[0].to_plain_array_view::<f32>()?.iter().copied().collect())
    };
    outputs.and_then(read).map_err(|error| Error::Painter(format!("{error:#}")))
}
