//! The faces of a training: found and aligned by the device's own code, once, and kept.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use imaging::{Photo, Region};
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use sha2::{Digest, Sha256};
use train::data::{Cache, Finding, Folds, Found, HeldOut, PeopleFile, Store, Stored, find, strangers};
use train::{CROP_BYTES, SIDE};
use vision::PixelFormat;

use crate::output::note;
use crate::picture::nearest_centre;
use crate::progress::Bar;
use models::{Arena, ImageFile};

/// Pictures between two writes to the file of faces.
const AT_A_TIME: usize = 64;

/// Names in a message, at most.
const TOLD: usize = 5;

/// A face below this share of the frame's height is detected again in an enlarged part.
const SMALL: f64 = 0.35;

/// Options about the pictures.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Pictures")]
pub struct FaceArgs {
    /// Use only the people of this list: people.txt of Labeled Faces in the Wild, or one name a line
    #[arg(long, value_name = "FILE")]
    people: Option<PathBuf>,

    /// Use only these folds of the list, such as 1-5 or 1,3
    #[arg(long, value_name = "FOLDS", requires = "people")]
    folds: Option<Folds>,

    /// The pictures are aligned faces already
    #[arg(long)]
    aligned: bool,

    /// The detector that finds the faces: a model's name, or an image
    #[arg(long, value_name = "NAME|IMAGE", default_value = models::DETECTOR, conflicts_with = "aligned")]
    detector: String,

    /// Where detected faces are kept [default: faces/FOLDER in the data folder]
    #[arg(long, value_name = "FILE")]
    cache: Option<PathBuf>,
}

/// The faces, by number, and the person of each.
pub struct Faces {
    /// What is kept of them.
    pub store: Vec<Store>,
    /// Files of the pictures, and SHA-256 of these.
    pub pictures: Vec<train::data::Picture>,
    /// Names of the people.
    pub names: Vec<String>,
    /// Pictures that are left out, and why.
    pub left_out: Vec<(PathBuf, String)>,
}

/// Options about the people of a training.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Pictures")]
pub struct SplitArgs {
    /// Number of people held out for validation [default: a tenth, 300 at most; unlabelled faces count as people]
    #[arg(long, value_name = "PEOPLE", value_parser = clap::value_parser!(u32).range(2..))]
    held_out: Option<u32>,

    /// Also distil on unlabelled aligned faces: folders of pictures. They are not used for validation
    #[arg(long, value_name = "DIR", num_args = 1..)]
    pub unlabelled: Vec<PathBuf>,

    /// Also train on this number of synthetic people, each a morph of two
    #[arg(long, value_name = "PEOPLE", default_value_t = 0)]
    pub morphs: u32,
}

impl SplitArgs {
    /// How many people are held out.
    pub fn held_out(&self) -> HeldOut {
        self.held_out.map_or(HeldOut::Tenth, |people| HeldOut::People(people as usize))
    }
}

impl FaceArgs {
    /// Finds the faces of the people in `folder`.
    pub fn find(&self, folder: &Path) -> anyhow::Result<Faces> {
        let wanted = match &self.people {
            Some(path) => Some(PeopleFile::read(path)?.names(self.folds.as_ref())?),
            None => None,
        };
        let is_wanted = |name: &str| wanted.as_ref().is_none_or(|names| names.contains(name));
        let found = find(folder, is_wanted)?;
        if let Some(names) = &wanted {
            let missing: Vec<&String> = names.iter().filter(|name| !found.names.contains(name)).collect();
            if !missing.is_empty() {
                note!("{} people of the list have no folder: {}", missing.len(), some(&missing));
            }
        }
        for (path, reason) in found.left_out.iter().take(TOLD) {
            note!("left out {}: {reason}", path.display());
        }
        let path = match &self.cache {
            Some(path) => path.clone(),
            None => models::data("faces").join(name_of(folder)?),
        };
        if self.aligned {
            return all_aligned(found, &path);
        }
        let detector = ImageFile::read(&models::image(&self.detector)?)?;
        // A recognizer has two networks; this one's encoder is not asked.
        let encoder = ImageFile::read(&models::image(models::ENCODER)?)?;
        let detector = detector.model().with_context(|| self.detector.clone())?;
        let finder = *detector.identity();
        let recognizer = Recognizer::new(detector, encoder.model()?, DEFAULT_MIN_SCORE)?;
        let arena = || Arena::new(recognizer.arena_len());
        all(found, &path, &finder, arena, |arena, photo| aligned(&recognizer, arena, photo))
    }
}

