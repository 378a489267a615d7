//! `postern enroll`: one person, from photographs or before the door's camera.

pub mod camera;
mod copies;
pub mod photos;

use std::path::PathBuf;

use client::protocol::{self, Basis, Enrolment};
use client::{Device, Enrolled, Error};
use imaging::Photo;

use crate::answers::Sorted;
use crate::answers::people::{Enrolled as Report, Portrait};
use crate::cost::Cost;
use crate::device::{DeviceArgs, cost};
use crate::interrupt::Interrupt;
use crate::output::{Outcome, Output, note};
use crate::picture::{Shot, note_faces};
use crate::portraits::Portraits;

/// What there is to say of a photograph that does not look alive.
pub const TAKEN_FOR_ATTACK: &str = "the liveness network takes this picture for an attack; the log says so";

/// Options of `postern enroll`.
#[derive(clap::Args)]
#[command(
    group = clap::ArgGroup::new("pictures_of_them").args(["photos", "from_camera"]).required(true),
    override_usage = "postern enroll [OPTIONS] <NAME> <PHOTO>...\n       postern enroll [OPTIONS] --from-camera <NAME>"
)]
pub struct Args {
    /// The person's name, 1 to 64 bytes of UTF-8
    #[arg(value_parser = crate::name::parse)]
    name: String,

    /// Photographs of the person. One is enough; each must show one face, upright, and look like the others
    #[arg(value_name = "PHOTO")]
    photos: Vec<PathBuf>,

    /// Take the pictures with the door's own camera, and say what to change until they are good
    #[arg(long, conflicts_with = "avatar")]
    from_camera: bool,

    /// Good pictures to take with the door's camera
    #[arg(long, value_name = "N", default_value = "3", requires = "from_camera",
          value_parser = clap::value_parser!(u8).range(1..=8))]
    pictures: u8,

    /// Add these photographs to a person who is enrolled already
    #[arg(long)]
    add: bool,

    /// Take the photographs whatever they show: the largest face of each, also one that does not look like the
    /// person's others (twins, surgery)
    #[arg(long)]
    force: bool,

    /// Paint a portrait from the first photograph in the style of this picture. It stays on this computer;
    /// `postern users --sheet` shows it
    #[arg(long, value_name = "STYLE")]
    avatar: Option<PathBuf>,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Enrols the person.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(style) = &args.avatar {
        // A style that cannot be read is reported before anybody is enrolled.
        Photo::open(style)?;
    }
    let mut device = args.device.connect_paired()?;
    let enrolment = Enrolling { name: &args.name, add: args.add, force: args.force, device: &args.device };
    enrolment.ask_the_name(&mut device)?;
    let interrupt = Interrupt::hear()?;
    // What is enrolled is printed when all of it is: an output that fails does not leave a part.
    if args.from_camera {
        for enrolled in camera::enrol(&enrolment, &mut device, args.pictures, &interrupt)? {
            let cost = cost(enrolled.instructions, &device, output);
            tell(&args.name, None, (&enrolled, cost), output)?;
        }
        return Ok(Outcome::Done);
    }
    for (shot, enrolled) in enrolment.run(&mut device, photos::open(&args.photos)?, &interrupt)? {
        let cost = cost(enrolled.instructions, &device, output);
        tell(&args.name, Some(&shot), (&enrolled, cost), output)?;
    }
    if let (Some(style), Some(photo)) = (&args.avatar, args.photos.first()) {
        let painted = Portraits::of(&args.device)?.paint(&args.name, &Photo::open(photo)?, style)?;
        let report = Portrait { name: args.name.clone(), portrait: painted.clone() };
        output
            .print(&Sorted(report), |out| writeln!(out, "{}'s portrait: {}", args.name, painted.display()))?;
    }
    Ok(Outcome::Done)
}

/// One person's enrolment: all pictures or none.
pub struct Enrolling<'a> {
    /// The person.
    pub name: &'a str,
    /// Whether the person is enrolled already.
    pub add: bool,
    /// Whether the photographs are taken whatever they show.
    pub force: bool,
    /// The board.
    pub device: &'a DeviceArgs,
}

