//! `postern compile`: from an ONNX network to the int8 image that a board runs.

use std::path::PathBuf;

use anyhow::bail;

use crate::output::{Outcome, Output};

/// Options of `postern compile`.
#[derive(clap::Args)]
pub struct Args {
    /// A model's name (a folder of models/) or an ONNX file
    #[arg(value_name = "NAME|ONNX")]
    model: String,
    /// Where to write the image [default: .cache/images/NAME.pstn]
    #[arg(short, long, value_name = "IMAGE")]
    output: Option<PathBuf>,
    /// Folder of pictures to take the activations' ranges from [default: what setup fetched]
    #[arg(long, value_name = "DIR")]
    calibrate: Option<PathBuf>,
}

/// Compiles one model.
pub fn run(args: Args, _output: &Output) -> anyhow::Result<Outcome> {
    let _ = (&args.output, &args.calibrate);
    bail!(
        "cannot compile {}: this build has no compiler yet",
        args.model
    )
}
