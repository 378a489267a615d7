//! `postern compile --npu`: the section that an NPU runs.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use compiler::image::{Aligned, with_npu};
use output_file::OutputFile;

use super::Args;
use crate::answers::models::NpuAdded;
use crate::output::{Outcome, Output};

/// The folder of Arm's compiler.
fn folder() -> PathBuf {
    models::data(npu::vela::FOLDER)
}

/// Fails if Arm's compiler is not there, before any work.
pub fn is_ready() -> anyhow::Result<()> {
    if !folder().join(npu::vela::STAMP).exists() {
        return Err(npu::Error::NoVela(folder().display().to_string()).into());
    }
    Ok(())
}

/// The image with an NPU section.
pub fn with_section(image: &[u8], accelerator: &str) -> anyhow::Result<Vec<u8>> {
    let aligned = Aligned::new(image);
    let numbers = npu::Image::read(aligned.bytes())?;
    let section = npu::compile(&numbers, accelerator, &folder())?;
    Ok(with_npu(image, &section)?)
}

/// Adds the section to an image that is there.
pub fn add(from: &Path, accelerator: &str, args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let given = [
        ("--like", args.like.is_some()),
        ("--calibrate", args.calibrate.is_some()),
        ("--size", args.size.is_some()),
        ("--ranges", args.ranges.is_some()),
        ("--no-equalization", args.no_equalization),
        ("--no-bias-correction", args.no_bias_correction),
        ("--no-pruning", args.no_pruning),
    ];
    if let Some((option, _)) = given.iter().find(|(_, given)| *given) {
        bail!("{} is compiled already: {option} is for networks, so leave it out", from.display());
    }
    let Some(to) = &args.output else {
        bail!("say where to write the image with its NPU section: --output NEW.pstn");
    };
    let file = OutputFile::new(to, args.force, [from])?;
    let image = models::ImageFile::read(from)?;
    let length = image.model().with_context(|| from.display().to_string())?.image_len();
    let bytes = std::fs::read(from)?;
    let whole = bytes.get(..length).context("the image became shorter while it was read")?;
    let image = with_section(whole, accelerator).with_context(|| from.display().to_string())?;
    file.write(|to| to.write_all(&image))?;
    let report = NpuAdded { image: to.clone(), bytes: image.len(), accelerator: accelerator.to_owned() };
    output.print(&report, |out| {
        writeln!(out, "{}: {} bytes, with a section for {accelerator}", to.display(), image.len())
    })?;
    Ok(Outcome::Done)
}
