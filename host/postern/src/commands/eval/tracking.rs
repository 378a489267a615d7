//! `postern eval tracking`: what a door gives up that searches near the last face, and in the whole picture now and then.
//!
//! A person is enrolled by one photograph. A head that is rendered from another one stands before the door, or walks up to it. Both
//! ways of searching see the same pictures, each of which shows this one head. Each template is compared with the one of
//! the person, and with those of all others.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use eval::Paired;
use imaging::Photo;
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer, WHOLE_EVERY};
use schemars::JsonSchema;
use serde::Serialize;
use synthetic_attacks::{AttackType, Subject, sequence, walking_at};
use template::{Calibration, CosineScore, Template};
use vision::{Face, Faces, PixelFormat};

use super::liveness::images;
use super::people::PeopleArgs;
use super::presentations::{choose, choose_good, progress, subject};
use super::standing::{pairs, spread};
use crate::numbers::count;
use crate::output::{Outcome, Output, note};
use models::Arena;

/// Pictures of a head that stands, and of one that walks up, at five a second.
const PICTURES: [usize; 2] = [16, 20];
/// Pictures a second.
const RATE: f32 = 5.0;

/// Options of `postern eval tracking`.
#[derive(clap::Args)]
pub struct Args {
    /// Folder with a folder of photographs for each person; people with one photograph are left out
    #[arg(long, value_name = "DIR")]
    images: PathBuf,

    #[command(flatten)]
    people: PeopleArgs,

    /// Number of people, spread evenly over all that have two photographs
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = count::<usize>)]
    limit: usize,

    /// One stranger in this number may be let in, as `postern settings --one-in`
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = count::<u32>)]
    one_in: u32,

    /// The encoder: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::ENCODER)]
    encoder: String,

    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// Whole pictures and the search near the last face, compared: a line for each motion and each measure.
#[derive(JsonSchema, Serialize)]
pub struct Row {
    /// `standing` or `walking`.
    motion: &'static str,
    /// `found`: pictures in which a face was found. `assessed`: in which its view was good enough. `recognised`: in which it was the
    /// person enrolled. `false accepts`: comparisons with another person that matched, of all that were possible.
    measure: &'static str,
    /// People.
    people: usize,
    /// Pictures, or comparisons with others, of each person.
    of_each: usize,
    /// With tracking, the share of pictures in which a face was found near the last one, by a search of that part alone.
    near: f64,
    /// In `first` each whole picture is searched, in `second` the door's way.
    #[serde(flatten)]
    shares: Paired,
}

/// The measures.
const MEASURES: [&str; 4] = ["found", "assessed", "recognised", "false accepts"];

/// Somebody who is enrolled, and comes.
struct Visitor {
    enrolled: Template,
    subject: Subject,
}

/// What a way of searching gave in a picture.
#[derive(Default)]
struct Look {
    found: bool,
    /// Found near the last face, by a search of that part alone.
    near: bool,
    template: Option<Template>,
}