impl Enrolling<'_> {
    /// Asks the board whether it knows the name, before anybody stands before its camera and before it looks at photographs.
    ///
    /// # Errors
    /// Somebody new has the name of a person who is enrolled; photographs are to be added to somebody who is not. As any request.
    fn ask_the_name(&self, device: &mut Device) -> client::Result<()> {
        let name = protocol::Name::try_from(self.name);
        let is_known = match device.rule(self.name) {
            Ok(_) | Err(Error::Refused(protocol::Error::RuleLost)) => true,
            Err(Error::Refused(protocol::Error::UnknownPerson { .. })) => false,
            // The enrolment says the same, and what to do.
            Err(Error::Refused(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        match (is_known, self.add, name) {
            (true, false, Ok(name)) => Err(Error::Refused(protocol::Error::DuplicateName { name })),
            (false, true, Ok(name)) => Err(Error::Refused(protocol::Error::UnknownPerson { name })),
            _ => Ok(()),
        }
    }

    /// Looks at the photographs and enrols their faces.
    ///
    /// # Errors
    /// A photograph is not clear, the board refuses, or somebody interrupts; nothing is kept then, or the error says what is.
    pub fn run(
        &self,
        device: &mut Device,
        photos: Vec<(PathBuf, Photo)>,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Vec<(Shot, Enrolled)>> {
        device.in_one_pause(|device| self.all_in_one_pause(device, photos, interrupt))
    }

    fn all_in_one_pause(
        &self,
        device: &mut Device,
        photos: Vec<(PathBuf, Photo)>,
        interrupt: &Interrupt,
    ) -> anyhow::Result<Vec<(Shot, Enrolled)>> {
        let (mut shots, mut all) = (Vec::new(), Vec::new());
        for shot in photos::look(photos, self, device)? {
            let what = self.what(all.len());
            let enrolled = match interrupt.check() {
                Ok(()) => {
                    self.device.show(device, &shot, |device, source| device.enrol(self.name, source, what))
                }
                Err(error) => Err(error),
            };
            match enrolled {
                Ok(enrolled) => {
                    shots.push(shot);
                    all.push(enrolled);
                }
                Err(error) => return Err(self.undo(device, &all, error)),
            }
        }
        for (shot, enrolled) in shots.iter().zip(&all) {
            note_faces(shot, enrolled.faces);
            note_basis(enrolled);
        }
        Ok(shots.into_iter().zip(all).collect())
    }

    /// What the board is asked for, after `done` pictures of this enrolment.
    fn what(&self, done: usize) -> Enrolment {
        match (done > 0 || self.add, self.force) {
            (false, _) => Enrolment::NewPerson,
            (true, false) => Enrolment::AddTemplate,
            (true, true) => Enrolment::AddAnyTemplate,
        }
    }

    /// Takes back what this enrolment added, and nothing that somebody else has added meanwhile. Says in the error what is there
    /// now.
    fn undo(&self, device: &mut Device, done: &[Enrolled], error: anyhow::Error) -> anyhow::Error {
        if done.is_empty() {
            return error;
        }
        match done.iter().rev().try_for_each(|enrolled| self.take_back(device, enrolled)) {
            Ok(()) if self.add => {
                error.context(format!("nothing of this command is kept: {} is as before", self.name))
            }
            Ok(()) => {
                error.context(format!("nothing of this command is kept: {} is not enrolled", self.name))
            }
            Err(again) => error.context(format!(
                "{} of these pictures are enrolled as {}, and could not be taken back ({again}); \
                 `postern users` shows what is there",
                done.len(),
                self.name
            )),
        }
    }

    fn take_back(&self, device: &mut Device, enrolled: &Enrolled) -> client::Result<()> {
        match device.remove_enrolled(enrolled) {
            // The last template of a new person, by the name that they have now.
            Err(Error::Refused(protocol::Error::NoTemplate { name, .. })) if !self.add => {
                device.remove(&name).map(drop)
            }
            done => done.map(drop),
        }
    }
}

/// Says if the rate that the door promises is not proven for its templates.
fn note_basis(enrolled: &Enrolled) {
    if enrolled.basis == Basis::Unproven {
        note!("The false-match rate is unproven for so many templates; the settings accept that.");
    }
}

/// Prints what was enrolled from one picture: a photograph, or a frame of the door's camera.
fn tell(
    name: &str,
    shot: Option<&Shot>,
    (enrolled, cost): (&Enrolled, Cost),
    output: &Output,
) -> anyhow::Result<()> {
    let report = Report {
        name: name.to_owned(),
        person: enrolled.person,
        photo: shot.map(|shot| shot.path.clone()),
        templates: enrolled.templates,
        faces: enrolled.faces,
        instructions: enrolled.instructions,
        basis: enrolled.basis.to_string(),
        alive: enrolled.alive,
    };
    output.print(&Sorted(report), |out| {
        writeln!(
            out,
            "{name} is enrolled as number {} from {} (template {}, {})",
            enrolled.person,
            shot.map_or_else(|| "the door's camera".to_owned(), Shot::name),
            enrolled.templates,
            cost
        )?;
        match enrolled.alive {
            Some(false) => writeln!(out, "  {TAKEN_FOR_ATTACK}"),
            _ => Ok(()),
        }
    })
}
