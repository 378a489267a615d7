//! The models of a workspace: their manifests, and their files in the cache.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Deserialize;

/// The detector that commands take where none is named.
pub const DETECTOR: &str = "yunet";

/// The encoder that commands take where none is named.
pub const ENCODER: &str = "postern-128";

/// The liveness network that commands take where none is named.
pub const LIVENESS: &str = "liveness";

/// `models/NAME/manifest.toml`, as far as this program reads it.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// Name of the folder and of the image.
    pub name: String,
    /// What the network is for.
    pub kind: Kind,
    /// What it takes.
    pub input: Input,
    /// Thresholds for false-match rates; an encoder's, once measured.
    pub calibration: Option<Calibration>,
}

/// What a network is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Finds faces.
    Detector,
    /// Turns an aligned face into an embedding.
    Encoder,
    /// Tells a face from a picture of one.
    Liveness,
}

/// What a network takes: `(pixel - mean) * scale`, in the order `channels`.
#[derive(Debug, Deserialize)]
pub struct Input {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Order of the channels.
    pub channels: Channels,
    /// Subtracted first, by channel.
    pub mean: [f32; 3],
    /// Multiplied then.
    pub scale: f32,
}

/// Order of the channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Channels {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// The table that `postern eval pairs --write-calibration` measured.
#[derive(Debug, Deserialize)]
pub struct Calibration {
    /// Rising in both.
    pub points: Vec<CalibrationPoint>,
}

/// A threshold of an encoder.
#[derive(Debug, Deserialize)]
pub struct CalibrationPoint {
    /// One false match in so many comparisons of different people.
    pub one_in: u32,
    /// Similarity in Q15.
    pub threshold: i32,
}

impl Manifest {
    /// Reads the manifest of the model `name`.
    pub fn read(name: &str) -> anyhow::Result<Self> {
        let path = manifest_path(name)?;
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("there is no model {name}: cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("in {}", path.display()))
    }

    /// The network as published, which `cargo xtask setup` fetches.
    ///
    /// Of one that was trained here only the image is kept, beside its manifest.
    pub fn onnx(&self) -> anyhow::Result<PathBuf> {
        if own_image(&self.name)?.is_file() {
            bail!(
                "only the image of {} is kept; the command in its manifest trains the network again",
                self.name
            );
        }
        let path = cache(&format!("models/{}.onnx", self.name))?;
        if !path.is_file() {
            bail!("{} is not there: run `cargo xtask setup`", path.display());
        }
        Ok(path)
    }
}

/// Where the manifest of the model `name` lies.
pub fn manifest_path(name: &str) -> anyhow::Result<PathBuf> {
    Ok(workspace()?.join("models").join(name).join("manifest.toml"))
}

/// A path in the workspace's cache.
pub fn cache(path: &str) -> anyhow::Result<PathBuf> {
    Ok(workspace()?.join(".cache").join(path))
}

/// Where the image lies of a model that was trained here, its ranges taken from the faces of the training.
fn own_image(name: &str) -> anyhow::Result<PathBuf> {
    Ok(manifest_path(name)?.with_file_name(format!("{name}.pstn")))
}

/// Where the image of the model `name` lies once it is compiled.
pub fn image_path(name: &str) -> anyhow::Result<PathBuf> {
    cache(&format!("images/{name}.pstn"))
}

/// The image that a user means by `name`: a file, else the compiled model of that name.
///
/// # Errors
/// Neither is there; says how to make it.
pub fn image(name: &str) -> anyhow::Result<PathBuf> {
    let file = PathBuf::from(name);
    if file.is_file() {
        return Ok(file);
    }
    if file.components().count() != 1 || file.extension().is_some() {
        bail!("there is no file {name}");
    }
    let own = own_image(name)?;
    if own.is_file() {
        return Ok(own);
    }
    let image = image_path(name)?;
    if !image.is_file() {
        Manifest::read(name)?;
        bail!("{} is not there: run `postern compile {name}`", image.display());
    }
    Ok(image)
}

/// The workspace that the user stands in, else the one that this program was built from.
fn workspace() -> anyhow::Result<PathBuf> {
    let is_workspace = |folder: &&Path| folder.join("models/pictures.toml").is_file();
    let here = std::env::current_dir().context("there is no current folder")?;
    let built = Path::new(env!("CARGO_MANIFEST_DIR"));
    match here.ancestors().chain(built.ancestors()).find(is_workspace) {
        Some(folder) => Ok(folder.to_path_buf()),
        None => bail!("models/ is nowhere above {}: run this inside the workspace", here.display()),
    }
}
