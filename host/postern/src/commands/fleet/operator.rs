//! What the operator changes. A change is in the folder before it is sent; a broker that is away gets it later.

use std::path::PathBuf;

use ::fleet::connection::Connection;
use ::fleet::counted::{self, counted};
use ::fleet::identity::Public;
use ::fleet::publish::{Sent, forget, publish};
use ::fleet::record::{Encoder, Person};
use ::fleet::{Error, pictures};
use anyhow::{Context, ensure};
use imaging::Photo;
use models::Manifest;

use super::{FleetArgs, Opened, connect, overruling};
use crate::answers::Sorted;
use crate::answers::fleet::{Changed, Published};
use crate::commands::rule::parse_pin;
use crate::output::{Outcome, Output, note, secret_line};
use crate::picture::Shot;
use crate::{hours, name};

#[derive(clap::Args)]
pub struct AddDoorArgs {
    /// A name for the door
    #[arg(value_parser = name::parse)]
    name: String,

    /// The door's code, which `postern fleet join` printed there
    code: Public,

    #[command(flatten)]
    fleet: FleetArgs,
}

#[derive(clap::Args)]
pub struct DoorArgs {
    /// The name of the door
    #[arg(value_parser = name::parse)]
    name: String,

    #[command(flatten)]
    fleet: FleetArgs,
}

#[derive(clap::Args)]
pub struct EnrollArgs {
    /// The person's name, 1 to 64 bytes of UTF-8
    #[arg(value_parser = name::parse)]
    name: String,

    /// Photographs of the person. One is enough; each must show one face, upright
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,

    /// When the person may pass, as `postern rule --hours` takes it
    #[arg(long, value_name = "HOURS", default_value = "always", value_parser = hours_text)]
    hours: String,

    /// Replace the photographs of a person who is in the fleet
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    fleet: FleetArgs,
}

#[derive(clap::Args)]
pub struct PersonArgs {
    /// The person's name
    #[arg(value_parser = name::parse)]
    name: String,

    #[command(flatten)]
    fleet: FleetArgs,
}

#[derive(clap::Args)]
pub struct RenameArgs {
    /// The person's name
    #[arg(value_parser = name::parse)]
    name: String,

    /// The new name, which nobody else has
    #[arg(value_parser = name::parse)]
    new: String,

    #[command(flatten)]
    fleet: FleetArgs,
}

#[derive(clap::Args)]
#[group(id = "change", required = true, multiple = true, args = ["hours", "pin", "no_pin"])]
pub struct RuleArgs {
    /// The person's name
    #[arg(value_parser = name::parse)]
    name: String,

    /// When the person may pass, as `postern rule --hours` takes it
    #[arg(long, value_name = "HOURS", value_parser = hours_text)]
    hours: Option<String>,

    /// Require a PIN in addition to the face: 4 to 10 digits on the first line of stdin
    #[arg(long, conflicts_with = "no_pin")]
    pin: bool,

    /// Also set a duress PIN, which opens the door and raises a silent alarm: read from the next line of stdin
    #[arg(long, requires = "pin")]
    duress_pin: bool,

    /// Require no PIN, and so no duress PIN
    #[arg(long)]
    no_pin: bool,

    #[command(flatten)]
    fleet: FleetArgs,
}

#[derive(clap::Args)]
pub struct PublishArgs {
    /// Send everything again, for a broker that has lost it
    #[arg(long)]
    all: bool,

    /// Have this folder hold where another copy of it, or one that was begun again with the same key, sent something else: who this
    /// one does not know is removed at all doors. It names what changes, and wants --yes
    #[arg(long)]
    overrule: bool,

    /// With --overrule: change what it names
    #[arg(long, requires = "overrule")]
    yes: bool,

    /// From now on, doors enrol only with this encoder: the name of a manifest, or `any`
    #[arg(long, value_name = "NAME")]
    encoder: Option<String>,

    #[command(flatten)]
    fleet: FleetArgs,
}

/// Hours that can be read, as they were written.
fn hours_text(text: &str) -> Result<String, String> {
    hours::parse(text).map(|schedule| hours::text(&schedule))
}

/// Says whose pictures are gone.
pub(super) fn note_without(count: u32) {
    if count > 0 {
        note!(
            "The pictures of {} are gone: new doors lack them until `postern fleet enroll --replace`.",
            counted::people(count)
        );
    }
}

