//! The crops of a training of the liveness network: recorded ones, those of aligned faces, and those that the detector
//! finds in photographs and in presentations that are rendered from them.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use imaging::Photo;
use models::{Arena, ImageFile};
use rayon::prelude::*;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use sha2::{Digest, Sha256};
use synthetic_attacks::{AttackType, sequence};
use train::data::{Cache, Crops, Finding, Stored};
use train::pad::{Class, Group, Raster, STORED, STORED_BYTES};
use vision::{Face, PixelFormat, SUBPIXEL_BITS};

use crate::commands::eval::crops::{Crop, list};
use crate::commands::eval::liveness::images;
use crate::commands::eval::people::PeopleArgs;
use crate::commands::eval::presentations::{choose, subject};
use crate::numbers::count;
use crate::picture::spread;
use crate::progress::Bar;

/// Pictures between two writes to the file of crops.
const AT_A_TIME: usize = 64;

/// Crops that come of one photograph: its face, two rendered heads, a print, a screen.
const OF_A_PHOTOGRAPH: usize = 5;

/// Where the face is in an aligned crop of 112 pixels: left, top, width and height of 1.2 times its box.
const ALIGNED: [f32; 4] = [8.0, 3.0, 96.0, 109.0];

/// Options about the crops.
#[derive(clap::Args)]
#[command(next_help_heading = "Crops")]
pub struct CropArgs {
    /// Recorded faces, cut out at 1.2 times their box: {live,ATTACK}/PERSON/RECORDING_FRAME.jpg
    #[arg(long, value_name = "FOLDER")]
    recorded: Option<PathBuf>,

    /// Only these people of --recorded
    #[arg(long, value_name = "PERSON", num_args = 1.., requires = "recorded")]
    person: Vec<String>,

    /// Folders of aligned faces of living people, 112 pixels a side
    #[arg(long, value_name = "FOLDER", num_args = 1..)]
    aligned: Vec<PathBuf>,

    /// Number of aligned faces, spread evenly over the folders
    #[arg(long, value_name = "N", default_value_t = 6000, value_parser = count::<usize>)]
    aligned_limit: usize,

    /// Folder of photographs of living people: FOLDER/NAME/1.jpg
    #[arg(long, value_name = "FOLDER")]
    photos: Option<PathBuf>,

    #[command(flatten)]
    people: PeopleArgs,

    /// Number of photographs, spread evenly over the people
    #[arg(long, value_name = "N", default_value_t = 600, value_parser = count::<usize>)]
    photo_limit: usize,
}

impl CropArgs {
    /// The folder of recorded faces.
    pub fn recorded(&self) -> Option<&Path> {
        self.recorded.as_deref()
    }

    /// All groups of crops, without recorded people who are `left_out`, and a line that identifies them.
    pub fn collect(&self, weights: &Weights, left_out: &[String]) -> anyhow::Result<(Vec<Group>, String)> {
        let mut groups = Vec::new();
        if let Some(folder) = &self.recorded {
            let mut crops = list(folder, &self.person)?;
            for person in left_out {
                let of_theirs = |crop: &Crop| crop.person == *person;
                ensure!(list(folder, &[])?.iter().any(of_theirs), "--recorded has no person {person:?}");
                crops.retain(|crop| !of_theirs(crop));
            }
            groups.extend(recorded(&crops, weights)?);
        }
        if !self.aligned.is_empty() {
            let faces = aligned(&self.aligned, self.aligned_limit)?;
            groups.push(Group {
                name: "aligned",
                class: Class::Live,
                weight: weights.pictures,
                recordings: faces,
            });
        }
        if let Some(folder) = &self.photos {
            groups.extend(self.rendered(folder, weights)?);
        }
        let mut digest = Sha256::new();
        for group in &groups {
            group.recordings.iter().flatten().for_each(|crop| digest.update(crop));
        }
        let counts: Vec<String> =
            groups.iter().map(|group| format!("{} {}", group.count(), group.name)).collect();
        let digest: [u8; 32] = digest.finalize().into();
        Ok((groups, format!("{}, SHA-256 {}", counts.join(", "), hex::encode(digest))))
    }

