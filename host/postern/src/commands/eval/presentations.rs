//! The presentations that `postern eval liveness` assesses: made of photographs, or recorded.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use eval::presentation::Seen;
use imaging::Photo;
use liveness::{LivenessTracker, MAX_TURNED, MAX_UNUSABLE, MIN_SIMILARITY, MIN_SIMILARITY_TO_FIRST, Sample};
use recognizer::{Liveness, Recognizer};
use synthetic_attacks::{AttackType, Subject};
use template::{Calibration, Template};
use train::augment::{Canvas, Condition};
use vision::{Face, Limits, PixelFormat, Quality, Thumbnail};

use crate::picture::files;
use crate::progress::Bar;
use models::Arena;

/// The folder of portraits of those who are enrolled, among recorded presentations.
const ENROLLED: &str = "enrolled";

/// One stranger in this number may be let in, as in the door's settings.
const ONE_IN: u32 = 10_000;

/// A function that replaces the int8 network: from the network's input to a score.
pub type Score<'a> = dyn Fn(&[u8]) -> f32 + Sync + 'a;

/// The networks of a door.
#[derive(Clone, Copy)]
pub struct Door<'a> {
    pub recognizer: &'a Recognizer<'a>,
    pub liveness: &'a Liveness<'a>,
    /// The float network, where that one is asked for.
    pub float: Option<&'a Score<'a>>,
    /// Milliseconds from one picture to the next.
    pub step_ms: u64,
    /// Whether it looks near the last face, as the door does, or at each whole picture.
    pub tracks: bool,
    /// The light on all that it sees.
    pub light: Condition,
    /// Whether each picture is encoded, as where the door asks for movements.
    pub encodes_all: bool,
}

impl Door<'_> {
    /// Memory for its networks.
    pub fn arena(&self) -> Arena {
        Arena::new(self.recognizer.arena_len().max(self.liveness.arena_len()))
    }

    /// The template of a portrait.
    pub fn enrol(&self, photo: &Photo, arena: &mut Arena) -> anyhow::Result<Option<Template>> {
        let frame = photo.to_frame(PixelFormat::Yuyv);
        let frame = frame.view()?;
        let Some(face) = choose(self.recognizer, &frame, arena)? else { return Ok(None) };
        Ok(Some(self.recognizer.align(&frame, &face, arena.bytes())?.encode()?))
    }

    /// What the door sees in the pictures of a presentation that is to pass for the person of `enrolled`.
    pub fn see(
        &self,
        pictures: &[Photo],
        enrolled: Option<&Template>,
        arena: &mut Arena,
    ) -> anyhow::Result<Vec<Seen>> {
        let mut sight = Sight::new(*self, enrolled);
        pictures.iter().map(|picture| sight.look(picture, arena)).collect()
    }

    /// The liveness score of a face.
    fn score(&self, frame: &vision::Frame, face: &Face, arena: &mut Arena) -> anyhow::Result<u16> {
        let Some(float) = self.float else {
            return Ok(self.liveness.score(frame, face, arena.bytes())?);
        };
        let view = self.liveness.surroundings();
        let mut crop = vec![0; view.bytes()];
        vision::crop_surroundings(frame, &face.bounds, view, &mut crop);
        let pixels: Vec<u8> = crop.iter().map(|&value| (value as u8) ^ 0x80).collect();
        Ok((float(&pixels) * 32768.0).round() as u16)
    }
}

/// What a door sees of one presentation, picture by picture.
pub struct Sight<'d> {
    door: Door<'d>,
    /// The person of `enrolled`, and the similarity that a match needs.
    enrolled: Option<(&'d Template, template::CosineScore)>,
    /// Pictures so far.
    number: u64,
    /// The template that was encoded last, and that of the first picture of this face.
    before: Option<Template>,
    first: Option<Template>,
    watch: LivenessTracker,
    near: Option<Face>,
    thumbnail: Option<Thumbnail>,
}

