//! `postern eval detection`: how many faces a detector finds at the distances of a door.
//!
//! A picture of a data set is scaled until its face is so many pixels high, and placed in the camera's
//! frame where the face is whole. Where the face is comes from the float detector on the original.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use eval::recall::{Figures, Location, Recall};
use imaging::{Photo, Region};
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use reference::{Detector, Rgb};
use schemars::JsonSchema;
use serde::Serialize;
use vision::{PixelFormat, SUBPIXEL_BITS};

use crate::numbers::count;
use crate::output::{Outcome, Output};
use crate::picture::spread;
use crate::progress::Bar;
use models::Manifest;
use models::{Arena, ImageFile};

/// The camera's frame.
const FRAME: [u32; 2] = [320, 240];

/// Options of `postern eval detection`.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of pictures with a face in the middle, or of one such folder for each person
    #[arg(long, value_name = "DIR")]
    images: PathBuf,

    /// The detectors to compare: names of models, or images
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::DETECTOR, value_delimiter = ',')]
    detector: Vec<String>,

    /// Run the published detector in float on the whole frame, instead of images
    #[arg(long, conflicts_with = "detector")]
    float: bool,

    /// Heights of the face in pixels of the camera
    #[arg(long, value_name = "PIXELS", value_delimiter = ',', default_value = "40,50,60,80,100,140,200", value_parser = count::<u32>)]
    heights: Vec<u32>,

    /// Number of pictures, spread evenly over all pictures
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = count::<usize>)]
    limit: usize,
}

/// What a detector finds of faces of one height: a line for each height.
#[derive(JsonSchema, Serialize)]
pub struct Row {
    /// The detector.
    detector: String,
    /// Width and height of its input.
    #[schemars(extend("unit" = "pixels"))]
    input: [usize; 2],
    /// Multiply-adds of one picture. `null` for the network in float.
    multiply_adds: Option<usize>,
    /// The height of the faces in the camera's picture.
    #[schemars(extend("unit" = "pixels"))]
    height: u32,
    #[serde(flatten)]
    figures: Figures,
}

/// A picture and the face in its middle.
struct Portrait {
    photo: Photo,
    face: Location,
}

/// Measures and prints.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    if let Some(height) = args.heights.iter().find(|height| !(8..FRAME[1]).contains(height)) {
        bail!("a face of {height} pixels does not stand in a frame of {}x{}", FRAME[0], FRAME[1]);
    }
    let detector = Detector::open(&Manifest::read(models::DETECTOR)?)?;
    let portraits = portraits(&detector, &args.images, args.limit)?;
    output.heading(format_args!("{} pictures", portraits.len()))?;
    if args.float {
        let [width, height] = FRAME.map(|side| side as usize);
        let find = |(): &mut (), scene: &Photo| {
            let faces = detector.detect(Rgb { width, height, pixels: scene.rgb() })?;
            Ok(faces.iter().map(|face| Location { area: face.area, landmarks: face.landmarks }).collect())
        };
        let table = Table { detector: "yunet in float", input: [width, height], multiply_adds: None };
        return table.fill(args, output, |height| measure(&portraits, height, || (), find));
    }
    let encoder = ImageFile::read(&models::image(models::ENCODER)?)?;
    for name in &args.detector {
        let file = ImageFile::read(&models::image(name)?)?;
        let detector = file.model().with_context(|| name.clone())?;
        let operators = (0..detector.operator_count()).filter_map(|number| detector.operator(number));
        let multiply_adds = operators.map(|operator| operator.multiply_adds()).sum();
        let input = detector.input();
        let recognizer = Recognizer::new(detector, encoder.model()?, DEFAULT_MIN_SCORE)?;
        let find = |arena: &mut Arena, scene: &Photo| {
            let frame = scene.to_frame(PixelFormat::Yuyv);
            let faces = recognizer.detect(&frame.view()?, arena.bytes())?;
            Ok(faces.iter().map(location).collect())
        };
        let arena = || Arena::new(recognizer.arena_len());
        let input = [input.width, input.height];
        let table = Table { detector: name, input, multiply_adds: Some(multiply_adds) };
        table.fill(args, output, |height| measure(&portraits, height, arena, find))?;
    }
    Ok(Outcome::Done)
}

/// The table of one detector.
struct Table<'a> {
    detector: &'a str,
    input: [usize; 2],
    multiply_adds: Option<usize>,
}

