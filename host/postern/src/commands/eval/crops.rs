//! Recorded faces that are cut out already: `FOLDER/{live,ATTACK}/PERSON/*.jpg`, each picture a crop of the face of the
//! same number of times its box. Only the liveness network is asked, for there is no frame to detect a face in.
//!
//! A network that sees more than the crop shows gets it with mirrored borders; one that sees less gets its middle.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use eval::recorded::{Errors, Frame, Report};
use imaging::{Photo, Tile, sheet};
use models::Arena;
use rayon::prelude::*;
use recognizer::Liveness;
use vision::{Face, PixelFormat, Rect, SUBPIXEL_BITS, Surroundings};

use super::presentations::{folders, progress};
use crate::output::{Outcome, Output, note};
use crate::output_args::{ForceArgs, NONE};
use crate::picture::files;

/// The folder of living people.
const LIVE: &str = "live";

/// Faces on the sheet of the worst, of each kind.
const WORST: usize = 30;

/// Options about recorded crops.
#[derive(clap::Args)]
#[command(next_help_heading = "Recorded crops of faces")]
pub struct CropArgs {
    /// How many times the face's box the crops below --recorded are
    #[arg(long, value_name = "TIMES", default_value_t = 1.2, value_parser = times)]
    crop: f64,

    /// How many times the face's box the network sees [default: that of its input's size]
    #[arg(long, value_name = "TIMES", value_parser = times)]
    sees: Option<f64>,

    /// Only these people
    #[arg(long, value_name = "PERSON", num_args = 1..)]
    person: Vec<String>,

    /// Scores from this one on are taken for a living face
    #[arg(long, value_name = "SCORE", default_value_t = 0.5, value_parser = crate::numbers::share)]
    threshold: f64,

    /// Consecutive frames over which scores are averaged
    #[arg(long, value_name = "FRAMES", default_value_t = 5, value_parser = crate::numbers::count::<usize>)]
    run: usize,

    /// Draw the trade-off between both errors to this PNG file
    #[arg(long, value_name = "PNG", requires = "recorded")]
    det: Option<PathBuf>,

    /// Draw the attacks that score highest and the living faces that score lowest to this PNG file
    #[arg(long, value_name = "PNG", requires = "recorded")]
    worst: Option<PathBuf>,
}

/// A ratio of a crop's side to that of the face's box.
fn times(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|times| (1.0..=4.0).contains(times)).ok_or("is not between 1 and 4".into())
}

/// Whether `folder` holds crops, and not frames.
pub fn are_in(folder: &Path) -> bool {
    folder.join(LIVE).is_dir()
}

/// A recorded crop.
pub struct Crop {
    /// Its file.
    pub path: PathBuf,
    /// What is presented: the name of the folder.
    pub kind: String,
    /// Whose face it shows.
    pub person: String,
    /// Whether it shows an attack.
    pub attack: bool,
}

impl Crop {
    /// The recording that it is a frame of: its kind, and its name without the last part, the number of the frame.
    pub fn recording(&self) -> String {
        let name = self.path.file_stem().unwrap_or_default().to_string_lossy();
        format!("{}/{}", self.kind, name.rsplit_once('_').map_or("", |(recording, _)| recording))
    }
}

/// Scores all crops and prints the errors.
pub fn run(
    folder: &Path,
    network: &str,
    liveness: &Liveness,
    args: &CropArgs,
    force: &ForceArgs,
    output: &Output,
) -> anyhow::Result<Outcome> {
    let [det, worst] = [&args.det, &args.worst].map(|path| force.check_any(path.as_ref(), NONE));
    let (det, worst) = (det?, worst?);
    let crops = list(folder, &args.person)?;
    let sees = args.sees.unwrap_or(f64::from(liveness.surroundings().tenths()) / 10.0);
    let scores = scores(&crops, liveness, sees / args.crop)?;
    let frame = |(crop, score): (&Crop, &f64)| Frame {
        person: crop.person.clone(),
        recording: crop.recording(),
        attack: crop.attack,
        score: *score,
    };
    let frames: Vec<Frame> = crops.iter().zip(&scores).map(frame).collect();
    let report = Report::new(&super::material::name(network), &frames, args.threshold, args.run);
    if let Some(file) = &det {
        eval::plot_trade_off(file.path(), &report.network, &frames)?;
        note!("drew {}", file.path().display());
    }
    if let Some(file) = &worst {
        draw_worst(file.path(), &crops, &frames)?;
        note!("drew {}", file.path().display());
    }
    output.print(&report, |out| {
        for (what, table) in [("frame", &report.frames), ("run", &report.runs)] {
            writeln!(out, "{:<10} {:>24} {:>24} {:>20}", format!("by {what}"), "APCER", "BPCER", "HTER")?;
            table.iter().try_for_each(|errors| writeln!(out, "{}", row(errors)))?;
        }
        if let Some(rate) = report.equal_error_rate {
            writeln!(out, "equal error rate {:.1} %, of these frames' own best threshold", 100.0 * rate)?;
        }
        Ok(())
    })?;
    Ok(Outcome::Done)
}

