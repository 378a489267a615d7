//! A bill of materials: what is compiled into a program, as CycloneDX 1.5 in JSON.
//!
//! `cargo tree` says which crates are compiled, with which features, and which crate asks for which; `cargo metadata` has
//! their licences, and `Cargo.lock` their hashes. A crate that only helps to build, as a procedural macro, has the scope
//! `excluded`. There is no date and no serial number, so the same sources give the same bytes.
//! Format: <https://cyclonedx.org/docs/1.5/json/>.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use cyclonedx_bom::models::bom::{Bom, SpecVersion};
use cyclonedx_bom::models::component::{Classification, Component, Components, Scope};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::hash::{Hash, HashAlgorithm, HashValue, Hashes};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::models::metadata::Metadata;
use cyclonedx_bom::models::property::{Properties, Property};
use cyclonedx_bom::prelude::{Purl, Validate};
use serde::Deserialize;

/// The version of the format.
pub const VERSION: SpecVersion = SpecVersion::V1_5;

/// Name and version.
pub type Crate = (String, String);

/// The crates that are compiled for some programs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Graph {
    /// The features of each crate. The same crate can be compiled for the board and for this computer.
    features: BTreeMap<Crate, BTreeSet<String>>,
    /// What each asks for.
    edges: BTreeMap<Crate, BTreeSet<Crate>>,
}

impl Graph {
    /// Reads what `cargo tree --prefix depth --format {p}|{f}` prints: `2serde v1.0.0 (proc-macro)|derive,std (*)`.
    pub fn parse(tree: &str) -> anyhow::Result<Self> {
        let mut graph = Self::default();
        // The way from the root to the line before.
        let mut way: Vec<Crate> = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let what = || format!("cargo tree: {line}");
            let (package, features) = line.split_once('|').with_context(what)?;
            let name = package.trim_start_matches(|digit: char| digit.is_ascii_digit());
            let depth: usize = package[..package.len() - name.len()].parse().with_context(what)?;
            let mut words = name.split_whitespace();
            let version = |word: &str| word.strip_prefix('v').map(str::to_owned);
            let (name, version) =
                (words.next().with_context(what)?, words.next().and_then(version).with_context(what)?);
            ensure!(depth <= way.len(), what());
            way.truncate(depth);
            way.push((name.to_owned(), version));
            let features = features.split(" (").next().unwrap_or_default();
            let features = features.split(',').map(str::trim).filter(|name| !name.is_empty());
            let [.., last] = &way[..] else { continue };
            graph.features.entry(last.clone()).or_default().extend(features.map(str::to_owned));
            graph.edges.entry(last.clone()).or_default();
            if let [.., from, to] = &way[..] {
                graph.edges.entry(from.clone()).or_default().insert(to.clone());
            }
        }
        Ok(graph)
    }

    /// `root`, and everything that it asks for.
    pub fn below(&self, root: &Crate) -> BTreeSet<Crate> {
        let mut found = BTreeSet::new();
        let mut next = vec![root];
        while let Some(name) = next.pop() {
            if found.insert(name.clone()) {
                next.extend(self.edges.get(name).into_iter().flatten());
            }
        }
        found
    }
}

/// What is known of a crate.
#[derive(Debug, Default)]
pub struct Known {
    /// Licences by `cargo metadata`.
    pub licences: BTreeMap<Crate, String>,
    /// SHA-256 of the archives of a registry, by `Cargo.lock`.
    pub hashes: BTreeMap<Crate, String>,
}