/// Takes all pictures for aligned faces.
fn all_aligned(found: Found, path: &Path) -> anyhow::Result<Faces> {
    let finder = Sha256::digest(b"aligned").into();
    all(found, path, &finder, || (), |(), photo| Ok(whole(photo)))
}

/// Detects the faces of all new pictures, on all cores, and keeps the results.
fn all<S>(
    found: Found,
    path: &Path,
    finder: &[u8; 32],
    state: impl Fn() -> S + Sync + Send,
    look: impl Fn(&mut S, &Photo) -> anyhow::Result<Finding> + Sync + Send,
) -> anyhow::Result<Faces> {
    let mut cache = Cache::open(path, finder, CROP_BYTES)?;
    let Found { names, mut pictures, mut left_out } = found;
    let new: Vec<_> = pictures.iter().filter(|one| cache.known(&one.digest).is_none()).cloned().collect();
    let bar = Bar::counted(pictures.len(), "faces");
    bar.inc((pictures.len() - new.len()) as u64);
    for some in new.chunks(AT_A_TIME) {
        let findings = some.par_iter().map_init(&state, |state, picture| {
            let finding = match Photo::open(&picture.path) {
                Ok(photo) => look(state, &photo).with_context(|| picture.path.display().to_string())?,
                Err(error) => Finding::Nothing(error.to_string()),
            };
            bar.inc(1);
            Ok((picture.digest, finding))
        });
        for (digest, finding) in findings.collect::<anyhow::Result<Vec<_>>>()? {
            cache.add(digest, &finding)?;
        }
    }
    bar.finish_and_clear();
    let mut places = Vec::new();
    pictures.retain(|picture| match cache.known(&picture.digest) {
        Some(Stored::Something(place)) => {
            places.push(*place);
            true
        }
        Some(Stored::Nothing(reason)) => {
            left_out.push((picture.path.clone(), reason.clone()));
            false
        }
        None => false,
    });
    if pictures.is_empty() {
        let (path, reason) = left_out.first().context("there are no pictures")?;
        let advice = "pictures that are aligned faces already take --aligned";
        bail!("there is no face in any picture, of {}: {reason}; {advice}", path.display());
    }
    Ok(Faces { store: vec![cache.store(places)], pictures, names, left_out })
}

impl Faces {
    /// Adds the aligned faces of plain folders, each of a person of their own. Returns how many they are.
    ///
    /// They come after the others, and whoever is there with one picture is never held out.
    pub fn add_unlabelled(&mut self, folders: &[PathBuf]) -> anyhow::Result<usize> {
        if folders.is_empty() {
            return Ok(0);
        }
        let known: std::collections::BTreeSet<[u8; 32]> =
            self.pictures.iter().map(|one| one.digest).collect();
        let mut pictures = strangers(folders)?;
        pictures.retain(|picture| !known.contains(&picture.digest));
        let first = self.names.len();
        for (number, picture) in pictures.iter_mut().enumerate() {
            picture.person = first + number;
            self.names.push(picture.path.display().to_string());
        }
        let found = Found { names: Vec::new(), pictures, left_out: Vec::new() };
        let mut more = all_aligned(found, &models::data("faces").join("unlabelled"))?;
        let count = more.pictures.len();
        self.store.append(&mut more.store);
        self.pictures.append(&mut more.pictures);
        self.left_out.append(&mut more.left_out);
        Ok(count)
    }

