//! The models that a board had before those that it has now, by its log.

use anyhow::Context;
use audit::Kind;
use client::Device;
use client::protocol::{ModelInfo, ModelKind};
use console::station::Before;
use sha2::{Digest, Sha256};

use super::log;
use crate::audit_log::is_erasure;

/// The first bytes of a hash, which the log has.
type Head = [u8; 8];

/// Entries of the log among which an earlier model is looked for.
const AMONG: u32 = 2_000;

/// For each active model the one of its kind that was active before, if the log knows one. `known` are the models of this
/// computer.
///
/// # Errors
/// As any request.
pub fn of(
    device: &mut Device,
    active: &[ModelInfo],
    known: &[(ModelKind, String)],
) -> anyhow::Result<Vec<Before>> {
    let end = device.log(u32::MAX)?.end;
    let mut installed: Vec<(u8, Head)> = Vec::new();
    log::read(device, end.saturating_sub(AMONG), |entry| {
        // A board that was erased has none of the models that it had.
        if is_erasure(&entry) {
            installed.clear();
        }
        if let Some(entry) = audit::Entry::from_bytes(&entry.entry)
            && entry.kind == Kind::Model
        {
            // The host that installed it, then the head of its hash.
            let [_, _, _, _, hash @ ..] = entry.detail;
            installed.push((entry.reason, hash));
        }
    })?;
    let before = active.iter().filter_map(|model| {
        let head = last_other(&installed, model.kind as u8, head(&model.sha256))?;
        let of_kind = known.iter().filter(|(kind, _)| *kind == model.kind);
        let name = of_kind.map(|(_, name)| name).find(|name| head_of(name).is_ok_and(|found| found == head));
        Some(Before { kind: model.kind, name: name.cloned(), hash: hex::encode(&head[..6]) })
    });
    Ok(before.collect())
}

/// The newest installed model of a kind that is not the one of this hash.
fn last_other(installed: &[(u8, Head)], kind: u8, active: Head) -> Option<Head> {
    let of_kind = installed.iter().rev().filter(|(of, _)| *of == kind);
    of_kind.map(|(_, head)| *head).find(|head| *head != active)
}

fn head(hash: &[u8; 32]) -> Head {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    [a, b, c, d, e, f, g, h]
}

/// The head of a model of this computer.
fn head_of(name: &str) -> anyhow::Result<Head> {
    let path = models::named_image(name)?;
    let image = std::fs::read(&path).with_context(|| path.display().to_string())?;
    Ok(head(&Sha256::digest(image).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_before_is_the_newest_other_of_the_kind() {
        let [a, b, c] = [1, 2, 3].map(|byte| [byte; 8]);
        let installed = [(1, a), (2, c), (1, b), (1, b)];
        assert_eq!(last_other(&installed, 1, b), Some(a));
        assert_eq!(last_other(&installed, 1, c), Some(b), "it was installed by another computer's log");
        assert_eq!(last_other(&installed, 2, c), None);
        assert_eq!(last_other(&installed, 0, a), None);
    }
}
