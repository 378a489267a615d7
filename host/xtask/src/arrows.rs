//! Which workspace crate may depend on which: Cargo's metadata compared with `arrows.toml`.
//!
//! The table names every arrow, so that a new one is a change that a person reviews. `cargo xtask tidy --bless-arrows`
//! writes the table from the manifests; `git diff` then shows what is new. An arrow of the table that no manifest has
//! any more is a finding, too: the table says how things are.
//!
//! Two rules do not depend on the table: folders (`shared` never depends on `host` or `firmware`), and packages (the
//! prefix `postern`, no publication).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use anyhow::Context;
use serde::Deserialize;
use serde_json::Value;

use crate::workspace;

/// From a folder, the folders that its crates may depend on.
const FOLDERS: &[(&str, &[&str])] = &[
    // The same code runs on host and board, so it depends on neither.
    ("shared", &["shared"]),
    ("firmware", &["firmware", "shared"]),
    // The command line measures boards with the conformance suite.
    ("host", &["host", "shared", "firmware"]),
    ("tests", &["tests", "host", "shared", "firmware"]),
];

/// What every crate's tests may use, and what depends on no other crate: one says what a test lacks, one is a clock.
const FOR_TESTS: [&str; 2] = ["postern-fixtures", "postern-mock-time"];

/// The one prefix of package names; without a hyphen it is the command line's.
const PREFIX: &str = "postern";

const HEADER: &str = "\
# Which workspace crate may depend on which. `cargo xtask tidy` fails for an arrow that is not here, and for one that is
# here and not used. `cargo xtask tidy --bless-arrows` writes this file from the manifests; review the difference.
";

/// For each crate, the workspace crates that it depends on.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// What `arrows.toml` holds.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Table {
    /// What a crate is built with.
    #[serde(default)]
    dependencies: Arrows,
    /// What only its tests and examples are built with.
    #[serde(default)]
    dev_dependencies: Arrows,
}

/// Every arrow and every package that breaks a rule, as a sentence.
///
/// # Errors
/// The table cannot be read.
pub fn check(metadata: &Value) -> anyhow::Result<Vec<String>> {
    let path = path();
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let table: Table = toml::from_str(&text).with_context(|| path.display().to_string())?;
    let mut findings = folders(metadata);
    findings.extend(packages(metadata));
    findings.extend(compare(&table, &read(metadata)));
    Ok(findings)
}

/// Writes the table from the manifests.
///
/// # Errors
/// The file cannot be written.
pub fn bless(metadata: &Value) -> anyhow::Result<()> {
    let path = path();
    std::fs::write(&path, write(&read(metadata))).with_context(|| path.display().to_string())?;
    eprintln!("  wrote {}: read `git diff` before you commit", path.display());
    Ok(())
}

fn path() -> PathBuf {
    workspace::root().join("arrows.toml")
}

fn members(metadata: &Value) -> &[Value] {
    metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A package's dependencies inside the workspace: name, and whether only tests need it.
fn dependencies(package: &Value) -> impl Iterator<Item = (&str, bool)> {
    let all = package["dependencies"].as_array().into_iter().flatten();
    let inside = all.filter(|dependency| dependency["path"].is_string());
    inside.filter_map(|dependency| Some((dependency["name"].as_str()?, dependency["kind"] == "dev")))
}

/// The arrows of the manifests.
fn read(metadata: &Value) -> Table {
    let mut table = Table::default();
    for package in members(metadata) {
        let Some(name) = package["name"].as_str() else { continue };
        table.dependencies.entry(name.to_owned()).or_default();
        for (on, is_dev) in dependencies(package) {
            let arrows = if is_dev { &mut table.dev_dependencies } else { &mut table.dependencies };
            arrows.entry(name.to_owned()).or_default().insert(on.to_owned());
        }
    }
    table
}

fn write(table: &Table) -> String {
    let mut text = HEADER.to_owned();
    for (section, arrows) in
        [("dependencies", &table.dependencies), ("dev-dependencies", &table.dev_dependencies)]
    {
        let _ = writeln!(text, "\n[{section}]");
        for (name, on) in arrows {
            let on: Vec<String> = on.iter().map(|on| format!("{on:?}")).collect();
            let _ = writeln!(text, "{name} = [{}]", on.join(", "));
        }
    }
    text
}

/// The differences between the table and the manifests.
fn compare(table: &Table, found: &Table) -> Vec<String> {
    let mut findings = Vec::new();
    let pairs = |arrows: &Arrows| -> BTreeSet<(String, String)> {
        let pairs = arrows.iter().flat_map(|(from, to)| to.iter().map(|to| (from.clone(), to.clone())));
        pairs.collect()
    };
    for (what, allowed, found) in [
        ("depends on", &table.dependencies, &found.dependencies),
        ("depends, for its tests, on", &table.dev_dependencies, &found.dev_dependencies),
    ] {
        let (allowed, found) = (pairs(allowed), pairs(found));
        for (from, to) in found.difference(&allowed) {
            findings.push(format!("{from} {what} {to}: arrows.toml has no such arrow"));
        }
        for (from, to) in allowed.difference(&found) {
            findings.push(format!("arrows.toml says that {from} {what} {to}, which it does not"));
        }
    }
    findings
}

/// Arrows from a folder to one that it may not depend on.
fn folders(metadata: &Value) -> Vec<String> {
    let folders: BTreeMap<&str, &str> =
        members(metadata).iter().filter_map(|package| folder_of(metadata, package)).collect();
    let mut findings = Vec::new();
    for package in members(metadata) {
        let Some(name) = package["name"].as_str() else { continue };
        for (on, is_dev) in dependencies(package) {
            if is_dev && FOR_TESTS.contains(&on) {
                continue;
            }
            let (Some(from), Some(to)) = (folders.get(name), folders.get(on)) else { continue };
            if !FOLDERS.iter().any(|(folder, targets)| folder == from && targets.contains(to)) {
                findings
                    .push(format!("{from}/{name} depends on {to}/{on}: ARCHITECTURE.md has no such arrow"));
            }
        }
    }
    findings
}

/// A crate's name and the top folder it lies in.
fn folder_of<'a>(metadata: &'a Value, package: &'a Value) -> Option<(&'a str, &'a str)> {
    let root = metadata["workspace_root"].as_str()?;
    let path = package["manifest_path"].as_str()?.strip_prefix(root)?;
    Some((package["name"].as_str()?, path.trim_start_matches('/').split('/').next()?))
}

