//! `postern eval conditions`: who is recognised in little light, with a mask or with glasses, and at which distance.
//!
//! A person is enrolled by one picture as it is, and stands before the door in another one. Each template is compared with those of
//! all who are enrolled, at the threshold of the encoder's calibration table. What the light does and what people wear is drawn.

use std::path::PathBuf;

use anyhow::Context;
use eval::presentation::Share;
use imaging::{Photo, Tile};
use schemars::JsonSchema;
use serde::Serialize;
use template::{Calibration, CosineScore, Template};
use train::augment::{Canvas, Condition};
use vision::{CROP_SIZE, PixelFormat, Point, SUBPIXEL_BITS, SimilarityTransform};

use super::people::PeopleArgs;
use super::standing::{Door, FRAME, Person, check_heights, in_parallel, pairs, people};
use crate::numbers::count;
use crate::output::{Outcome, Output, note};
use crate::output_args::ForceArgs;
use models::{Arena, ImageFile};

/// Options of `postern eval conditions`.
#[derive(clap::Args)]
pub struct Args {
    /// Folder with a folder of pictures for each person; people with one picture are left out
    #[arg(long, value_name = "DIR")]
    images: PathBuf,

    #[command(flatten)]
    people: PeopleArgs,

    /// The detector: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::DETECTOR)]
    detector: String,

    /// The encoder: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::ENCODER)]
    encoder: String,

    /// Heights of the face in pixels of the door's frame of 320x240
    #[arg(long, value_name = "PIXELS", value_delimiter = ',', default_value = "120,80,60,40", value_parser = count::<u32>)]
    heights: Vec<u32>,

    /// Number of people, spread evenly over all that have two pictures
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = count::<usize>)]
    limit: usize,

    /// One stranger in this number may be let in, as `postern settings --one-in`
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = count::<u32>)]
    one_in: u32,

    /// Draw a sheet of the first people under each condition into this file
    #[arg(long, value_name = "PNG")]
    sheet: Option<PathBuf>,

    #[command(flatten)]
    force: ForceArgs,
}

/// What becomes of faces of one height under one condition: a line for each.
#[derive(JsonSchema, Serialize)]
pub struct Row {
    /// The encoder.
    encoder: String,
    /// `plain`, `dim`, `dark`, `side-lit`, `masked` or `glasses`.
    condition: &'static str,
    /// The height of the faces in the door's frame.
    #[schemars(extend("unit" = "pixels"))]
    height: u32,
    /// People in whose picture the detector finds a face.
    found: Share,
    /// People whose view passes the quality gate.
    passed: Share,
    /// People who are recognised. Who is not found, or does not pass the gate, is not.
    recognised: Share,
    /// Comparisons with others that match, of those that took place. Comparisons of one person are not independent, so the
    /// interval is narrower than it should be.
    false_matches: Share,
}

/// What is seen of a person at the door.
struct Seen {
    found: bool,
    template: Option<Template>,
}

/// Measures and prints.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    check_heights(&args.heights)?;
    let sheet = args.force.check_any(args.sheet.as_ref(), [&args.images])?;
    let (detector, encoder) = (models::image(&args.detector)?, models::image(&args.encoder)?);
    let (detector, encoder) = (ImageFile::read(&detector)?, ImageFile::read(&encoder)?);
    let door = Door::new(detector.model()?, encoder.model()?)?;
    let points: Vec<_> = door.recognizer.calibration_points().collect();
    let table = Calibration::new(&points)
        .ok()
        .with_context(|| format!("{} has no thresholds: `postern calibrate` measures them", args.encoder))?;
    let threshold = table.threshold(args.one_in, 1).similarity;
    let names = args.people.names()?;
    let people = people(&pairs(&args.images, names.as_deref())?, args.limit)?;
    if let Some(file) = &sheet {
        draw(&people, args.heights[0])?.save(file)?;
        note!("drew {}", file.path().display());
    }
    let enrolled =
        in_parallel(&people, &door, |arena, person| Ok(look(&door, &person.enrolled()?, arena)?.template))?;
    output.heading(format_args!(
        "{} people, threshold {:.3}, one in {} for one template",
        people.len(),
        f64::from(threshold.0) / 32768.0,
        args.one_in
    ))?;
    output.heading(format_args!(
        "  condition  height  found, %                passed, %               recognised, %           false matches"
    ))?;
    for condition in Condition::ALL {
        for &height in &args.heights {
            let seen = in_parallel(&people, &door, |arena, person| {
                look(&door, &under(person, height, condition)?.to_frame(PixelFormat::Yuyv), arena)
            })?;
            let row = row(&enrolled, &seen, threshold);
            let row = Row {
                encoder: super::material::name(&args.encoder),
                condition: condition.name(),
                height,
                ..row
            };
            output.print(&row, |out| {
                let [found, passed, recognised] = [row.found, row.passed, row.recognised].map(percent);
                let Share { count, of, .. } = row.false_matches;
                writeln!(
                    out,
                    "  {:<9}  {height:>6}  {found:<22}  {passed:<22}  {recognised:<22}  {count} of {of}",
                    row.condition
                )
            })?;
        }
    }
    Ok(Outcome::Done)
}

