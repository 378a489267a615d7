//! One board, as the pages of the console ask it: each request is that of a command, with its checks.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use client::Credentials;
use client::protocol::{EventKind, Hash, Host, ModelKind, Role, Settings, User, Zone};
use console::station::{
    Button, Compared, Enrolled, Errors, Flash, Flashable, Flashing, Happening, LogLine, NewRule, Paired,
    Pairing, Pins, Refusal, Rule, Said, State, Station, Upload, Verified,
};
use emulator::{Board, Memory, Seen};
use imaging::Photo;

use super::before;
use super::button::{Press, press_at};
use super::errors;
use super::flashing;
use super::known;
use super::line::{Line, refusal};
use super::log;
use super::pairing::Progress;
use super::rules;
use super::trial;
use crate::clock;
use crate::commands::board::hold_pairing_button;
use crate::commands::enroll::{Enrolling, TAKEN_FOR_ATTACK, camera};
use crate::commands::flash::{self, firmware};
use crate::device::DeviceArgs;
use crate::interrupt::Interrupt;
use crate::name;
use crate::output::hearing;
use crate::picture::Shot;
use crate::portraits::Portraits;
use crate::why::{Why, seen_text};
use crate::zone;

/// How long a button stays pressed: a board reads it fifty times a second, by its clock.
const PRESS: Duration = Duration::from_millis(500);

/// One board.
pub struct Door {
    args: DeviceArgs,
    line: Arc<Line>,
    pairing: Progress,
    flashing: flashing::Progress,
    /// The zone that was written into the form that is being sent.
    written_zone: Mutex<Option<zone::Named>>,
}

impl Door {
    /// The device that `args` chooses.
    pub fn new(args: DeviceArgs) -> Self {
        Self {
            line: Line::new(args.clone()),
            args,
            pairing: Progress::new(),
            flashing: flashing::Progress::new(),
            written_zone: Mutex::new(None),
        }
    }

    /// The names of zones that this computer keeps for the board.
    fn zone_names(&self) -> anyhow::Result<zone::Names> {
        Ok(zone::Names::of(self.args.folder()?.path()))
    }

    /// The memory of an emulated board; `None` for another device, and for a door with parts of its own.
    fn memory(&self) -> anyhow::Result<Option<Memory>> {
        let Some(board) = self.args.emulated() else { return Ok(None) };
        let board = board.open()?;
        Ok(if board.has_own_parts() { None } else { Some(board.memory()?) })
    }

    /// The emulated board, for what only such a board has.
    fn emulated(&self) -> anyhow::Result<Board> {
        let board = self.args.emulated();
        board.context("only the buttons of a board that runs on this computer can be pressed here")?.open()
    }

    fn ask<T>(&self, ask: impl FnOnce(&mut client::Device) -> anyhow::Result<T>) -> Said<T> {
        if self.pairing.is_going_on() {
            let sentence = "this computer is being paired with the board: see the page Pairing".to_owned();
            return Err(Refusal { sentence, lost: true });
        }
        if self.flashing.is_going_on() {
            let sentence = "models or firmware go to the board: see the page Models".to_owned();
            return Err(Refusal { sentence, lost: true });
        }
        self.line.ask(ask)
    }
}

/// What a closure says, with its error as a page shows it.
fn said<T>(work: impl FnOnce() -> anyhow::Result<T>) -> Said<T> {
    work().map_err(|error| refusal(&error))
}

/// A name from a form.
fn parse_name(text: &str) -> anyhow::Result<String> {
    name::parse(text).map_err(anyhow::Error::msg)
}

/// The picture in a file that a browser sent.
fn decode(Upload { name, bytes }: Upload) -> anyhow::Result<(PathBuf, Photo)> {
    let path = PathBuf::from(name);
    let photo = Photo::decode(&bytes, &path, imaging::MAX_PIXELS)?;
    Ok((path, photo))
}

/// The picture before the camera.
fn seen(memory: &Memory) -> anyhow::Result<Option<Photo>> {
    let Some(Seen { width, height, format, data }) = Seen::read(memory)? else { return Ok(None) };
    let format = match format {
        client::protocol::PixelFormat::Yuyv => vision::PixelFormat::Yuyv,
        client::protocol::PixelFormat::Rgb565 => vision::PixelFormat::Rgb565,
    };
    let frame = vision::Frame::new(format, usize::from(width), usize::from(height), &data)?;
    Ok(Some(Photo::from_frame(&frame)))
}

impl Station for Door {
    fn state(&self) -> Said<State> {
        let (status, role) = self.ask(|device| Ok((device.status()?, device.role())))?;
        let pins = said(|| {
            let Some(memory) = self.memory()? else { return Ok(None) };
            Ok(Some(Pins {
                door_open: memory.door_is_open()?,
                cover_open: memory.cover_is_open()?,
                alarm: memory.alarm()?,
            }))
        })?;
        Ok(State { paired: role.map(|role| Paired { role, status }), pins })
    }

    fn role(&self) -> Said<Option<Role>> {
        self.ask(|device| Ok(device.role()))
    }