/// Packages without the prefix, or that could be published.
fn packages(metadata: &Value) -> Vec<String> {
    let mut findings = Vec::new();
    for package in members(metadata) {
        let name = package["name"].as_str().unwrap_or_default();
        let has_prefix =
            name.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        if !has_prefix {
            findings.push(format!("the package {name} needs the prefix {PREFIX}-"));
        }
        if package["publish"].as_array().is_none_or(|registries| !registries.is_empty()) {
            findings.push(format!("the package {name} needs `publish = false`: there is no release"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workspace(from: (&str, &str), on: (&str, &str), kind: Value) -> Value {
        let package = |(folder, name): (&str, &str), dependencies: Value| {
            let manifest = format!("/x/{folder}/{name}/Cargo.toml");
            json!({ "name": name, "manifest_path": manifest, "publish": [], "dependencies": dependencies })
        };
        let dependencies =
            json!([{ "name": on.1, "path": "/x", "kind": kind }, { "name": "serde", "path": null }]);
        json!({ "workspace_root": "/x", "packages": [package(from, dependencies), package(on, json!([]))] })
    }

    #[test]
    fn shared_depends_on_neither_host_nor_firmware() {
        let findings = |from, on| folders(&workspace(from, on, Value::Null)).len();
        assert_eq!(findings(("host", "client"), ("shared", "protocol")), 0);
        assert_eq!(findings(("shared", "nn"), ("host", "compiler")), 1);
        assert_eq!(findings(("shared", "nn"), ("firmware", "door")), 1);
        assert_eq!(findings(("firmware", "door"), ("host", "client")), 1);
    }

    #[test]
    fn a_new_arrow_and_a_lost_one_are_findings() {
        let found = read(&workspace(("shared", "postern-nn"), ("shared", "postern-kernels"), Value::Null));
        let table: Table = toml::from_str(&write(&found)).expect("a table");
        assert_eq!(table, found);
        assert_eq!(compare(&table, &found), Vec::<String>::new());
        let new = compare(&Table::default(), &found);
        assert_eq!(new, ["postern-nn depends on postern-kernels: arrows.toml has no such arrow"]);
        assert_eq!(compare(&found, &Table::default()).len(), 1);
        // A dependency of the tests is an arrow of its own.
        let tests = read(&workspace(("shared", "postern-nn"), ("shared", "postern-kernels"), json!("dev")));
        assert_eq!(compare(&found, &tests).len(), 2);
    }

    #[test]
    fn packages_have_the_prefix_and_are_not_published() {
        let package = |name: &str, publish: Value| {
            packages(&json!({ "packages": [{ "name": name, "publish": publish }] })).len()
        };
        assert_eq!(package("postern", json!([])), 0);
        assert_eq!(package("postern-nn", json!([])), 0);
        assert_eq!(package("posternn", json!([])), 1);
        assert_eq!(package("nn", Value::Null), 2);
    }
}