/// Measures and prints.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let (detector, encoder) = images(&args.encoder)?;
    let recognizer = Recognizer::new(detector.model()?, encoder.model()?, DEFAULT_MIN_SCORE)?;
    let points: Vec<_> = recognizer.calibration_points().collect();
    let table = Calibration::new(&points)
        .ok()
        .with_context(|| format!("{} has no thresholds: `postern calibrate` measures them", args.encoder))?;
    let threshold = table.threshold(args.one_in, 1).similarity;
    let visitors = visitors(args, &recognizer)?;
    ensure!(visitors.len() > 1, "fewer than two people have two photographs that a door would take");
    output.heading(format_args!(
        "{} people, threshold {:.3}, one in {} for one template",
        visitors.len(),
        f64::from(threshold.0) / 32768.0,
        args.one_in
    ))?;
    output.heading(format_args!(
        "  {:<9} {:<14} {:>24} {:>24} {:>26} {:>6}",
        "motion", "share of", "whole pictures, %", "with tracking, %", "difference, points", "near"
    ))?;
    for (motion, pictures) in ["standing", "walking"].into_iter().zip(PICTURES) {
        let looks = look(&recognizer, &visitors, args.seed, motion == "walking", pictures)?;
        let near = looks.iter().flat_map(|[_, tracked]| tracked).filter(|look| look.near).count();
        let near = near as f64 / (visitors.len() * pictures) as f64;
        for (place, measure) in MEASURES.into_iter().enumerate() {
            let shares = looks.iter().enumerate().map(|(visitor, both)| {
                both.each_ref().map(|looks| shares(looks, visitor, &visitors, threshold)[place])
            });
            let shares: Vec<[f64; 2]> = shares.collect();
            let shares = Paired::new(&shares).context("nobody came")?;
            let of_each = if place == 3 { pictures * (visitors.len() - 1) } else { pictures };
            let row = Row { motion, measure, people: visitors.len(), of_each, near, shares };
            output.print(&row, |out| {
                writeln!(
                    out,
                    "  {motion:<9} {measure:<14} {:>24} {:>24} {:>26} {:>6}",
                    percent(shares.first, shares.first_interval),
                    percent(shares.second, shares.second_interval),
                    percent(shares.difference, shares.difference_interval),
                    format!("{:.0} %", 100.0 * near),
                )
            })?;
        }
    }
    note!("The heads are rendered: they show what tracking changes, not how many faces a door finds.");
    Ok(Outcome::Done)
}

/// A share in per cent, with its interval.
fn percent(share: f64, [low, high]: [f64; 2]) -> String {
    let [share, low, high] = [share, low, high].map(|value| 100.0 * value);
    format!("{share:.3} ({low:.3} to {high:.3})")
}

/// The shares of [`MEASURES`] of one person.
fn shares(looks: &[Look], visitor: usize, visitors: &[Visitor], threshold: CosineScore) -> [f64; 4] {
    let of = |count: usize, all: usize| count as f64 / all.max(1) as f64;
    let templates = || looks.iter().filter_map(|look| look.template.as_ref());
    let matches = |template: &Template, other: &Visitor| {
        template.similarity(&other.enrolled).is_some_and(|found| found >= threshold)
    };
    let others =
        || visitors.iter().enumerate().filter(|(number, _)| *number != visitor).map(|(_, other)| other);
    let known = templates().filter(|template| matches(template, &visitors[visitor])).count();
    let mistaken: usize =
        templates().map(|template| others().filter(|other| matches(template, other)).count()).sum();
    [
        of(looks.iter().filter(|look| look.found).count(), looks.len()),
        of(templates().count(), looks.len()),
        of(known, looks.len()),
        of(mistaken, looks.len() * (visitors.len() - 1)),
    ]
}

/// What each visitor's pictures give: each whole one searched, and the door's way.
fn look(
    recognizer: &Recognizer,
    visitors: &[Visitor],
    seed: u64,
    walks: bool,
    pictures: usize,
) -> anyhow::Result<Vec<[Vec<Look>; 2]>> {
    let bar = progress(visitors.len());
    let looks = visitors.par_iter().enumerate().map_init(
        || Arena::new(recognizer.arena_len()),
        |arena, (number, visitor)| {
            let seed = seed.wrapping_add(number as u64);
            let pictures = match walks {
                true => walking_at(&visitor.subject, AttackType::BonaFide, seed, pictures, RATE),
                false => sequence(&visitor.subject, AttackType::BonaFide, seed, pictures),
            };
            let [whole, tracked] = [false, true].map(|tracks| search(recognizer, &pictures, tracks, arena));
            bar.inc(1);
            Ok([whole?, tracked?])
        },
    );
    let looks = looks.collect();
    bar.finish_and_clear();
    looks
}

