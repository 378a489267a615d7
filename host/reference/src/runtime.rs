//! Runs any ONNX network by tract, for networks whose operators the compiler does not know.

use std::path::Path;
use std::sync::Arc;

use tract_onnx::prelude::*;

/// A network that tract runs.
pub struct Runtime(Arc<TypedRunnableModel>);

impl Runtime {
    /// Reads the ONNX file at `path`.
    ///
    /// # Errors
    /// A message that says what tract does not accept.
    pub fn open(path: &Path) -> Result<Self, String> {
        let plan = || -> TractResult<_> {
            tract_onnx::onnx().model_for_path(path)?.into_optimized()?.into_runnable()
        };
        plan().map(Self).map_err(|error| format!("{}: {error:#}", path.display()))
    }

    /// The first output for these inputs: each has its dimensions, and its values in row-major order.
    ///
    /// # Errors
    /// A message that says why the network cannot be run on them.
    pub fn first_output(&self, inputs: &[(&[usize], &[f32])]) -> Result<Vec<f32>, String> {
        let run = || -> TractResult<Vec<f32>> {
            let tensor = |(dims, values): &(&[usize], &[f32])| Ok(Tensor::from_shape(dims, values)?.into());
            let inputs = inputs.iter().map(tensor).collect::<TractResult<TVec<TValue>>>()?;
            let outputs = self.0.run(inputs)?;
            Ok(outputs[0].to_plain_array_view::<f32>()?.iter().copied().collect())
        };
        run().map_err(|error| format!("{error:#}"))
    }
}
