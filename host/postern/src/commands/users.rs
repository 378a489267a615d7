//! `postern users`: the people enrolled, and the threshold.

use std::path::PathBuf;

use client::Device;
use imaging::Photo;

use crate::answers::Sorted;
use crate::answers::people::{Person, Users};
use crate::clock;
use crate::device::{DeviceArgs, known, real, rounded, short};
use crate::output::{Outcome, Output, note};
use crate::output_args::{ForceArgs, NONE};
use crate::portraits::Portraits;

/// Options of `postern users`.
#[derive(clap::Args)]
pub struct Args {
    /// Draw the painted portraits of everybody into this file
    #[arg(long, value_name = "FILE")]
    sheet: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Lists everybody.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    let sheet = args.force.check_any(args.sheet.as_ref(), NONE)?;
    if let Some(sheet) = &sheet {
        Photo::check_extension(sheet)?;
    }
    let mut device = args.device.connect()?;
    let users = device.users()?;
    let status = device.status()?;
    clock::note_drift(status.clock);
    let mut people = Vec::new();
    for user in &users {
        people.push(Person {
            person: user.person,
            name: user.name.to_string(),
            templates: user.templates,
            encoder: hex::encode(user.encoder),
            suspended: is_suspended(&mut device, &user.name)?,
        });
    }
    let report = Users {
        people,
        threshold: status.threshold.map(rounded),
        far_one_in: status.settings.far_one_in,
        basis: status.basis.map(|basis| basis.to_string()),
    };
    let of_two = |name: &str| report.people.iter().filter(|person| person.name == name).count() > 1;
    let refused: Vec<&str> =
        report.people.iter().map(|person| remark(person.suspended, of_two(&person.name))).collect();
    output.print(&Sorted(report), |out| {
        for (user, refused) in users.iter().zip(&refused) {
            writeln!(
                out,
                "{:>4}  {}  ({} template{}, encoder {}{refused})",
                user.person,
                user.name,
                user.templates,
                if user.templates == 1 { "" } else { "s" },
                short(&user.encoder)
            )?;
        }
        Ok(())
    })?;
    if let Some(path) = sheet {
        let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
        Portraits::of(&args.device)?.sheet(&names)?.save(path)?;
        for name in names {
            let readable = imaging::readable(name);
            if readable != name {
                note!(
                    "{name} is {readable} on the sheet: no font of this computer has the letters (Debian's \
                     fonts-droid-fallback has those of Chinese, Japanese and Korean)"
                );
            }
        }
    }
    if users.is_empty() {
        note!("Nobody is enrolled: `postern enroll NAME PHOTO` does that.");
    }
    match status.threshold {
        Some(threshold) => note!(
            "A face must be {:.3} similar, so that at most 1 in {} strangers passes for one of {} templates ({}).",
            real(threshold),
            status.settings.far_one_in,
            status.templates,
            known(status.basis)
        ),
        None => note!("There is no threshold without an encoder: `postern flash models`."),
    }
    Ok(Outcome::Done)
}

/// Whether a person is suspended; `None` if the board cannot read their rule, or if two people have the name.
fn is_suspended(device: &mut Device, name: &str) -> anyhow::Result<Option<bool>> {
    match device.rule(name) {
        Ok(rule) => Ok(Some(rule.suspended)),
        Err(client::Error::Refused(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What the list says of a person if the door refuses them at any time, or cannot tell two of a name apart.
fn remark(suspended: Option<bool>, of_two: bool) -> &'static str {
    match suspended {
        _ if of_two => ", one of two with this name: `postern remove NAME` removes both",
        Some(false) => "",
        Some(true) => ", suspended",
        None => ", refused: the rule is damaged, set it again with `postern rule`",
    }
}
