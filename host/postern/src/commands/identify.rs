//! `postern identify`: compares a photograph with everybody enrolled (1:N).

use std::path::{Path, PathBuf};

use client::Device;
use client::protocol::{Comparison, Liveness};

use crate::answers::{Sorted, door};
use crate::clock;
use crate::cost::Cost;
use crate::device::{DeviceArgs, cost, real, rounded};
use crate::liveness;
use crate::output::{Outcome, Output};
use crate::picture::{Shot, note_faces};

/// Options of `postern identify`.
#[derive(clap::Args)]
pub struct Args {
    /// Photographs, or `-` for one on stdin; the largest face of each is used
    #[arg(required = true, value_name = "PHOTO")]
    photos: Vec<PathBuf>,

    #[command(flatten)]
    device: DeviceArgs,
}

/// Compares each face with everybody's templates. The exit code is 0 if all of them are known.
pub fn run(args: Args, output: &Output) -> anyhow::Result<Outcome> {
    // All of them are read before the board is asked about the first.
    let shots = args.photos.iter().map(|path| Shot::open(path)).collect::<anyhow::Result<Vec<_>>>()?;
    let mut device = args.device.connect()?;
    let status = device.status()?;
    clock::note_drift(status.clock);
    let one_in = status.settings.far_one_in;
    let mut all = Outcome::Done;
    for shot in &shots {
        if identify(shot, &args.device, &mut device, one_in, output)? == Outcome::NoMatch {
            all = Outcome::NoMatch;
        }
    }
    Ok(all)
}

/// Compares the face of one photograph.
fn identify(
    shot: &Shot,
    args: &DeviceArgs,
    device: &mut Device,
    one_in: u32,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let comparison = args.show(device, shot, |device, source| device.identify(source))?;
    note_faces(shot, comparison.faces);
    let verdict = match &comparison.best {
        Some(best) if is_only_lifeless(&comparison) => {
            format!("no living face; it would match {}", best.name)
        }
        Some(best) if comparison.accepted => format!("this is {}", best.name),
        Some(best) => format!("no match; most similar: {}", best.name),
        None => "nobody is enrolled".to_owned(),
    };
    let cost = cost(comparison.instructions, device, output);
    report(shot, &comparison, one_in, (&verdict, cost), output)
}

/// Prints a comparison and returns its outcome.
pub fn report(
    shot: &Shot,
    comparison: &Comparison,
    one_in: u32,
    (verdict, cost): (&str, Cost),
    output: &Output,
) -> anyhow::Result<Outcome> {
    let best = comparison.best.as_ref();
    let report = compared(&shot.path, comparison, one_in);
    output.print(&Sorted(report), |out| {
        writeln!(out, "{}: {verdict}", shot.name())?;
        if let Some(Liveness { score, needed, reject: Some(reason) }) = comparison.liveness {
            let [score, needed] = [score, needed].map(liveness::score);
            writeln!(
                out,
                "it {reason}: {score:.2}, {needed:.2} needed (`postern settings --liveness off` compares without this)"
            )?;
        }
        if let Some(best) = best {
            writeln!(
                out,
                "similarity {:.3}, threshold {:.3} (1 in {one_in} strangers), {}",
                real(best.similarity),
                real(comparison.threshold),
                cost
            )?;
        }
        Ok(())
    })?;
    Ok(if comparison.accepted { Outcome::Done } else { Outcome::NoMatch })
}

/// Whether the face would be a match if it were a living one.
pub fn is_only_lifeless(comparison: &Comparison) -> bool {
    let similar = comparison.best.as_ref().is_some_and(|best| best.similarity >= comparison.threshold);
    similar && !comparison.accepted
}

/// A comparison for programs.
pub fn compared(photo: &Path, comparison: &Comparison, one_in: u32) -> door::Compared {
    let best = comparison.best.as_ref();
    let matching = best.filter(|_| comparison.accepted);
    door::Compared {
        photo: photo.to_owned(),
        r#match: comparison.accepted,
        person: matching.map(|best| best.person),
        name: matching.map(|best| best.name.to_string()),
        most_similar: best.map(|best| best.name.to_string()),
        similarity: best.map(|best| rounded(best.similarity)),
        threshold: rounded(comparison.threshold),
        far_one_in: one_in,
        liveness: liveness::report(comparison.liveness.as_ref()),
        faces: comparison.faces,
        instructions: comparison.instructions,
    }
}
