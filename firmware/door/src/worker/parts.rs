//! The parts that the worker holds, from boot on. Each part works alone; requests and decisions combine them.

use audit::{Fault, Kind};
use board_api::{Board, StartFault, System as _};
use crypto::{Generator, Key};
use embassy_time::{Duration, Instant};
use embedded_storage::nor_flash::{MultiwriteNorFlash, NorFlash};
use gallery::{Gallery, Volume};
use liveness::Gesture;
use policy::Tallies;
use protocol::{Error, EventKind, Hash, ModelKind, Settings};

use crate::{
    decide::Decider,
    journal::{EntryFields, Journal},
    link::{Command, Link},
    log::{log, log_private},
    pipeline::{Engine, Models, Pipeline},
    secrets::{random_key, random_number},
    session::{
        access::{Access, identity},
        configure,
        events::EventLog,
        executed::Executed,
        pairing::Pairing,
        quota::Quota,
        staging::Staging,
        translate::{model_kind, reset_reason},
    },
    store::{Clocks, Counter, Image, People, Rules, Storage, check, gallery_key, meet, opened, read_tallies},
    text::text,
    update::Updates,
    worker::{
        erasing::{carried_by, erase, life},
        memory::Buffers,
        start_fault::{tell, tell_of_records},
    },
};

/// The longest lockout: an hour, as `policy` has it.
const LONGEST_LOCKOUT: Duration = Duration::from_secs(3600);
/// Boots that try to erase a flash which does not erase: each wears it. After that nobody is admitted nor served, as before.
const ERASURES: u8 = 8;
/// How long firmware on trial must have run before it is confirmed.
const HEALTHY: Instant = Instant::from_secs(2);

/// The flash partitions that are opened once.
pub(crate) struct Partitions<'m, F: NorFlash> {
    pub(crate) gallery: F,
    pub(crate) further: &'m mut [Volume<F>],
    pub(crate) settings: F,
    pub(crate) log: F,
    /// The counter that goes with the settings.
    pub(crate) counter: Option<Counter>,
}

/// The parts. Models and camera are not among them: they are borrowed from elsewhere.
pub(crate) struct Parts<'m, 'l, B: Board, E> {
    pub(crate) system: B::System,
    pub(crate) pipeline: Pipeline<E>,
    pub(crate) decider: Decider<'m>,
    pub(crate) people: People<'m, B::Flash>,
    /// The settings partition; `None` if it is too small.
    pub(crate) storage: Option<Storage<B::Flash>>,
    /// The active settings.
    pub(crate) settings: Settings,
    pub(crate) rules: Rules<'m>,
    pub(crate) access: Access,
    pub(crate) executed: Executed,
    pub(crate) pairing: Pairing,
    pub(crate) quota: Quota,
    pub(crate) staging: Staging<'m>,
    pub(crate) events: &'m mut EventLog,
    pub(crate) updates: Updates<B::Flash>,
    pub(crate) journal: Journal<B::Flash>,
    /// The camera's number of the newest frame.
    pub(crate) camera_sequence: u32,
    /// The last counter of each place of those who open by signed commands, since the reset.
    pub(crate) opened: [u64; protocol::MAX_OPENERS],
    /// Until then the frames of the camera are left to requests.
    pub(crate) paused_until: Instant,
    /// No frame is assessed before, since the last one was a sample of a face.
    pub(crate) next_sample: Instant,
    /// Whether the failures could not be written when they changed last, or the counter not be raised. Then no PIN is heard.
    pub(crate) uncounted: bool,
    /// Until when writes of failures rest after one that did not count. The log has told it.
    pub(crate) rests_until: Option<Instant>,
    /// Whether flash has a challenge as under way.
    pub(crate) asked: bool,
    /// Whether the log has that records were tampered with, or lost.
    lost: bool,
    /// Openings of the cover that were handled.
    cover_openings: u32,
    /// Lost events of io that were recorded.
    lost_events: u32,
    /// The serial number on the OSDP bus.
    pub(crate) bus_serial: u32,
    pub(crate) link: &'l Link,
}

