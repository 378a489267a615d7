//! What the host checks of a model before the first byte goes to a board: kind, inputs and outputs, thresholds, the section
//! for an NPU, size.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use client::Machine;
use client::protocol::ModelKind;
use compiler::image::with_npu;
use models::ImageFile;
use nn::Model;
use nn::format::Kind;
use vision::Surroundings;

/// Checks an image that is to become the model of a kind. What depends on the board is checked if that is known.
pub fn check(kind: ModelKind, path: &Path, image: &[u8], machine: Option<Machine>) -> anyhow::Result<()> {
    let place = path.display();
    let file = ImageFile::from_bytes(image);
    let model = file.model().with_context(|| place.to_string())?;
    match kind_of(&model) {
        Some(is) if is != kind => {
            bail!(
                "{place} is the image of a network of another kind: `postern flash models --{} {place}` installs it as {is}",
                option(is)
            )
        }
        None => bail!("{place} is neither a detector, an encoder nor a liveness network"),
        Some(_) => {}
    }
    recognizer::check(&model).with_context(|| place.to_string())?;
    ensure!(
        kind != ModelKind::Liveness
            || recognizer::Liveness::new(model)?.surroundings() == Surroundings::TIGHT,
        "{place} sees more than the face, as liveness networks of before did, and a door's decision over several looks does \
         not know its scores: `{}` is the network that it knows",
        models::LIVENESS
    );
    ensure!(
        kind != ModelKind::Encoder || model.calibration().len() > 0,
        "{place} has no thresholds, so a door could not tell people apart with it: `postern calibrate FOLDER --encoder \
         {place} --output NEW.pstn` measures them on a folder of people and writes an image that has them"
    );
    npu::section(&model).with_context(|| format!("{place}: compile it again with --npu"))?;
    ensure!(
        model.kind() != Kind::FloatEncoder || machine.is_none_or(|machine| machine == Machine::Linux),
        "{place} is an encoder in float, which only a door on Linux runs: compile it without --engine tract"
    );
    machine.map_or(Ok(()), |machine| check_size(kind, &place.to_string(), image.len(), machine))
}

/// Checks that a board has room for an image.
pub fn check_size(kind: ModelKind, place: &str, length: usize, machine: Machine) -> anyhow::Result<()> {
    let map = machine.map().partitions;
    let slot = match kind {
        ModelKind::Detector => map.detector[0].len,
        ModelKind::Encoder => map.encoder[0].len,
        ModelKind::Liveness => map.liveness[0].len,
        ModelKind::Firmware => map.firmware[0].len,
    };
    ensure!(
        length <= slot as usize,
        "{place} has {length} bytes, and the board {} has room for {slot} of its {kind}: choose a smaller network",
        machine.name()
    );
    Ok(())
}

/// The same image without its section for an NPU, if it has one and this board never has an NPU.
pub fn without_section(image: &[u8], machine: Option<Machine>) -> anyhow::Result<Option<Vec<u8>>> {
    let file = ImageFile::from_bytes(image);
    let never = matches!(machine, Some(Machine::Linux | Machine::An500));
    let strips = never && file.model().is_ok_and(|model| model.npu().is_some());
    Ok(strips.then(|| with_npu(image, &[])).transpose()?)
}

/// The option of `postern flash models` for a network of this kind.
fn option(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Detector => "detector",
        ModelKind::Encoder => "encoder",
        ModelKind::Liveness => "liveness",
        ModelKind::Firmware => "firmware",
    }
}

/// The kind that an image can be installed as.
pub fn kind_of(model: &Model<'_>) -> Option<ModelKind> {
    match model.kind() {
        Kind::Detector => Some(ModelKind::Detector),
        Kind::Encoder | Kind::FloatEncoder => Some(ModelKind::Encoder),
        Kind::Liveness => Some(ModelKind::Liveness),
        Kind::Other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: ModelKind, image: &[u8], machine: Option<Machine>) -> String {
        check(kind, Path::new("x.pstn"), image, machine).expect_err("it is refused").to_string()
    }

    #[test]
    fn what_no_board_would_run_is_refused_on_the_host() {
        let path = models::image(models::ENCODER).expect("it is published");
        let image = std::fs::read(path).expect("read");
        check(ModelKind::Encoder, Path::new("x.pstn"), &image, Some(Machine::An500)).expect("it runs");
        let said = refused(ModelKind::Detector, &image, None);
        assert!(said.contains("`postern flash models --encoder x.pstn`"), "{said}");
        let bare = compiler::image::recalibrate(&image, &[]).expect("an image");
        let said = refused(ModelKind::Encoder, &bare, None);
        assert!(said.contains("no thresholds") && said.contains("--output NEW.pstn"), "{said}");
        check(ModelKind::Encoder, Path::new("x.pstn"), &[7; 300], None).expect_err("no image");
    }

    #[test]
    fn an_encoder_in_float_is_sent_to_no_board_without_an_operating_system() {
        let published =
            std::fs::read(models::image(models::ENCODER).expect("it is published")).expect("read");
        let calibration: Vec<_> =
            ImageFile::from_bytes(&published).model().expect("a model").calibration().collect();
        let description = engine_tract::image::Description {
            name: "mine",
            side: 112,
            dimension: 128,
            bgr: false,
            mean: [127.5; 3],
            scale: 1.0 / 128.0,
            calibration: &calibration,
        };
        let image = engine_tract::image::write(&[0; 64], &description).expect("an image");
        for machine in [Machine::An547, Machine::An500] {
            let said = refused(ModelKind::Encoder, &image, Some(machine));
            assert!(said.contains("only a door on Linux"), "{said}");
        }
        check(ModelKind::Encoder, Path::new("x.pstn"), &image, Some(Machine::Linux)).expect("it is sent");
    }
}