/// The score of each crop by a network that sees `times` as much.
pub fn scores(crops: &[Crop], liveness: &Liveness, times: f64) -> anyhow::Result<Vec<f64>> {
    let bar = progress(crops.len());
    let each = crops.par_iter().map_init(
        || Arena::new(liveness.arena_len()),
        |arena, crop| {
            let photo = Photo::open(&crop.path)?;
            bar.inc(1);
            score(&photo, liveness, times, arena)
        },
    );
    let scores = each.collect();
    bar.finish_and_clear();
    scores
}

/// The crops of `folder`, in the order of their recordings.
pub fn list(folder: &Path, people: &[String]) -> anyhow::Result<Vec<Crop>> {
    let mut crops = Vec::new();
    for folder in folders(folder)? {
        let kind = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let attack = kind != LIVE;
        for person in folders(&folder)? {
            let name = person.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !people.is_empty() && !people.contains(&name) {
                continue;
            }
            let mut paths = files(&[person])?;
            paths.sort_by_cached_key(|path| in_order(path));
            let crop = |path| Crop { path, kind: kind.clone(), person: name.clone(), attack };
            crops.extend(paths.into_iter().map(crop));
        }
    }
    ensure!(!crops.is_empty(), "{} has no crops: a picture is FOLDER/{LIVE}/PERSON/*.jpg", folder.display());
    Ok(crops)
}

/// A name with its numbers as numbers, so that 9 comes before 10.
fn in_order(path: &Path) -> Vec<(String, u64)> {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let part =
        |part: &str| (part.trim_matches(|c: char| c.is_ascii_digit()).to_owned(), part.parse().unwrap_or(0));
    name.split('_').map(part).collect()
}

/// The score of a face by the device's own code, from a frame that shows just what the network sees: `times` as much as the
/// crop.
fn score(photo: &Photo, liveness: &Liveness, times: f64, arena: &mut Arena) -> anyhow::Result<f64> {
    let view = liveness.surroundings();
    let frame = framed(photo, times).to_frame(PixelFormat::Yuyv);
    let frame = frame.view()?;
    let score = liveness.score(&frame, &face_of(&frame, view), arena.bytes())?;
    Ok(f64::from(score) / 32768.0)
}

/// The face whose surroundings, as `view` has them, are all of `frame`.
pub fn face_of(frame: &vision::Frame, view: Surroundings) -> Face {
    let side = |pixels: usize| ((pixels as i64) << SUBPIXEL_BITS) * 10 / i64::from(view.tenths());
    let (width, height) = (side(frame.width()), side(frame.height()));
    // Coordinates are relative to the centre of the first pixel.
    let start = |pixels: usize, side: i64| {
        ((((pixels as i64) << SUBPIXEL_BITS) - side) / 2 - (1 << (SUBPIXEL_BITS - 1))) as i32
    };
    let bounds = Rect {
        x: start(frame.width(), width),
        y: start(frame.height(), height),
        width: width as i32,
        height: height as i32,
    };
    Face { bounds, ..Face::default() }
}

