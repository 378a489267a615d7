//! A board in memory, and a browser that sends requests to the console's router.

mod browser;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use client::protocol::{
    Basis, CameraState, Candidate, Clock, Comparison, Door, Event, EventKind, Face, Hash, Host, ModelInfo,
    ModelKind, Name, ResetReason, Role, Settings, Status, User, Zone,
};
use console::station::*;

pub use browser::{Browser, console};

/// What the board holds.
pub struct Fake {
    pub lost: AtomicBool,
    /// The console is for this board alone.
    pub alone: AtomicBool,
    pub paired: AtomicBool,
    pub role: Mutex<Role>,
    pub open: AtomicBool,
    pub foreign: AtomicBool,
    pub camera: Mutex<CameraState>,
    pub takes_settings: AtomicBool,
    pub people: Mutex<Vec<User>>,
    pub settings: Mutex<Settings>,
    pub settings_lost: AtomicBool,
    pub events: Mutex<Vec<Happening>>,
    pub rules: Mutex<Vec<NewRule>>,
    pub pins: Mutex<Vec<String>>,
    pub pairing: Mutex<Pairing>,
    pub finding: Mutex<Option<String>>,
    pub suspended: Mutex<bool>,
    pub flashes: Mutex<Vec<Flash>>,
    pub flashing: Mutex<Option<Flashing>>,
    pub models: Mutex<Vec<ModelInfo>>,
}

/// The board named "front" alone.
pub struct House(pub Arc<Fake>);

pub fn refusal(sentence: &str) -> Refusal {
    Refusal { sentence: sentence.to_owned(), lost: false }
}

impl Fake {
    pub fn new() -> Arc<Self> {
        let settings = Settings::default();
        Arc::new(Self {
            lost: AtomicBool::new(false),
            alone: AtomicBool::new(false),
            paired: AtomicBool::new(true),
            role: Mutex::new(Role::Installer),
            open: AtomicBool::new(false),
            foreign: AtomicBool::new(false),
            camera: Mutex::new(CameraState::Pictures),
            takes_settings: AtomicBool::new(false),
            people: Mutex::default(),
            settings: Mutex::new(settings),
            settings_lost: AtomicBool::new(false),
            events: Mutex::default(),
            rules: Mutex::default(),
            pins: Mutex::default(),
            pairing: Mutex::new(Pairing::None),
            finding: Mutex::default(),
            suspended: Mutex::default(),
            flashes: Mutex::default(),
            flashing: Mutex::default(),
            models: Mutex::default(),
        })
    }

    pub fn enrolled(self: Arc<Self>, name: &str) -> Arc<Self> {
        let person = self.people.lock().unwrap().len() as u32 + 1;
        let user = User { person, name: name.try_into().unwrap(), templates: 1, encoder: [0; 32] };
        self.people.lock().unwrap().push(user);
        self
    }

    pub fn happens(&self, kind: EventKind, why: Option<&str>) {
        let mut events = self.events.lock().unwrap();
        let sequence = events.len() as u32 + 1;
        let portrait = matches!(&kind, EventKind::Opened { name, .. } if name == "Ada");
        let event = Event { sequence, uptime_ms: 1_500, kind };
        let time = (sequence > 1).then(|| "2026-11-29 17:02:03".to_owned());
        events.push(Happening { event, why: why.map(Into::into), portrait, time });
    }

    fn here(&self) -> Said<()> {
        match self.lost.load(Ordering::SeqCst) {
            true => Err(Refusal { sentence: "front is down: `postern board up`".to_owned(), lost: true }),
            false => Ok(()),
        }
    }
}

impl Boards for House {
    fn list(&self) -> Said<Vec<BoardLine>> {
        let up = Some(!self.0.lost.load(Ordering::SeqCst));
        Ok(vec![BoardLine { name: "front".to_owned(), machine: "linux".to_owned(), up, damaged: None }])
    }

    fn open(&self, name: &str) -> Said<Arc<dyn Station>> {
        if name == "front" { Ok(self.0.clone()) } else { Err(refusal("there is no such board")) }
    }

    fn switch_on(&self, _: &str, _: &str) -> Said<()> {
        self.0.lost.store(false, Ordering::SeqCst);
        Ok(())
    }

    fn switch_off(&self, _: &str) -> Said<()> {
        self.0.lost.store(true, Ordering::SeqCst);
        Ok(())
    }

    fn machines(&self) -> Vec<&'static str> {
        if self.0.alone.load(Ordering::SeqCst) { vec![] } else { vec!["linux"] }
    }
}

