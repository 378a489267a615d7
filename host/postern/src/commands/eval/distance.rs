//! `postern eval distance`: what a camera with more pixels than the door's frame gains for faces that are far away.
//!
//! A person is enrolled by one picture as it is, and stands at the door in another, at some distance. The face is found in the
//! door's frame. It is then cropped from that frame, and from the camera's picture behind it, as `postern-door` does. Both crops are
//! compared with everybody who is enrolled.
//!
//! The picture of the camera has the pixels that the data set has, and no noise of a sensor. Where a face is larger in it than in the
//! data set, it is enlarged, and nothing can be gained.

use std::path::PathBuf;

use anyhow::Context;
use eval::{Comparison, Embeddings, Interval, intervals};
use schemars::JsonSchema;
use serde::Serialize;
use template::Template;
use vision::{Frame, Layout, PixelFormat, View, rgb_to_yuv};

use super::standing::{Door, FRAME, Person, check_heights, in_parallel, pairs, people};
use crate::numbers::count;
use crate::output::{Outcome, Output};
use models::{Arena, ImageFile};

/// Options of `postern eval distance`.
#[derive(clap::Args)]
pub struct Args {
    /// Folder with a folder of pictures for each person; people with one picture are left out
    #[arg(long, value_name = "DIR")]
    images: PathBuf,

    /// The detector: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::DETECTOR)]
    detector: String,

    /// The encoder: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::ENCODER)]
    encoder: String,

    /// Heights of the face in pixels of the door's frame of 320x240
    #[arg(long, value_name = "PIXELS", value_delimiter = ',', default_value = "120,80,60,40,30,20", value_parser = count::<u32>)]
    heights: Vec<u32>,

    /// How many pixels of the camera's picture, along a side, make one of the frame: 2 is a camera of 640x480
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(2..=8))]
    reduction: u32,

    /// Number of people, spread evenly over all that have two pictures
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = count::<usize>)]
    limit: usize,

    /// The false-match rate at which people are to be recognised
    #[arg(long, value_name = "RATE", default_value_t = 1e-3, value_parser = crate::numbers::share)]
    fmr: f64,
}

/// What becomes of faces of one height, cropped from the frame or from the camera's picture: a line for each.
#[derive(JsonSchema, Serialize)]
pub struct Row {
    /// The encoder.
    encoder: String,
    /// Width and height of the camera's picture.
    #[schemars(extend("unit" = "pixels"))]
    camera: [u32; 2],
    /// The height of the faces in the door's frame.
    #[schemars(extend("unit" = "pixels"))]
    height: u32,
    /// Where faces are cropped from: `frame`, or `picture`, which is the camera's.
    cropped_from: &'static str,
    /// People at the door.
    people: usize,
    /// Of these, how many the detector finds in the frame.
    found: usize,
    /// Of these, how many views pass the quality gate.
    passed: usize,
    /// Of these, how many close-ups were cropped from the picture; the others are too large in it, and cropped from the frame.
    close_ups: usize,
    /// The false-match rate asked for.
    fmr: f64,
    /// Share of the people who are recognised at that rate. Who is not found, or does not pass the gate, is not. `null` where
    /// there are too few people to tell.
    tar: Option<f64>,
    /// 95 % interval of that share, from drawing the people again. `null` where there are too few people to tell.
    interval: Option<Interval>,
}

/// What is seen of a person at the door.
#[derive(Default)]
struct Seen {
    found: bool,
    close_up: bool,
    template: Option<Template>,
}

