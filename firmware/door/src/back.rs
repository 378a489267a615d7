//! The back, at thread priority: pictures, requests, flash.

use core::sync::atomic::Ordering;

use audit::{Fault, Kind};
use board_api::{Board, Camera as _, FirmwareSlots, ModelSlots, System as _};
use embassy_futures::select::{Either4, select4};
use embassy_time::{Duration, Instant, Timer};
use protocol::{EventKind, ModelKind};

use crate::{
    desk::Desk,
    engine::Engine,
    journal::{FAREWELL, Say},
    link::{Link, Notice},
    log::log,
    recognition::Models,
    requests::Outcome,
    secrets::device_secret,
    slots::{IdleSlot, split},
    staging::{self, Staging},
    translate::reset_reason,
    updates::Updates,
};

/// How often the back gives a sign of life when nothing happens.
const SIGN: Duration = Duration::from_secs(1);

/// The back's large buffers, some 750 KiB. Give it a `static`.
pub struct Memory {
    gallery: gallery::Memory,
    staging: [u8; staging::MAX_BYTES],
}

impl Memory {
    /// Empty buffers, which cost no flash.
    pub const fn new() -> Self {
        Self { gallery: gallery::Memory::new(), staging: [0; staging::MAX_BYTES] }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// What the back needs of a board.
pub struct Worker<'m, B: Board, E> {
    /// The camera.
    pub camera: B::Camera,
    /// Runs the networks.
    pub engine: E,
    /// The board as a whole.
    pub system: B::System,
    /// The gallery's flash partition: 4 to 256 sectors.
    pub gallery: B::Flash,
    /// The settings' flash partition: at least two sectors.
    pub settings: B::Flash,
    /// The audit log's flash partition: at least two sectors, of 64 entries each.
    pub log: B::Flash,
    /// The two slots for detectors.
    pub detector: ModelSlots<B::Flash>,
    /// The two slots for encoders.
    pub encoder: ModelSlots<B::Flash>,
    /// The two slots for liveness networks.
    pub liveness: ModelSlots<B::Flash>,
    /// The board's own firmware.
    pub firmware: FirmwareSlots<B::Flash>,
    /// The buffers.
    pub memory: &'m mut Memory,
}

/// Watches the camera and answers requests. Never ends; run it at thread priority.
pub async fn run_worker<B: Board, E: Engine>(worker: Worker<'_, B, E>, link: &Link) -> ! {
    let Worker {
        mut camera,
        engine,
        system,
        gallery,
        settings,
        log,
        mut detector,
        mut encoder,
        mut liveness,
        firmware,
        memory,
    } = worker;
    let Memory { gallery: people, staging } = memory;
    link.give_sign();
    link.record(EventKind::Booted { reset: reset_reason(&system) });
    let staging = Staging::new(staging);
    let FirmwareSlots { record, slots: mut firmware, started, board } = firmware;
    let updates = Updates::open(record, started, board, &device_secret(&system));
    let mut desk: Desk<'_, '_, B, E> =
        Desk::open(engine, system, (gallery, people), (settings, log), updates, staging, link);
    loop {
        let kinds = [ModelKind::Detector, ModelKind::Encoder, ModelKind::Liveness];
        let mut active = [None; 3];
        for (active, kind) in active.iter_mut().zip(kinds) {
            *active = desk.active(kind);
        }
        let [(detector_bytes, detector), (encoder_bytes, encoder), (liveness_bytes, liveness)] = [
            split(&mut detector, active[0].map(|image| image.slot)),
            split(&mut encoder, active[1].map(|image| image.slot)),
            split(&mut liveness, active[2].map(|image| image.slot)),
        ];
        let mut models = Models::none();
        let slots = [detector_bytes, encoder_bytes, liveness_bytes];
        for ((kind, image), slot) in kinds.into_iter().zip(active).zip(slots) {
            link.give_sign();
            if let (Some(image), Some(slot)) = (image, slot)
                && !models.load(&desk.engine, kind, image, slot)
            {
                let say = Say::reason(Fault::Model as u8).count(kind as u32);
                desk.journal.write(Kind::Fault, say);
            }
        }
        models.join(&desk.engine);
        let (_, firmware) = split(&mut firmware, started);
        let idle = IdleSlots { detector, encoder, liveness, firmware };
        if serve(&mut desk, &mut camera, &models, idle).await == Outcome::Restart {
            Timer::after(FAREWELL).await;
            log!(info, "restarting as asked");
            desk.system.restart();
        }
    }
}

/// The slots that may be written.
pub(crate) struct IdleSlots<'a, M> {
    detector: IdleSlot<'a, M>,
    encoder: IdleSlot<'a, M>,
    liveness: IdleSlot<'a, M>,
    firmware: IdleSlot<'a, M>,
}

impl<'a, M> IdleSlots<'a, M> {
    /// The one of a kind.
    pub(crate) fn of(&mut self, kind: ModelKind) -> &mut IdleSlot<'a, M> {
        match kind {
            ModelKind::Detector => &mut self.detector,
            ModelKind::Liveness => &mut self.liveness,
            ModelKind::Firmware => &mut self.firmware,
            _ => &mut self.encoder,
        }
    }
}

/// Watches and answers until the models change or the board shall restart.
async fn serve<B: Board, E: Engine>(
    desk: &mut Desk<'_, '_, B, E>,
    camera: &mut B::Camera,
    models: &Models<'_, E>,
    mut idle: IdleSlots<'_, B::Flash>,
) -> Outcome {
    loop {
        let link = desk.link;
        link.ready.store(desk.is_ready(models), Ordering::Relaxed);
        link.give_sign();
        // A notice may find no room; this does not.
        if link.exposed.swap(false, Ordering::Relaxed) {
            desk.wipe_session();
        }
        desk.tick_pairing();
        desk.tick_update();
        let pause = desk.paused_until.saturating_duration_since(Instant::now());
        let picture = async {
            Timer::after(pause).await;
            camera.next().await
        };
        // A request goes before a picture, as the first future is polled first.
        let requested = link.requested.wait();
        match select4(requested, link.notices.receive(), picture, Timer::after(SIGN)).await {
            Either4::First(()) => match desk.answer(camera, models, &mut idle).await {
                Outcome::Serve => {}
                outcome => return outcome,
            },
            Either4::Second(told) => {
                let missed = link.missed.swap(0, Ordering::Relaxed);
                desk.journal.take_notice(told, missed);
                if let Notice::Pin(pin) = told.what {
                    desk.decide(desk.event_of_pin(pin), 0).await;
                }
            }
            Either4::Third(capture) => desk.watch(models, capture).await,
            Either4::Fourth(()) => {}
        }
    }
}