impl<'d> Sight<'d> {
    /// A door that has seen nothing.
    pub fn new(door: Door<'d>, enrolled: Option<&'d Template>) -> Self {
        let points: Vec<_> = door.recognizer.calibration_points().collect();
        let threshold = Calibration::new(&points).ok().map(|table| table.threshold(ONE_IN, 1).similarity);
        Self {
            door,
            enrolled: enrolled.zip(threshold),
            number: 0,
            before: None,
            first: None,
            watch: LivenessTracker::new(),
            near: None,
            thumbnail: None,
        }
    }

    /// Milliseconds from one picture to the next.
    pub fn step_ms(&self) -> u64 {
        self.door.step_ms
    }

    /// What the next picture shows.
    pub fn look(&mut self, picture: &Photo, arena: &mut Arena) -> anyhow::Result<Seen> {
        let Door { recognizer, tracks, encodes_all, step_ms, .. } = self.door;
        let at_ms = self.number * step_ms;
        self.number += 1;
        let frame = lit(picture, self.door.light, self.number)?.to_frame(PixelFormat::Yuyv);
        let frame = frame.view()?;
        let found = match self.near.filter(|_| tracks) {
            Some(near) => recognizer.track(&frame, &near, arena.bytes())?,
            None => vision::Faces::new(),
        };
        let found = match found.is_empty() {
            true => recognizer.detect(&frame, arena.bytes())?,
            false => found,
        };
        let follows = |face: &Face| {
            let place = Sample::new(0, face, 0, at_ms, [i16::MAX; 2]);
            encodes_all && self.watch.is_near(&place)
        };
        let chosen = choose_of(recognizer, &frame, found, follows, arena);
        self.near = chosen.map(|chosen| chosen.face);
        let place = chosen.map(|chosen| Sample::new(0, &chosen.face, 0, at_ms, [i16::MAX; 2]));
        let (Some(Chosen { face, is_good: true }), Some(place)) = (chosen, place) else {
            self.watch.miss(place, if encodes_all { MAX_TURNED } else { MAX_UNUSABLE });
            return Ok(Seen { poor: place, ..Seen::default() });
        };
        let mut aligned = recognizer.align(&frame, &face, arena.bytes())?;
        let (openness, now) = (aligned.openness(), aligned.thumbnail());
        // As the door: the encoder is asked where place or pixels hint at another face, and before anybody is matched.
        let resembles = self.thumbnail.replace(now).is_some_and(|before| before.resembles(&now));
        let follows = tracks && !encodes_all && resembles && self.watch.is_continued_by(&place);
        let mut template = if follows { None } else { Some(aligned.encode()?) };
        let score = self.door.score(&frame, &face, arena)?;
        let similarities = template.as_ref().map_or([i16::MAX; 2], |template| self.alike(template));
        let mut look = Sample::new(score, &face, openness, at_ms, similarities);
        let begins = !self.watch.is_continued_by(&look);
        if self.watch.observe(look, 1).reject.is_none() && template.is_none() {
            let encoded = recognizer.align(&frame, &face, arena.bytes())?.encode()?;
            [look.similarity, look.similarity_to_first] = self.alike(&encoded);
            if look.similarity < MIN_SIMILARITY || look.similarity_to_first < MIN_SIMILARITY_TO_FIRST {
                self.watch.reset();
            }
            template = Some(encoded);
        }
        let matches = match (self.enrolled, &template) {
            (Some((enrolled, threshold)), Some(template)) => {
                Some(template.similarity(enrolled).is_some_and(|found| found >= threshold))
            }
            _ => None,
        };
        if begins {
            self.first = template.clone();
        }
        self.before = template.or(self.before.take());
        Ok(Seen { sample: Some(look), matches, poor: None })
    }

    /// How alike a template is to that of the look before, and to that of the first one.
    fn alike(&self, template: &Template) -> [i16; 2] {
        [&self.before, &self.first].map(|other| {
            let alike = other.as_ref().and_then(|other| other.similarity(template));
            alike.map_or(i16::MAX, |found| found.0.clamp(-32_768, 32_767) as i16)
        })
    }
}

