//! Models onto a board: which, their checks, and the transfer. The command and the console both use it.

use std::path::PathBuf;

use anyhow::{Context, bail};
use client::protocol::{ModelInfo, ModelKind, Role};
use client::{Device, Machine, ModelSignature, Signer};
#[cfg(feature = "console")]
use models::ImageFile;
use sha2::{Digest, Sha256};

use super::model_check;
use crate::device::DeviceArgs;
use crate::output::note;

/// What signs the models.
pub enum Seal {
    /// This computer, at the transfer, with this key.
    Signer(Box<Signer>),
    /// Another computer has signed each of them.
    Signatures(Vec<ModelSignature>),
}

/// A model that is to be installed.
pub struct Wanted {
    /// Its kind.
    pub kind: ModelKind,
    /// Its image.
    pub path: PathBuf,
}

/// How far a model is.
pub enum Step {
    /// So many bytes of all are on the board.
    Sent {
        /// Bytes that the board has.
        done: u64,
        /// Bytes of the image.
        all: u64,
    },
    /// It is active.
    Active {
        /// As the board names it.
        model: ModelInfo,
        /// Whether it was active before: then nothing was sent, unless another computer signed it again.
        unchanged: bool,
    },
}

/// The images of models that are chosen by name or file.
///
/// # Errors
/// There is no such image here.
pub fn find(chosen: Vec<(ModelKind, &str)>) -> anyhow::Result<Vec<Wanted>> {
    chosen.into_iter().map(|(kind, name)| Ok(Wanted { kind, path: models::image(name)? })).collect()
}

/// The models of this computer that can be installed, by name: published, compiled or trained here.
#[cfg(feature = "console")]
pub fn known() -> Vec<(ModelKind, String)> {
    let mut names = models::Store::find().names();
    let trained = std::fs::read_dir(models::data("train")).into_iter().flatten().flatten();
    names.extend(trained.filter_map(|entry| entry.file_name().into_string().ok()));
    names.sort();
    names.dedup();
    let kind = |name: &str| {
        let file = ImageFile::read(&models::named_image(name).ok()?).ok()?;
        model_check::kind_of(&file.model().ok()?)
    };
    names.into_iter().filter_map(|name| Some((kind(&name)?, name))).collect()
}

