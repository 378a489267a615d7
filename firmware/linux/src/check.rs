//! `postern-door --check`: opens each part that the configuration names, and reports all that is missing at once.
//!
//! A part that fails does not hide the next. The camera must give a picture, since some open and then give none.

use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{CANNOT_PAIR, Config, Lines};
use crate::counter::FileCounter;
use crate::flash::Flash;
use crate::kept::Keeper;
use crate::picture_source::PictureSource;
use crate::pictures::Unusable;
use crate::pins::Input;
use crate::pixels::Small;
use crate::{Error, Result, command, gpio, line, numbered, priority, secret, seen, user};

/// How long a camera may take for its first picture. It is longer than a command has, which is ended then.
const FIRST_PICTURE: Duration = command::FIRST.saturating_add(Duration::from_secs(10));

/// For how long a camera sets its exposure: the first pictures of some are black.
const SETTLED: Duration = Duration::from_secs(2);

/// The mean brightness below which nobody is recognised.
const TOO_DARK: u8 = 30;

/// Whether encoders in float run here. The package says the same, as it finds it in the program.
const FLOAT_ENCODERS: &str = if engine_tract::IS_BUILT_IN {
    "float encoders: run by tract"
} else {
    "float encoders: refused, tract is not built in"
};

/// Opens all parts. `good` takes what is there, one line each. What is missing is returned. What the camera sees goes to the file
/// `file`, if one is named.
pub fn check(config: &Config, file: Option<&Path>, mut good: impl FnMut(String)) -> Vec<Error> {
    if let Some(error) = of_another_user(&config.secret.file) {
        return vec![error];
    }
    let mut missing = Vec::new();
    let flash = secret::load(&config.secret, &config.flash.file).and_then(|unique| {
        // A check that makes the flash makes it as the door does.
        let flash = Flash::open(&config.flash.file, config.durability(), &unique, &config.secret.file)?;
        FileCounter::beside(&config.secret.file)?;
        Ok(flash)
    });
    let mut note = |what: String, result: Result<()>| match result {
        Ok(()) => good(what),
        Err(error) => missing.push(error),
    };
    // The lock of a made door lies in its flash, which another door may have.
    let has_lock = flash.is_ok() || config.made.is_none();
    let flash = match flash {
        Ok(flash) => {
            note(format!("secret: {}", config.secret.describe()), Ok(()));
            config.secret.left_behind().into_iter().for_each(|left| note(left, Ok(())));
            note(format!("flash: {}, {}", config.flash.file.display(), flash.more().describe()), Ok(()));
            Some(flash)
        }
        Err(error) => {
            note(String::new(), Err(error));
            None
        }
    };
    if has_lock {
        let lock = config.lock();
        note(format!("lock: {lock}"), Keeper::start(&lock).map(|_| ()));
    }
    for (name, line, input) in config.lines.iter().flat_map(Lines::besides_the_lock) {
        let opened = match input {
            Some(wire) => Input::open(line, wire).map(|_| ()),
            None => gpio::Line::output(line).map(|_| ()),
        };
        note(format!("{name}: {line}"), opened);
    }
    for (name, listen) in [("host", Some(&config.host)), ("bus", config.bus.as_ref())] {
        if let Some(listen) = listen {
            note(format!("{name}: {}", listen.listen), line::probe(&listen.listen));
        }
    }
    if let Some(keypad) = config.keypad.as_ref().map(|keypad| &keypad.0) {
        note(format!("keypad: {keypad}"), keypad.open().map(|_| ()));
    }
    if let Some(source) = config.picture_source() {
        match picture(&source, if file.is_some() { SETTLED } else { Duration::ZERO }) {
            Ok(picture) => {
                good(describe(&source, &picture));
                match file.map(|file| seen::write(file, &picture, flash.as_ref())) {
                    Some(Ok(said)) => good(said),
                    Some(Err(error)) => missing.push(error),
                    None => {}
                }
            }
            Err(error) => missing.push(error),
        }
    } else if file.is_some() {
        missing.push(Error::NoPictures);
    }
    names(config).iter().filter_map(|name| numbered::advice(name)).for_each(&mut good);
    if !config.can_pair() {
        good(CANNOT_PAIR.to_owned());
    }
    good(FLOAT_ENCODERS.to_owned());
    if !priority::is_permitted() {
        good("no real-time priority for io and lock: the unit postern-door.service gives it".to_owned());
    }
    missing
}

/// What the configuration calls its devices.
fn names(config: &Config) -> Vec<String> {
    let mut names: Vec<_> = config.lines.iter().map(|lines| lines.lock.clone()).collect();
    names.extend(config.lines.iter().flat_map(Lines::besides_the_lock).map(|(_, line, _)| line.to_string()));
    names.extend(
        [Some(&config.host), config.bus.as_ref()].into_iter().flatten().map(|at| at.listen.to_string()),
    );
    names.extend(config.keypad.iter().map(|keypad| keypad.0.to_string()));
    names.extend(config.picture_source().map(|source| source.to_string()));
    names
}

/// Root may open all, and what it makes beside the secret of another user's door is its own. So it makes nothing there.
fn of_another_user(secret: &Path) -> Option<Error> {
    let folder = secret.parent()?;
    let owner = user::of(folder).filter(|owner| user::own() == 0 && *owner != 0)?;
    Some(Error::CheckedByRoot { folder: folder.to_owned(), owner: user::name(owner) })
}

/// The first picture that is one, or the last one that comes within `settled` after it.
fn picture(source: &PictureSource, settled: Duration) -> Result<Small> {
    let mut pictures = source.open()?;
    let (send, receive) = mpsc::channel();
    let (mut raw, mut unusable) = (source.empty(), Unusable::default());
    let wait = move || {
        let mut first: Option<(Instant, Small)> = None;
        let taken = loop {
            match (pictures.next(&mut raw).and_then(|()| unusable.small(&raw)), first.take()) {
                (Ok(None), before) => first = before,
                (Ok(Some(picture)), before) => {
                    let since = before.map_or_else(Instant::now, |(since, _)| since);
                    if since.elapsed() >= settled {
                        break Ok(picture);
                    }
                    first = Some((since, picture));
                }
                // One picture is enough, as of a command that gives no more.
                (Err(_), Some((_, picture))) => break Ok(picture),
                (Err(error), None) => break Err(error),
            }
        };
        drop(pictures);
        // Nobody listens any more after `FIRST_PICTURE`.
        let _ = send.send(taken);
    };
    thread::Builder::new().name("camera".into()).spawn(wait).map_err(Error::Thread)?;
    let taken =
        receive.recv_timeout(FIRST_PICTURE).unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
    taken.map_err(|error| source.failed(error))
}

fn describe(source: &PictureSource, picture: &Small) -> String {
    let Small { width, height, .. } = picture;
    let brightness = picture.brightness();
    let dark = if brightness < TOO_DARK { ": too dark to recognise anybody" } else { "" };
    format!(
        "camera: {source} gives pictures, used as {width}x{height}, mean brightness {brightness} of 255{dark}"
    )
}