impl Table<'_> {
    /// Prints a row a height, as they are measured.
    fn fill(
        &self,
        args: &Args,
        output: &Output,
        measure: impl Fn(u32) -> anyhow::Result<Recall>,
    ) -> anyhow::Result<Outcome> {
        let Self { detector, input, multiply_adds } = *self;
        let cost = multiply_adds.map_or(String::new(), |cost| format!(", {cost} multiply-adds"));
        output.heading(format_args!(""))?;
        output.heading(format_args!("{detector}: {}x{}{cost}", input[0], input[1]))?;
        output.heading(format_args!(
            "  height  recall  95 % interval     landmark error  false faces a picture"
        ))?;
        for &height in &args.heights {
            let Some(figures) = measure(height)?.figures() else { bail!("there is no picture with a face") };
            let row = Row { detector: detector.to_owned(), input, multiply_adds, height, figures };
            output.print(&row, |out| {
                let [low, high] = figures.interval;
                writeln!(
                    out,
                    "  {height:>6}  {:.4}  {low:.4} to {high:.4}  {:>14.4}  {:>21.4}",
                    figures.recall, figures.landmark_error, figures.extra
                )
            })?;
        }
        Ok(Outcome::Done)
    }
}

/// The pictures below `folder`, each with the face in its middle; those without one are left out.
fn portraits(detector: &Detector, folder: &Path, limit: usize) -> anyhow::Result<Vec<Portrait>> {
    let paths = spread(&[folder.to_owned()], limit)?;
    let bar = Bar::counted(paths.len(), "pictures");
    let found = paths.par_iter().map(|path| {
        let photo = Photo::open(path)?;
        let (width, height) = (photo.width() as usize, photo.height() as usize);
        let faces = detector.detect(Rgb { width, height, pixels: photo.rgb() })?;
        bar.inc(1);
        let face = reference::nearest_centre(&faces, width, height);
        let face = face.map(|face| Location { area: face.area, landmarks: face.landmarks });
        Ok(face.map(|face| Portrait { photo, face }))
    });
    let found = found.collect::<anyhow::Result<Vec<_>>>()?;
    bar.finish_and_clear();
    Ok(found.into_iter().flatten().collect())
}

/// What `find` finds of faces `height` pixels high.
fn measure<S>(
    portraits: &[Portrait],
    height: u32,
    state: impl Fn() -> S + Sync + Send,
    find: impl Fn(&mut S, &Photo) -> anyhow::Result<Vec<Location>> + Sync + Send,
) -> anyhow::Result<Recall> {
    let bar = Bar::counted(portraits.len(), "pictures");
    let one = |state: &mut S, (number, portrait): (usize, &Portrait)| {
        let mut random = fastrand::Rng::with_seed((u64::from(height) << 32) + number as u64);
        let scale = f64::from(height) / f64::from(portrait.face.area[3]);
        let corner: [i64; 2] = std::array::from_fn(|axis| {
            let [start, length] = [axis, axis + 2].map(|at| f64::from(portrait.face.area[at]) * scale);
            let room = (f64::from(FRAME[axis]) - length).max(0.0);
            (random.f64() * room - start).round() as i64
        });
        let expected = moved(&portrait.face, scale as f32, corner);
        let mut recall = Recall::default();
        recall.add(&expected, &find(state, &portrait.photo.placed(FRAME, scale, corner))?);
        bar.inc(1);
        Ok(recall)
    };
    let recalls = portraits.par_iter().enumerate().map_init(state, one);
    let recalls = recalls.collect::<anyhow::Result<Vec<_>>>()?;
    bar.finish_and_clear();
    Ok(recalls.into_iter().fold(Recall::default(), Recall::merge))
}

fn moved(face: &Location, scale: f32, corner: [i64; 2]) -> Location {
    let [left, top] = corner.map(|c| c as f32);
    let [x, y, width, height] = face.area.map(|value| value * scale);
    let landmarks = face.landmarks.map(|[x, y]| [x * scale + left, y * scale + top]);
    Location { area: [x + left, y + top, width, height], landmarks }
}

fn location(face: &vision::Face) -> Location {
    let Region { x, y, width, height } = Region::of_face(face);
    let pixels = |value: i32| value as f32 / (1 << SUBPIXEL_BITS) as f32;
    Location {
        area: [x, y, width, height].map(|value| value as f32),
        landmarks: face.landmarks.map(|point| [pixels(point.x), pixels(point.y)]),
    }
}