/// Installs models, each after the other; `hear` is told how far each is. All are checked before the first byte is sent.
/// The old model of a kind stays active until the new one is complete. Returns what there is to say at the end.
///
/// # Errors
/// An image that no board would run; what the board refuses. The models before stay installed.
pub fn install(
    device: &mut Device,
    args: &DeviceArgs,
    wanted: Vec<Wanted>,
    seal: &Seal,
    hear: &mut dyn FnMut(ModelKind, Step) -> anyhow::Result<()>,
) -> anyhow::Result<Option<String>> {
    let machine = Machine::named(device.board()).ok();
    let images = wanted
        .into_iter()
        .map(|Wanted { kind, path }| {
            let mut image = std::fs::read(&path).with_context(|| path.display().to_string())?;
            // What another computer signed stays as it is.
            if let Seal::Signer(_) = seal
                && let Some(alone) = model_check::without_section(&image, machine)?
            {
                note!("{}: this board has no NPU, so the section for one is left out", path.display());
                image = alone;
            }
            model_check::check(kind, &path, &image, machine)?;
            Ok((kind, path, image))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let active = device.status()?.models;
    for (kind, path, image) in images {
        let sha256 = <[u8; 32]>::from(Sha256::digest(&image));
        let there = active.iter().find(|old| old.kind == kind && old.sha256 == sha256);
        // A signature of another computer may raise the release number, so it is passed on.
        if let (Some(there), Seal::Signer(_)) = (there, seal) {
            hear(kind, Step::Active { model: there.clone(), unchanged: true })?;
            continue;
        }
        // Others are not told which models are active, so the idle slot would be a guess.
        if let Some(emulated) = args.emulated()
            && device.role() == Some(Role::Installer)
        {
            emulated.open()?.place_model(kind, &image, &active)?;
        }
        let mut heard = Ok(());
        let mut advance = |done, all| {
            if heard.is_ok() {
                heard = hear(kind, Step::Sent { done, all });
            }
        };
        let installed = match seal {
            Seal::Signer(signer) => device.install_model(kind, &image, signer, &mut advance),
            Seal::Signatures(signatures) => {
                let signature = signatures.iter().find(|signature| signature.kind == kind);
                let signature = signature.with_context(|| format!("there is no signature of the {kind}"))?;
                device.install_signed(kind, &image, signature, &mut advance)
            }
        };
        let model = installed.with_context(|| path.display().to_string())?;
        heard?;
        hear(kind, Step::Active { model, unchanged: there.is_some() && !matches!(seal, Seal::Signer(_)) })?;
    }
    let foreign = device.status()?.foreign_templates;
    Ok((foreign > 0).then(|| {
        format!(
            "{foreign} templates were made by another encoder and are not compared: enrol these people again, or flash \
             that encoder."
        )
    }))
}

/// The models to install, each with its name: those that are named, or the usual ones. With signatures it is the usual
/// ones of their kinds, and each model has exactly one.
pub fn chosen<'a>(
    named: [Option<&'a str>; 3],
    signatures: &[ModelSignature],
) -> anyhow::Result<Vec<(ModelKind, &'a str)>> {
    let usual = [models::DETECTOR, models::ENCODER, models::LIVENESS];
    let any_is_named = named.iter().any(Option::is_some);
    let mut chosen = Vec::new();
    for ((kind, name), usual) in
        [ModelKind::Detector, ModelKind::Encoder, ModelKind::Liveness].into_iter().zip(named).zip(usual)
    {
        let signed = signatures.iter().filter(|signature| signature.kind == kind).count();
        let wanted =
            name.or_else(|| (!any_is_named && (signatures.is_empty() || signed > 0)).then_some(usual));
        match wanted {
            Some(_) if signed > 1 => bail!("there are {signed} signatures of the {kind}: name one"),
            Some(name) if signed == 0 && !signatures.is_empty() => bail!(
                "there is no signature of the {kind}: sign it with `postern sign {name}`, and name the file with --signature"
            ),
            None if signed > 0 => bail!("there is a signature of the {kind}, and no {kind} is named"),
            Some(name) => chosen.push((kind, name)),
            None => {}
        }
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::Signer;

    #[test]
    fn models_and_signatures_that_do_not_match_are_refused_before_the_line_is_opened() {
        let signer = Signer::passing().unwrap();
        let of = |kind| ModelSignature::new(kind, b"image", 7, &signer).unwrap();
        let (detector, encoder) = (of(ModelKind::Detector), of(ModelKind::Encoder));
        let usual = chosen([None, None, None], &[]).unwrap();
        assert_eq!(usual.iter().map(|(kind, _)| *kind as u8).collect::<Vec<_>>().len(), 3);
        let one = chosen([None, None, None], std::slice::from_ref(&encoder)).unwrap();
        assert_eq!(one, [(ModelKind::Encoder, models::ENCODER)]);
        let named = chosen([Some("a"), Some("b"), None], &[encoder.clone(), detector.clone()]).unwrap();
        assert_eq!(named, [(ModelKind::Detector, "a"), (ModelKind::Encoder, "b")]);
        let refused =
            |named, signatures: &[ModelSignature]| chosen(named, signatures).unwrap_err().to_string();
        let lacking = refused([None, Some("b"), Some("c")], std::slice::from_ref(&encoder));
        assert!(lacking.contains("sign it with `postern sign c`"), "{lacking}");
        let extra = refused([None, Some("b"), None], &[encoder.clone(), detector]);
        assert!(extra.contains("a signature of the detector"), "{extra}");
        assert!(refused([None, None, None], &[encoder.clone(), encoder]).contains("2 signatures"));
    }
}
