//! `postern users`: the people enrolled, and the threshold.

use std::path::PathBuf;

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
    let people = users.iter().map(|user| Person {
        person: user.person,
        name: user.name.to_string(),
        templates: user.templates,
        encoder: hex::encode(user.encoder),
    });
    let report = Users {
        people: people.collect(),
        threshold: status.threshold.map(rounded),
        far_one_in: status.settings.far_one_in,
        basis: status.basis.map(|basis| basis.to_string()),
    };
    output.print(&Sorted(report), |out| {
        for user in &users {
            writeln!(
                out,
                "{:>4}  {}  ({} template{}, encoder {})",
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
                note!("{name} is {readable} on the sheet: no font here has the letters");
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
