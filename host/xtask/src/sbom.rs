//! `cargo xtask sbom`: the bills of materials of the firmware, of its boot loader, and of the command line.
//!
//! The bills of the boards are held against what cargo compiled: cargo names each crate that it built, and the bill must
//! have these crates and no others.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context, ensure};
use cyclonedx_bom::models::bom::Bom;
use serde::Deserialize;

use crate::bill::{self, Crate, Graph, Known};
use crate::firmware::{self, Board};
use crate::{process, reproduce, workspace};

/// The package of the command line.
const COMMAND_LINE: &str = "postern";

/// A program that has a bill.
#[derive(Clone, Copy)]
struct Program {
    package: &'static str,
    /// `None` for this computer.
    board: Option<Board>,
}

impl Program {
    fn all() -> Vec<Self> {
        let command_line = Self { package: COMMAND_LINE, board: None };
        let of = |board: Board| {
            [board.package(), firmware::LOADER].map(|package| Self { package, board: Some(board) })
        };
        [command_line].into_iter().chain(Board::ALL.into_iter().flat_map(of)).collect()
    }

    /// Name of its file.
    fn file(self) -> String {
        let name = match (self.board, self.package) {
            (None, _) => COMMAND_LINE.to_owned(),
            (Some(board), firmware::LOADER) => format!("{}-loader", board.name()),
            (Some(board), _) => board.name().to_owned(),
        };
        format!("{name}.cdx.json")
    }

    /// The SHA-256 of the program that is built.
    fn digest(self) -> anyhow::Result<Option<String>> {
        let Some(board) = self.board else { return Ok(None) };
        let name = if self.package == firmware::LOADER { "loader" } else { board.name() };
        let path = firmware::folder(board)?.join(name);
        let bytes = std::fs::read(&path).with_context(|| path.display().to_string())?;
        Ok(Some(reproduce::digest(&bytes)))
    }
}

/// Builds the firmware, writes a bill for each program into cargo's folder, and prints its path.
///
/// # Errors
/// cargo fails, a bill is not complete, or a file cannot be written.
pub fn run() -> anyhow::Result<()> {
    let folder = workspace::target()?.join("sbom");
    std::fs::create_dir_all(&folder)?;
    for board in Board::ALL {
        firmware::build(board)?;
        let (wanted, built) = (billed(board)?, compiled(board)?);
        ensure!(wanted == built, "{}: {}", board.name(), difference(&wanted, &built));
    }
    for program in Program::all() {
        let path = folder.join(program.file());
        let digest = program.digest()?;
        std::fs::write(&path, text(of(program, digest.as_deref())?)?)
            .with_context(|| path.display().to_string())?;
        println!("{}", path.display());
    }
    Ok(())
}

/// The bill of a program.
fn of(program: Program, digest: Option<&str>) -> anyhow::Result<Bom> {
    let selection = selection(program.board, program.package);
    let compiled = tree(&selection, program.board, "normal,build")?;
    let linked = tree(&selection, program.board, "normal,no-proc-macro")?;
    let platform = match program.board {
        Some(board) => board.target().to_owned(),
        None => host()?,
    };
    let metadata = cargo(&["metadata", "--format-version=1", "--locked", "--filter-platform", &platform])?;
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock"))?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let known = Known::parse(&metadata, &lock)?;
    bill::bill(&(program.package.to_owned(), version), &compiled, &linked, &known, digest)
}

fn text(bom: Bom) -> anyhow::Result<Vec<u8>> {
    let mut text = Vec::new();
    bom.output_as_json(&mut text, bill::VERSION)?;
    text.push(b'\n');
    Ok(text)
}

