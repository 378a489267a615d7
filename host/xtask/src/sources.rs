//! The models of this workspace, see `models::Store`.

use std::path::PathBuf;

use models::{Purpose, Store};

use crate::workspace;

/// The store of this workspace.
pub fn store() -> Store {
    Store::in_source(workspace::root())
}

/// The names of the networks that are fetched for `purpose`.
///
/// # Errors
/// A manifest cannot be read.
pub fn model_names(purpose: Purpose) -> anyhow::Result<Vec<String>> {
    let store = store();
    let mut names = Vec::new();
    for name in store.names() {
        let manifest = store.manifest(&name)?;
        if manifest.kind.purpose() == purpose && manifest.source.is_some() {
            names.push(manifest.name);
        }
    }
    Ok(names)
}

/// The compiled images of the door's networks: those that the workspace has, and those that
/// [`compile`](crate::images::compile) made.
///
/// # Errors
/// A manifest cannot be read.
pub fn images() -> anyhow::Result<Vec<PathBuf>> {
    let store = store();
    let mut images = Vec::new();
    for name in store.names() {
        let kind = store.manifest(&name)?.kind;
        let places = [workspace::root().join("models").join(&name), workspace::cache("images")];
        let image =
            places.map(|folder| folder.join(format!("{name}.pstn"))).into_iter().find(|at| at.is_file());
        images.extend(image.filter(|_| kind.purpose() == Purpose::Door));
    }
    Ok(images)
}
