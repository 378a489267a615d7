//! Where models, pictures and firmware lie.
//!
//! ```text
//! DATA/models/NAME.onnx        networks as published, checked by SHA-256
//! DATA/pictures/FILE           photographs, checked by SHA-256
//! DATA/images/NAME.pstn        model images: compiled, or copied out of this program
//! DATA/manifests/NAME.toml     manifests that were changed, in place of the embedded ones
//! DATA/firmware/BOARD/FILE     firmware, boot loader and conformance suite of a board
//! ```
//! DATA is the first of these:
//!
//! 1. `$POSTERN_DATA`
//! 2. in a source tree around this program, as Cargo builds it: its folder `.cache`. Manifests and published images are
//!    then the tree's own, in `models/`.
//! 3. `$XDG_DATA_HOME/postern`, or `~/.local/share/postern`
//!
//! The current folder does not count: what is found here is run, signed and put on doors, and anybody may have written
//! a folder in which somebody happens to stand.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::package::{Fetch, PicturesManifest, Wanted};
use crate::{Error, Manifest, Purpose, Result, embedded, plain_name};

/// The variable that chooses the data folder.
const VARIABLE: &str = "POSTERN_DATA";

/// The folders of models, pictures and firmware.
#[derive(Clone, Debug)]
pub struct Store {
    /// The root of a source tree, if its models are used.
    source: Option<PathBuf>,
    data: PathBuf,
}

impl Store {
    /// The store that this program uses.
    pub fn find() -> Self {
        if let Some(data) = std::env::var_os(VARIABLE).filter(|data| !data.is_empty()) {
            return Self::in_folder(PathBuf::from(data));
        }
        let program = std::env::current_exe().unwrap_or_default();
        match program.ancestors().find(|root| is_source(root) && !is_open(root)) {
            Some(root) => Self::in_source(root.to_path_buf()),
            None => Self::in_folder(user_data()),
        }
    }

    /// The store of the source tree at `root`.
    pub fn in_source(root: PathBuf) -> Self {
        Self { data: root.join(".cache"), source: Some(root) }
    }

    /// The store in the folder `data`, with the models that this program embeds.
    pub fn in_folder(data: PathBuf) -> Self {
        Self { source: None, data }
    }

    /// The path of a file in the data folder.
    pub fn data(&self, path: &str) -> PathBuf {
        self.data.join(path)
    }

