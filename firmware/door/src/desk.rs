//! What the back works with, from boot on.

use core::sync::atomic::Ordering;

use audit::{Fault, Kind};
use board_api::Board;
use crypto::{Generator, Key};
use embassy_time::Instant;
use embedded_storage::nor_flash::NorFlash;
use gallery::Gallery;
use liveness::{Challenge, LivenessTracker};
use protocol::{Error, Gesture, ModelKind, Settings};
use template::Template;

use crate::{
    access::{Access, identity},
    agreement::Agreement,
    engine::Engine,
    journal::{Journal, Say},
    link::Link,
    log::log,
    models::Transfer,
    recognition::Models,
    rules::Rules,
    secrets::{device_secret, random_key},
    settings,
    staging::Staging,
    storage::{Image, Storage},
    translate::{Room, refusal, reset_reason, text},
    updates::Updates,
};

/// How long an update must have run before it puts itself in force.
const HEALTHY: Instant = Instant::from_secs(2);

/// The back's state. Models and camera are beside it, as they are borrowed from elsewhere.
pub(crate) struct Desk<'m, 'l, B: Board, E> {
    pub(crate) engine: E,
    pub(crate) system: B::System,
    /// The people; `Err` if the partition cannot be read.
    gallery: Result<Gallery<'m, B::Flash>, gallery::Error>,
    /// Settings and models in force; `None` if the partition is too small.
    pub(crate) storage: Option<Storage<B::Flash>>,
    pub(crate) settings: Settings,
    pub(crate) staging: Staging<'m>,
    pub(crate) transfer: Option<Transfer>,
    pub(crate) agreement: Agreement,
    pub(crate) looks: LivenessTracker,
    /// How far whoever is looked at has come with what the door asks for.
    pub(crate) challenge: Challenge,
    /// Pictures in a row for which somebody was refused.
    pub(crate) misses: u8,
    /// Failures, who came in, and whose code is asked for.
    pub(crate) policy: policy::AccessPolicy,
    pub(crate) rules: Rules,
    /// The face of the last look.
    pub(crate) face: Option<Template>,
    /// The face of the first look of the watch.
    pub(crate) first: Option<Template>,
    pub(crate) camera_sequence: u32,
    /// Until when the camera's pictures are left for the host to ask for.
    pub(crate) paused_until: Instant,
    /// Who is at the other end of the line.
    pub(crate) access: Access,
    /// The board's own firmware.
    pub(crate) updates: Updates<B::Flash>,
    /// The audit log and the clock.
    pub(crate) journal: Journal<B::Flash>,
    pub(crate) link: &'l Link,
}

impl<'m, 'l, B: Board, E: Engine> Desk<'m, 'l, B, E> {
    /// Reads the flash. What is damaged is reported and done without.
    pub(crate) fn open(
        engine: E,
        mut system: B::System,
        gallery: (B::Flash, &'m mut gallery::Memory),
        (storage, log): (B::Flash, B::Flash),
        mut updates: Updates<B::Flash>,
        staging: Staging<'m>,
        link: &'l Link,
    ) -> Self {
        let unique = device_secret(&system);
        let mut journal = Journal::open(log, &unique, reset_reason(&system));
        journal.write(Kind::Booted, Say::reason(reset_reason(&system) as u8));
        updates.tell_given_up(&mut journal);
        let random = Generator::new(&random_key(&mut system), b"settings");
        let mut storage = Storage::new(storage, &unique, random).ok();
        let random = Generator::new(&random_key(&mut system), b"gallery");
        let gallery = open_gallery(gallery, storage.as_mut(), &unique, random);
        if let Err(error) = &gallery {
            let reason = text(error);
            log!(error, "no gallery: {=str}", reason.as_str());
            journal.write(Kind::Fault, Say::reason(Fault::Gallery as u8));
        }
        let mut access = Access::new(identity(&unique));
        if let Some(storage) = &mut storage {
            for (place, host) in (0..).zip(&mut access.hosts) {
                match storage.host(place) {
                    Ok(kept) => *host = kept,
                    Err(_) => access.readable = false,
                }
            }
        }
        let rules = Rules::open(storage.as_mut());
        let stored = storage.as_mut().map(Storage::settings);
        if !matches!(stored, Some(Ok(_))) || !access.readable || rules.broken {
            journal.write(Kind::Fault, Say::reason(Fault::Settings as u8));
        }
        let stored = stored.and_then(Result::ok).flatten();
        let stored = stored.filter(|stored| settings::check(stored).is_ok());
        let mut desk = Self {
            engine,
            system,
            gallery,
            storage,
            settings: Settings::default(),
            staging,
            transfer: None,
            agreement: Agreement::new(),
            looks: LivenessTracker::new(),
            challenge: Challenge::new(),
            misses: 0,
            policy: policy::AccessPolicy::new(),
            rules,
            face: None,
            first: None,
            camera_sequence: 0,
            paused_until: Instant::MIN,
            access,
            updates,
            journal,
            link,
        };
        desk.apply(stored.unwrap_or_default());
        let osdp = desk.storage.as_mut().and_then(|storage| storage.osdp().ok().flatten());
        desk.open_bus(osdp);
        desk
    }

    /// Puts settings in force.
    pub(crate) fn apply(&mut self, settings: Settings) {
        self.settings = settings;
        self.begin_anew();
        self.link.button_ms.store(settings.open_ms, Ordering::Relaxed);
        self.link.held_ms.store(settings.limits.held_ms, Ordering::Relaxed);
        self.link.fail_safe.store(settings.limits.fail_safe, Ordering::Relaxed);
    }

    /// Forgets what the pictures so far showed.
    pub(crate) fn begin_anew(&mut self) {
        self.agreement.reset();
        self.looks.reset();
        self.challenge.reset();
        self.link.ask(Gesture::Straight);
        self.misses = 0;
    }

    /// Puts firmware in force that is on trial and healthy.
    pub(crate) fn tick_update(&mut self) {
        let lives = self.link.fed.load(Ordering::Relaxed) && Instant::now() > HEALTHY;
        let healthy = lives && self.access.readable && self.gallery.is_ok();
        if healthy && self.updates.on_trial() {
            self.updates.confirm(&mut self.journal);
        }
    }

    /// The model image of a kind that is in force.
    pub(crate) fn active(&mut self, kind: ModelKind) -> Option<Image> {
        self.storage().ok()?.active(kind).ok().flatten()
    }

    /// The people.
    ///
    /// # Errors
    /// [`Error::Internal`] or [`Error::Flash`] if the gallery's partition could not be read.
    pub(crate) fn gallery(&self) -> Result<&Gallery<'m, B::Flash>, Error> {
        self.gallery.as_ref().map_err(unreadable)
    }

