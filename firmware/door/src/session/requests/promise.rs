//! Whether the encoder's calibration table bears out the false-accept rate.
//!
//! A rate that it does not bear out is refused when people are enrolled and when the settings ask for it, unless the
//! installer accepts it ([`Settings::accept_unproven`]). Nobody is shut out: the door goes on with the threshold that it
//! has, and the status says that it is unproven.

use board_api::Board;
use protocol::{Basis, Error, Matching, Settings};

use crate::{
    pipeline::{Engine, Models},
    session::translate,
    worker::parts::Parts,
};

/// How the door's threshold is known; `None` if there is none.
pub(crate) fn basis<B: Board, E: Engine>(
    parts: &Parts<'_, '_, B, E>,
    models: &Models<'_, E>,
) -> Option<Basis> {
    let templates = compared(parts, parts.settings.matching);
    models.threshold(parts.settings.far_one_in, templates).ok().map(|it| translate::basis(it.basis))
}

/// Checks new settings, if they change what is promised.
///
/// # Errors
/// [`Error::UnprovenRate`].
pub(super) fn check_change<B: Board, E: Engine>(
    parts: &Parts<'_, '_, B, E>,
    settings: &Settings,
    models: &Models<'_, E>,
) -> Result<(), Error> {
    let promise = |settings: &Settings| (settings.far_one_in, settings.matching, settings.accept_unproven);
    if promise(&parts.settings) == promise(settings) {
        return Ok(());
    }
    check(settings, compared(parts, settings.matching), models)
}

/// Checks that the settings' rate is borne out for a comparison with this many templates, or accepted.
///
/// # Errors
/// [`Error::UnprovenRate`].
pub(super) fn check<E: Engine>(
    settings: &Settings,
    templates: usize,
    models: &Models<'_, E>,
) -> Result<(), Error> {
    match models.threshold(settings.far_one_in, templates) {
        Ok(threshold) if threshold.basis == template::Basis::Unproven && !settings.accept_unproven => {
            Err(Error::UnprovenRate { one_in: settings.far_one_in, templates: templates as u16 })
        }
        _ => Ok(()),
    }
}

/// Templates that the door compares a face with, at most.
fn compared<B: Board, E: Engine>(parts: &Parts<'_, '_, B, E>, matching: Matching) -> usize {
    let Ok(gallery) = parts.people.gallery() else { return 0 };
    match matching {
        Matching::Identify => gallery.templates(),
        Matching::Verify => gallery.people().map(|person| person.templates()).max().unwrap_or_default(),
    }
}