/// A picture in other light; the noise is that of `seed`.
fn lit(picture: &Photo, light: Condition, seed: u64) -> anyhow::Result<Cow<'_, Photo>> {
    if light == Condition::Plain {
        return Ok(Cow::Borrowed(picture));
    }
    let (width, height) = (picture.width(), picture.height());
    let mut pixels = picture.rgb().to_vec();
    // Such light falls on everything, wherever the face is.
    light.apply(&mut Canvas::around(&mut pixels, width as usize, [[0.0, 0.0], [1.0, 0.0]]), seed);
    Ok(Cow::Owned(Photo::from_rgb(width, height, pixels).context("a picture has its pixels")?))
}

/// The face that the door would choose, if it is good enough to be assessed.
pub fn choose(
    recognizer: &Recognizer,
    frame: &vision::Frame,
    arena: &mut Arena,
) -> anyhow::Result<Option<Face>> {
    let faces = recognizer.detect(frame, arena.bytes())?;
    Ok(choose_good(recognizer, frame, faces, arena))
}

/// Of `faces`, the largest that is good enough to be assessed.
pub fn choose_good(
    recognizer: &Recognizer,
    frame: &vision::Frame,
    faces: vision::Faces,
    arena: &mut Arena,
) -> Option<Face> {
    let chosen = choose_of(recognizer, frame, faces, |_| false, arena)?;
    chosen.is_good.then_some(chosen.face)
}

/// The face that counts.
#[derive(Clone, Copy)]
struct Chosen {
    face: Face,
    /// Whether it is good enough to be assessed.
    is_good: bool,
}

/// Of `faces`, the largest that is good enough to be assessed or is the one that is followed; else the largest.
fn choose_of(
    recognizer: &Recognizer,
    frame: &vision::Frame,
    mut faces: vision::Faces,
    follows: impl Fn(&Face) -> bool,
    arena: &mut Arena,
) -> Option<Chosen> {
    faces.sort_unstable_by_key(|face| std::cmp::Reverse(face.bounds.area()));
    for &face in &faces {
        let quality: Option<Quality> =
            recognizer.align(frame, &face, arena.bytes()).ok().map(|mut aligned| aligned.quality());
        let is_good = quality.is_some_and(|quality| Limits::default().judge(&quality).is_acceptable());
        if is_good || follows(&face) {
            return Some(Chosen { face, is_good });
        }
    }
    faces.first().map(|&face| Chosen { face, is_good: false })
}

/// The photograph as a subject for sequences, if it shows a face that is good enough.
pub fn subject(recognizer: &Recognizer, photo: &Photo, arena: &mut Arena) -> Option<Subject> {
    Subject::new(photo, |frame| choose(recognizer, frame, arena).ok().flatten())
}

/// A recorded presentation.
pub struct Recorded {
    /// `bona-fide`, or the attack_type of attack.
    pub attack_type: String,
    /// Its pictures, in their order.
    pub pictures: Vec<PathBuf>,
    /// A portrait of the target person.
    pub person: Option<PathBuf>,
}

/// The presentations in `folder`: `{bona-fide,ATTACK}/SEQUENCE/*.png`, and `enrolled/PERSON.png`, where the
/// sequences of a person begin with the person's name.
pub fn recorded(folder: &Path) -> anyhow::Result<Vec<Recorded>> {
    let mut all = Vec::new();
    let mut people: BTreeMap<String, PathBuf> = BTreeMap::new();
    if folder.join(ENROLLED).is_dir() {
        for path in files(&[folder.join(ENROLLED)])? {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            people.insert(name, path);
        }
    }
    for attack_type in folders(folder)?.into_iter().filter(|path| !path.ends_with(ENROLLED)) {
        for sequence in folders(&attack_type)? {
            let name = sequence.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let person = people.iter().filter(|(person, _)| name.starts_with(person.as_str()));
            all.push(Recorded {
                attack_type: attack_type.file_name().unwrap_or_default().to_string_lossy().into_owned(),
                person: person.max_by_key(|(person, _)| person.len()).map(|(_, path)| path.clone()),
                pictures: files(&[sequence])?,
            });
        }
    }
    if all.is_empty() {
        bail!("{} has no sequences: a folder of pictures is FOLDER/ATTACK/SEQUENCE", folder.display());
    }
    let bona_fide = AttackType::BonaFide.name();
    ensure!(all.iter().any(|one| one.attack_type == bona_fide), "{} has no {bona_fide}", folder.display());
    Ok(all)
}