    /// The names of all models, in order.
    pub fn names(&self) -> Vec<String> {
        let Some(root) = &self.source else {
            return embedded::MODELS.iter().map(|model| model.name.to_owned()).collect();
        };
        let entries = fs::read_dir(root.join("models")).into_iter().flatten().flatten();
        let models = entries.filter(|entry| entry.path().join("manifest.toml").is_file());
        let mut names: Vec<String> =
            models.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The manifest of the model `name`.
    ///
    /// # Errors
    /// [`Error::UnknownModel`], [`Error::Name`], [`Error::Manifest`], [`Error::File`].
    pub fn manifest(&self, name: &str) -> Result<Manifest> {
        let text = self.manifest_text(name)?;
        let path = self.manifest_path(name)?;
        toml::from_str(&text)
            .map_err(|error| Error::Manifest { path, reason: error.to_string().trim_end().to_owned() })
    }

    /// The manifest of the model `name` as a text.
    ///
    /// # Errors
    /// [`Error::UnknownModel`], [`Error::Name`], [`Error::File`].
    pub fn manifest_text(&self, name: &str) -> Result<String> {
        let path = self.manifest_path(name)?;
        if path.is_file() {
            return fs::read_to_string(&path).map_err(Error::file(path));
        }
        match embedded::model(name) {
            Some(model) if self.source.is_none() => Ok(model.manifest.to_owned()),
            _ => Err(Error::UnknownModel { name: name.to_owned(), known: self.names().join(", ") }),
        }
    }

    /// Where the manifest of the model `name` lies, or would lie once it is changed.
    ///
    /// # Errors
    /// [`Error::Name`].
    pub fn manifest_path(&self, name: &str) -> Result<PathBuf> {
        let name = plain_name(name)?;
        Ok(match &self.source {
            Some(root) => root.join("models").join(name).join("manifest.toml"),
            None => self.data(&format!("manifests/{name}.toml")),
        })
    }

    /// The ONNX file of the model `name`, fetched or not.
    ///
    /// # Errors
    /// [`Error::Name`].
    pub fn onnx(&self, name: &str) -> Result<PathBuf> {
        Ok(self.data(&format!("models/{}.onnx", plain_name(name)?)))
    }

    /// The compiled image of the model `name`, there or not.
    ///
    /// # Errors
    /// [`Error::Name`].
    pub fn image_path(&self, name: &str) -> Result<PathBuf> {
        Ok(self.data(&format!("images/{}.pstn", plain_name(name)?)))
    }

    /// The folder of the training `name`, there or not.
    ///
    /// # Errors
    /// [`Error::Name`].
    pub fn training(&self, name: &str) -> Result<PathBuf> {
        Ok(self.data("train").join(plain_name(name)?))
    }

    /// The image that a training of this computer left, there or not.
    fn trained_image(&self, name: &str) -> Result<PathBuf> {
        Ok(self.training(name)?.join(format!("{name}.pstn")))
    }

    /// The image that a user names: a file, or a model, see [`named_image`](Self::named_image).
    ///
    /// # Errors
    /// [`Error::NoFile`]; as [`named_image`](Self::named_image).
    pub fn image(&self, name: &str) -> Result<PathBuf> {
        let file = PathBuf::from(name);
        if file.is_file() {
            return Ok(file);
        }
        // As `calibrate` and `flash` show a training's file.
        if file.components().count() != 1 || file.extension().is_some() {
            return Err(Error::NoFile { path: name.to_owned() });
        }
        self.named_image(name)
    }

    /// The image of a model that is published as an image, compiled here or trained here. A training gives way to a model of
    /// the same name.
    ///
    /// # Errors
    /// [`Error::UnknownModel`], [`Error::Name`], [`Error::NotCompiled`], [`Error::File`].
    pub fn named_image(&self, name: &str) -> Result<PathBuf> {
        if let Some(published) = self.published_image(name)? {
            return Ok(published);
        }
        let path = self.image_path(name)?;
        if !path.is_file() {
            let trained = self.trained_image(name)?;
            if trained.is_file() && self.manifest_text(name).is_err() {
                return Ok(trained);
            }
            self.manifest_text(name)?;
            return Err(Error::NotCompiled { path, name: name.to_owned() });
        }
        Ok(path)
    }

    /// The image of a model that is published as one. An embedded image is written to the data folder first.
    fn published_image(&self, name: &str) -> Result<Option<PathBuf>> {
        let name = plain_name(name)?;
        if let Some(root) = &self.source {
            let path = root.join("models").join(name).join(format!("{name}.pstn"));
            return Ok(path.is_file().then_some(path));
        }
        let Some(image) = embedded::model(name).and_then(|model| model.image) else { return Ok(None) };
        let path = self.image_path(name)?;
        if fs::read(&path).ok().as_deref() != Some(image) {
            write(&path, image)?;
        }
        Ok(Some(path))
    }

    /// The packages that hold the networks for `purposes` and the pictures, one entry for each package.
    ///
    /// # Errors
    /// [`Error::Manifest`], [`Error::File`].
    pub fn fetches(&self, purposes: &[Purpose]) -> Result<Vec<Fetch>> {
        let mut fetches: Vec<Fetch> = Vec::new();
        for name in self.names() {
            let manifest = self.manifest(&name)?;
            let Some(source) = manifest.source.filter(|_| purposes.contains(&manifest.kind.purpose())) else {
                continue;
            };
            let target = self.onnx(&manifest.name)?;
            let file = Wanted { inside: source.file, sha256: source.sha256, target };
            match fetches.iter_mut().find(|fetch| fetch.package == source.package) {
                Some(fetch) => fetch.files.push(file),
                None => fetches.push(Fetch { package: source.package, files: vec![file] }),
            }
        }
        let (path, text) = self.pictures()?;
        let pictures: PicturesManifest = toml::from_str(&text)
            .map_err(|error| Error::Manifest { path, reason: error.to_string().trim_end().to_owned() })?;
        fetches.extend(pictures.package.into_iter().map(|package| {
            let target = |name: &str| self.data(&format!("pictures/{name}"));
            let files = package.files.into_iter().map(|picture| Wanted {
                target: target(&picture.name),
                inside: picture.file,
                sha256: picture.sha256,
            });
            Fetch { package: package.package, files: files.collect() }
        }));
        Ok(fetches)
    }

    /// The list of pictures and its path.
    fn pictures(&self) -> Result<(PathBuf, String)> {
        match &self.source {
            Some(root) => {
                let path = root.join("models/pictures.toml");
                let text = fs::read_to_string(&path).map_err(Error::file(&path))?;
                Ok((path, text))
            }
            None => Ok((PathBuf::from("models/pictures.toml"), embedded::PICTURES.to_owned())),
        }
    }
}

impl Manifest {
    /// Reads the manifest of the model `name`, see [`Store::manifest`].
    ///
    /// # Errors
    /// [`Error::UnknownModel`], [`Error::Manifest`], [`Error::File`].
    pub fn read(name: &str) -> Result<Self> {
        Store::find().manifest(name)
    }