/// The packages that cargo builds at once, which decides on their features.
fn selection(board: Option<Board>, package: &'static str) -> Vec<&'static str> {
    board.map_or_else(|| vec![package], |board| firmware::packages(board).to_vec())
}

/// Everything that is compiled for a board.
fn billed(board: Board) -> anyhow::Result<BTreeSet<Crate>> {
    let packages = firmware::packages(board);
    let graph = tree(&packages, Some(board), "normal,build")?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    Ok(packages.iter().flat_map(|name| graph.below(&((*name).to_owned(), version.clone()))).collect())
}

/// What cargo says that it compiled for a board. It was built before: cargo names what is ready, too.
fn compiled(board: Board) -> anyhow::Result<BTreeSet<Crate>> {
    let mut build = firmware::command(board)?;
    build.args(["--quiet", "--message-format=json"]);
    artefacts(&process::captured(&mut build, None)?)
}

/// The crates of the messages of `cargo build --message-format=json`. The compiler's own libraries, where cargo builds
/// them, are left out: they are the compiler's.
fn artefacts(messages: &str) -> anyhow::Result<BTreeSet<Crate>> {
    #[derive(Deserialize)]
    struct Message {
        reason: String,
        package_id: Option<String>,
        manifest_path: Option<String>,
    }
    let mut crates = BTreeSet::new();
    for line in messages.lines() {
        let message: Message = serde_json::from_str(line).with_context(|| format!("cargo said {line}"))?;
        let is_standard = message.manifest_path.is_some_and(|path| path.contains("/rust/library/"));
        if let ("compiler-artifact", Some(id)) = (message.reason.as_str(), &message.package_id)
            && !is_standard
        {
            crates.insert(crate_of(id).with_context(|| format!("cargo names a package {id}"))?);
        }
    }
    ensure!(!crates.is_empty(), "cargo names no crate that it built");
    Ok(crates)
}

/// `registry+…#name@1.0.0`, or `path+file:///folder/name#1.0.0`, where the folder has the name of the package.
fn crate_of(id: &str) -> Option<Crate> {
    let (place, rest) = id.split_once('#')?;
    let (name, version) = match rest.split_once('@') {
        Some((name, version)) => (name, version),
        None => (place.rsplit('/').next()?, rest),
    };
    Some((name.to_owned(), version.to_owned()))
}

fn difference(billed: &BTreeSet<Crate>, built: &BTreeSet<Crate>) -> String {
    let names = |set: Vec<&Crate>| {
        let names: Vec<String> = set.iter().map(|(name, version)| format!("{name} {version}")).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    };
    let missing = names(built.difference(billed).collect());
    let extra = names(billed.difference(built).collect());
    format!("the bill lacks {missing}, and has {extra} that was not compiled")
}

fn tree(packages: &[&str], board: Option<Board>, edges: &str) -> anyhow::Result<Graph> {
    let mut tree = vec!["tree", "--locked", "--edges", edges, "--prefix", "depth", "--format", "{p}|{f}"];
    tree.extend(packages.iter().flat_map(|package| ["--package", package]));
    tree.extend(board.into_iter().flat_map(|board| ["--target", board.target()]));
    Graph::parse(&cargo(&tree)?)
}

/// The target of this computer.
fn host() -> anyhow::Result<String> {
    let printed = process::captured(Command::new("rustc").arg("-vV"), None)?;
    let host = printed.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}

fn cargo(arguments: &[&str]) -> anyhow::Result<String> {
    process::captured(process::cargo().args(arguments).current_dir(workspace::root()), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_program_has_a_valid_bill_and_the_same_one_twice() {
        for program in Program::all() {
            let bytes = text(of(program, None).unwrap()).unwrap();
            let bill = of(program, None).unwrap();
            assert!(bytes == text(bill.clone()).unwrap(), "{}", program.file());
            let read = Bom::parse_from_json(&bytes[..]).unwrap();
            assert!(read == bill, "{}: nothing is lost in the file", program.file());
            let root = workspace::root().display().to_string();
            assert!(!String::from_utf8(bytes).unwrap().contains(&root), "{}", program.file());
        }
    }

    /// Cargo.lock has every crate of every platform and feature. A bill has all that is linked, so it can lack a crate
    /// of the lock only for a reason: nothing in it asks for the crate.
    #[test]
    fn the_bill_of_the_firmware_has_the_hashes_of_the_lock_and_no_loose_end() {
        let lock: toml::Value =
            toml::from_str(&std::fs::read_to_string(workspace::root().join("Cargo.lock")).unwrap()).unwrap();
        let field = |it: &toml::Value, name: &str| it.get(name).and_then(|it| it.as_str()).map(str::to_owned);
        let locked: BTreeMap<Crate, Option<String>> = lock["package"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| ((field(it, "name").unwrap(), field(it, "version").unwrap()), field(it, "checksum")))
            .collect();
        for board in Board::ALL {
            let bom = of(Program { package: board.package(), board: Some(board) }, None).unwrap();
            let components = bom.components.unwrap().0;
            let mut references = BTreeSet::from([format!("pkg:cargo/{}@0.1.0", board.package())]);
            for component in &components {
                let name = (component.name.to_string(), component.version.as_ref().unwrap().to_string());
                let hash = component.hashes.as_ref().map(|hashes| hashes.0[0].content.0.clone());
                assert_eq!(Some(&hash), locked.get(&name), "{name:?}");
                references.insert(component.bom_ref.clone().unwrap());
            }
            for dependency in bom.dependencies.unwrap().0 {
                assert!(references.contains(&dependency.dependency_ref));
                assert!(dependency.dependencies.iter().all(|on| references.contains(on)), "{dependency:?}");
            }
            for linked in
                ["postern-door", "postern-boot", "postern-keys", "ed25519-dalek", "cortex-m-rt", "heapless"]
            {
                let found = components.iter().find(|it| it.name.to_string() == linked);
                let scope = found.unwrap_or_else(|| panic!("{linked}")).scope.clone();
                assert_eq!(scope, Some(cyclonedx_bom::models::component::Scope::Required), "{linked}");
            }
            for absent in ["proptest", "clap", "tempfile"] {
                assert!(components.iter().all(|it| it.name.to_string() != absent), "{absent}");
            }
        }
    }

    #[test]
    fn crates_that_cargo_compiled_are_read_from_its_messages() {
        let messages = r#"{"reason":"compiler-artifact","package_id":"registry+https://example.org/index#word@1.0.0","manifest_path":"/r/word/Cargo.toml"}
{"reason":"compiler-artifact","package_id":"path+file:///a/door#postern-door@0.1.0","manifest_path":"/a/door/Cargo.toml"}
{"reason":"compiler-artifact","package_id":"path+file:///a/same#0.1.0","manifest_path":"/a/same/Cargo.toml"}
{"reason":"compiler-artifact","package_id":"path+file:///s/rust/library/core#0.0.0","manifest_path":"/s/rust/library/core/Cargo.toml"}
{"reason":"build-script-executed","package_id":"registry+https://example.org/index#other@1.0.0"}
{"reason":"build-finished","success":true}"#;
        let named = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        let built = artefacts(messages).unwrap();
        let expected = [named("postern-door", "0.1.0"), named("same", "0.1.0"), named("word", "1.0.0")];
        assert_eq!(built, BTreeSet::from(expected));
        assert!(artefacts("").is_err() && artefacts("no message").is_err());
        let billed = BTreeSet::from([named("word", "1.0.0"), named("ghost", "2.0.0")]);
        let told = difference(&billed, &built);
        assert_eq!(
            told,
            "the bill lacks postern-door 0.1.0, same 0.1.0, and has ghost 2.0.0 that was not compiled"
        );
    }
}
