//! Fetches packages with the client of their registry and takes single files out of them.
//!
//! The client knows the registry, its mirrors and its proxies; this file contains no address. An archive is opened only
//! if its digest is right, and a file gets its name only if its own is: a partial download is never used, and the next
//! run starts again. Nothing that was fetched is run ([`pip`]).

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use crate::package::{Fetch, Form, Package, Registry, Wanted};
use crate::{Error, Result, pip, store};

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

/// Downloads the package and puts its files in their places. Nothing of it is run.
///
/// # Errors
/// [`Error::NoClient`], [`Error::Fetch`], [`Error::Archive`], [`Error::Digest`], [`Error::File`].
pub fn fetch(fetch: &Fetch) -> Result<()> {
    if !has_client(fetch.package.registry) {
        return Err(Error::NoClient { registry: fetch.package.registry });
    }
    fetch_by(client(fetch.package.registry), fetch)
}

/// As [`fetch`], by this client.
fn fetch_by(client: Command, fetch: &Fetch) -> Result<()> {
    let archive = download(client, &fetch.package)?;
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

/// The bytes of the archive, which have the pinned digest.
fn download(mut command: Command, package: &Package) -> Result<Vec<u8>> {
    let scratch = tempfile::tempdir().map_err(Error::file(std::env::temp_dir()))?;
    let folder = scratch.path();
    match package.registry {
        Registry::Pypi => pip(package, folder, &mut command)?,
        Registry::Npm => {
            command.args(["pack", "--silent", "--ignore-scripts"]);
            command.arg(format!("{}@{}", package.package, package.version));
        }
    }
    let failed = |reason: String| Error::Fetch { package: package.label(), reason };
    let output = command.current_dir(folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let said = if output.stderr.is_empty() { &output.stdout } else { &output.stderr };
        return Err(failed(format!("{}\n{}", output.status, last_lines(&String::from_utf8_lossy(said)))));
    }
    let (mut archive, mut found) = (None, String::from("no file"));
    each_file(folder, &mut |bytes| {
        found = hex::encode(Sha256::digest(&bytes));
        if found == package.archive_sha256 {
            archive = Some(bytes);
        }
    })?;
    let expected = package.archive_sha256.clone();
    archive.ok_or_else(|| Error::Digest { inside: package.label(), expected, found })
}

/// Hands the bytes of every archive in `folder`, and in the folders inside, to `take`. pip leaves a source package in
/// one of its own.
fn each_file(folder: &Path, take: &mut impl FnMut(Vec<u8>)) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::file(folder))? {
        let path = entry.map_err(Error::file(folder))?.path();
        let kind = path.symlink_metadata().map_err(Error::file(&path))?;
        if kind.is_dir() {
            each_file(&path, take)?;
        } else if kind.is_file() && is_archive(&path) {
            take(fs::read(&path).map_err(Error::file(&path))?);
        }
    }
    Ok(())
}

fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ["whl", "gz", "tgz"].iter().any(|known| ending == *known))
}

fn client(registry: Registry) -> Command {
    match registry {
        Registry::Pypi => pip::command(),
        Registry::Npm => Command::new("npm"),
    }
}