    fn events(&self, after: u32) -> Said<(Vec<Happening>, u32)> {
        let names = said(|| self.zone_names())?;
        self.ask(|device| {
            // Without a role nothing of a door is told.
            if device.role().is_none() {
                return Ok((Vec::new(), after));
            }
            let (events, newest) = device.events(after)?;
            let now = if events.is_empty() { None } else { Some(device.status()?) };
            let portraits = Portraits::of(&self.args)?;
            let happening = |event: client::protocol::Event| {
                let time = now.as_ref().and_then(|now| clock::time_of(event.uptime_ms, now));
                let why = match &event.kind {
                    EventKind::FrameAssessed { result, .. } => Some(seen_text(result)),
                    other => Why::of_event(other, device, &names).map(|why| why.to_string()),
                };
                let portrait = match &event.kind {
                    EventKind::Opened { name, person: Some(_), .. } => portraits.has(name),
                    _ => false,
                };
                Happening { event, why, portrait, time }
            };
            Ok((events.into_iter().map(happening).collect(), newest))
        })
    }

    fn picture(&self) -> Said<Option<Vec<u8>>> {
        said(|| {
            let Some(memory) = self.memory()? else { return Ok(None) };
            Ok(seen(&memory)?.map(|photo| photo.to_png()).transpose()?)
        })
    }

    fn picture_size(&self) -> Said<Option<[u32; 2]>> {
        said(|| {
            let Some(memory) = self.memory()? else { return Ok(None) };
            Ok(Seen::read(&memory)?.map(|seen| [seen.width.into(), seen.height.into()]))
        })
    }

    fn press(&self, button: Button) -> Said<()> {
        said(|| {
            let memory = self.emulated()?.powered_memory()?;
            let press: fn(&Memory, bool) -> emulator::Result<()> = match button {
                Button::Exit => Memory::press_button,
                Button::Pairing => match press_at(&self.pairing(), memory.shown()?)? {
                    Press::Short => Memory::press_pairing_button,
                    Press::Hold => return Ok(hold_pairing_button(&memory)?),
                },
            };
            press(&memory, true)?;
            std::thread::sleep(PRESS);
            Ok(press(&memory, false)?)
        })
    }

    fn type_pin(&self, digits: &str) -> Said<()> {
        said(|| {
            ensure!(
                !digits.is_empty() && digits.len() <= 10 && digits.bytes().all(|key| key.is_ascii_digit()),
                "a PIN has digits, 10 at most"
            );
            Ok(self.emulated()?.powered_memory()?.type_keys(&format!("{digits}#"))?)
        })
    }

    fn set_contact(&self, open: bool) -> Said<()> {
        said(|| Ok(self.emulated()?.memory()?.open_door(open)?))
    }

    fn people(&self) -> Said<Vec<User>> {
        self.ask(|device| Ok(device.users()?))
    }

    fn enrol(&self, name: &str, photos: Vec<Upload>, add: bool) -> Said<Enrolled> {
        let name = said(|| parse_name(name))?;
        // Decoding takes a while, in which other pages and programs use the line.
        let decoded: Vec<_> = said(|| photos.into_iter().map(decode).collect())?;
        let pictures = said(|| known::small(&decoded))?;
        self.ask(|device| {
            let mut lines = Vec::new();
            let enrolling = Enrolling { name: &name, add, force: false, device: &self.args };
            let (done, remarks) = hearing(|| enrolling.run(device, decoded, &Interrupt::default()));
            let done = match done {
                Ok(done) => done,
                Err(error) => return known::of(&error, pictures).map(Enrolled::Known).ok_or(error),
            };
            for (shot, enrolled) in done {
                let template = enrolled.templates;
                lines.push(format!("{name} is enrolled from {} (template {template}).", shot.name()));
                if enrolled.alive == Some(false) {
                    lines.push(format!("{}: {TAKEN_FOR_ATTACK}.", shot.name()));
                }
            }
            lines.extend(remarks);
            Ok(Enrolled::Done(lines))
        })
    }

    fn look(&self, picture: Upload) -> Said<Option<String>> {
        let (path, photo) = said(|| decode(picture))?;
        self.ask(|device| {
            let shot = Shot::of(&path, &photo);
            let faces = self.args.show(device, &shot, |device, source| device.detect(source))?.faces;
            // It is the browser's camera that looks, not the door's.
            let nobody = || Some("No face: look into this computer's camera.".to_owned());
            Ok(if faces.is_empty() { nobody() } else { camera::remark(&faces) })
        })
    }

    fn compare(&self, picture: Option<Upload>) -> Said<Compared> {
        let picture = said(|| picture.map(decode).transpose())?;
        self.ask(|device| trial::compare(device, &self.args, picture.as_ref()))
    }

    fn visits(&self, person: u32) -> Said<Vec<LogLine>> {
        self.ask(|device| log::visits(device, person))
    }

    fn portrait(&self, name: &str) -> Said<Option<Vec<u8>>> {
        said(|| Portraits::of(&self.args)?.read(name))
    }