/// Says that parts of images are gone.
pub(super) fn note_without_chunks(count: u32) {
    if count > 0 {
        note!(
            "{} of models or firmware are gone: `postern fleet release` sends the image again.",
            counted(count.into(), "part", "parts")
        );
    }
}

/// Adds a door, and sends it everything.
pub fn add_door(args: &AddDoorArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened = args.fleet.open()?;
    ensure!(
        args.code != opened.identity.public(),
        "this is the operator's code: a door's is what `postern fleet join` prints there"
    );
    opened.folder.add_door(&args.name, args.code)?;
    let people = counted::people(opened.folder.enrolled().count() as u32);
    changed_as(&mut opened, ("door-added", &args.name), output, |_| {
        format!("it is in the fleet, and gets {people}")
    })
}

/// Takes a door out of the fleet.
pub fn remove_door(args: &DoorArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened = args.fleet.open()?;
    let door = opened.folder.remove_door(&args.name)?;
    let report = Changed {
        change: "door-removed".to_owned(),
        name: args.name.clone(),
        run: opened.folder.settings.run,
    };
    output.print(&Sorted(report), |out| writeln!(out, "{} is no longer in the fleet", args.name))?;
    note!("The door keeps its people: remove them there, or erase its board.");
    let (_hub, connection) = connect(&opened)?;
    let broker = opened.broker.broker.to_string();
    let of = (&door.public, broker.as_str());
    forget(&opened.folder, &opened.identity, &opened.broker.prefix, &connection, of)?;
    send(&mut opened, false).map(|_| Outcome::Done)
}

/// Enrols a person at all doors.
pub fn enroll(args: &EnrollArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened = args.fleet.open()?;
    let before = match args.replace {
        true => Some(opened.folder.find(&args.name)?),
        false => {
            ensure!(
                opened.folder.find(&args.name).is_err(),
                "{} is in the fleet already: `--replace` takes these pictures in place of theirs, another name enrols somebody else",
                args.name
            );
            None
        }
    };
    let jpegs = args.photos.iter().map(|path| {
        // As the door's camera would see it, so that every door sees the same.
        let shot = Shot::open(path)?;
        ensure!(
            shot.faces <= 1,
            "{}: {} faces; crop the photograph to one person",
            path.display(),
            shot.faces
        );
        let frame = shot.frame.view().context("a frame")?;
        Ok(Photo::from_frame(&frame).to_jpeg()?)
    });
    let jpegs = jpegs.collect::<anyhow::Result<Vec<_>>>()?;
    let (pictures, sealed) = pictures::seal(&jpegs)?;
    match before {
        Some((id, person)) => {
            opened.folder.replace(id, Person { pictures, ..person }, &sealed)?;
        }
        None => {
            let person = Person {
                name: args.name.clone(),
                hours: args.hours.clone(),
                pin: None,
                duress_pin: None,
                suspended: false,
                pictures,
            };
            opened.folder.add(person, &sealed)?;
        }
    }
    let count = counted(jpegs.len() as u64, "picture", "pictures");
    let what = format!("{count} in {} bytes on the way", sealed.len());
    let outcome = changed(&mut opened, "enrolled", &args.name, output, &what)?;
    note!("Each door judges the pictures: `postern fleet status` shows which one refuses them.");
    Ok(outcome)
}

/// Removes a person from all doors.
pub fn remove(args: &PersonArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened = args.fleet.open()?;
    let (id, _) = opened.folder.find(&args.name)?;
    opened.folder.change(id, None)?;
    changed(&mut opened, "removed", &args.name, output, "their removal is on the way")
}

/// Suspends a person at all doors, or resumes them.
pub fn suspend(args: &PersonArgs, suspended: bool, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened = args.fleet.open()?;
    let (id, person) = opened.folder.find(&args.name)?;
    opened.folder.change(id, Some(Person { suspended, ..person }))?;
    let change = if suspended { "suspended" } else { "resumed" };
    changed(&mut opened, change, &args.name, output, "this is on the way")
}

/// Gives a person another name.
pub fn rename(args: &RenameArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened = args.fleet.open()?;
    let (id, person) = opened.folder.find(&args.name)?;
    opened.folder.is_free(&args.new)?;
    opened.folder.change(id, Some(Person { name: args.new.clone(), ..person }))?;
    changed(&mut opened, "renamed", &args.new, output, "the new name is on the way")
}