/// A share in per cent, with its interval.
fn percent(Share { rate, interval: [low, high], .. }: Share) -> String {
    let [rate, low, high] = [rate.unwrap_or(0.0), low, high].map(|value| 100.0 * value);
    format!("{rate:.1} ({low:.1} to {high:.1})")
}

/// The figures, where templates of the same place are of one person.
fn row(enrolled: &[Option<Template>], seen: &[Seen], threshold: CosineScore) -> Row {
    let share = |count: usize, of: usize| Share::new(count as u32, of as u32);
    let (mut known, mut mistaken, mut compared) = (0, 0, 0);
    for (number, at_the_door) in seen.iter().enumerate() {
        let Some(template) = &at_the_door.template else { continue };
        for (other, enrolled) in enrolled.iter().enumerate() {
            let Some(enrolled) = enrolled else { continue };
            let matches = template.similarity(enrolled).is_some_and(|found| found >= threshold);
            if other == number {
                known += usize::from(matches);
            } else {
                compared += 1;
                mistaken += usize::from(matches);
            }
        }
    }
    Row {
        encoder: String::new(),
        condition: "",
        height: 0,
        found: share(seen.iter().filter(|seen| seen.found).count(), seen.len()),
        passed: share(seen.iter().filter(|seen| seen.template.is_some()).count(), seen.len()),
        recognised: share(known, seen.len()),
        false_matches: share(mistaken, compared),
    }
}

/// What is seen in a frame.
fn look(door: &Door, frame: &imaging::CameraFrame, arena: &mut Arena) -> anyhow::Result<Seen> {
    let frame = frame.view()?;
    let Some(face) = door.find(&frame, arena)? else { return Ok(Seen { found: false, template: None }) };
    Ok(Seen { found: true, template: door.template(&frame, &face, arena)? })
}

/// A person at the door, with a face of `height`, under a condition.
fn under(person: &Person, height: u32, condition: Condition) -> anyhow::Result<Photo> {
    let (scene, landmarks) = person.at_the_door(FRAME, height.into());
    let place = |value: f32| (value * (1 << SUBPIXEL_BITS) as f32).round() as i32;
    let points = landmarks.map(|[x, y]| Point { x: place(x), y: place(y) });
    let face = SimilarityTransform::to_template(&points)?;
    let corners = [0, CROP_SIZE as i32].map(|column| {
        let corner = face.to_frame(Point { x: column << SUBPIXEL_BITS, y: 0 });
        [corner.x, corner.y].map(|value| value as f32 / (1 << SUBPIXEL_BITS) as f32)
    });
    let mut pixels = scene.rgb().to_vec();
    // What a person wears is theirs, however far away they stand.
    condition.apply(&mut Canvas::around(&mut pixels, FRAME[0] as usize, corners), person.seed());
    Photo::from_rgb(FRAME[0], FRAME[1], pixels).context("a scene has its pixels")
}

/// The first people under each condition.
fn draw(people: &[Person], height: u32) -> anyhow::Result<Photo> {
    let mut tiles = Vec::new();
    for person in people.iter().take(SHEET) {
        for condition in Condition::ALL {
            tiles.push(Tile { photo: under(person, height, condition)?, label: condition.name().into() });
        }
    }
    Ok(imaging::sheet(&tiles, FRAME[0]))
}

/// People on a sheet.
const SHEET: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn template(values: [i16; 2]) -> Template {
        let values: Vec<i16> = (0..128).map(|at| values[at % 2]).collect();
        Template::normalise(values).expect("numbers")
    }

    #[test]
    fn who_is_not_seen_is_not_recognised_and_others_count_as_strangers() {
        let seen = |template: Option<Template>| Seen { found: true, template };
        let enrolled = [Some(template([100, 0])), Some(template([0, 100])), None];
        let nobody = Seen { found: false, template: None };
        let door = [seen(Some(template([100, 0]))), seen(Some(template([100, 1]))), nobody];
        let row = row(&enrolled, &door, CosineScore(20_000));
        let counts =
            [row.found, row.passed, row.recognised, row.false_matches].map(|one| [one.count, one.of]);
        assert_eq!(counts, [[2, 3], [2, 3], [1, 3], [1, 2]]);
    }
}