    fn rename(&self, name: &str, new: &str) -> Said<()> {
        self.ask(|device| {
            let new = parse_name(new)?;
            device.rename(name, &new)?;
            Portraits::of(&self.args)?.rename(name, &new)
        })
    }

    fn remove(&self, name: &str) -> Said<()> {
        self.ask(|device| {
            device.remove(name)?;
            Portraits::of(&self.args)?.remove(name)
        })
    }

    fn rule(&self, name: &str) -> Said<Rule> {
        let names = said(|| self.zone_names())?;
        self.ask(|device| rules::of(device, name, &names))
    }

    fn suspend(&self, name: &str, suspended: bool) -> Said<()> {
        self.ask(|device| Ok(device.suspend(name, suspended).map(drop)?))
    }

    fn set_rule(&self, name: &str, rule: &NewRule) -> Said<()> {
        self.ask(|device| rules::set(device, name, rule))
    }

    fn zone_of(&self, written: &str) -> Said<Zone> {
        let named = zone::parse(written).map_err(|sentence| Refusal { sentence, lost: false })?;
        let zone = named.zone;
        *self.written_zone.lock().unwrap_or_else(PoisonError::into_inner) = Some(named);
        Ok(zone)
    }

    fn zone_text(&self, zone: &Zone) -> String {
        let name = self.zone_names().ok().and_then(|names| names.name(zone));
        zone::text(zone, name.as_deref())
    }

    fn set_settings(&self, settings: Settings) -> Said<()> {
        let written = self.written_zone.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.ask(|device| Ok(device.set_settings(settings).map(drop)?))?;
        match written.filter(|named| named.zone == settings.limits.zone) {
            Some(named) => said(|| self.zone_names()?.keep(&named)),
            None => Ok(()),
        }
    }

    fn log(&self, most: usize) -> Said<Vec<LogLine>> {
        self.ask(|device| log::newest(device, most))
    }

    fn verify_log(&self) -> Said<Verified> {
        self.ask(log::verify)
    }

    fn export_log(&self) -> Said<String> {
        self.ask(|device| log::export(&self.args, device))
    }

    fn errors(&self) -> Said<Errors> {
        let models = self.ask(|device| Ok(device.status()?.models))?;
        let encoder = models.iter().find(|model| model.kind == ModelKind::Encoder);
        // An image that is not here, or another one of the same name, tells nothing of the board's encoder.
        Ok(encoder.and_then(|encoder| errors::of(&encoder.name, &encoder.sha256).ok()).unwrap_or_default())
    }

    fn flashable(&self) -> Said<Flashable> {
        let known = flash::models::known();
        let (status, running, before) = self.ask(|device| {
            let running = match device.running_firmware() {
                Ok(running) => Some(running),
                // A board without a boot loader, and a door on Linux.
                Err(client::Error::Refused(_)) => None,
                Err(error) => return Err(error.into()),
            };
            let status = device.status()?;
            let before = before::of(device, &status.models, &known)?;
            Ok((status, running, before))
        })?;
        let firmware = firmware::built(&status.board);
        let firmware = firmware.map(|elf| elf.display().to_string()).map_err(|error| format!("{error:#}"));
        let usual = [
            (ModelKind::Detector, models::DETECTOR),
            (ModelKind::Encoder, models::ENCODER),
            (ModelKind::Liveness, models::LIVENESS),
        ];
        Ok(Flashable { status, running, models: known, before, usual, firmware })
    }

    fn flash(&self, what: Flash) -> Said<()> {
        if self.pairing.is_going_on() || !self.flashing.begin(self.args.clone(), self.line.clone(), what) {
            let sentence = "the board is being paired or flashed already: wait until that ends".to_owned();
            return Err(Refusal { sentence, lost: false });
        }
        Ok(())
    }

    fn flashing(&self) -> Option<Flashing> {
        self.flashing.now()
    }

    fn computers(&self) -> Said<(Vec<Host>, Option<Hash>)> {
        let hosts = self.ask(|device| Ok(device.hosts()?))?;
        let kept = said(|| Ok(Credentials::load(&self.args.folder()?.host_key())?))?;
        Ok((hosts, kept.map(|kept| kept.public())))
    }

    fn invite(&self, role: Role) -> Said<()> {
        self.ask(|device| Ok(device.invite(role)?))
    }

    fn forget(&self, key: Hash) -> Said<()> {
        self.ask(|device| Ok(device.remove_host(key)?))
    }

    fn pair(&self, role: Role) -> Said<()> {
        self.ask(|device| match device.role() {
            Some(role) => bail!("this computer is paired with the board already, as {role}"),
            None => Ok(()),
        })?;
        self.line.close();
        let memory = said(|| self.memory())?;
        self.pairing.begin(self.args.clone(), memory, role);
        Ok(())
    }

    fn compare_code(&self, code: &str) -> Said<()> {
        said(|| self.pairing.compare(code))
    }

    fn pairing(&self) -> Pairing {
        self.pairing.now(self.memory().ok().flatten().as_ref())
    }
}