impl<'m, 'l, B: Board, E: Engine> Parts<'m, 'l, B, E> {
    /// Reads the flash. Damage is recorded, and the part starts empty.
    pub(crate) fn open(
        engine: E,
        mut system: B::System,
        secret: &Key,
        partitions: Partitions<'m, B::Flash>,
        mut updates: Updates<B::Flash>,
        buffers: Buffers<'m>,
        link: &'l Link,
    ) -> Self {
        let Buffers { gallery: memory, staging, events, tallies, rules } = buffers;
        let Partitions { mut gallery, further, settings: mut kept, log, mut counter } = partitions;
        let reset = reset_reason(&system);
        events.clear();
        events.record(EventKind::Booted { reset });
        let mut journal = Journal::open(log, secret, system.reset_reason());
        let newest = journal.newest_number();
        // An order counts for the life of the board in which it was given. One that somebody put back erases nothing.
        let life = life(counter.as_mut().and_then(|counter| counter.read().ok()));
        let order = journal.erasing();
        let carried = order.and_then(|order| carried_by(&order.detail, life));
        let gives_up = order.is_some_and(|order| order.reason >= ERASURES);
        // The people first: without them their key is worth nothing.
        let erased = |further: &mut [Volume<_>], gallery: &mut _, kept: &mut _| {
            let all_of_them = further.iter_mut().all(|volume| {
                link.give_sign();
                erase(volume.flash())
            });
            erase(gallery) && all_of_them && erase(kept)
        };
        let mut usable = carried.is_none() || !gives_up && erased(further, &mut gallery, &mut kept);
        let random = Generator::new(&random_key(&mut system), b"settings");
        let mut storage = Storage::new(kept, secret, random, counter).ok();
        if let (Some(carried), true) = (carried, usable) {
            // Before the next entry, which ends the order: so no cut gives the accounts back.
            let record = Quota::record_of(carried);
            usable = storage.as_mut().is_some_and(|storage| storage.set_quota(&record).is_ok());
        }
        let executed = Executed::open(storage.as_mut());
        executed.interrupted(newest).for_each(|(host, intent)| journal.interrupted(Some(host), intent));
        // Else the next boot does it: until then nothing else comes into the log, and no flash is used.
        usable = usable
            && (journal.record_surely(Kind::Booted, EntryFields::reason(reset as u8)) || carried.is_none());
        if !usable {
            order.filter(|_| !gives_up).into_iter().for_each(|order| journal.erasing_failed(order));
            journal.close();
            storage = None;
        }
        updates.firmware.report_rolled_back(&mut journal);
        let random = Generator::new(&random_key(&mut system), b"gallery");
        let key = gallery_key(storage.as_mut(), secret);
        let mut people = People::open(gallery, further, memory, key, random);
        let older_flash = storage.as_ref().is_some_and(Storage::is_rolled_back);
        if let Err(error) = people.gallery() {
            log_private!(error, "because {=str}", text(error).as_str());
            if !older_flash {
                tell(StartFault::Gallery, &mut system);
            }
            journal.record(Kind::Fault, EntryFields::reason(Fault::Gallery as u8));
        }
        let access = Access::open(identity(secret), storage.as_mut());
        let mut rules = Rules::open(rules, storage.as_mut());
        let stored = storage.as_mut().map(Storage::settings);
        // A board without settings has defaults; one whose settings were tampered with admits nobody.
        let sound = match &stored {
            Some(Ok(stored)) => stored.as_ref().is_none_or(|stored| check(stored).is_ok()),
            _ => false,
        };
        rules.lost = !sound;
        let settings = stored.and_then(Result::ok).flatten().filter(|_| sound).unwrap_or_default();
        let osdp = storage.as_mut().and_then(|storage| storage.osdp().ok().flatten());
        storage.iter_mut().for_each(Storage::read_all);
        let mut decider = Decider::new(configure::decide(&settings), Tallies::new(tallies));
        let clocks = Clocks { now: Instant::now(), unix_ms: journal.now().unix_ms };
        let counted = storage
            .as_mut()
            .is_none_or(|storage| read_tallies(storage, decider.tallies_mut(), clocks).is_ok());
        let least = rules.people().chain(decider.tallies().people()).max();
        let _ = people.settle(least.unwrap_or(0), storage.as_mut(), false);
        if let Ok(gallery) = people.gallery() {
            let gone = gallery.kept_out_of().count_ones();
            if gone > 0 {
                tell(StartFault::Gallery, &mut system);
                journal.record(Kind::Fault, EntryFields::reason(Fault::Gallery as u8).count(gone));
            }
            for _ in 0..decider.tallies().pages() {
                make_room(&mut decider, &people);
            }
            meet(storage.as_mut(), decider.tallies_mut(), gallery.slots(), gallery.last_id());
            decider.tallies_mut().doubt(settings.limits.failures, random_number(&mut system));
        }
        // After the doubt, which it would else be a part of.
        let asked = storage.as_mut().map_or(0, Storage::asked);
        decider.count_cut(asked);
        // Damaged accounts begin at zero: who writes the flash needs no account to write the log.
        let kept = storage.as_mut().and_then(|storage| storage.quota().ok()).unwrap_or_default();
        let quota = Quota::restored(&kept, &mut journal.rations);
        let older_boot = storage.as_mut().is_some_and(|storage| updates.firmware.is_older(storage));
        rules.older_firmware = older_boot;
        let tampered = storage.as_ref().is_none_or(Storage::is_tampered);
        let stale_order = order.is_some() && carried.is_none();
        let rolled_back = older_boot || stale_order || older_flash;
        let lost = !sound || tampered || access.whole().is_err() || rules.is_unsure();
        if rolled_back || lost {
            let fault = if rolled_back { Fault::RolledBack } else { Fault::Settings };
            journal.record(Kind::Fault, EntryFields::reason(fault as u8));
        }
        tell_of_records(older_flash, lost, &mut system);
        let bus_serial = configure::bus_serial(secret);
        // The channel is empty at boot.
        let _ = link.commands.try_send(Command::ServeBus(configure::bus(osdp, bus_serial, &mut system)));
        configure::io(&settings, link);
        if !counted {
            // Who was locked out is not known: so everybody is, as long as a lockout can be.
            rules.suspended_until = Some(Instant::now() + LONGEST_LOCKOUT);
        }
        Self {
            pipeline: Pipeline::new(engine, configure::pipeline(&settings)),
            decider,
            system,
            people,
            storage,
            settings,
            rules,
            access,
            executed,
            pairing: Pairing::default(),
            quota,
            staging: Staging::new(staging),
            events,
            updates,
            journal,
            camera_sequence: 0,
            opened: [0; protocol::MAX_OPENERS],
            paused_until: Instant::MIN,
            next_sample: Instant::MIN,
            cover_openings: 0,
            asked: asked != 0,
            lost: tampered,
            uncounted: false,
            rests_until: None,
            lost_events: 0,
            bus_serial,
            link,
        }
    }