impl Station for Fake {
    fn state(&self) -> Said<State> {
        self.here()?;
        let people = self.people.lock().unwrap().len() as u16;
        let status = Status {
            board: "linux".try_into().unwrap(),
            firmware: "0.1.0".try_into().unwrap(),
            uptime_ms: 5_000,
            instructions: 0,
            reset: ResetReason::PowerOn,
            door: if self.open.load(Ordering::SeqCst) { Door::Open { left_ms: 900 } } else { Door::Locked },
            models: self.models.lock().unwrap().iter().cloned().collect(),
            people,
            templates: people,
            foreign_templates: if self.foreign.load(Ordering::SeqCst) { people } else { 0 },
            gallery_encoder: None,
            free_bytes: 1_000,
            threshold: Some(13_107),
            basis: Some(Basis::Measured),
            settings: *self.settings.lock().unwrap(),
            settings_lost: self.settings_lost.load(Ordering::SeqCst),
            camera_sequence: 2,
            hosts: 1,
            clock: Clock { unix_ms: 0, exact: false },
            log_lost: 0,
            osdp: None,
            development: false,
            counter: None,
            contact_open: false,
            cover_open: false,
            alarm: false,
            npu: Default::default(),
            secret: client::protocol::SecretPlace::File,
            camera: *self.camera.lock().unwrap(),
            volumes_gone: 0,
        };
        let pins = Some(Pins { door_open: false, cover_open: false, alarm: false });
        let paired = Paired { role: *self.role.lock().unwrap(), status };
        Ok(State { paired: self.paired.load(Ordering::SeqCst).then_some(paired), pins })
    }

    fn role(&self) -> Said<Option<Role>> {
        self.here()?;
        Ok(self.paired.load(Ordering::SeqCst).then_some(*self.role.lock().unwrap()))
    }

    fn events(&self, after: u32) -> Said<(Vec<Happening>, u32)> {
        self.here()?;
        let events = self.events.lock().unwrap();
        let newer = events.iter().filter(|one| one.event.sequence > after).cloned().collect();
        Ok((newer, events.len() as u32))
    }

    fn picture(&self) -> Said<Option<Vec<u8>>> {
        Ok(Some(b"\x89PNG".to_vec()))
    }

    fn picture_size(&self) -> Said<Option<[u32; 2]>> {
        Ok(Some([320, 240]))
    }

    fn press(&self, button: Button) -> Said<()> {
        self.pins.lock().unwrap().push(format!("{button:?}"));
        let name = Name::new();
        self.happens(EventKind::Opened { frame: 0, person: None, name, open_ms: 3_000 }, None);
        Ok(())
    }

    fn type_pin(&self, digits: &str) -> Said<()> {
        self.pins.lock().unwrap().push(digits.to_owned());
        Ok(())
    }

    fn set_contact(&self, open: bool) -> Said<()> {
        self.pins.lock().unwrap().push(format!("open {open}"));
        Ok(())
    }

    fn people(&self) -> Said<Vec<User>> {
        self.here()?;
        Ok(self.people.lock().unwrap().clone())
    }

    fn enrol(&self, name: &str, photos: Vec<Upload>, add: bool) -> Said<Enrolled> {
        self.here()?;
        if photos[0].bytes == b"twin" {
            let sentence = "this face is already enrolled as Ada <b>".to_owned();
            let pictures = photos.into_iter().map(|photo| photo.bytes).collect();
            return Ok(Enrolled::Known(Known { sentence, name: "Ada".to_owned(), pictures }));
        }
        let user = User {
            person: 9,
            name: name.try_into().map_err(|_| refusal("the name is too long"))?,
            templates: photos.len() as u8,
            encoder: [0; 32],
        };
        if !add {
            self.people.lock().unwrap().push(user);
        }
        let said = format!("{name} from {} of {} bytes", photos[0].name, photos[0].bytes.len());
        Ok(Enrolled::Done(vec![said]))
    }

    fn look(&self, picture: Upload) -> Said<Option<String>> {
        self.here()?;
        Ok((picture.bytes != b"good").then(|| "No face: stand before the camera.".to_owned()))
    }

    fn compare(&self, picture: Option<Upload>) -> Said<Compared> {
        self.here()?;
        let similarity = match picture.map(|picture| picture.bytes) {
            Some(bytes) if bytes == b"nobody" => {
                return Ok(Compared::Nothing("no face was found".to_owned()));
            }
            Some(_) => 16_384,
            None => 8_192,
        };
        let person = self.people.lock().unwrap().first().cloned();
        Ok(Compared::Face(Box::new(Comparison {
            best: person.map(|user| Candidate { person: user.person, name: user.name, similarity }),
            threshold: 13_107,
            accepted: similarity >= 13_107,
            faces: 1,
            face: Face::default(),
            instructions: 0,
            liveness: None,
        })))
    }

    fn visits(&self, person: u32) -> Said<Vec<LogLine>> {
        let visit = LogLine { number: 7, kind: "admitted".into(), text: "7 admitted <i>Ada</i>".into() };
        Ok(if person == 1 { vec![visit] } else { Vec::new() })
    }

    fn portrait(&self, name: &str) -> Said<Option<Vec<u8>>> {
        Ok((name == "Ada").then(|| b"\x89PNG".to_vec()))
    }

    fn rename(&self, _: &str, new: &str) -> Said<()> {
        self.people.lock().unwrap()[0].name = new.try_into().unwrap();
        Ok(())
    }

    fn remove(&self, name: &str) -> Said<()> {
        self.people.lock().unwrap().retain(|user| user.name != name);
        Ok(())
    }

