//! Fetches packages with the client of their registry and takes single files out of them.
//!
//! The client knows the registry, its mirrors and its proxies; this file contains no address. A file gets its name
//! only if its digest is right, so that a partial download is never used and the next run starts again.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::package::{Fetch, Form, Package, Registry, Wanted};
use crate::{Error, Result, store};

/// Lines of a client's output that an error quotes.
const QUOTED: usize = 15;

/// Whether every file of `fetch` is there and has the pinned digest.
pub fn is_here(fetch: &Fetch) -> bool {
    let right = |file: &Wanted| {
        fs::read(&file.target).is_ok_and(|bytes| hex::encode(Sha256::digest(bytes)) == file.sha256)
    };
    fetch.files.iter().all(right)
}

/// Whether the client of `registry` is installed.
pub fn has_client(registry: Registry) -> bool {
    client(registry)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Downloads the package and puts its files in their places.
///
/// # Errors
/// [`Error::NoClient`], [`Error::Fetch`], [`Error::Archive`], [`Error::Digest`], [`Error::File`].
pub fn fetch(fetch: &Fetch) -> Result<()> {
    let scratch = tempfile::tempdir().map_err(Error::file(std::env::temp_dir()))?;
    let archive = download(&fetch.package, scratch.path())?;
    for file in &fetch.files {
        let bytes = match fetch.package.form {
            Form::Wheel => from_zip(&archive, &file.inside),
            Form::Sdist | Form::Tarball => from_tar(&archive, &file.inside),
        };
        let bytes = bytes.map_err(|error| Error::Archive {
            package: fetch.package.label(),
            inside: file.inside.clone(),
            reason: error.to_string(),
        })?;
        place(file, &bytes)?;
    }
    Ok(())
}

fn download(package: &Package, folder: &Path) -> Result<PathBuf> {
    if !has_client(package.registry) {
        return Err(Error::NoClient { registry: package.registry });
    }
    let failed = |reason: String| Error::Fetch { package: package.label(), reason };
    let mut command = client(package.registry);
    match package.registry {
        Registry::Pypi => pip(package, &mut command),
        Registry::Npm => {
            command.args(["pack", "--silent"]).arg(format!("{}@{}", package.package, package.version));
        }
    }
    let output = command.current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
        return Err(failed(format!("{}\n{}", output.status, last_lines(&String::from_utf8_lossy(said)))));
    }
    let files = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
    match &files.map_err(Error::file(folder))?[..] {
        [archive] => Ok(archive.path()),
        files => Err(failed(format!("expected one archive, got {}", files.len()))),
    }
}

fn client(registry: Registry) -> Command {
    match registry {
        Registry::Pypi => {
            let mut pip = Command::new("python3");
            pip.args(["-m", "pip"]);
            pip
        }
        Registry::Npm => Command::new("npm"),
    }
}

fn pip(package: &Package, pip: &mut Command) {
    pip.args(["download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    match package.form {
        // The platform is fixed, so that every computer gets the same archive: only data is taken out of it.
        Form::Wheel => pip.args([
            "--only-binary=:all:",
            "--implementation=cp",
            "--python-version=3.12",
            "--abi=cp312",
            "--abi=none",
            "--platform=manylinux_2_28_x86_64",
            "--platform=any",
        ]),
        Form::Sdist | Form::Tarball => pip.arg(format!("--no-binary={}", package.package)),
    };
    pip.arg(format!("{}=={}", package.package, package.version));
}

fn from_zip(archive: &Path, inside: &str) -> std::io::Result<Vec<u8>> {
    let mut zip = zip::ZipArchive::new(fs::File::open(archive)?)?;
    let mut bytes = Vec::new();
    zip.by_name(inside)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn from_tar(archive: &Path, inside: &str) -> std::io::Result<Vec<u8>> {
    let file = std::io::BufReader::new(fs::File::open(archive)?);
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
    for entry in tar.entries()? {
        let mut entry = entry?;
        if entry.path()? == Path::new(inside) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            return Ok(bytes);
        }
    }
    Err(std::io::ErrorKind::NotFound.into())
}

fn place(file: &Wanted, bytes: &[u8]) -> Result<()> {
    let found = hex::encode(Sha256::digest(bytes));
    if found != file.sha256 {
        let (inside, expected) = (file.inside.clone(), file.sha256.clone());
        return Err(Error::Digest { inside, expected, found });
    }
    store::write(&file.target, bytes)
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(QUOTED)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tarball(folder: &Path, name: &str, content: &[u8]) -> PathBuf {
        let path = folder.join("archive.tgz");
        let file = fs::File::create(&path).unwrap();
        let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(file, flate2::Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, content).unwrap();
        tar.into_inner().unwrap().finish().unwrap();
        path
    }

    #[test]
    fn a_file_comes_out_of_a_tarball_whole() {
        let folder = tempfile::tempdir().unwrap();
        let archive = tarball(folder.path(), "package/model.onnx", b"weights");
        assert_eq!(from_tar(&archive, "package/model.onnx").unwrap(), b"weights");
        assert!(from_tar(&archive, "package/other.onnx").is_err());
    }

    #[test]
    fn a_wrong_file_is_refused_and_leaves_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let file = Wanted {
            inside: "model.onnx".into(),
            sha256: hex::encode(Sha256::digest(b"right")),
            target: folder.path().join("models/model.onnx"),
        };
        let error = place(&file, b"wrong").unwrap_err().to_string();
        assert!(error.contains(&file.sha256), "{error}");
        assert!(!file.target.exists());
        place(&file, b"right").unwrap();
        assert_eq!(fs::read(&file.target).unwrap(), b"right");
    }
}