/// Changes the rule of a person.
pub fn rule(args: &RuleArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened = args.fleet.open()?;
    let (id, mut person) = opened.folder.find(&args.name)?;
    let read = |what: &str| {
        let line = secret_line(what).context("cannot read the PIN")?;
        parse_pin(what, &line).map(|_| line.trim().to_owned())
    };
    if let Some(hours) = &args.hours {
        person.hours.clone_from(hours);
    }
    if args.pin || args.no_pin {
        (person.pin, person.duress_pin) = (None, None);
    }
    if args.pin {
        person.pin = Some(read("PIN")?);
    }
    if args.duress_pin {
        person.duress_pin = Some(read("Duress PIN")?);
        ensure!(person.pin != person.duress_pin, "the duress PIN must differ from the PIN");
    }
    opened.folder.change(id, Some(person))?;
    changed(&mut opened, "ruled", &args.name, output, "the rule is on the way")
}

/// Sends what the broker does not have.
pub fn publish_now(args: &PublishArgs, output: &Output) -> anyhow::Result<Outcome> {
    let mut opened = args.fleet.open()?;
    if let Some(wanted) = &args.encoder {
        opened.folder.settings.encoder = if wanted == "any" { None } else { Some(encoder(wanted)?) };
        opened.folder.settings.run += 1;
        opened.folder.save_settings()?;
    }
    let (_hub, connection) = connect(&opened)?;
    if args.overrule {
        overruling::overrule_others(&mut opened, &connection, args.yes)?;
    }
    let sent = send_over(&mut opened, args.all || args.overrule, &connection)?;
    published(&opened, &sent, output)?;
    Ok(Outcome::Done)
}

/// Prints what was sent.
pub(super) fn published(opened: &Opened, sent: &Sent, output: &Output) -> anyhow::Result<()> {
    note_without(sent.without_pictures);
    note_without_chunks(sent.without_chunks);
    let run = opened.folder.settings.run;
    output.print(&Sorted(Published { doors: sent.doors, messages: sent.messages, run }), |out| {
        let messages = counted(sent.messages, "message", "messages");
        writeln!(
            out,
            "{messages} for {}; the fleet's newest change is number {run}",
            counted::doors(sent.doors)
        )
    })
}

/// The encoder of a manifest.
fn encoder(wanted: &str) -> anyhow::Result<Encoder> {
    let manifest = Manifest::read(wanted)?;
    let path = models::named_image(&manifest.name)?;
    let bytes = std::fs::read(&path)
        .with_context(|| format!("cannot read {}: `postern compile` makes it", path.display()))?;
    Ok(Encoder { name: manifest.name, sha256: pictures::digest(&bytes) })
}

/// Prints a change that is in the folder, and sends it.
pub(super) fn changed(
    opened: &mut Opened,
    change: &str,
    name: &str,
    output: &Output,
    way: &str,
) -> anyhow::Result<Outcome> {
    changed_as(opened, (change, name), output, |sent| format!("{way}, to {}", counted::doors(sent.doors)))
}

/// The same, with what is said of what was sent.
fn changed_as(
    opened: &mut Opened,
    (change, name): (&str, &str),
    output: &Output,
    says: impl FnOnce(&Sent) -> String,
) -> anyhow::Result<Outcome> {
    let sent = send(opened, false)?;
    let report =
        Changed { change: change.to_owned(), name: name.to_owned(), run: opened.folder.settings.run };
    output.print(&Sorted(report), |out| writeln!(out, "{name}: {}", says(&sent)))?;
    Ok(Outcome::Done)
}

pub(super) fn send(opened: &mut Opened, all: bool) -> anyhow::Result<Sent> {
    let (_hub, connection) = connect(opened)?;
    send_over(opened, all, &connection)
}

pub(super) fn send_over(opened: &mut Opened, all: bool, connection: &Connection) -> anyhow::Result<Sent> {
    let broker = opened.broker.broker.to_string();
    let (prefix, now) = (opened.broker.prefix.clone(), client::unix_ms());
    let sent: Result<_, Error> =
        publish(&mut opened.folder, &opened.identity, &prefix, connection, &broker, (all, now));
    Ok(sent?)
}