/// The folders in `folder`, by name.
pub fn folders(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut folders: Vec<PathBuf> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// The progress over presentations.
pub fn progress(count: usize) -> Bar {
    Bar::counted(count, "presentations")
}

/// Runs a test with a door of the default networks that looks five times a second.
#[cfg(test)]
pub fn with_door<T>(encodes_all: bool, test: impl FnOnce(Door<'_>) -> T) -> T {
    let [detector, encoder, network] = [models::DETECTOR, models::ENCODER, models::LIVENESS]
        .map(|name| models::ImageFile::read(&models::image(name).expect(name)).expect("an image"));
    let [detector, encoder, network] =
        [&detector, &encoder, &network].map(|file| file.model().expect("a model"));
    let recognizer = Recognizer::new(detector, encoder, recognizer::DEFAULT_MIN_SCORE).expect("they fit");
    let liveness = Liveness::new(network).expect("a liveness network");
    test(Door {
        recognizer: &recognizer,
        liveness: &liveness,
        float: None,
        step_ms: 200,
        tracks: true,
        light: Condition::Plain,
        encodes_all,
    })
}

#[cfg(test)]
mod tests {
    use eval::presentation::present;
    use fixtures::{Need, need};
    use synthetic_attacks::sequence;

    use super::*;

    /// A door that takes a second for a look sees a head that hardly moved meanwhile, where the host plays the pictures.
    #[test]
    fn a_head_is_as_alive_at_a_slow_pace() {
        need!(Need::Cached("images"), Need::Cached("pictures"));
        let passed = with_door(false, |door| {
            let mut arena = door.arena();
            let mut passed = [0; 2];
            for (photo, seed) in ["obama2.jpg", "obama3.jpg"]
                .into_iter()
                .flat_map(|photo| (1..=4).map(move |seed| (photo, seed)))
            {
                let photo = Photo::open(fixtures::cache(&format!("pictures/{photo}"))).expect("it is there");
                let subject = subject(door.recognizer, &photo, &mut arena).expect("a face");
                let pictures = sequence(&subject, AttackType::BonaFide, seed, 16);
                let mut seen = door.see(&pictures, None, &mut arena).expect("pictures");
                for (passed, pace) in passed.iter_mut().zip([1, 5]) {
                    let slower = seen.iter_mut().filter_map(|seen| seen.sample.as_mut());
                    slower.for_each(|sample| sample.at_ms *= pace);
                    *passed += u32::from(present(&seen, 3, None).passed);
                }
            }
            passed
        });
        assert!(passed[0] >= 6 && passed[1] >= 6, "{passed:?} of 8");
    }

    /// In dim light a head is assessed as in good light; in the dark it is poor, and nothing is assessed.
    #[test]
    fn light_falls_on_what_the_door_sees() {
        need!(Need::Cached("images"), Need::Cached("pictures"));
        let assessed = with_door(false, |door| {
            let mut arena = door.arena();
            let photo = Photo::open(fixtures::cache("pictures/obama2.jpg")).expect("it is there");
            let subject = subject(door.recognizer, &photo, &mut arena).expect("a face");
            let pictures = sequence(&subject, AttackType::BonaFide, 1, 16);
            [Condition::Plain, Condition::Dim, Condition::Dark].map(|light| {
                let seen = Door { light, ..door }.see(&pictures, None, &mut arena).expect("pictures");
                let poor = seen.iter().filter(|seen| seen.poor.is_some()).count();
                [seen.iter().filter(|seen| seen.sample.is_some()).count(), poor]
            })
        });
        assert!(assessed[0][0] >= 14 && assessed[1][0] >= 14, "{assessed:?}");
        assert!(assessed[2][0] == 0 && assessed[2][1] >= 8, "{assessed:?}");
    }
}
