//! Cycles of files inside a crate: files of which each needs the others can only be read together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::modules::Crate;

/// Targets whose files are checked; tests and examples have their own ways.
const KINDS: [&str; 3] = ["lib", "bin", "proc-macro"];

/// Files of one crate that need each other, and the arrows between them.
#[derive(Debug, PartialEq, Eq)]
pub struct Cycle {
    files: BTreeSet<PathBuf>,
    arrows: Vec<(PathBuf, PathBuf)>,
}

/// Every cycle in the workspace, as text: the files, then the arrows between them.
///
/// # Errors
/// A file cannot be read or is not Rust.
pub fn check(metadata: &Value) -> anyhow::Result<Vec<String>> {
    let root = Path::new(metadata["workspace_root"].as_str().unwrap_or_default());
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let targets = packages.flat_map(|package| package["targets"].as_array().into_iter().flatten());
    let checked = targets.filter(|target| {
        let kinds = target["kind"].as_array().into_iter().flatten();
        kinds.filter_map(Value::as_str).any(|kind| KINDS.contains(&kind))
    });
    let mut found = Vec::new();
    for source in checked.filter_map(|target| target["src_path"].as_str()) {
        let modules = Crate::read(Path::new(source))?;
        found.extend(cycles(&modules.arrows()).iter().map(|cycle| tell(cycle, root)));
    }
    Ok(found)
}

fn tell(cycle: &Cycle, root: &Path) -> String {
    let short = |path: &Path| path.strip_prefix(root).unwrap_or(path).display().to_string();
    let mut text = format!("a cycle of {} files:", cycle.files.len());
    for (from, to) in &cycle.arrows {
        text += &format!("\n    {} uses {}", short(from), short(to));
    }
    text
}

/// The strongly connected parts of more than one file.
fn cycles(arrows: &BTreeMap<&Path, BTreeSet<&Path>>) -> Vec<Cycle> {
    let reached: BTreeMap<&Path, BTreeSet<&Path>> =
        arrows.keys().map(|file| (*file, reach(arrows, file))).collect();
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (file, to) in &reached {
        if !to.contains(file) || told.contains(file) {
            continue;
        }
        let back = |other: &&&Path| reached.get(**other).is_some_and(|back| back.contains(file));
        let files: BTreeSet<&Path> = to.iter().filter(back).copied().collect();
        told.extend(files.iter().copied());
        let inside = files.iter().flat_map(|from| arrows[from].iter().map(move |to| (*from, *to)));
        let inside = inside.filter(|(_, to)| files.contains(to));
        found.push(Cycle {
            arrows: inside.map(|(from, to)| (from.to_owned(), to.to_owned())).collect(),
            files: files.into_iter().map(Path::to_owned).collect(),
        });
    }
    found
}

/// Every file that can be reached from one, in one step or more.
fn reach<'a>(arrows: &BTreeMap<&'a Path, BTreeSet<&'a Path>>, from: &Path) -> BTreeSet<&'a Path> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&Path> = arrows.get(from).into_iter().flatten().copied().collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(arrows.get(file).into_iter().flatten());
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The cycles of a crate of these files.
    fn of(files: &[(&str, &str)]) -> Vec<Vec<String>> {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("created");
            std::fs::write(path, text).expect("written");
        }
        let modules = Crate::read(&folder.path().join("lib.rs")).expect("a crate");
        let name = |path: &PathBuf| path.strip_prefix(folder.path()).expect("inside").display().to_string();
        cycles(&modules.arrows()).iter().map(|cycle| cycle.files.iter().map(name).collect()).collect()
    }

    #[test]
    fn two_files_that_use_each_other_are_a_cycle() {
        let root = ("lib.rs", "mod a; mod b; pub use a::A;");
        let cycle =
            of(&[root, ("a.rs", "use crate::b::B; pub struct A(B);"), ("b.rs", "fn f(_: super::A) {}")]);
        assert_eq!(cycle, [["a.rs", "b.rs"]]);
        let none = of(&[root, ("a.rs", "use crate::b::B; pub struct A(B);"), ("b.rs", "pub struct B;")]);
        assert!(none.is_empty(), "{none:?}");
    }

    #[test]
    fn a_module_and_its_own_parts_are_no_cycle_but_parts_of_others_are() {
        let part = ("a/c.rs", "use super::A; pub fn f(_: A) {}");
        let whole = ("a/mod.rs", "mod c; pub struct A; fn g() { c::f(A) }");
        let none = of(&[("lib.rs", "mod a;"), whole, part]);
        assert!(none.is_empty(), "{none:?}");
        let part = ("a/c.rs", "use crate::b::B; pub struct C;");
        let other = ("b.rs", "use crate::a::C; pub struct B;");
        let cycle = of(&[("lib.rs", "mod a; mod b;"), ("a/mod.rs", "mod c; pub use c::C;"), part, other]);
        assert_eq!(cycle, [["a/c.rs", "b.rs"]], "the re-export is followed");
    }

    #[test]
    fn tests_do_not_count_and_macros_do() {
        let root = ("lib.rs", "mod a; mod b;");
        let b = ("b.rs", "use crate::a; pub fn f() { a::g() }");
        let none = of(&[root, ("a.rs", "pub fn g() {} #[cfg(test)] mod tests { use crate::b::f; }"), b]);
        assert!(none.is_empty(), "{none:?}");
        let cycle = of(&[root, ("a.rs", "pub fn g() { assert!(true, \"{}\", crate::b::f()) }"), b]);
        assert_eq!(cycle, [["a.rs", "b.rs"]]);
    }
}
