//! What can go wrong with models, and what a user can do about it.

use std::io;
use std::path::PathBuf;

use crate::package::Registry;

/// Why a model cannot be used or fetched. `source` gives the cause; the message does not repeat it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No model has this name.
    #[error("there is no model {name}: choose one of {known}, or name a file")]
    UnknownModel {
        /// The name.
        name: String,
        /// The names of all models, separated by commas.
        known: String,
    },
    /// A file that setup fetches is missing.
    #[error("{} is missing: run `postern setup{}`", path.display(), if *style { " --style" } else { "" })]
    NotFetched {
        /// The file.
        path: PathBuf,
        /// Whether only `--style` fetches it.
        style: bool,
    },
    /// A file could not be written.
    #[error(transparent)]
    Write(#[from] output_file::Error),
    /// Only the image of this model is published.
    #[error("{name} has an image only, no ONNX file; the command in its manifest trains the network again")]
    OnlyImage {
        /// The model.
        name: String,
    },
    /// The model is not compiled.
    #[error("{} is missing: run `postern compile {name}`", path.display())]
    NotCompiled {
        /// The image.
        path: PathBuf,
        /// The model.
        name: String,
    },
    /// There is no such image.
    #[error("there is no file {path}")]
    NoFile {
        /// The file.
        path: String,
    },
    /// A name that cannot be that of a file in our folders.
    #[error(
        "{name:?} is no name for a file: take letters, digits, spaces and -_.,'+() alone, and begin with no space and no dot"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// A manifest is malformed.
    #[error("{}: {reason}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("{}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The client of a registry is not installed.
    #[error("{} is not installed, which fetches the models: {}", registry.client(), registry.advice())]
    NoClient {
        /// The registry.
        registry: Registry,
    },
    /// A package could not be fetched.
    #[error("cannot fetch {package}: {reason}")]
    Fetch {
        /// Name and version.
        package: String,
        /// The last lines of the client's output.
        reason: String,
    },
    /// A package does not contain the file.
    #[error("{package} contains no file {inside}: {reason}")]
    Archive {
        /// Name and version.
        package: String,
        /// The path inside the archive.
        inside: String,
        /// Why.
        reason: String,
    },
    /// A fetched file is not the pinned one.
    #[error("{inside} is not the pinned file:\n  expected SHA-256 {expected}\n  got              {found}")]
    Digest {
        /// The path inside the archive.
        inside: String,
        /// The pinned digest.
        expected: String,
        /// The digest of the fetched file.
        found: String,
    },
}

impl Error {
    /// For `map_err` on an operation on the file at `path`.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