/// The picture `times` as wide and high about its middle, with mirrored borders where it ends; or its middle.
fn framed(photo: &Photo, times: f64) -> Photo {
    let [width, height] = [photo.width(), photo.height()].map(|side| i64::from(side).max(1));
    let [wide, high] = [width, height].map(|side| ((side as f64 * times / 2.0).round() as i64 * 2).max(2));
    let mirrored = |at: i64, side: i64| {
        let at = at.rem_euclid(2 * side);
        at.min(2 * side - 1 - at)
    };
    let rgb = photo.rgb();
    let pixel = |n: i64| {
        let (x, y) = (n % wide - (wide - width) / 2, n / wide - (high - height) / 2);
        let at = 3 * (mirrored(y, height) * width + mirrored(x, width)) as usize;
        rgb[at..at + 3].iter().copied()
    };
    let pixels = (0..wide * high).flat_map(pixel).collect();
    Photo::from_rgb(wide as u32, high as u32, pixels).expect("as many pixels as its sides say")
}

/// The attacks that score highest, then the living faces that score lowest.
fn draw_worst(path: &Path, crops: &[Crop], frames: &[Frame]) -> anyhow::Result<()> {
    let mut tiles = Vec::new();
    for attack in [true, false] {
        let mut own: Vec<usize> = (0..frames.len()).filter(|&at| frames[at].attack == attack).collect();
        own.sort_by(|&a, &b| frames[a].score.total_cmp(&frames[b].score));
        if attack {
            own.reverse();
        }
        for &at in own.iter().take(WORST) {
            let photo = Photo::open(&crops[at].path)?;
            let kind = if attack { "attack" } else { LIVE };
            let label = format!("{kind} {} {:.2}", frames[at].person, frames[at].score);
            tiles.push(Tile { photo, label });
        }
    }
    sheet(&tiles, 160).save_png(path).with_context(|| path.display().to_string())
}

fn row(errors: &Errors) -> String {
    let counted = |one: &eval::recorded::Counted| match one.rate {
        Some(rate) => {
            let [low, high] = one.interval.map(|end| 100.0 * end);
            format!("{:.1} % ({low:.0} to {high:.0}) of {}", 100.0 * rate, one.of)
        }
        None => "-".to_owned(),
    };
    let hter = errors.hter.map_or("-".to_owned(), |rate| {
        let [low, high] = errors.hter_interval.map(|end| 100.0 * end);
        format!("{:.1} % ({low:.0} to {high:.0})", 100.0 * rate)
    });
    let person = errors.person.as_deref().unwrap_or("all");
    format!("{person:<10} {:>24} {:>24} {hter:>20}", counted(&errors.apcer), counted(&errors.bpcer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_in_the_order_of_their_numbers_and_recordings_end_with_the_session() {
        let mut names = ["1_00_00_01_101.jpg", "1_00_00_01_9.jpg", "1_00_00_02_3.jpg"].map(Path::new);
        names.sort_by_cached_key(|path| in_order(path));
        assert_eq!(names[0], Path::new("1_00_00_01_9.jpg"));
        assert_eq!(names[2], Path::new("1_00_00_02_3.jpg"));
        let path = "pad/print/1/1_00_00_02_3.jpg".into();
        let crop = Crop { path, kind: "print".into(), person: "1".into(), attack: true };
        assert_eq!(crop.recording(), "print/1_00_00_02");
    }

    #[test]
    fn borders_are_mirrored_and_a_middle_is_cut() {
        let photo = Photo::from_rgb(4, 2, (0..8).flat_map(|n| [n * 10; 3]).collect()).unwrap();
        let wide = framed(&photo, 2.0);
        assert_eq!((wide.width(), wide.height()), (8, 4));
        let row: Vec<u8> = wide.rgb()[8 * 3..16 * 3].chunks(3).map(|pixel| pixel[0]).collect();
        assert_eq!(row, [10, 0, 0, 10, 20, 30, 30, 20]);
        let middle = framed(&photo, 0.5);
        assert_eq!((middle.width(), middle.height(), middle.rgb()[0]), (2, 2, 10));
    }

    #[test]
    fn the_surroundings_of_the_face_are_the_frame() {
        let bytes = vec![128; 160 * 160 * 2];
        let frame = vision::Frame::new(PixelFormat::Yuyv, 160, 160, &bytes).unwrap();
        let Rect { x, width, .. } = face_of(&frame, Surroundings::TIGHT).bounds;
        let one = f64::from(1 << SUBPIXEL_BITS);
        assert!((f64::from(width) / one - 160.0 / 1.2).abs() < 0.01, "{width}");
        assert!(((f64::from(x) + 0.5 * one) / one - (160.0 - 160.0 / 1.2) / 2.0).abs() < 0.01, "{x}");
    }
}