    /// Warns about odd pictures, and refuses a folder that is not enough for a training.
    pub fn check(&self, needs_pairs: bool) -> anyhow::Result<()> {
        let mut counts = vec![0usize; self.names.len()];
        self.pictures.iter().for_each(|picture| counts[picture.person] += 1);
        let people = |count: fn(usize) -> bool| -> Vec<&String> {
            self.names.iter().zip(&counts).filter(|(_, n)| count(**n)).map(|(name, _)| name).collect()
        };
        let (none, single) = (people(|n| n == 0), people(|n| n == 1));
        let able = self.names.len() - none.len();
        if !self.left_out.is_empty() {
            note!("{} pictures are left out, see skipped.csv", self.left_out.len());
        }
        if !none.is_empty() {
            note!("nothing is left of {} people: {}", none.len(), some(&none));
        }
        ensure!(able >= 4, "there are faces of {able} people; it takes four at least, two to train on");
        if !single.is_empty() {
            note!(
                "{} of {able} people have one picture: it is compared with itself, varied ({})",
                single.len(),
                some(&single)
            );
        }
        ensure!(
            !needs_pairs || single.len() < able,
            "every person has only one picture, and a training needs two pictures of a person; \
             add pictures, or learn from a teacher alone: postern distill"
        );
        Ok(())
    }

    /// A table of the pictures that are left out.
    pub fn skipped(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let rows = self.left_out.iter();
        let row = |(path, reason): &(PathBuf, String)| {
            format!("{},{}\n", quoted(&path.display().to_string()), quoted(reason))
        };
        format!("picture,reason\n{}", rows.map(row).collect::<String>())
    }
}

/// The face nearest the middle; one that is small in a large photograph is looked at from nearer.
fn aligned(recognizer: &Recognizer, arena: &mut Arena, photo: &Photo) -> anyhow::Result<Finding> {
    let frame = photo.to_frame(PixelFormat::Yuyv);
    let view = frame.view()?;
    let faces = recognizer.detect(&view, arena.bytes())?;
    let Some(face) = nearest_centre(&faces, view.width(), view.height()) else {
        return Ok(Finding::Nothing("there is no face in it".into()));
    };
    let region = Region::of_face(face);
    let is_shrunk = (view.height() as u32) < photo.height();
    if is_shrunk && region.height < SMALL * view.height() as f64 {
        let near = photo.crop_around(frame.to_photo(region));
        let frame = near.to_frame(PixelFormat::Yuyv);
        let view = frame.view()?;
        let faces = recognizer.detect(&view, arena.bytes())?;
        if let Some(face) = nearest_centre(&faces, view.width(), view.height()) {
            return crop(recognizer, &view, face, arena);
        }
    }
    crop(recognizer, &view, face, arena)
}

fn crop(
    recognizer: &Recognizer,
    frame: &vision::Frame,
    face: &vision::Face,
    arena: &mut Arena,
) -> anyhow::Result<Finding> {
    Ok(match recognizer.align(frame, face, arena.bytes()) {
        Ok(mut aligned) => {
            Finding::Something(aligned.crop().iter().map(|&value| (i16::from(value) + 128) as u8).collect())
        }
        Err(error) => Finding::Nothing(error.to_string()),
    })
}

/// A picture that is an aligned face.
fn whole(photo: &Photo) -> Finding {
    let scaled = photo.scaled(SIDE as u32, SIDE as u32);
    Finding::Something(scaled.rgb().to_vec())
}

/// The last part of a path.
pub fn name_of(folder: &Path) -> anyhow::Result<String> {
    let whole = folder.canonicalize().with_context(|| format!("cannot read {}", folder.display()))?;
    let name = whole.file_name().map(|name| name.to_string_lossy().into_owned());
    name.with_context(|| format!("{} has no name", folder.display()))
}

/// The first few names.
fn some(names: &[&String]) -> String {
    let first: Vec<&str> = names.iter().take(TOLD).map(|name| name.as_str()).collect();
    format!("{}{}", first.join(", "), if names.len() > TOLD { ", …" } else { "" })
}
