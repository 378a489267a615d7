//! The models of this workspace, see `models::Store`.

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