impl Known {
    /// Reads the output of `cargo metadata`, and `Cargo.lock`.
    pub fn parse(metadata: &str, lock: &str) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Listed {
            #[serde(alias = "packages")]
            package: Vec<Package>,
        }
        #[derive(Deserialize)]
        struct Package {
            name: String,
            version: String,
            license: Option<String>,
            checksum: Option<String>,
        }
        let metadata: Listed = serde_json::from_str(metadata).context("cargo metadata")?;
        let lock: Listed = toml::from_str(lock).context("Cargo.lock")?;
        let licences = metadata.package.into_iter();
        let hashes = lock.package.into_iter();
        Ok(Self {
            // Cargo once wrote a slash for a choice.
            licences: licences
                .filter_map(|it| Some(((it.name, it.version), it.license?.replace('/', " OR "))))
                .collect(),
            hashes: hashes.filter_map(|it| Some(((it.name, it.version), it.checksum?))).collect(),
        })
    }
}

/// The bill of the program `root`. `compiled` has what is built for it, `linked` what is in it: without build scripts,
/// procedural macros and what these ask for. `file` is the SHA-256 of the program's file.
///
/// # Errors
/// A crate has no licence, one of a registry no hash, or the bill breaks the rules of the format.
pub fn bill(
    root: &Crate,
    compiled: &Graph,
    linked: &Graph,
    known: &Known,
    file: Option<&str>,
) -> anyhow::Result<Bom> {
    let linked = linked.below(root);
    ensure!(linked.len() > 1, "cargo tree knows nothing of {}", root.0);
    let crates = compiled.below(root);
    let mut components = Vec::new();
    let mut program = None;
    for name in &crates {
        let mut component = component(name, known)?;
        let features = compiled.features.get(name).into_iter().flatten();
        let features = features.map(|feature| Property::new("cargo:feature", feature)).collect::<Vec<_>>();
        component.properties = (!features.is_empty()).then_some(Properties(features));
        if name == root {
            component.component_type = Classification::Application;
            component.hashes = file.map(hashes);
            program = Some(component);
        } else {
            component.scope = Some(if linked.contains(name) { Scope::Required } else { Scope::Excluded });
            components.push(component);
        }
    }
    let on = |name: &Crate| {
        let dependencies = compiled.edges.get(name).into_iter().flatten().map(reference).collect();
        Dependency { dependency_ref: reference(name), dependencies }
    };
    let bom = Bom {
        serial_number: None,
        spec_version: VERSION,
        metadata: Some(Metadata { component: program, ..Metadata::default() }),
        components: Some(Components(components)),
        dependencies: Some(Dependencies(crates.iter().map(on).collect())),
        ..Bom::default()
    };
    let validity = bom.validate_version(VERSION);
    ensure!(validity.passed(), "the bill of {} breaks the format: {validity:?}", root.0);
    Ok(bom)
}

fn component(name: &Crate, known: &Known) -> anyhow::Result<Component> {
    let (crate_name, version) = name;
    let what = || format!("{crate_name} {version}");
    let mut component = Component::new(Classification::Library, crate_name, version, Some(reference(name)));
    component.purl = Some(Purl::new("cargo", crate_name, version).with_context(what)?);
    let licence = known.licences.get(name).with_context(|| format!("{} names no licence", what()))?;
    component.licenses = Some(Licenses(vec![LicenseChoice::expression(licence)]));
    let hash = known.hashes.get(name);
    ensure!(hash.is_some() || is_ours(name), "{} has no hash in Cargo.lock: is it of a registry?", what());
    component.hashes = hash.map(|hash| hashes(hash));
    Ok(component)
}

/// Whether a crate is of this workspace, where `Cargo.lock` has no hash.
pub fn is_ours((name, _): &Crate) -> bool {
    name.starts_with("postern")
}

fn hashes(sha256: &str) -> Hashes {
    Hashes(vec![Hash { alg: HashAlgorithm::SHA_256, content: HashValue(sha256.to_owned()) }])
}