/// Looks at pictures one after the other; with tracking where `firmware/door/src/pipeline/search.rs` would.
fn search(
    recognizer: &Recognizer,
    pictures: &[Photo],
    tracks: bool,
    arena: &mut Arena,
) -> anyhow::Result<Vec<Look>> {
    let (mut last, mut spared): (Option<Face>, u8) = (None, 0);
    let mut looks = Vec::with_capacity(pictures.len());
    for picture in pictures {
        let frame = picture.to_frame(PixelFormat::Yuyv);
        let frame = frame.view()?;
        spared += 1;
        let followed = last.filter(|_| tracks && spared < WHOLE_EVERY);
        let found = match &followed {
            Some(face) => recognizer.track(&frame, face, arena.bytes())?,
            None => Faces::new(),
        };
        let near = !found.is_empty() && followed.is_some_and(|face| recognizer.can_track(&frame, &face));
        let found = match found.is_empty() {
            false => found,
            true => {
                spared = 0;
                recognizer.detect(&frame, arena.bytes())?
            }
        };
        let mut look = Look { found: !found.is_empty(), near, template: None };
        last = choose_good(recognizer, &frame, found, arena);
        if let Some(face) = &last {
            look.template = Some(recognizer.align(&frame, face, arena.bytes())?.encode()?);
        }
        looks.push(look);
    }
    Ok(looks)
}

/// The people: of each the template of a photograph, and another photograph as a subject.
fn visitors(args: &Args, recognizer: &Recognizer) -> anyhow::Result<Vec<Visitor>> {
    let names = args.people.names()?;
    let spread = spread(&pairs(&args.images, names.as_deref())?, args.limit);
    let visitors = spread.into_par_iter().map_init(
        || Arena::new(recognizer.arena_len()),
        |arena, [comes, portrait]| {
            let subject = subject(recognizer, &Photo::open(comes)?, arena);
            let portrait = Photo::open(portrait)?.to_frame(PixelFormat::Yuyv);
            let portrait = portrait.view()?;
            let face = choose(recognizer, &portrait, arena)?;
            let enrolled = face.map(|face| recognizer.align(&portrait, &face, arena.bytes())?.encode());
            let enrolled = enrolled.transpose()?;
            anyhow::Ok(enrolled.zip(subject).map(|(enrolled, subject)| Visitor { enrolled, subject }))
        },
    );
    let visitors = visitors.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(visitors.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use fixtures::{Need, need};
    use models::ImageFile;

    use super::*;

    /// A template that is alike to those of the same sign alone.
    fn template(sign: i16) -> Template {
        Template::normalise((0..128).map(|at| sign * (100 + at)).collect::<Vec<i16>>()).expect("numbers")
    }

    #[test]
    fn who_walks_up_is_followed_and_pictures_count_for_the_person_they_resemble() {
        need!(Need::Cached("images"), Need::Cached("pictures"));
        let photo = Photo::open(fixtures::cache("pictures/obama.jpg"));
        let [detector, encoder] = [models::DETECTOR, models::ENCODER]
            .map(|name| ImageFile::read(&models::image(name).expect(name)).expect("an image"));
        let (detector, encoder) = (detector.model().expect("a model"), encoder.model().expect("a model"));
        let recognizer = Recognizer::new(detector, encoder, DEFAULT_MIN_SCORE).expect("they fit");
        let mut arena = Arena::new(recognizer.arena_len());
        let subject = subject(&recognizer, &photo.expect("it is there"), &mut arena).expect("a face");

        let pictures = walking_at(&subject, AttackType::BonaFide, 1, 20, RATE);
        let [whole, tracked] =
            [false, true].map(|tracks| search(&recognizer, &pictures, tracks, &mut arena).expect("pictures"));
        let near = |looks: &[Look]| looks.iter().filter(|look| look.near).count();
        assert!(near(&whole) == 0 && near(&tracked) > 5, "{} {}", near(&whole), near(&tracked));

        let visitor = |sign| Visitor { enrolled: template(sign), subject: subject.clone() };
        let visitors = [visitor(1), visitor(-1), visitor(1)];
        let seen = |sign: Option<i16>| Look { found: true, near: false, template: sign.map(template) };
        let looks = [seen(Some(1)), seen(Some(-1)), seen(None), Look::default()];
        // The first picture is also of the third person, the second one of the second.
        let expected = [0.75, 0.5, 0.25, 0.25];
        assert_eq!(shares(&looks, 0, &visitors, CosineScore(20_000)), expected);
    }
}
