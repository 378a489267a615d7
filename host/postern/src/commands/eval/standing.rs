//! People who stand before the door: of each a picture that is enrolled, and another one at some distance.

use std::path::{Path, PathBuf};

use anyhow::{bail, ensure};
use imaging::{CameraFrame, Photo};
use nn::Model;
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use reference::{Detection, Detector, Rgb};
use template::Template;
use vision::{Face, Frame, PixelFormat};

use super::embed::is_good;
use crate::encoding::Encoding;
use crate::picture::{files, nearest_centre};
use crate::progress::Bar;
use models::{Arena, Manifest};

/// The door's frame.
pub const FRAME: [u32; 2] = [320, 240];

/// Two pictures of a person, and where the face is in the second one.
pub struct Person {
    number: u64,
    enrolled: PathBuf,
    at_the_door: Photo,
    face: Detection,
}

impl Person {
    /// A number of their own.
    pub fn seed(&self) -> u64 {
        self.number
    }

    /// The picture that is enrolled, as a frame.
    pub fn enrolled(&self) -> anyhow::Result<CameraFrame> {
        Ok(Photo::open(&self.enrolled)?.to_frame(PixelFormat::Yuyv))
    }

    /// The other picture in a scene of `size`, with the face in the middle and `height` pixels high. Also the landmarks in it.
    pub fn at_the_door(&self, size: [u32; 2], height: f64) -> (Photo, [[f32; 2]; 5]) {
        let area = self.face.area;
        let scale = height / f64::from(area[3]);
        let corner: [i64; 2] = std::array::from_fn(|axis| {
            let [start, length] = [axis, axis + 2].map(|at| f64::from(area[at]) * scale);
            ((f64::from(size[axis]) - length) / 2.0 - start).round() as i64
        });
        let scene = self.at_the_door.placed(size, scale, corner);
        let place = |landmark: [f32; 2]| {
            std::array::from_fn(|axis| (f64::from(landmark[axis]) * scale + corner[axis] as f64) as f32)
        };
        (scene, self.face.landmarks.map(place))
    }
}

/// Heights of faces that a scene has room for.
pub fn check_heights(heights: &[u32]) -> anyhow::Result<()> {
    if let Some(height) = heights.iter().find(|height| !(8..FRAME[1]).contains(height)) {
        bail!("a face of {height} pixels does not stand in a frame of {}x{}", FRAME[0], FRAME[1]);
    }
    Ok(())
}

/// Two photographs of each person in `folder`, in the order of the names; of the people `named` alone, if some are.
pub fn pairs(folder: &Path, named: Option<&[String]>) -> anyhow::Result<Vec<[PathBuf; 2]>> {
    let is_asked_for = |folder: &Path| match (named, folder.file_name()) {
        (Some(names), Some(name)) => names.iter().any(|asked| name == asked.as_str()),
        _ => true,
    };
    let mut pairs = Vec::new();
    let folders = super::presentations::folders(folder)?;
    for folder in folders.into_iter().filter(|folder| is_asked_for(folder)) {
        if let [first, second, ..] = &files(&[folder])?[..] {
            pairs.push([first.clone(), second.clone()]);
        }
    }
    ensure!(!pairs.is_empty(), "{} has no folder with two photographs of a person", folder.display());
    Ok(pairs)
}

/// `limit` of the pairs at most, spread evenly.
pub fn spread(pairs: &[[PathBuf; 2]], limit: usize) -> Vec<[PathBuf; 2]> {
    let taken = limit.min(pairs.len());
    (0..taken).map(|number| pairs[number * pairs.len() / taken].clone()).collect()
}

/// The people of `limit` pairs at most; who has no face in the second picture is left out.
pub fn people(pairs: &[[PathBuf; 2]], limit: usize) -> anyhow::Result<Vec<Person>> {
    let detector = Detector::open(&Manifest::read(models::DETECTOR)?)?;
    let person = |(number, [enrolled, at_the_door]): (usize, [PathBuf; 2])| {
        let photo = Photo::open(&at_the_door)?;
        let (width, height) = (photo.width() as usize, photo.height() as usize);
        let faces = detector.detect(Rgb { width, height, pixels: photo.rgb() })?;
        let face = reference::nearest_centre(&faces, width, height).copied();
        Ok(face.map(|face| Person { number: number as u64, enrolled, at_the_door: photo, face }))
    };
    let found =
        spread(pairs, limit).into_par_iter().enumerate().map(person).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(found.into_iter().flatten().collect())
}

/// Looks at everybody, on all cores, behind a progress bar.
pub fn in_parallel<T: Send>(
    people: &[Person],
    door: &Door,
    look: impl Fn(&mut Arena, &Person) -> anyhow::Result<T> + Sync + Send,
) -> anyhow::Result<Vec<T>> {
    let bar = Bar::counted(people.len(), "pictures");
    let seen = people.par_iter().map_init(
        || Arena::new(door.recognizer.arena_len()),
        |arena, person| {
            bar.inc(1);
            look(arena, person)
        },
    );
    let seen = seen.collect();
    bar.finish_and_clear();
    seen
}

/// The networks that look.
pub struct Door<'m> {
    /// Finds and aligns faces.
    pub recognizer: Recognizer<'m>,
    encoding: Encoding,
}

impl<'m> Door<'m> {
    /// The door with these networks.
    pub fn new(detector: Model<'m>, encoder: Model<'m>) -> anyhow::Result<Self> {
        let recognizer = Recognizer::new(detector, encoder, DEFAULT_MIN_SCORE)?;
        Ok(Self { recognizer, encoding: Encoding::of(&encoder)? })
    }

    /// The face in the middle of a frame.
    pub fn find(&self, frame: &Frame, arena: &mut Arena) -> anyhow::Result<Option<Face>> {
        let faces = self.recognizer.detect(frame, arena.bytes())?;
        Ok(nearest_centre(&faces, frame.width(), frame.height()).copied())
    }

    /// The template of a face, if its view is good enough.
    pub fn template(
        &self,
        frame: &Frame,
        face: &Face,
        arena: &mut Arena,
    ) -> anyhow::Result<Option<Template>> {
        let mut aligned = self.recognizer.align(frame, face, arena.bytes())?;
        is_good(&mut aligned).then(|| self.encoding.encode(aligned)).transpose()
    }
}
