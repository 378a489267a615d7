//! The photographs of one enrolment, looked at before the first of them changes anything.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use client::Device;
use client::protocol::Face;
use imaging::{Photo, QuarterTurn};
use template::{CosineScore, Template};

use crate::close_up;
use crate::device::DeviceArgs;
use crate::output::note;
use crate::picture::Shot;

/// Two templates this similar (0.97) are of one picture; the board says the same of those that it has.
const SAME_PICTURE: CosineScore = CosineScore(CosineScore::ONE.0 / 100 * 97);

/// A second face with at least this part of the largest one's side could be the one that is meant, in percent.
const RIVAL_PERCENT: i32 = 80;

/// By how much another orientation must be the better face, Q15: 0.01. `postern eval orientation` measures what it does
/// (docs/detection.md).
const TURNED_MARGIN: u16 = 328;

/// A photograph that has been looked at.
struct Seen {
    shot: Shot,
    template: Template,
}

/// Reads photographs: all of them, before the board is asked about the first.
///
/// # Errors
/// A file that cannot be read.
pub fn open(paths: &[impl AsRef<Path>]) -> anyhow::Result<Vec<(PathBuf, Photo)>> {
    paths.iter().map(|path| Ok((path.as_ref().to_owned(), Photo::open(path)?))).collect()
}

/// Looks at all photographs, and returns those that each show one face, upright, and not the same picture twice.
///
/// With `force`, a photograph passes whatever it shows, as long as the board finds a face.
///
/// # Errors
/// No face, more than one face of about the same size, a face that is not upright.
pub fn look(
    photos: Vec<(PathBuf, Photo)>,
    args: &DeviceArgs,
    device: &mut Device,
    force: bool,
) -> anyhow::Result<Vec<Shot>> {
    let mut seen: Vec<Seen> = Vec::new();
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
        let same = |other: &&Seen| template.similarity(&other.template).is_some_and(|s| s >= SAME_PICTURE);
        match seen.iter().find(same).filter(|_| !force) {
            Some(other) => {
                note!("{}: the same picture as {}; it counts once", path.display(), other.shot.path.display())
            }
            None => seen.push(Seen { shot, template }),
        }
    }
    Ok(seen.into_iter().map(|seen| seen.shot).collect())
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

/// Refuses a face that is upside down or lies on its side.
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
    for (turn, lies) in [
        (QuarterTurn::Half, "the face is upside down"),
        (QuarterTurn::Clockwise, "the face lies on its left side"),
        (QuarterTurn::Counterclockwise, "the face lies on its right side"),
    ] {
        let turned = Shot::of(path, &photo.turned(turn));
        let there = score(&args.show(device, &turned, |device, source| device.detect(source))?.faces);
        if there > best.0 {
            best = (there, Some(lies));
        }
    }
    if let Some(lies) = best.1 {
        bail!("{}: {lies}; turn the photograph (--force takes it as it is)", path.display());
    }
    Ok(())
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