/// Completes pip's command, whose temporary files go to `folder` too.
fn pip(package: &Package, folder: &Path, pip: &mut Command) -> Result<()> {
    let requirements = folder.join("requirements.txt");
    let pinned =
        format!("{}=={} --hash=sha256:{}\n", package.package, package.version, package.archive_sha256);
    fs::write(&requirements, pinned).map_err(Error::file(&requirements))?;
    pip.args(["download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
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
        Form::Sdist | Form::Tarball => pip.arg("--no-binary=:all:"),
    };
    pip.arg("--requirement").arg(&requirements).env("TMPDIR", folder);
    Ok(())
}

fn from_zip(archive: &[u8], inside: &str) -> std::io::Result<Vec<u8>> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive))?;
    let mut bytes = Vec::new();
    zip.by_name(inside)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn from_tar(archive: &[u8], inside: &str) -> std::io::Result<Vec<u8>> {
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(archive));
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
    use std::io::{BufRead, BufReader, Write};
    use std::net::{SocketAddr, TcpListener};

    use super::*;

    fn tarball(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar =
            tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (name, content) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, *content).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    #[test]
    fn a_file_comes_out_of_a_tarball_whole() {
        let archive = tarball(&[("package/model.onnx", b"weights")]);
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

    /// A source package whose `setup.py` leaves a file, in a registry of its own.
    struct Poisoned {
        folder: tempfile::TempDir,
        archive: Vec<u8>,
        registry: SocketAddr,
    }

    impl Poisoned {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let ran = folder.path().join("ran");
            let setup = format!(
                "open({:?}, 'w').close()\nimport setuptools\nsetuptools.setup(name='poisoned', version='1.0')\n",
                ran.display().to_string()
            );
            let archive = tarball(&[
                ("poisoned-1.0/setup.py", setup.as_bytes()),
                ("poisoned-1.0/PKG-INFO", b"Metadata-Version: 1.0\nName: poisoned\nVersion: 1.0\n"),
                ("poisoned-1.0/face.jpg", b"a face"),
            ]);
            let registry = serve(archive.clone());
            Self { folder, archive, registry }
        }

        /// Fetches the picture inside, with this digest as the pinned one of the archive.
        fn fetch(&self, archive_sha256: String) -> Result<()> {
            let mut client = client(Registry::Pypi);
            client.env("PIP_INDEX_URL", format!("http://{}/", self.registry)).env("NO_PROXY", "127.0.0.1");
            client
                .env_remove("PIP_FIND_LINKS")
                .env_remove("PIP_EXTRA_INDEX_URL")
                .env("PIP_NO_CACHE_DIR", "1");
            let package = Package {
                registry: Registry::Pypi,
                package: "poisoned".into(),
                version: "1.0".into(),
                form: Form::Sdist,
                archive_sha256,
            };
            let file = Wanted {
                inside: "poisoned-1.0/face.jpg".into(),
                sha256: hex::encode(Sha256::digest(b"a face")),
                target: self.folder.path().join("face.jpg"),
            };
            fetch_by(client, &Fetch { package, files: vec![file] })
        }

        fn is_there(&self, name: &str) -> bool {
            self.folder.path().join(name).exists()
        }
    }

    /// A registry with the one package, until the test ends.
    fn serve(archive: Vec<u8>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let request = lines.next().unwrap().unwrap();
                while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
                let link = b"<a href=\"/poisoned-1.0.tar.gz\">poisoned-1.0.tar.gz</a>";
                let is_archive = request.contains(".tar.gz");
                let (kind, body) =
                    if is_archive { ("application/gzip", &archive[..]) } else { ("text/html", &link[..]) };
                let length = body.len();
                let head =
                    format!("HTTP/1.0 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
            }
        });
        address
    }

    #[test]
    fn a_poisoned_package_is_refused_before_anything_of_it_runs() {
        if !has_client(Registry::Pypi) {
            eprintln!("skipped: there is no pip");
            return;
        }
        let poisoned = Poisoned::new();
        let error = poisoned.fetch("0".repeat(64)).unwrap_err();
        assert!(matches!(&error, Error::Fetch { reason, .. } if reason.contains("HASH")), "{error}");
        assert!(!poisoned.is_there("face.jpg") && !poisoned.is_there("ran"));
        // Not even the right package is run: it is unpacked.
        poisoned.fetch(hex::encode(Sha256::digest(&poisoned.archive))).unwrap();
        assert!(poisoned.is_there("face.jpg") && !poisoned.is_there("ran"));
    }

    #[test]
    fn a_client_that_checks_no_digest_does_not_get_an_archive_opened() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("given.tgz"), tarball(&[("package/model.onnx", b"weights")])).unwrap();
        // A client that hands over whatever is asked for.
        let mut client = Command::new("sh");
        client.arg("-c").arg(format!("cp '{}' .", folder.path().join("given.tgz").display()));
        let package = Package {
            registry: Registry::Npm,
            package: "model".into(),
            version: "1.0".into(),
            form: Form::Tarball,
            archive_sha256: "0".repeat(64),
        };
        let error = download(client, &package).unwrap_err();
        assert!(matches!(&error, Error::Digest { inside, .. } if inside == "model 1.0"), "{error}");
    }
}
