//! The status of the board.

use board_api::{Board, System as _};
use embassy_time::Instant;
use protocol::{Door, Status};

use crate::{
    pipeline::{Engine, Models},
    session::translate::{
        basis, camera_state, clock, model, model_kind, osdp, reset_reason, secret_place, similarity,
    },
    store::Storage,
    text::text,
    worker::parts::Parts,
};

/// The status of the board.
pub(super) fn status<B: Board, E: Engine>(parts: &mut Parts<'_, '_, B, E>, models: &Models<'_, E>) -> Status {
    let now = Instant::now();
    let io = parts.link.state.get();
    let door = match io.open_until {
        Some(end) if end > now => Door::Open { left_ms: (end - now).as_millis() as u32 },
        _ => Door::Locked,
    };
    let gallery = parts.people.gallery().ok();
    let templates = gallery.map_or(0, |gallery| gallery.templates());
    let foreign = gallery.map_or(0, |gallery| match models.encoder_hash() {
        Some(running) => gallery.foreign_templates(running),
        None => 0,
    });
    let threshold = models.threshold(parts.settings.far_one_in, templates).ok();
    let counter = parts.storage.as_mut().and_then(Storage::counter);
    Status {
        board: text(parts.system.name()),
        firmware: text(env!("CARGO_PKG_VERSION")),
        uptime_ms: now.as_millis(),
        instructions: parts.system.instructions(),
        reset: reset_reason(&parts.system),
        door,
        models: models.infos.iter().map(model).collect(),
        people: gallery.map_or(0, |gallery| gallery.people().count()) as u16,
        templates: templates as u16,
        foreign_templates: foreign as u16,
        gallery_encoder: gallery.and_then(|gallery| gallery.encoder()).map(|hash| hash.0),
        free_bytes: parts.people.room().free as u32,
        threshold: threshold.map(|threshold| similarity(threshold.similarity)),
        basis: threshold.map(|threshold| basis(threshold.basis)),
        settings: parts.settings,
        settings_lost: parts.rules.lost,
        camera_sequence: parts.camera_sequence,
        hosts: parts.access.hosts().count() as u8 + parts.access.lost.count_ones() as u8,
        clock: clock(parts.journal.now()),
        log_lost: parts.journal.lost(),
        osdp: io.bus.map(osdp),
        development: cfg!(feature = "development"),
        counter,
        contact_open: io.contact_open,
        cover_open: io.cover_open,
        alarm: io.alarm,
        npu: models.on_npu(&parts.pipeline.engine).map(model_kind).collect(),
        secret: secret_place(parts.system.secret_place()),
        camera: camera_state(parts.system.camera_state()),
        volumes_gone: gallery.map_or(0, |gallery| gallery.kept_out_of().count_ones()) as u8,
    }
}
