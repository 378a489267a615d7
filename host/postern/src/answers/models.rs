//! Answers on networks, and on pictures that are made.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

/// What is in the data folder now.
#[derive(Serialize, JsonSchema)]
pub struct Setup {
    /// The data folder.
    pub data: PathBuf,
    /// The files of models and pictures that are ready.
    pub files: Vec<PathBuf>,
    /// The boards whose firmware is ready.
    pub firmware: Vec<&'static str>,
}

/// An image was compiled.
#[derive(Serialize, JsonSchema)]
pub struct Compiled {
    /// The file of the image.
    pub image: PathBuf,
    /// The model's name, as the image has it.
    pub name: String,
    /// Its size.
    pub bytes: usize,
    /// Photographs from which the ranges of the activations follow.
    pub samples: usize,
    /// The NPU that it has a section for. `null` without one.
    pub accelerator: Option<String>,
    /// How close the image is to the network in float.
    pub fidelity: Fidelity,
}

/// The image of an encoder that a door runs in float.
#[derive(Serialize, JsonSchema)]
pub struct FloatImage {
    /// What runs it: `tract`.
    pub engine: String,
    /// The file of the image.
    pub image: PathBuf,
    /// The model's name, as the image has it.
    pub name: String,
    /// Its size.
    pub bytes: usize,
    /// Values of an embedding.
    pub dimension: usize,
    /// Thresholds in it. Those of the int8 image of the same model are unproven here. 0 without: then no board takes it.
    pub thresholds: usize,
}

/// How close an image is to its network in float, on the photographs.
#[derive(Serialize, JsonSchema)]
pub struct Fidelity {
    /// Photographs that were compared.
    pub samples: usize,
    /// Each output of the network.
    pub outputs: Vec<OutputError>,
    /// The cosine of both embeddings of a photograph. Absent if the network is no encoder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    pub cosine: Option<Cosines>,
    /// The cosine of the templates and the embeddings of all photographs, without what all have in common. Absent if the
    /// network is no encoder, or its embeddings of all photographs are the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required)]
    pub cosine_apart: Option<f64>,
}

/// How far an output is from the network in float.
#[derive(Serialize, JsonSchema)]
pub struct OutputError {
    /// The output's name.
    pub name: String,
    /// The root of the mean square difference, as a share of the output's own size.
    pub error: f64,
}

/// Cosines of embeddings, 1 if they are equal.
#[derive(Serialize, JsonSchema)]
pub struct Cosines {
    /// The least of all photographs.
    pub least: f64,
    /// The mean of all photographs.
    pub mean: f64,
}

/// The sequence model of liveness was trained.
#[derive(Serialize, JsonSchema)]
pub struct TrainedLiveness {
    /// By attack type: the share of presentations that pass the model, of people it was not trained on.
    pub passed: BTreeMap<String, f64>,
    /// Windows of samples that it was trained on.
    pub windows: usize,
    /// The file of the weights.
    pub weights: PathBuf,
}

/// The liveness network was trained.
#[derive(Serialize, JsonSchema)]
pub struct TrainedNetwork {
    /// The file of its image.
    pub image: PathBuf,
    /// The size of its image.
    pub bytes: usize,
    /// Multiply-adds of one crop.
    pub multiply_adds: usize,
    /// Steps of the training.
    pub steps: usize,
}

/// A presentation attack was made: a line for each type.
#[derive(Serialize, JsonSchema)]
pub struct Attack {
    /// What is presented.
    pub attack_type: &'static str,
    /// The file of its middle picture; beside it is a GIF of all.
    pub picture: PathBuf,
    /// The folder of its pictures in turn.
    pub sequence: PathBuf,
}

/// A picture was painted.
#[derive(Serialize, JsonSchema)]
pub struct Painted {
    /// The file.
    pub picture: PathBuf,
    /// Its width.
    #[schemars(extend("unit" = "pixels"))]
    pub width: usize,
    /// Its height.
    #[schemars(extend("unit" = "pixels"))]
    pub height: usize,
    /// The whole cost at the end. `null` if nothing was optimised (`--fast`).
    pub cost: Option<f64>,
    /// The content's part of the cost. `null` if nothing was optimised.
    pub content: Option<f64>,
    /// The styles' part of the cost. `null` if nothing was optimised.
    pub style: Option<f64>,
    /// The variation's part of the cost. `null` if nothing was optimised.
    pub variation: Option<f64>,
}

/// A contact sheet was painted (`--vary`).
#[derive(Serialize, JsonSchema)]
pub struct Sheet {
    /// The file.
    pub sheet: PathBuf,
    /// What each picture on it shows: the option and its value.
    pub pictures: Vec<String>,
}

/// The image with an NPU section, after `--npu` and an image.
#[derive(Serialize, JsonSchema)]
pub struct NpuAdded {
    /// The file that was written.
    pub image: PathBuf,
    /// The size of the image.
    pub bytes: usize,
    /// The NPU that the section is for.
    pub accelerator: String,
}
