//! `postern eval orientation`: how well enrolment tells an upright photograph from a turned one.
//!
//! Enrolment shows the board a photograph in all four orientations, and tilted to either side, and refuses it where the detector is
//! surer of another one than of the one that was given, by a margin. Here each picture is taken in all four orientations, and tilted, as
//! if it had been given so, and the margins are compared.

use std::path::PathBuf;

use anyhow::{Context, ensure};
use imaging::{Photo, QuarterTurn};
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use schemars::JsonSchema;
use serde::Serialize;
use vision::PixelFormat;

use crate::commands::enroll::photos::TILT;
use crate::numbers::count;
use crate::output::{Outcome, Output};
use crate::picture::spread;
use crate::progress::Bar;
use models::{Arena, ImageFile};

/// Margins that are compared, Q15: 0.01 is 328.
const MARGINS: [u16; 8] = [0, 328, 655, 1_638, 3_277, 4_915, 6_554, 9_830];

/// Options of `postern eval orientation`.
#[derive(clap::Args)]
pub struct Args {
    /// Folder of pictures that show a face upright, or of one such folder for each person
    #[arg(long, value_name = "DIR")]
    images: PathBuf,

    /// The detector: the name of a model, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::DETECTOR)]
    detector: String,

    /// Number of pictures, spread evenly over all pictures
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = count::<usize>)]
    limit: usize,
}

/// How well enrolment tells upright pictures from turned ones, at one margin: a line for each.
#[derive(Debug, Default, PartialEq, JsonSchema, Serialize)]
pub struct Row {
    /// How much higher the detector's score of a turned picture must be, to take the picture for turned.
    margin: f64,
    /// Upright pictures.
    upright: usize,
    /// Of these, refused as turned.
    upright_refused: usize,
    /// Pictures upside down.
    upside_down: usize,
    /// Of these, taken for upright.
    upside_down_taken: usize,
    /// Pictures on a side.
    on_a_side: usize,
    /// Of these, taken for upright.
    on_a_side_taken: usize,
    /// Pictures tilted by 40 degrees.
    tilted: usize,
    /// Of these, taken for upright.
    tilted_taken: usize,
}

/// By how many degrees a tilted picture is, and how it is tilted when enrolment turns it to either side.
const TILTED: [f64; 3] = [40.0, 40.0 - TILT, 40.0 + TILT];

/// The detector's scores of one picture.
struct Scores {
    /// In four orientations: upright, clockwise, upside down, counterclockwise.
    quarters: [u16; 4],
    /// Upright, and turned to either side.
    upright: [u16; 3],
    /// As [`TILTED`].
    tilted: [u16; 3],
}