    /// The crops of photographs, and of what is rendered from them.
    fn rendered(&self, folder: &Path, weights: &Weights) -> anyhow::Result<Vec<Group>> {
        let sources: Vec<PathBuf> = match self.people.names()? {
            Some(names) => {
                names.iter().map(|name| folder.join(name)).filter(|folder| folder.is_dir()).collect()
            }
            None => vec![folder.to_owned()],
        };
        ensure!(!sources.is_empty(), "no person of the list has a folder in {}", folder.display());
        let (detector, encoder) = images(models::ENCODER)?;
        let photos = spread(&sources, self.photo_limit)?;
        let (store, count) = render(&detector, &encoder, &photos)?;
        let mut kinds: Vec<Vec<Vec<Vec<u8>>>> = vec![Vec::new(); OF_A_PHOTOGRAPH];
        for photo in 0..count {
            let crops = store.read(photo)?;
            for (kind, crop) in kinds.iter_mut().zip(crops.chunks_exact(STORED_BYTES)) {
                kind.push(vec![crop.to_vec()]);
            }
        }
        let mut kinds = kinds.into_iter();
        let mut take = |count: usize| kinds.by_ref().take(count).flatten().collect();
        Ok(vec![
            Group { name: "photographs", class: Class::Live, weight: weights.pictures, recordings: take(1) },
            Group { name: "rendered heads", class: Class::Live, weight: weights.heads, recordings: take(2) },
            Group {
                name: "rendered prints",
                class: Class::Print,
                weight: weights.rendered,
                recordings: take(1),
            },
            Group {
                name: "rendered screens",
                class: Class::Screen,
                weight: weights.rendered,
                recordings: take(1),
            },
        ])
    }
}

/// How often crops of each group are drawn.
pub struct Weights {
    /// Recorded living faces.
    pub live: f32,
    /// Recorded attacks.
    pub attacks: f32,
    /// Pictures of living faces, each source of them.
    pub pictures: f32,
    /// Rendered heads.
    pub heads: f32,
    /// Rendered attacks, each of two kinds.
    pub rendered: f32,
}

/// Recorded crops, by recording.
fn recorded(crops: &[Crop], weights: &Weights) -> anyhow::Result<Vec<Group>> {
    let loaded = crops
        .par_iter()
        .map(|crop| Ok(door_pixels(&Photo::open(&crop.path)?.scaled(STORED as u32, STORED as u32))))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let mut groups = [
        ("recorded live", Class::Live, weights.live),
        ("recorded prints", Class::Print, weights.attacks),
        ("recorded screens", Class::Screen, weights.attacks),
    ]
    .map(|(name, class, weight)| Group { name, class, weight, recordings: Vec::new() });
    let mut last = String::new();
    for (crop, pixels) in crops.iter().zip(loaded) {
        let recordings = &mut groups[class(crop) as usize].recordings;
        let name = format!("{} {}", crop.person, crop.recording());
        if recordings.is_empty() || last != name {
            recordings.push(Vec::new());
        }
        last = name;
        if let Some(recording) = recordings.last_mut() {
            recording.push(pixels);
        }
    }
    Ok(groups.into())
}

/// What a recorded crop shows: an attack is a screen if its folder says so.
fn class(crop: &Crop) -> Class {
    let screen = ["screen", "replay", "display"].iter().any(|word| crop.kind.contains(word));
    match (crop.attack, screen) {
        (false, _) => Class::Live,
        (true, false) => Class::Print,
        (true, true) => Class::Screen,
    }
}

/// Aligned faces, each a recording of its own.
fn aligned(folders: &[PathBuf], limit: usize) -> anyhow::Result<Vec<Vec<Vec<u8>>>> {
    let pictures = spread(folders, limit)?;
    let load = |path: &PathBuf| {
        let photo = Photo::open(path)?;
        let scale = photo.width() as f32 / 112.0;
        Ok(vec![cut(&photo, ALIGNED.map(|value| value * scale))])
    };
    pictures.par_iter().map(load).collect()
}

/// The pixels that a door's camera gives: two share a colour.
fn door_pixels(photo: &Photo) -> Vec<u8> {
    let frame = photo.to_frame(PixelFormat::Yuyv);
    frame.view().map_or_else(|_| photo.rgb().to_vec(), |view| Photo::from_frame(&view).rgb().to_vec())
}

/// The part of a photograph, left, top, width and height, as a stored crop; what is beyond repeats the edge.
fn cut(photo: &Photo, [left, top, width, height]: [f32; 4]) -> Vec<u8> {
    let (columns, rows) = (photo.width() as usize, photo.height() as usize);
    let (side, rgb) = (columns.max(rows).max(2), photo.rgb());
    let square: Vec<u8> = (0..side * side)
        .flat_map(|at| {
            let place = ((at / side).min(rows - 1) * columns + (at % side).min(columns - 1)) * 3;
            rgb[place..place + 3].iter().copied()
        })
        .collect();
    let step = [width, height].map(|side| side / STORED as f32);
    Raster::of(&square)
        .warped(STORED, |x, y| {
            [left + (x + 0.5) * step[0] - 0.5, top + (y + 0.5) * step[1] - 0.5].map(|at| at.min(side as f32))
        })
        .bytes()
}

