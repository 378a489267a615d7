//! The photographs of one enrolment, looked at before the first of them changes anything.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use client::Device;
use client::protocol::Face;
use imaging::{Photo, QuarterTurn};
use template::Template;

use super::Enrolling;
use super::copies::{Known, SAME};
use crate::close_up;
use crate::device::{DeviceArgs, real};
use crate::output::note;
use crate::picture::Shot;

/// A second face with at least this part of the largest one's side could be the one that is meant, in percent.
const RIVAL_PERCENT: i32 = 80;

/// By how much another orientation must be the better face, Q15: 0.01. `postern eval orientation` measures what it does
/// (docs/detection.md).
const TURNED_MARGIN: u16 = 328;

/// A photograph that has been looked at.
struct Seen {
    shot: Shot,
    face: Known,
}

/// Reads photographs: all of them, before the board is asked about the first.
///
/// # Errors
/// A file that cannot be read.
pub fn open(paths: &[impl AsRef<Path>]) -> anyhow::Result<Vec<(PathBuf, Photo)>> {
    paths.iter().map(|path| Ok((path.as_ref().to_owned(), Photo::open(path)?))).collect()
}

/// Looks at all photographs, and returns those that each show one face, upright, and are no copies of another one, or of one
/// that the person has already.
///
/// If the photographs are taken whatever they show, one passes as long as the board finds a face.
///
/// # Errors
/// No face, more than one face of about the same size, a face that is not upright; nothing but copies of what the person has.
pub fn look(
    photos: Vec<(PathBuf, Photo)>,
    enrolling: &Enrolling<'_>,
    device: &mut Device,
) -> anyhow::Result<Vec<Shot>> {
    let (args, force) = (enrolling.device, enrolling.force);
    let mut seen: Vec<Seen> = Vec::new();
    let asked = photos.len();
    for (path, photo) in photos {
        let path = path.as_path();
        let near = close_up::of(&photo);
        let sides = near.as_ref().map(|near| near.sides.clone());
        let photo = near.map_or(photo, |near| near.photo);
        let shot = Shot::of(path, &photo);
        let faces = args.show(device, &shot, |device, source| device.detect(source))?.faces;
        if !force {
            one_face(path, &sides.unwrap_or_else(|| faces.iter().map(side).collect()))?;
            upright(path, &photo, &faces, args, device)?;
        }
        let embedding = args.show(device, &shot, |device, source| device.embed(source))?;
        let template = Template::from_values(&embedding.template).context("the board sent no template")?;
        let face = Known::of(template, &shot.frame, Some(&embedding.face));
        if !force && let Some(other) = seen.iter().find(|other| face.is_copy_of(&other.face)) {
            note!("{}: a copy of {}; it counts once", path.display(), other.shot.path.display());
            continue;
        }
        if !force
            && enrolling.add
            && let Some(similarity) = copied(enrolling, device, &shot)?
        {
            note!(
                "{}: a copy of a photograph that {} has already (similarity {similarity:.2}); it counts once",
                path.display(),
                enrolling.name
            );
            continue;
        }
        seen.push(Seen { shot, face });
    }
    ensure!(
        asked == 0 || !seen.is_empty(),
        "nothing to add: use another photograph, since a copy makes recognition no better (--force adds it)"
    );
    Ok(seen.into_iter().map(|seen| seen.shot).collect())
}

/// How similar a face is to what the person has, if it is so similar that it comes from the same photograph. An operator is told
/// steps of a sixteenth, so a copy counts for them from 0.94 on.
fn copied(enrolling: &Enrolling<'_>, device: &mut Device, shot: &Shot) -> anyhow::Result<Option<f64>> {
    let ask = |device: &mut Device, source| device.verify(enrolling.name, source);
    let best = enrolling.device.show(device, shot, ask)?.best;
    Ok(best.map(|best| best.similarity).filter(|&similarity| i32::from(similarity) >= SAME.0).map(real))
}

/// The lesser of width and height.
pub fn side(face: &Face) -> i32 {
    face.width.min(face.height)
}

/// How many faces are about as large as the first one, the largest, by their sides.
pub fn rivals(sides: &[i32]) -> usize {
    let [largest, rest @ ..] = sides else { return 0 };
    rest.iter().filter(|&side| side * 100 >= largest * RIVAL_PERCENT).count()
}

/// Refuses a picture in which it is not clear which face is meant, by the sides of its faces.
fn one_face(path: &Path, sides: &[i32]) -> anyhow::Result<()> {
    let rivals = rivals(sides);
    ensure!(
        rivals == 0,
        "{}: {} faces of about the same size, so it is not clear which one is meant; crop the photograph to one \
         person (--force takes the largest face)",
        path.display(),
        rivals + 1
    );
    Ok(())
}

/// Refuses a face that is upside down, lies on its side, or is tilted.
///
/// The detector finds such a face, too, and sets its landmarks as if it were upright. But it is surer of the
/// photograph that is turned so that the face is upright.
fn upright(
    path: &Path,
    photo: &Photo,
    faces: &[Face],
    args: &DeviceArgs,
    device: &mut Device,
) -> anyhow::Result<()> {
    let score = |faces: &[Face]| faces.first().map_or(0, |face| face.score);
    let here = score(faces);
    let mut best = (here.saturating_add(TURNED_MARGIN), None);
    for (turn, lies) in turns() {
        let turned = Shot::of(path, &turn(photo));
        let there = score(&args.show(device, &turned, |device, source| device.detect(source))?.faces);
        if there > best.0 {
            best = (there, Some(lies));
        }
    }
    if let Some(lies) = best.1 {
        bail!("{}: {lies} (--force takes it as it is)", path.display());
    }
    Ok(())
}

/// By how many degrees a photograph is turned to see whether its face is tilted.
pub const TILT: f64 = 30.0;

/// A photograph turned in some way.
type Turn = fn(&Photo) -> Photo;

/// How a photograph is turned to look whether its face is upright then, and what is said if it is.
fn turns() -> [(Turn, &'static str); 5] {
    let tilted = "the face is tilted towards a shoulder; turn the photograph until the face is upright";
    [
        (|photo| photo.turned(QuarterTurn::Half), "the face is upside down; turn the photograph"),
        (|photo| photo.turned(QuarterTurn::Clockwise), "the face lies on its left side; turn the photograph"),
        (
            |photo| photo.turned(QuarterTurn::Counterclockwise),
            "the face lies on its right side; turn the photograph",
        ),
        (|photo| photo.in_frame_size().tilted(TILT), tilted),
        (|photo| photo.in_frame_size().tilted(-TILT), tilted),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn two_faces_of_nearly_one_size_are_refused_and_a_bystander_is_not() {
        let path = Path::new("two.jpg");
        assert!(one_face(path, &[]).is_ok());
        assert!(one_face(path, &[1_600]).is_ok());
        assert!(one_face(path, &[1_600, 1_200]).is_ok());
        let refusal = one_face(path, &[1_600, 1_300]).unwrap_err().to_string();
        assert!(refusal.contains("two.jpg: 2 faces of about the same size"), "{refusal}");
    }
}