/// Measures and prints.
pub fn run(args: &Args, output: &Output) -> anyhow::Result<Outcome> {
    let (detector, encoder) = (models::image(&args.detector)?, models::image(models::ENCODER)?);
    let (detector, encoder) = (ImageFile::read(&detector)?, ImageFile::read(&encoder)?);
    let recognizer = Recognizer::new(detector.model()?, encoder.model()?, DEFAULT_MIN_SCORE)?;
    let paths = spread(std::slice::from_ref(&args.images), args.limit)?;
    let bar = Bar::counted(paths.len(), "pictures");
    let score = |arena: &mut Arena, photo: &Photo| -> anyhow::Result<u16> {
        let frame = photo.to_frame(PixelFormat::Yuyv);
        let faces = recognizer.detect(&frame.view()?, arena.bytes())?;
        // The one that counts at the board.
        let area = |face: &&vision::Face| i64::from(face.bounds.width) * i64::from(face.bounds.height);
        Ok(faces.iter().max_by_key(area).map_or(0, |face| face.score))
    };
    let one = |arena: &mut Arena, path: &PathBuf| -> anyhow::Result<Scores> {
        let photo = Photo::open(path)?;
        let mut quarters = [score(arena, &photo).with_context(|| path.display().to_string())?, 0, 0, 0];
        let turns = [QuarterTurn::Clockwise, QuarterTurn::Half, QuarterTurn::Counterclockwise];
        for (place, turn) in quarters[1..].iter_mut().zip(turns) {
            *place = score(arena, &photo.turned(turn))?;
        }
        let small = photo.in_frame_size();
        let mut upright = [quarters[0], 0, 0];
        for (place, degrees) in upright[1..].iter_mut().zip([TILT, -TILT]) {
            *place = score(arena, &small.tilted(degrees))?;
        }
        let mut tilted = [0; 3];
        for (place, degrees) in tilted.iter_mut().zip(TILTED) {
            *place = score(arena, &small.tilted(degrees))?;
        }
        bar.inc(1);
        Ok(Scores { quarters, upright, tilted })
    };
    let scores = paths.par_iter().map_init(|| Arena::new(recognizer.arena_len()), one);
    let scores = scores.collect::<anyhow::Result<Vec<_>>>()?;
    bar.finish_and_clear();
    ensure!(scores.iter().any(|scores| scores.quarters[0] > 0), "there is no picture with a face");
    output.heading(format_args!("{} pictures, each in four orientations and tilted", scores.len()))?;
    output.heading(format_args!(
        "  margin  upright refused  upside down taken  on a side taken  tilted taken"
    ))?;
    for margin in MARGINS {
        let row = row(&scores, margin);
        output.print(&row, |out| {
            writeln!(
                out,
                "  {:>6.2}  {:>8} of {:<4}  {:>10} of {:<4}  {:>8} of {:<4}  {:>5} of {:<4}",
                row.margin,
                row.upright_refused,
                row.upright,
                row.upside_down_taken,
                row.upside_down,
                row.on_a_side_taken,
                row.on_a_side,
                row.tilted_taken,
                row.tilted
            )
        })?;
    }
    Ok(Outcome::Done)
}

/// What `margin` makes of pictures with these scores.
///
/// An orientation without a face is none that a photograph could be enrolled in, and does not count.
fn row(scores: &[Scores], margin: u16) -> Row {
    let mut row = Row { margin: (f64::from(margin) / 32768.0 * 100.0).round() / 100.0, ..Row::default() };
    let is_refused = |here: u16, others: &mut dyn Iterator<Item = u16>| {
        others.max().is_some_and(|best| best > here.saturating_add(margin))
    };
    for Scores { quarters, upright, tilted } in scores {
        for (given, &here) in quarters.iter().enumerate().filter(|(_, here)| **here > 0) {
            let others = quarters.iter().enumerate().filter(|(other, _)| *other != given);
            let mut others = others.map(|(_, score)| *score);
            let refused = is_refused(here, &mut others);
            let (count, wrong, is_wrong) = match given {
                0 => {
                    let leaning = is_refused(here, &mut upright[1..].iter().copied());
                    (&mut row.upright, &mut row.upright_refused, refused || leaning)
                }
                2 => (&mut row.upside_down, &mut row.upside_down_taken, !refused),
                _ => (&mut row.on_a_side, &mut row.on_a_side_taken, !refused),
            };
            *count += 1;
            *wrong += usize::from(is_wrong);
        }
        if tilted[0] > 0 {
            row.tilted += 1;
            row.tilted_taken += usize::from(!is_refused(tilted[0], &mut tilted[1..].iter().copied()));
        }
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_trades_upright_pictures_for_turned_ones() {
        let scores = |quarters: [u16; 4], leaning: u16, tilted| {
            let upright = [quarters[0], leaning, 0];
            Scores { quarters, upright, tilted }
        };
        let scores = [
            scores([30_000, 20_000, 29_500, 0], 30_100, [28_000, 29_000, 0]),
            scores([28_000, 10_000, 28_500, 12_000], 27_000, [0, 29_000, 0]),
        ];
        let strict = row(&scores, 0);
        assert_eq!((strict.upright, strict.upright_refused), (2, 2));
        assert_eq!((strict.upside_down, strict.upside_down_taken), (2, 1));
        assert_eq!((strict.on_a_side, strict.on_a_side_taken), (3, 0));
        assert_eq!((strict.tilted, strict.tilted_taken), (1, 0));
        let lenient = row(&scores, 1_638);
        assert_eq!((lenient.upright_refused, lenient.upside_down_taken, lenient.on_a_side_taken), (0, 2, 0));
        assert_eq!(lenient.tilted_taken, 1);
    }
}
