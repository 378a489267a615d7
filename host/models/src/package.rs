//! Packages of public registries, pinned by version, by the SHA-256 of the archive, and by that of each file.

use std::path::PathBuf;

use serde::Deserialize;

/// A package of a registry, pinned.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Package {
    /// The registry that publishes it.
    pub registry: Registry,
    /// Its name there.
    pub package: String,
    /// The exact version.
    pub version: String,
    /// The kind of archive to take.
    pub form: Form,
    /// SHA-256 of the archive, in lower-case hexadecimal. It is checked before the archive is opened.
    pub archive_sha256: String,
}

/// The registries whose clients are known.
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

/// The table `[source]` of a manifest: one file of a package.
#[derive(Clone, Debug, Deserialize)]
pub struct Source {
    /// The package.
    #[serde(flatten)]
    pub package: Package,
    /// The path inside the archive.
    pub file: String,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
}

/// One file inside a package, and where it goes.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its path inside the archive.
    pub inside: String,
    /// SHA-256 of the file, in lower-case hexadecimal.
    pub sha256: String,
    /// Where it lies once it is fetched.
    pub target: PathBuf,
}

/// A package and the files to take out of it, so that each package is fetched once.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// The package.
    pub package: Package,
    /// The files.
    pub files: Vec<Wanted>,
}

/// `models/pictures.toml`.
#[derive(Deserialize)]
pub(crate) struct PicturesManifest {
    pub(crate) package: Vec<PicturePackage>,
}

/// A package of pictures.
#[derive(Deserialize)]
pub(crate) struct PicturePackage {
    #[serde(flatten)]
    pub(crate) package: Package,
    pub(crate) files: Vec<PictureFile>,
}

/// A picture.
#[derive(Deserialize)]
pub(crate) struct PictureFile {
    #[serde(deserialize_with = "crate::plain_name::deserialize")]
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) sha256: String,
}

impl Registry {
    /// The client's name, as a user types it.
    pub fn client(self) -> &'static str {
        match self {
            Self::Pypi => "python3 -m pip",
            Self::Npm => "npm",
        }
    }

    /// How a user installs the client.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Pypi => {
                "`apt-get install python3-pip` (Debian, Ubuntu), `dnf install python3-pip` (Fedora) or \
                 `brew install python` (macOS)"
            }
            Self::Npm => {
                "`apt-get install npm` (Debian, Ubuntu), `dnf install npm` (Fedora) or `brew install node` (macOS)"
            }
        }
    }
}

impl Package {
    /// Name and version.
    pub fn label(&self) -> String {
        format!("{} {}", self.package, self.version)
    }
}