    /// Makes settings active.
    pub(crate) fn apply(&mut self, settings: Settings) {
        self.settings = settings;
        self.pipeline.config = configure::pipeline(&settings);
        self.decider.config = configure::decide(&settings);
        configure::io(&settings, self.link);
        self.restart_frames();
    }

    /// Admits people again after settings or failures were lost: an installer has set all that shall hold. Firmware that is an older
    /// one stays what it is.
    pub(crate) fn admit_again(&mut self) {
        self.rules.lost = false;
        self.end_suspension();
    }

    /// Admits people again after the failures were lost: they are counted from here on.
    fn end_suspension(&mut self) {
        if self.rules.suspended_until.take().is_some() {
            self.write_tallies();
        }
    }

    /// Forgets the frames so far: the gallery, a model or the settings changed, or a request took a frame. A challenge that is under
    /// way is nobody's failure then; each such request has an entry, within its host's ration.
    pub(crate) fn restart_frames(&mut self) {
        self.pipeline.interrupt();
        self.decider.reset();
        self.ask(None);
    }

    /// Shows the gesture that is asked for.
    pub(crate) fn ask(&self, gesture: Option<Gesture>) {
        self.link.config.update(|config| config.gesture = gesture);
    }

    /// The image of the active model of a kind.
    pub(crate) fn active(&mut self, kind: ModelKind) -> Option<Image> {
        self.storage.as_mut()?.active(kind).ok().flatten()
    }

