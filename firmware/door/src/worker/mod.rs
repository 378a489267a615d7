//! The worker, at thread priority: frames, requests, flash.

mod asked;
mod enact;
mod erasing;
mod memory;
pub(crate) mod parts;
mod start_fault;

use audit::{Fault, Kind};
use board_api::{Board, Camera as _, FirmwareSlots, ModelSlots, MonotonicCounter, System as _};
use embassy_futures::select::{Either4, select4};
use embassy_time::{Duration, Instant, Timer};
use gallery::Volume;
use protocol::ModelKind;

use crate::{
    journal::{EntryFields, FAREWELL},
    link::Link,
    log::log,
    pipeline::{AllInFlash, Engine, InFlash, Models, NetworkKind, Recheck},
    secrets::take_secret,
    session::framing::{Outcome, answer},
    update::{FirmwareUpdate, IdleSlots, Updates, split},
};

pub use self::memory::{Buffers, Memory};
use self::parts::{Partitions, Parts};

/// How often the worker gives a sign of life when nothing happens.
const SIGN: Duration = Duration::from_secs(1);

/// The kinds of models, and the network of each.
const KINDS: [(ModelKind, NetworkKind); 3] = [
    (ModelKind::Detector, NetworkKind::Detector),
    (ModelKind::Encoder, NetworkKind::Encoder),
    (ModelKind::Liveness, NetworkKind::Liveness),
];

/// What the worker needs of a board.
pub struct Worker<'m, B: Board, E> {
    /// The camera.
    pub camera: B::Camera,
    /// Runs the networks.
    pub engine: E,
    /// The board as a whole.
    pub system: B::System,
    /// The gallery's flash partition: 4 to 256 sectors.
    pub gallery: B::Flash,
    /// Further volumes of the gallery, at most as many as the buffers have room for.
    pub further: &'m mut [Volume<B::Flash>],
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
    /// The board's monotonic counter; `None` if it has none. Then an older copy of all its flash is not found.
    pub counter: Option<&'static mut (dyn MonotonicCounter + Send)>,
    /// The buffers.
    pub memory: Buffers<'m>,
}

/// Assesses frames and answers requests. Never ends; run it at thread priority.
pub async fn run_worker<B: Board, E: Engine>(worker: Worker<'_, B, E>, link: &Link) -> ! {
    let Worker {
        mut camera,
        engine,
        mut system,
        gallery,
        further,
        settings,
        log,
        mut detector,
        mut encoder,
        mut liveness,
        firmware,
        counter,
        memory,
    } = worker;
    link.give_sign();
    let FirmwareSlots { requests, slots: mut firmware, started, board } = firmware;
    let partitions = Partitions { gallery, further, settings, log, counter };
    let mut parts: Parts<'_, '_, B, E> = {
        // It is wiped at the end of the block, when the keys are derived.
        let secret = take_secret(&mut system);
        let updates = Updates::new(FirmwareUpdate::open(requests, started.as_ref(), board, &secret));
        Parts::open(engine, system, &secret, partitions, updates, memory, link)
    };
    let started = started.map(|started| started.slot);
    loop {
        let active = KINDS.map(|(kind, _)| parts.active(kind));
        let [of_detector, of_encoder, of_liveness] = active.map(|image| image.map(|image| image.slot));
        let (detector_bytes, detector) = split(&mut detector, of_detector);
        let (encoder_bytes, encoder) = split(&mut encoder, of_encoder);
        let (liveness_bytes, liveness) = split(&mut liveness, of_liveness);
        let mut models = Models::none();
        let mut in_flash = AllInFlash::new();
        let slots = [detector_bytes, encoder_bytes, liveness_bytes];
        for (((kind, network), image), slot) in KINDS.into_iter().zip(active).zip(slots) {
            link.give_sign();
            let (Some(image), Some(slot)) = (image, slot) else { continue };
            let bytes = slot.get(..image.length as usize).unwrap_or_default();
            if models.load(&mut parts.pipeline.engine, network, image.sha256, bytes) {
                // There is room for one of each kind.
                let _ = in_flash.push(InFlash { kind: network, sha256: image.sha256, bytes });
            } else {
                report_model(&mut parts, kind);
            }
        }
        models.join(&parts.pipeline.engine);
        let (_, firmware) = split(&mut firmware, started);
        let idle = IdleSlots { detector, encoder, liveness, firmware };
        if serve(&mut parts, &mut camera, &models, &in_flash, idle).await == Outcome::Restart {
            Timer::after(FAREWELL).await;
            log!(info, "restarting");
            parts.system.restart();
        }
    }
}

/// Records that an active model is not what was signed.
fn report_model<B: Board, E: Engine>(parts: &mut Parts<'_, '_, B, E>, kind: ModelKind) {
    let fields = EntryFields::reason(Fault::Model as u8).count(kind as u32);
    parts.journal.record(Kind::Fault, fields);
}

/// Assesses frames and answers requests until the active models change, or the board shall restart.
async fn serve<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    camera: &mut B::Camera,
    models: &Models<'_, E>,
    in_flash: &AllInFlash<'_>,
    mut idle: IdleSlots<'_, B::Flash>,
) -> Outcome {
    let mut recheck = Recheck::default();
    loop {
        let link = parts.link;
        if parts.tick(models) {
            return Outcome::Restart;
        }
        let next = parts.paused_until.max(parts.next_sample);
        let pause = next.saturating_duration_since(Instant::now());
        let frame = async {
            Timer::after(pause).await;
            camera.next().await
        };
        // The first future is polled first: events of io before a request, a request before a frame. So the reply to a
        // request knows all events that came before it.
        let requested = link.slot.requested.wait();
        match select4(link.events.receive(), requested, frame, Timer::after(SIGN)).await {
            Either4::First(stamped) => parts.take_event(stamped).await,
            Either4::Second(()) => match answer(parts, camera, models, &mut idle).await {
                Outcome::Serve => {}
                outcome => {
                    // A restart loses what waits. A challenge that it ends is nobody's failure.
                    parts.restart_frames();
                    parts.keep_tallies();
                    parts.settle_challenge();
                    return outcome;
                }
            },
            Either4::Third(capture) => parts.take_frame(models, capture).await,
            Either4::Fourth(()) => {}
        }
        if let Some(changed) = recheck.turn(in_flash) {
            let kind = KINDS.into_iter().find(|(_, network)| *network == changed);
            report_model(parts, kind.map_or(ModelKind::Encoder, |(kind, _)| kind));
            parts.restart_frames();
            return Outcome::Reload;
        }
    }
}
