//! Whether the encoder's calibration table bears out the false-accept rate.
//!
//! A rate that it does not bear out is refused when people are enrolled, when the settings ask for it, and when an encoder that
//! knows the enrolled people is to become active with another table, unless the installer accepts it
//! ([`Settings::accept_unproven`]). Nobody is shut out: the door goes on with the threshold that it has, and the status says that
//! it is unproven.

use board_api::Board;
use embedded_storage::nor_flash::MultiwriteNorFlash;
use gallery::Gallery;
use protocol::{Basis, Error, Matching, Settings};
use template::{Calibration, Threshold};

use crate::{
    pipeline::{self, EncoderInfo, Engine, Models, NetworkKind},
    session::translate::{self, unreadable},
    store::People,
    worker::parts::Parts,
};

/// How the door's threshold is known; `None` if there is none.
pub(crate) fn basis<B: Board, E: Engine>(
    parts: &Parts<'_, '_, B, E>,
    models: &Models<'_, E>,
) -> Option<Basis> {
    let gallery = parts.people.gallery().ok();
    let templates = gallery.map_or(0, |gallery| compared(gallery, parts.settings.matching));
    models.threshold(parts.settings.far_one_in, templates).ok().map(|it| translate::basis(it.basis))
}

/// Checks new settings, if they change what is promised. Settings that were lost promised nothing: what is active then are
/// defaults, which nobody has chosen.
///
/// # Errors
/// [`Error::UnprovenRate`]; why the gallery cannot be read, as the people in it are compared, too.
pub(super) fn check_change<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    settings: &Settings,
    models: &Models<'_, E>,
) -> Result<(), Error> {
    let promise = |settings: &Settings| (settings.far_one_in, settings.matching, settings.accept_unproven);
    let stays = !parts.rules.lost && promise(&parts.settings) == promise(settings);
    if stays || settings.accept_unproven {
        return Ok(());
    }
    let gallery = parts.people.whole().map_err(unreadable)?;
    check(settings, compared(gallery, settings.matching), models)
}

/// Checks that the settings' rate is borne out for a comparison with this many templates, or accepted. Where a network is missing,
/// nobody knows what is borne out: it may come back.
///
/// # Errors
/// [`Error::UnprovenRate`].
pub(super) fn check<E: Engine>(
    settings: &Settings,
    templates: usize,
    models: &Models<'_, E>,
) -> Result<(), Error> {
    refuse_unproven(settings, templates, models.threshold(settings.far_one_in, templates))
}

/// Checks that an encoder which is to become active bears out the settings' rate for the people whose templates are its own. Of
/// others it knows none before they are enrolled again. Without a detector nobody knows what it bears out (`None`).
///
/// # Errors
/// [`Error::UnprovenRate`]; why the gallery cannot be read.
pub(super) fn check_encoder<F: MultiwriteNorFlash>(
    settings: &Settings,
    people: &mut People<'_, F>,
    encoder: Option<&EncoderInfo>,
) -> Result<(), Error> {
    if settings.accept_unproven {
        return Ok(());
    }
    let gallery = people.whole().map_err(unreadable)?;
    if encoder.is_some_and(|it| gallery.foreign_templates(it.identity) == gallery.templates()) {
        return Ok(());
    }
    let templates = compared(gallery, settings.matching);
    let threshold = match encoder {
        Some(encoder) => Calibration::new(&encoder.calibration)
            .map(|table| table.threshold(settings.far_one_in, templates as u32))
            .map_err(|_| pipeline::Error::NoCalibration),
        None => Err(pipeline::Error::NoModel(NetworkKind::Detector)),
    };
    refuse_unproven(settings, templates, threshold)
}

/// Without a calibration the door admits nobody.
fn refuse_unproven(
    settings: &Settings,
    templates: usize,
    threshold: Result<Threshold, pipeline::Error>,
) -> Result<(), Error> {
    let unproven = match threshold {
        Ok(threshold) => threshold.basis == template::Basis::Unproven,
        Err(pipeline::Error::NoCalibration) => false,
        Err(_) => templates > 0,
    };
    if unproven && !settings.accept_unproven {
        return Err(Error::UnprovenRate { one_in: settings.far_one_in, templates: templates as u16 });
    }
    Ok(())
}

/// Templates that the door compares a face with, at most.
fn compared<F: MultiwriteNorFlash>(gallery: &Gallery<'_, F>, matching: Matching) -> usize {
    match matching {
        Matching::Identify => gallery.templates(),
        Matching::Verify => gallery.people().map(|person| person.templates()).max().unwrap_or_default(),
    }
}