    /// The people, to change them.
    ///
    /// # Errors
    /// As [`Desk::gallery`].
    pub(crate) fn gallery_mut(&mut self) -> Result<&mut Gallery<'m, B::Flash>, Error> {
        self.gallery.as_mut().map_err(|error| unreadable(error))
    }

    /// The settings partition.
    ///
    /// # Errors
    /// [`Error::Internal`] if it cannot be used.
    pub(crate) fn storage(&mut self) -> Result<&mut Storage<B::Flash>, Error> {
        let reason = "the settings partition is too small";
        self.storage.as_mut().ok_or_else(|| Error::Internal { reason: text(reason) })
    }

    /// Storage and transfer together.
    ///
    /// # Errors
    /// As [`Desk::storage`], and [`Error::NoTransfer`].
    pub(crate) fn transfer(&mut self) -> Result<(&mut Transfer, &mut Storage<B::Flash>), Error> {
        let transfer = self.transfer.as_mut().ok_or(Error::NoTransfer)?;
        let reason = "the settings partition is too small";
        let storage = self.storage.as_mut().ok_or_else(|| Error::Internal { reason: text(reason) })?;
        Ok((transfer, storage))
    }

    /// What an enrolment needs of the gallery's flash, and what is free.
    pub(crate) fn room(&self) -> Room {
        Room {
            needed: Gallery::<B::Flash>::bytes_per_enrolment(),
            free: self.gallery.as_ref().map_or(0, Gallery::free_bytes),
        }
    }

    /// Whether pictures can be judged: all models, a calibration, and a gallery of that encoder.
    pub(crate) fn is_ready(&self, models: &Models<'_, E>) -> bool {
        let gallery = self.gallery.as_ref().ok();
        let own = gallery.zip(models.encoder_hash());
        own.is_some_and(|(gallery, encoder)| gallery.foreign_templates(encoder) == 0)
            && models.threshold(self.settings.far_one_in, 1).is_ok()
            && models.liveness(self.settings.liveness).is_ok()
    }
}

/// Opens the gallery with its key, which follows from the board's secret and a salt among the
/// settings: a board whose settings are wiped, and with them its hosts, no longer knows its people.
fn open_gallery<'m, F: NorFlash>(
    (flash, memory): (F, &'m mut gallery::Memory),
    storage: Option<&mut Storage<F>>,
    unique: &Key,
    random: Generator,
) -> Result<Gallery<'m, F>, gallery::Error> {
    let storage = storage.ok_or(gallery::Error::Flash)?;
    let salt = storage.salt().map_err(|_| gallery::Error::Flash)?;
    Gallery::open(flash, memory, unique.derive(&salt, b"postern gallery"), random)
}

fn unreadable(error: &gallery::Error) -> Error {
    refusal(error.clone(), "", Room { needed: 0, free: 0 })
}
