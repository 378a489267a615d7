//! Fetches packages with the registry's ordinary client and takes single files out of them.
//!
//! The clients know the registry, its mirrors and its proxies; no address stands here. A file is
//! only given its name when its digest is right, so a broken download is never taken for a whole
//! one and the next run starts over.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

use crate::process;
use crate::sources::{Fetch, File, Form, Package, Registry};

/// Whether every file of `fetch` is there, whole.
pub fn is_here(fetch: &Fetch) -> bool {
    fetch.files.iter().all(|file| digest_of(&file.target).is_ok_and(|hex| hex == file.sha256))
}

/// Downloads the package and puts its files in their places.
///
/// # Errors
/// The client fails, a file is not in the archive, or its digest is not the one pinned.
pub fn fetch(fetch: &Fetch) -> anyhow::Result<()> {
    let scratch = tempfile::tempdir()?;
    let archive = download(&fetch.package, scratch.path())?;
    for file in &fetch.files {
        let bytes = match fetch.package.form {
            Form::Wheel => from_zip(&archive, &file.inside),
            Form::Sdist | Form::Tarball => from_tar(&archive, &file.inside),
        }
        .with_context(|| format!("{} of {} {}", file.inside, fetch.package.package, fetch.package.version))?;
        place(file, &bytes)?;
    }
    Ok(())
}

fn download(package: &Package, folder: &Path) -> anyhow::Result<PathBuf> {
    let Package { package: name, version, .. } = package;
    let mut command = match package.registry {
        Registry::Pypi => pip(package),
        Registry::Npm => {
            let mut npm = Command::new("npm");
            npm.args(["pack", "--silent"]).arg(format!("{name}@{version}"));
            npm
        }
    };
    command.current_dir(folder);
    process::quiet(&format!("fetching {name} {version}"), &mut command, None)
        .with_context(|| format!("cannot fetch {name} {version}"))?;
    let mut files = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    ensure!(files.len() == 1, "{name} {version}: expected one archive, got {}", files.len());
    Ok(files.remove(0).path())
}

fn pip(package: &Package) -> Command {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
    match package.form {
        // Named in full, so that every machine gets the same archive: only data is taken from it.
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
    pip
}

fn from_zip(archive: &Path, inside: &str) -> anyhow::Result<Vec<u8>> {
    let mut zip = zip::ZipArchive::new(fs::File::open(archive)?)?;
    let mut bytes = Vec::new();
    zip.by_name(inside)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn from_tar(archive: &Path, inside: &str) -> anyhow::Result<Vec<u8>> {
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
    bail!("no such file in the archive");
}

fn place(file: &File, bytes: &[u8]) -> anyhow::Result<()> {
    let found = hex(&Sha256::digest(bytes));
    ensure!(
        found == file.sha256,
        "{} is not the file that was pinned:\n  expected SHA-256 {}\n  got              {found}",
        file.inside,
        file.sha256
    );
    let folder = file.target.parent().context("a cached file lies in a folder")?;
    fs::create_dir_all(folder)?;
    let mut beside = tempfile::NamedTempFile::new_in(folder)?;
    beside.write_all(bytes)?;
    beside.as_file().sync_all()?;
    let published = beside.persist(&file.target)?;
    #[cfg(unix)]
    published.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    Ok(())
}

fn digest_of(path: &Path) -> anyhow::Result<String> {
    Ok(hex(&Sha256::digest(fs::read(path)?)))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
        let file = File {
            inside: "model.onnx".into(),
            sha256: hex(&Sha256::digest(b"right")),
            target: folder.path().join("models/model.onnx"),
        };
        let error = place(&file, b"wrong").unwrap_err().to_string();
        assert!(error.contains(&file.sha256), "{error}");
        assert!(!file.target.exists());
        place(&file, b"right").unwrap();
        assert_eq!(fs::read(&file.target).unwrap(), b"right");
    }
}