    /// The fetched ONNX file of the network.
    ///
    /// # Errors
    /// [`Error::OnlyImage`], [`Error::Name`], [`Error::NotFetched`].
    pub fn onnx(&self) -> Result<PathBuf> {
        if self.source.is_none() {
            return Err(Error::OnlyImage { name: self.name.clone() });
        }
        let path = Store::find().onnx(&self.name)?;
        if !path.is_file() {
            return Err(Error::NotFetched { path, style: self.kind.purpose() == Purpose::Style });
        }
        Ok(path)
    }
}

/// Writes a file beside its place and renames it, so that an interrupted writer leaves no partial file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(Error::file(folder))?;
    Ok(output_file::replace_with(path, bytes)?)
}

/// Whether `root` is a source tree of this project.
fn is_source(root: &Path) -> bool {
    root.join("models/pictures.toml").is_file()
}

/// The data folder of this user, by the XDG base directory specification.
fn user_data() -> PathBuf {
    let data = etcetera::base_strategy::Xdg::new().map(|strategy| strategy.data_dir());
    // Who has no home can hardly be a person; a folder for temporary files is everybody's.
    data.unwrap_or_else(|_| PathBuf::from("/var/lib")).join("postern")
}

/// Whether everybody may write into a folder, such as `/tmp`: then what is beside a program there need not be its owner's.
pub fn is_open(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|folder| folder.permissions().mode() & 0o002 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Store {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("host/models lies in a tree");
        Store::in_source(root.to_path_buf())
    }

    #[test]
    fn the_program_embeds_every_model_of_the_source_tree() {
        let folder = tempfile::tempdir().expect("a folder");
        let (source, embedded) = (source(), Store::in_folder(folder.path().to_owned()));
        assert_eq!(source.names(), embedded.names());
        for name in source.names() {
            assert_eq!(
                source.manifest_text(&name).expect(&name),
                embedded.manifest_text(&name).expect(&name)
            );
            let read = |store: &Store| store.published_image(&name).expect(&name).map(fs::read);
            match (read(&source), read(&embedded)) {
                (Some(there), Some(here)) => assert!(there.expect("read") == here.expect("read"), "{name}"),
                (None, None) => {}
                _ => panic!("{name} is published in one place only"),
            }
        }
        let fetches = |store: &Store| store.fetches(&[Purpose::Door, Purpose::Style]).expect("listed").len();
        assert_eq!(fetches(&source), fetches(&embedded));
    }

    #[test]
    fn a_changed_manifest_replaces_the_embedded_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::in_folder(folder.path().to_owned());
        let text =
            store.manifest_text("sface").expect("embedded").replace("name = \"sface\"", "name = \"other\"");
        write(&store.manifest_path("sface").expect("a path"), text.as_bytes()).expect("written");
        assert_eq!(store.manifest("sface").expect("read").name, "other");
        assert!(matches!(store.manifest("nobody"), Err(Error::UnknownModel { .. })));
        assert!(matches!(store.image("yunet"), Err(Error::NotCompiled { .. })));
        assert!(matches!(store.image("x/y.pstn"), Err(Error::NoFile { .. })));
    }

    #[test]
    fn a_name_of_somebody_else_leads_to_no_file_outside_of_the_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::in_folder(folder.path().join("data"));
        // What is outside, and where each path would lead to it.
        fs::create_dir_all(folder.path().join("data/images")).expect("a folder");
        fs::create_dir_all(folder.path().join("data/manifests")).expect("a folder");
        let text = store.manifest_text("sface").expect("embedded");
        for outside in ["secret.toml", "secret.pstn"] {
            fs::write(folder.path().join(outside), &text).expect("written");
        }
        let absolute = folder.path().join("secret").display().to_string();
        for name in ["../../secret", &absolute, &format!("{absolute}.pstn"), "..", ""] {
            assert!(matches!(store.named_image(name), Err(Error::Name { .. })), "{name}");
            assert!(matches!(store.manifest(name), Err(Error::Name { .. })), "{name}");
            assert!(matches!(store.image_path(name), Err(Error::Name { .. })), "{name}");
            assert!(matches!(store.onnx(name), Err(Error::Name { .. })), "{name}");
            assert!(matches!(store.training(name), Err(Error::Name { .. })), "{name}");
        }
        let named = text.replace("name = \"sface\"", "name = \"../../secret\"");
        write(&store.manifest_path("sface").expect("a path"), named.as_bytes()).expect("written");
        assert!(
            matches!(store.manifest("sface"), Err(Error::Manifest { .. })),
            "what is compiled would go there"
        );
    }
}
