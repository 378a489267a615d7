//! `--fast`: the two networks that paint in one pass, run by tract.

use std::sync::Arc;

use anyhow::Context;
use style::fast::Input;
use style::{Inference, Painter, Picture, Style};
use tract_onnx::prelude::*;

use super::network::fetched;
use crate::models;

/// Paints `content` in the blend of `styles`.
pub fn paint(content: &Picture, styles: &[Style]) -> anyhow::Result<Picture> {
    let read = |name: &str| {
        let path = fetched(&models::cache(&format!("models/{name}.onnx"))?)?;
        let bytes = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Runnable::read(&bytes).with_context(|| path.display().to_string())
    };
    let (predictor, transformer) = (read("style-predictor")?, read("style-transformer")?);
    let painter = Painter { predictor: &predictor, transformer: &transformer };
    let styles: Vec<(f64, &Picture)> = styles.iter().map(|style| (style.weight, &style.picture)).collect();
    Ok(painter.paint(content, &styles)?)
}

/// A network that tract runs.
struct Runnable(Arc<TypedRunnableModel>);

impl Runnable {
    fn read(bytes: &[u8]) -> anyhow::Result<Self> {
        let model = tract_onnx::onnx().model_for_read(&mut &bytes[..])?;
        Ok(Self(model.into_optimized()?.into_runnable()?))
    }

    fn first_output(&self, inputs: &[Input]) -> TractResult<Vec<f32>> {
        let tensor = |(dims, values): &Input| Ok(Tensor::from_shape(dims, values)?.into());
        let inputs = inputs.iter().map(tensor).collect::<TractResult<TVec<TValue>>>()?;
        let outputs = self.0.run(inputs)?;
        Ok(outputs[0].to_plain_array_view::<f32>()?.iter().copied().collect())
    }
}

impl Inference for Runnable {
    fn run(&self, inputs: &[Input]) -> Result<Vec<f32>, String> {
        self.first_output(inputs).map_err(|error| format!("{error:#}"))
    }
}