fn reference((name, version): &Crate) -> String {
    format!("pkg:cargo/{name}@{version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Crate {
        (name.to_owned(), "1.0.0".to_owned())
    }

    const TREE: &str = "\
0postern-door v1.0.0 (/a b/door)|default
1hash v1.0.0|
2word v1.0.0|
1derive v1.0.0 (proc-macro)|full
2word v1.0.0|std (*)

0postern-other v1.0.0 (/other)|
1hash v1.0.0| (*)
";
    const LINKED: &str = "0postern-door v1.0.0 (/a b/door)|default\n1hash v1.0.0|\n2word v1.0.0|\n";

    fn known() -> Known {
        let metadata = r#"{"packages":[
            {"name":"postern-door","version":"1.0.0","license":"MIT OR Apache-2.0"},
            {"name":"hash","version":"1.0.0","license":"MIT/Apache-2.0"},
            {"name":"word","version":"1.0.0","license":"MIT"},
            {"name":"derive","version":"1.0.0","license":"MIT"}]}"#;
        let locked = |name: &str| {
            let digest = "ab".repeat(32);
            format!("[[package]]\nname = \"{name}\"\nversion = \"1.0.0\"\nchecksum = \"{digest}\"\n")
        };
        Known::parse(metadata, &["hash", "word", "derive"].map(locked).concat()).unwrap()
    }

    #[test]
    fn a_tree_is_read_with_features_and_repeated_crates() {
        let graph = Graph::parse(TREE).unwrap();
        let names = ["derive", "hash", "postern-door", "word"].map(named);
        assert_eq!(graph.below(&named("postern-door")), BTreeSet::from(names));
        assert_eq!(graph.below(&named("postern-other")).len(), 3, "a repeated crate has what it asks for");
        assert_eq!(graph.features[&named("word")], BTreeSet::from(["std".to_owned()]));
        for bad in ["hash v1.0.0|", "0hash|", "0hash v1.0.0", "1hash v1.0.0|"] {
            assert!(Graph::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bill_tells_what_is_linked_from_what_helps_to_build() {
        let graphs = (Graph::parse(TREE).unwrap(), Graph::parse(LINKED).unwrap());
        let digest = "cd".repeat(32);
        let bom = bill(&named("postern-door"), &graphs.0, &graphs.1, &known(), Some(&digest)).unwrap();
        let components = bom.components.unwrap().0;
        let scopes = components.iter().map(|it| (it.name.to_string(), it.scope.clone().unwrap()));
        let expected = [("derive", Scope::Excluded), ("hash", Scope::Required), ("word", Scope::Required)];
        assert!(scopes.eq(expected.map(|(name, scope)| (name.to_owned(), scope))));
        let hash = &components[1];
        assert_eq!(hash.purl.as_ref().unwrap().to_string(), "pkg:cargo/hash@1.0.0");
        assert_eq!(hash.hashes, Some(hashes(&"ab".repeat(32))));
        assert_eq!(
            hash.licenses,
            Some(Licenses(vec![LicenseChoice::expression("MIT OR Apache-2.0")])),
            "a slash is a choice"
        );
        let program = bom.metadata.unwrap().component.unwrap();
        assert_eq!(
            (program.component_type, program.hashes),
            (Classification::Application, Some(hashes(&digest)))
        );
        assert_eq!(bom.dependencies.unwrap().0.len(), 4);
    }

    #[test]
    fn a_crate_without_licence_or_hash_makes_no_bill() {
        let graphs = (Graph::parse(TREE).unwrap(), Graph::parse(LINKED).unwrap());
        let root = named("postern-door");
        let refused = |change: &dyn Fn(&mut Known)| {
            let mut known = known();
            change(&mut known);
            bill(&root, &graphs.0, &graphs.1, &known, None).unwrap_err().to_string()
        };
        assert!(
            refused(&|known| drop(known.licences.remove(&named("word"))))
                .contains("word 1.0.0 names no licence")
        );
        assert!(
            refused(&|known| drop(known.hashes.remove(&named("word")))).contains("word 1.0.0 has no hash")
        );
        let wrong = |known: &mut Known| drop(known.licences.insert(named("word"), "None Such".to_owned()));
        assert!(refused(&wrong).contains("breaks the format"));
        assert!(bill(&named("absent"), &graphs.0, &graphs.1, &known(), None).is_err());
    }
}
