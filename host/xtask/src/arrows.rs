//! Which crate may depend on which: the arrows of ARCHITECTURE.md, held against Cargo's metadata.

use std::collections::BTreeMap;

use serde_json::Value;

/// From a folder, the folders that its crates may depend on.
const ARROWS: &[(&str, &[&str])] = &[
    // The same code runs on host and board, so it knows neither.
    ("shared", &["shared"]),
    ("firmware", &["firmware", "shared"]),
    // The command line measures boards with the conformance suite.
    ("host", &["host", "shared", "firmware"]),
    ("tests", &["host", "shared", "firmware"]),
];

/// Every arrow that is not allowed, as a sentence.
pub fn check(metadata: &Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().map(Vec::as_slice).unwrap_or_default();
    let folders: BTreeMap<&str, &str> =
        packages.iter().filter_map(|package| folder_of(metadata, package)).collect();
    let mut findings = Vec::new();
    for package in packages {
        let Some(name) = package["name"].as_str() else { continue };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let Some(on) = dependency["name"].as_str().filter(|_| dependency["path"].is_string()) else {
                continue;
            };
            let (Some(from), Some(to)) = (folders.get(name), folders.get(on)) else { continue };
            if !allowed(from, to) {
                findings
                    .push(format!("{from}/{name} depends on {to}/{on}: ARCHITECTURE.md has no such arrow"));
            }
        }
    }
    findings
}

fn allowed(from: &str, to: &str) -> bool {
    ARROWS.iter().any(|(folder, targets)| *folder == from && targets.contains(&to))
}

/// A crate's name and the top folder it lies in.
fn folder_of<'a>(metadata: &'a Value, package: &'a Value) -> Option<(&'a str, &'a str)> {
    let root = metadata["workspace_root"].as_str()?;
    let path = package["manifest_path"].as_str()?.strip_prefix(root)?;
    Some((package["name"].as_str()?, path.trim_start_matches('/').split('/').next()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workspace(from: (&str, &str), on: (&str, &str)) -> Value {
        let package = |(folder, name): (&str, &str), dependencies: Value| json!({ "name": name, "manifest_path": format!("/x/{folder}/{name}/Cargo.toml"), "dependencies": dependencies });
        let dependency = json!([{ "name": on.1, "path": "/x" }, { "name": "serde", "path": null }]);
        json!({ "workspace_root": "/x", "packages": [package(from, dependency), package(on, json!([]))] })
    }

    #[test]
    fn shared_knows_neither_host_nor_firmware() {
        assert_eq!(check(&workspace(("host", "client"), ("shared", "protocol"))), Vec::<String>::new());
        assert_eq!(check(&workspace(("shared", "nn"), ("host", "compiler"))).len(), 1);
        assert_eq!(check(&workspace(("shared", "nn"), ("firmware", "app"))).len(), 1);
        assert_eq!(check(&workspace(("firmware", "app"), ("host", "client"))).len(), 1);
    }
}