/// Renders presentations of the photographs, detects the faces in them, and keeps the crops.
fn render(
    detector: &ImageFile,
    encoder: &ImageFile,
    photos: &[PathBuf],
) -> anyhow::Result<(impl Crops, usize)> {
    let detector = detector.model()?;
    let finder: [u8; 32] =
        Sha256::new().chain_update(detector.identity()).chain_update(b"pad 1").finalize().into();
    let recognizer = Recognizer::new(detector, encoder.model()?, DEFAULT_MIN_SCORE)?;
    let mut cache = Cache::open(&models::data("faces").join("pad"), &finder, OF_A_PHOTOGRAPH * STORED_BYTES)?;
    let bar = Bar::counted(photos.len(), "presentations");
    let mut digests = Vec::new();
    for some in photos.chunks(AT_A_TIME) {
        let rendered = some.par_iter().map_init(
            || Arena::new(recognizer.arena_len()),
            |arena, path| {
                let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
                let digest: [u8; 32] = Sha256::digest(&bytes).into();
                let finding = match cache.known(&digest) {
                    Some(_) => None,
                    None => Some(presentations(&recognizer, path, &digest, arena)?),
                };
                bar.inc(1);
                anyhow::Ok((digest, finding))
            },
        );
        for (digest, finding) in rendered.collect::<anyhow::Result<Vec<_>>>()? {
            if let Some(finding) = finding {
                cache.add(digest, &finding)?;
            }
            digests.push(digest);
        }
    }
    bar.finish_and_clear();
    let places: Vec<u64> = digests
        .iter()
        .filter_map(|digest| match cache.known(digest) {
            Some(Stored::Something(place)) => Some(*place),
            _ => None,
        })
        .collect();
    ensure!(!places.is_empty(), "no photograph shows a face that is good enough");
    let count = places.len();
    Ok((cache.store(places), count))
}

/// The crops that come of one photograph, one after the other.
fn presentations(
    recognizer: &Recognizer,
    path: &Path,
    digest: &[u8; 32],
    arena: &mut Arena,
) -> anyhow::Result<Finding> {
    let photo = Photo::open(path)?;
    let seed = u64::from_le_bytes(std::array::from_fn(|at| digest[at]));
    let Some(subject) = subject(recognizer, &photo, arena) else {
        return Ok(Finding::Nothing("no face that is good enough".into()));
    };
    const PRINTS: [AttackType; 4] =
        [AttackType::Print, AttackType::Bent, AttackType::CutOut, AttackType::Still];
    const SCREENS: [AttackType; 2] = [AttackType::Screen, AttackType::Replay];
    let mut pictures = vec![subject.photo()];
    pictures.extend(sequence(&subject, AttackType::BonaFide, seed, 4).into_iter().step_by(3));
    for attack_type in [PRINTS[(seed % 4) as usize], SCREENS[(seed / 4 % 2) as usize]] {
        pictures.extend(sequence(&subject, attack_type, seed, 2).pop());
    }
    let mut crops = Vec::with_capacity(OF_A_PHOTOGRAPH * STORED_BYTES);
    for picture in &pictures {
        let frame = picture.to_frame(PixelFormat::Yuyv);
        let view = frame.view()?;
        let Some(face) = choose(recognizer, &view, arena)? else {
            return Ok(Finding::Nothing("no face in a presentation of it".into()));
        };
        crops.extend(cut(&Photo::from_frame(&view), surroundings(&face, &view)));
    }
    Ok(Finding::Something(crops))
}

/// 1.2 times the face's box, moved into the frame, as left, top, width and height.
fn surroundings(face: &Face, frame: &vision::Frame) -> [f32; 4] {
    let pixels = |value: i32| value as f32 / (1 << SUBPIXEL_BITS) as f32;
    let bounds = [face.bounds.x, face.bounds.y, face.bounds.width, face.bounds.height].map(pixels);
    let whole = [frame.width() as f32, frame.height() as f32];
    let sides = [0, 1].map(|axis: usize| (1.2 * bounds[2 + axis]).min(whole[axis]));
    let start = |axis: usize| {
        // Coordinates are relative to the centre of the first pixel.
        let start = bounds[axis] + 0.5 + (bounds[2 + axis] - sides[axis]) / 2.0;
        start.clamp(0.0, whole[axis] - sides[axis])
    };
    [start(0), start(1), sides[0], sides[1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_photograph_is_cut_and_its_edge_goes_on() {
        let ramp = (0..40 * 20).flat_map(|at| [(at % 40 * 6) as u8, (at / 40 * 12) as u8, 0]).collect();
        let photo = Photo::from_rgb(40, 20, ramp).unwrap();
        let crop = cut(&photo, [10.0, 5.0, 20.0, 10.0]);
        let ends = [&crop[..2], &crop[STORED_BYTES - 3..STORED_BYTES - 1]];
        for (found, wanted) in ends.concat().iter().zip([58, 55, 177, 173]) {
            assert!(i32::from(*found).abs_diff(wanted) <= 3, "{found} is not {wanted}");
        }
        let beyond = cut(&photo, [30.0, 0.0, 20.0, 20.0]);
        assert_eq!(beyond[STORED_BYTES - 3], 39 * 6);
    }
}