    fn rule(&self, _: &str) -> Said<Rule> {
        let suspended = *self.suspended.lock().unwrap();
        let remarks = vec!["The board does not know the time".to_owned()];
        let time = BoardTime { zone: "UTC+01:00".to_owned(), clock: "never set".to_owned(), remarks };
        Ok(Rule { hours: "always".to_owned(), always: true, pin: true, duress_pin: true, suspended, time })
    }

    fn suspend(&self, _: &str, suspended: bool) -> Said<()> {
        *self.suspended.lock().unwrap() = suspended;
        Ok(())
    }

    fn set_rule(&self, _: &str, rule: &NewRule) -> Said<()> {
        self.rules.lock().unwrap().push(rule.clone());
        Ok(())
    }

    fn zone_of(&self, written: &str) -> Said<Zone> {
        let refusal = Refusal { sentence: format!("`{written}` is no time zone"), lost: false };
        if written == "+01:00" { Ok(Zone::fixed(60)) } else { Err(refusal) }
    }

    fn zone_text(&self, zone: &Zone) -> String {
        format!("UTC and {} minutes", zone.offset_minutes)
    }

    fn set_settings(&self, settings: Settings) -> Said<()> {
        if self.takes_settings.load(Ordering::SeqCst) {
            *self.settings.lock().unwrap() = settings;
            return Ok(());
        }
        Err(refusal("this needs an installer, and this computer is operator"))
    }

    fn log(&self, _: usize) -> Said<Vec<LogLine>> {
        let line = |number, kind: &str, text: &str| LogLine { number, kind: kind.into(), text: text.into() };
        Ok(vec![line(2, "refused", "2 refused <b>a stranger</b>"), line(1, "booted", "1 booted")])
    }

    fn verify_log(&self) -> Said<Verified> {
        Ok(Verified { entries: 2, finding: self.finding.lock().unwrap().clone() })
    }

    fn export_log(&self) -> Said<String> {
        Ok("{\"number\":1}\n{\"head\":{}}\n".to_owned())
    }

    fn errors(&self) -> Said<Errors> {
        let row = |one_in, threshold, measured| CalibrationRow {
            one_in,
            threshold,
            estimate: threshold - 100,
            measured,
        };
        Ok(Errors {
            rows: vec![row(1_000, 9_000, true), row(100_000, 13_107, true), row(10_000_000, 16_384, false)],
            misses: vec![(6_553, 0.01), (13_107, 0.04), (16_383, 0.2)],
            of: "500 pairs of pictures of one person".to_owned(),
        })
    }

    fn flashable(&self) -> Said<Flashable> {
        use ModelKind::{Detector, Encoder, Liveness};
        let status = self.state()?.paired.unwrap().status;
        let running =
            client::protocol::Firmware { slot: 1, running: 7, newest: 7, pending: None, trial: false };
        let model = |kind, name: &str| (kind, name.to_owned());
        let before = |kind, name: Option<&str>, hash: &str| Before {
            kind,
            name: name.map(str::to_owned),
            hash: hash.to_owned(),
        };
        Ok(Flashable {
            status,
            running: Some(running),
            models: vec![model(Detector, "yunet"), model(Encoder, "postern-128"), model(Encoder, "slim-60")],
            before: vec![before(Encoder, Some("slim-60"), "010203"), before(Detector, None, "0a0b0c")],
            usual: [(Detector, "yunet"), (Encoder, "postern-128"), (Liveness, "liveness")],
            firmware: Ok("front.elf".to_owned()),
        })
    }

    fn flash(&self, what: Flash) -> Said<()> {
        self.flashes.lock().unwrap().push(what);
        Ok(())
    }

    fn flashing(&self) -> Option<Flashing> {
        self.flashing.lock().unwrap().clone()
    }

    fn computers(&self) -> Said<(Vec<Host>, Option<Hash>)> {
        let host = |key, role, label: &str| Host { key: [key; 32], role, label: label.try_into().unwrap() };
        let hosts = vec![host(1, Role::Operator, "desk"), host(2, Role::Installer, "workshop")];
        Ok((hosts, Some([1; 32])))
    }

    fn invite(&self, _: Role) -> Said<()> {
        Err(refusal("this needs an installer"))
    }

    fn forget(&self, key: Hash) -> Said<()> {
        if key == [2; 32] { Ok(()) } else { Err(refusal("the board knows no such computer")) }
    }

    fn pair(&self, _: Role) -> Said<()> {
        *self.pairing.lock().unwrap() = Pairing::Compare { own: 12_345, board: Some(12_345), confirm: true };
        Ok(())
    }

    fn compare_code(&self, code: &str) -> Said<()> {
        let mut pairing = self.pairing.lock().unwrap();
        match *pairing {
            Pairing::Type { own } if code.parse() == Ok(own) => {
                *pairing = Pairing::Compare { own, board: Some(own), confirm: true };
                Ok(())
            }
            _ => Err(refusal("this is not the code of this computer")),
        }
    }

    fn pairing(&self) -> Pairing {
        self.pairing.lock().unwrap().clone()
    }
}
