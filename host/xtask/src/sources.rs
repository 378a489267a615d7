//! What has to be fetched, read from `models/NAME/manifest.toml` and `models/pictures.toml`.

use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;

use crate::workspace;

/// A package of a registry, pinned.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Package {
    /// Which registry publishes it.
    pub registry: Registry,
    /// Its name there.
    pub package: String,
    /// The exact version.
    pub version: String,
    /// Which of the version's archives to take.
    pub form: Form,
}

/// The registries whose clients setup knows.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Registry {
    /// Python packages, by pip.
    Pypi,
    /// JavaScript packages, by npm.
    Npm,
}

/// The kind of archive.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// A built Python package: a zip.
    Wheel,
    /// A Python source package: tar and gzip.
    Sdist,
    /// A JavaScript package: tar and gzip.
    Tarball,
}

/// One file inside a package, and where it goes.
#[derive(Clone, Debug)]
pub struct File {
    /// Its path inside the archive.
    pub inside: String,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Where it lies once fetched.
    pub target: PathBuf,
}

/// A package with the files wanted of it, so that each package is fetched once.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The package.
    pub package: Package,
    /// What to take out of it.
    pub files: Vec<File>,
}

/// What a network is fetched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be compiled for a board.
    Door,
    /// To paint with, on the host alone.
    Style,
}

#[derive(Deserialize)]
struct ModelManifest {
    name: String,
    kind: String,
    /// None where the network was trained here and its image lies beside its manifest.
    source: Option<ModelSource>,
}

impl ModelManifest {
    fn purpose(&self) -> Purpose {
        if matches!(&*self.kind, "features" | "painter") { Purpose::Style } else { Purpose::Door }
    }
}

#[derive(Deserialize)]
struct ModelSource {
    #[serde(flatten)]
    package: Package,
    file: String,
    sha256: String,
}

#[derive(Deserialize)]
struct PicturesManifest {
    package: Vec<PicturePackage>,
}

#[derive(Deserialize)]
struct PicturePackage {
    #[serde(flatten)]
    package: Package,
    files: Vec<PictureFile>,
}

#[derive(Deserialize)]
struct PictureFile {
    name: String,
    file: String,
    sha256: String,
}

/// The names of the networks that are fetched for `purpose`, of the folders of `models/` that hold a manifest.
pub fn model_names(purpose: Purpose) -> anyhow::Result<Vec<String>> {
    let fetched = manifests(purpose)?.into_iter().filter(|manifest| manifest.source.is_some());
    Ok(fetched.map(|manifest| manifest.name).collect())
}

fn manifests(purpose: Purpose) -> anyhow::Result<Vec<ModelManifest>> {
    let folder = workspace::root().join("models");
    let mut manifests = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        if entry.path().join("manifest.toml").is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let manifest: ModelManifest = read(&format!("models/{name}/manifest.toml"))?;
            if manifest.purpose() == purpose {
                manifests.push(manifest);
            }
        }
    }
    manifests.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(manifests)
}

/// Everything that the manifests name for these purposes, and the pictures, one entry a package.
pub fn all(purposes: &[Purpose]) -> anyhow::Result<Vec<Fetch>> {
    let mut fetches: Vec<Fetch> = Vec::new();
    let manifests = purposes.iter().map(|&purpose| manifests(purpose)).collect::<Result<Vec<_>, _>>()?;
    for manifest in manifests.into_iter().flatten() {
        let Some(ModelSource { package, file, sha256 }) = manifest.source else { continue };
        let file = File {
            inside: file,
            sha256,
            target: workspace::cache(&format!("models/{}.onnx", manifest.name)),
        };
        match fetches.iter_mut().find(|fetch| fetch.package == package) {
            Some(fetch) => fetch.files.push(file),
            None => fetches.push(Fetch { package, files: vec![file] }),
        }
    }
    let pictures: PicturesManifest = read("models/pictures.toml")?;
    for PicturePackage { package, files } in pictures.package {
        let files = files.into_iter().map(|picture| File {
            inside: picture.file,
            sha256: picture.sha256,
            target: workspace::cache(&format!("pictures/{}", picture.name)),
        });
        fetches.push(Fetch { package, files: files.collect() });
    }
    Ok(fetches)
}

fn read<T: for<'de> Deserialize<'de>>(path: &str) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(workspace::root().join(path))
        .with_context(|| format!("cannot read {path}"))?;
    toml::from_str(&text).with_context(|| format!("in {path}"))
}