/// Measures and prints.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    check_heights(&args.heights)?;
    let (detector, encoder) = (models::image(&args.detector)?, models::image(&args.encoder)?);
    let (detector, encoder_file) = (ImageFile::read(&detector)?, ImageFile::read(&encoder)?);
    let model = encoder_file.model().with_context(|| encoder.display().to_string())?;
    let door = Cameras { door: Door::new(detector.model()?, model)?, by: args.reduction };
    let people = people(&pairs(&args.images, None)?, args.limit)?;
    let enrolled = in_parallel(&people, &door.door, |arena, person| {
        Ok(door.look(&person.enrolled()?.view()?, None, arena)?.template)
    })?;
    let camera = FRAME.map(|side| side * args.reduction);
    output.heading(format_args!(
        "{} people, a camera of {}x{}, {}",
        people.len(),
        camera[0],
        camera[1],
        super::material::name(&args.encoder)
    ))?;
    output.heading(format_args!(
        "  height  cropped from  found  passed  close-ups  TAR at {:<8}  95 % interval",
        args.fmr
    ))?;
    for &height in &args.heights {
        let seen = in_parallel(&people, &door.door, |arena, person| door.see(person, height, arena))?;
        for (place, cropped_from) in ["frame", "picture"].into_iter().enumerate() {
            let seen = seen.iter().map(|both| &both[place]);
            let count = |what: fn(&Seen) -> bool| seen.clone().filter(|seen| what(seen)).count();
            let probes = seen.clone().map(|seen| seen.template.clone());
            let (tar, interval) = rate(&enrolled, probes.collect(), args.fmr);
            let row = Row {
                encoder: super::material::name(&args.encoder),
                camera,
                height,
                cropped_from,
                people: people.len(),
                found: count(|seen| seen.found),
                passed: count(|seen| seen.template.is_some()),
                close_ups: count(|seen| seen.close_up),
                fmr: args.fmr,
                tar,
                interval,
            };
            output.print(&row, |out| {
                let tar = tar.map_or("unknown".to_owned(), |tar| format!("{tar:.4}"));
                let interval = row.interval.map(|Interval { low, high }| format!("{low:.4} to {high:.4}"));
                writeln!(
                    out,
                    "  {height:>6}  {cropped_from:<12}  {:>5}  {:>6}  {:>9}  {tar:<15}  {}",
                    row.found,
                    row.passed,
                    row.close_ups,
                    interval.unwrap_or_default()
                )
            })?;
        }
    }
    Ok(Outcome::Done)
}

/// The door, and how many pixels of the camera make one of its frame.
struct Cameras<'m> {
    door: Door<'m>,
    by: u32,
}

impl Cameras<'_> {
    /// What is seen of a person whose face is so high in the frame: cropped from the frame, and from the picture.
    fn see(&self, person: &Person, height: u32, arena: &mut Arena) -> anyhow::Result<[Seen; 2]> {
        let size = FRAME.map(|side| side * self.by);
        let (scene, _) = person.at_the_door(size, f64::from(height * self.by));
        let bytes: Vec<u8> =
            scene.rgb().chunks_exact(3).flat_map(|rgb| rgb_to_yuv([rgb[0], rgb[1], rgb[2]])).collect();
        let [width, rows] = size.map(|side| side as usize);
        let picture = vision::Picture::new(Layout::Yuv, width, rows, 3 * width, &bytes)?;
        let whole = picture.whole();
        let mut small = vec![0; whole.bytes()];
        picture.read(&whole, &mut small);
        let [columns, rows] = whole.size();
        let frame = Frame::new(PixelFormat::Yuyv, columns, rows, &small)?;
        Ok([self.look(&frame, None, arena)?, self.look(&frame, Some(&picture), arena)?])
    }

    /// What is seen of the face in the middle of a frame. It is cropped from the picture behind it, if there is one.
    fn look(
        &self,
        frame: &Frame,
        behind: Option<&vision::Picture>,
        arena: &mut Arena,
    ) -> anyhow::Result<Seen> {
        let Some(face) = self.door.find(frame, arena)? else { return Ok(Seen::default()) };
        let around = behind.and_then(|picture| Some((picture, picture.part_around(&face, View::Crop)?)));
        let mut out = Vec::new();
        let close = around.and_then(|(picture, part)| {
            out.resize(part.bytes(), 0);
            picture.close_up(&part, &face, &mut out)
        });
        let template = match &close {
            Some(close) => self.door.template(&close.frame, &close.face, arena)?,
            None => self.door.template(frame, &face, arena)?,
        };
        Ok(Seen { found: true, close_up: close.is_some(), template })
    }
}

/// The share of `probes` that match who is enrolled in their place, at a false-match rate over all others, with its interval.
fn rate(
    enrolled: &[Option<Template>],
    probes: Vec<Option<Template>>,
    fmr: f64,
) -> (Option<f64>, Option<Interval>) {
    let count = enrolled.len();
    let people: Vec<u32> = (0..count as u32).chain(0..count as u32).collect();
    let pairs: Vec<[usize; 2]> = (0..count).flat_map(|a| (0..count).map(move |b| [a, count + b])).collect();
    let embeddings = Embeddings::Templates(enrolled.iter().cloned().chain(probes).collect());
    let all = Comparison::of_pairs(&embeddings, &people, &pairs);
    let interval = intervals(&all, &[fmr]).first().copied().flatten();
    (all.at(fmr).tar, interval)
}