    /// Does what is due: follows the board's own clock, shows whether frames can be assessed, wipes the session after the cover was opened, ends a
    /// pairing that took too long, confirms healthy firmware. Returns whether the board must restart.
    pub(crate) fn tick(&mut self, models: &Models<'_, E>) -> bool {
        let ready = self.is_ready(models);
        self.link.config.update(|config| config.ready = ready);
        self.link.give_sign();
        self.tell_npu_faults();
        self.follow_clock();
        let io = self.link.state.get();
        if io.cover_openings != self.cover_openings {
            self.cover_openings = io.cover_openings;
            self.pairing.end(&mut self.system, self.link);
            self.access.wipe();
            // What is seen before it is closed again counts for nothing.
            self.begin_frames();
        }
        self.pairing.tick(&mut self.system, self.link);
        if let Some(host) = self.pairing.take_erased() {
            if self.order_erasing(host) {
                return true;
            }
            self.pairing.refuse_erasing();
        }
        if self.rules.suspended_until.is_some_and(|until| until <= Instant::now()) {
            self.end_suspension();
        }
        make_room(&mut self.decider, &self.people);
        self.decider.tallies_mut().settle(Instant::now().as_millis());
        self.keep_tallies_in_time();
        self.settle_challenge();
        self.tell_lost_records();
        // What could not be written now is written with the next step.
        let _ = self.keep_quota();
        let healthy = io.fed && Instant::now() > HEALTHY;
        let readable = self.access.whole().is_ok() && self.people.gallery().is_ok();
        let good = healthy && readable && self.updates.firmware.on_trial();
        let restarts = good && self.updates.firmware.confirm(&mut self.journal);
        if restarts {
            self.keep_tallies();
        }
        restarts
    }

    /// Writes the entry that has the next boot erase all but the log. Returns whether it is in flash.
    fn order_erasing(&mut self, host: Hash) -> bool {
        if self.quota.may_erase(Instant::now()).is_err() {
            return false;
        }
        let Ok(counter) = self.storage.as_mut().map_or(Ok(None), Storage::settled_counter) else {
            return false;
        };
        let [a, b, c] = life(counter);
        let carried = self.quota.carried(&mut self.journal.rations, Instant::now());
        let [d, e, f, g, h] = carried;
        let fields = EntryFields::default().by(Some(host), [a, b, c, d, e, f, g, h]);
        self.journal.record_surely(Kind::Erased, fields)
    }

    /// Records what the NPU did not run, and the processor did.
    fn tell_npu_faults(&mut self) {
        while let Some((network, fault)) = self.pipeline.engine.take_npu_fault() {
            log!(warn, "the processor runs a network in place of the NPU");
            let detail = model_kind(network) as u32 | u32::from(fault as u8) << 8;
            self.journal.record(Kind::Fault, EntryFields::reason(Fault::Npu as u8).count(detail));
        }
    }

    /// Records that a record was found tampered with, or lost, after the boot: once, as requests may ask for it again and again.
    fn tell_lost_records(&mut self) {
        if !self.lost && self.storage.as_ref().is_some_and(Storage::is_tampered) {
            self.lost = true;
            self.journal.record(Kind::Fault, EntryFields::reason(Fault::Settings as u8));
        }
    }

    /// Writes the accounts of hosts and door to flash, if they have to be.
    pub(crate) fn keep_quota(&mut self) -> Result<(), Error> {
        let record = self.quota.changed(&mut self.journal.rations, Instant::now());
        let Some(record) = record else { return Ok(()) };
        Ok(opened(&mut self.storage)?.set_quota(&record)?)
    }

    /// Events of io that were lost since the last call.
    pub(crate) fn newly_lost(&mut self) -> u32 {
        let all = self.link.state.get().lost_events;
        let before = core::mem::replace(&mut self.lost_events, all);
        all.wrapping_sub(before)
    }

    /// Whether frames can be assessed: all models, a calibration, and a gallery of that encoder.
    fn is_ready(&self, models: &Models<'_, E>) -> bool {
        let gallery = self.people.gallery().ok();
        let own = gallery.zip(models.encoder_hash());
        own.is_some_and(|(gallery, encoder)| gallery.foreign_templates(encoder) == 0)
            && models.threshold(self.settings.far_one_in, 1).is_ok()
            && models.liveness(self.pipeline.config.liveness).is_ok()
    }
}

/// Frees places for failures of people who are not known, where all are taken: whoever was removed, and stayed there because flash failed,
/// takes no place from anybody for long.
fn make_room<F: MultiwriteNorFlash>(decider: &mut Decider<'_>, people: &People<'_, F>) {
    // A gallery that flash left half read knows fewer than there are.
    if people.gallery().is_ok_and(Gallery::is_fresh) {
        decider.tallies_mut().make_room(|person| people.person(person).is_some());
    }
}
