//! The file format of a Debian package: an `ar` archive of three members.
//!
//! ```text
//! !<arch>\n
//! debian-binary    "2.0\n"
//! control.tar.gz   control, conffiles, scripts
//! data.tar.gz      the files, each folder before what is in it
//! ```
//! # Invariants
//! - All files belong to root, and have the same [`TIME`]: the same contents give the same bytes.
//! - What lies below `etc` is a conffile, which an upgrade does not overwrite.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};

/// When all files were last changed, in seconds since 1970: the first of January 2026, 0:00 UTC. Nothing was made in 1970, as
/// Debian's lintian remarks.
pub const TIME: u64 = 1_767_225_600;

/// As [`TIME`], for people.
pub const DATE: &str = "Thu, 01 Jan 2026 00:00:00 +0000";

/// A file of a package.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it is installed, without a slash in front.
    pub path: String,
    /// Its permissions.
    pub mode: u32,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A package.
pub struct Package {
    control: Vec<(&'static str, String)>,
    scripts: Vec<(&'static str, Vec<u8>)>,
    files: Vec<Entry>,
}

impl Package {
    /// A package of these fields, maintainer scripts and files.
    ///
    /// # Errors
    /// A field is missing that a file name needs.
    pub fn new(
        control: Vec<(&'static str, String)>,
        scripts: Vec<(&'static str, Vec<u8>)>,
        mut files: Vec<Entry>,
    ) -> anyhow::Result<Self> {
        for field in ["Package", "Version", "Architecture"] {
            anyhow::ensure!(control.iter().any(|(name, _)| *name == field), "the package has no {field}");
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(Self { control, scripts, files })
    }

    /// The name of its file.
    pub fn file_name(&self) -> String {
        let field =
            |field| self.control.iter().find(|(name, _)| *name == field).map_or("", |(_, value)| value);
        format!("{}_{}_{}.deb", field("Package"), field("Version"), field("Architecture"))
    }

    /// The bytes of its file.
    ///
    /// # Errors
    /// A path is too long for the format.
    pub fn bytes(&self) -> anyhow::Result<Vec<u8>> {
        let mut out = b"!<arch>\n".to_vec();
        member(&mut out, "debian-binary", b"2.0\n")?;
        member(&mut out, "control.tar.gz", &archive(&self.control_files())?)?;
        member(&mut out, "data.tar.gz", &archive(&self.files)?)?;
        Ok(out)
    }

    fn control_files(&self) -> Vec<Entry> {
        let entry = |path: &str, mode, bytes| Entry { path: path.to_owned(), mode, bytes };
        let (mut fields, mut conffiles) = (String::new(), String::new());
        for (name, value) in &self.control {
            let _ = writeln!(fields, "{name}: {value}");
        }
        for file in self.files.iter().filter(|file| file.path.starts_with("etc/")) {
            let _ = writeln!(conffiles, "/{}", file.path);
        }
        let mut all = vec![
            entry("control", 0o644, fields.into_bytes()),
            entry("conffiles", 0o644, conffiles.into_bytes()),
        ];
        all.extend(self.scripts.iter().map(|(name, bytes)| entry(name, 0o755, bytes.clone())));
        all
    }
}

/// Adds a member to an `ar` archive.
fn member(out: &mut Vec<u8>, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    // Name, time, owner, group, mode and length, each in a field of a fixed width.
    writeln!(out, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, "100644", bytes.len())?;
    out.extend_from_slice(bytes);
    if bytes.len() % 2 == 1 {
        out.push(b'\n');
    }
    Ok(())
}

/// A compressed `tar` archive of files, with the folders that they are in.
fn archive(files: &[Entry]) -> anyhow::Result<Vec<u8>> {
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::best()));
    let mut folders = BTreeSet::from([""]);
    append(&mut tar, "./", EntryType::Directory, 0o755, &[])?;
    for file in files {
        for (end, _) in file.path.match_indices('/') {
            if folders.insert(&file.path[..end]) {
                append(&mut tar, &format!("./{}/", &file.path[..end]), EntryType::Directory, 0o755, &[])?;
            }
        }
        append(&mut tar, &format!("./{}", file.path), EntryType::Regular, file.mode, &file.bytes)?;
    }
    Ok(tar.into_inner()?.finish()?)
}

fn append(
    tar: &mut Builder<impl std::io::Write>,
    path: &str,
    kind: EntryType,
    mode: u32,
    bytes: &[u8],
) -> anyhow::Result<()> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(TIME);
    header.set_username("root")?;
    header.set_groupname("root")?;
    // `set_path` would drop the "./" that `dpkg` writes.
    let name = &mut header.as_old_mut().name;
    anyhow::ensure!(path.len() < name.len(), "{path} is too long for the format");
    name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_cksum();
    tar.append(&header, bytes)?;
    Ok(())
}
