//! The pipeline alone, with an engine that follows a script.

extern crate std;

use std::{boxed::Box, collections::VecDeque, vec, vec::Vec};

use crypto::{Generator, Key};
use gallery::{Name, Probe};
use liveness::RejectReason;
use nor_model::{Nor, SECTOR_SIZE};
use sha2::{Digest, Sha256};
use template::{Basis, CalibrationPoint, CosineScore, EncoderHash, Template};
use vision::{Face, Faces, Flaw, Frame, PixelFormat, Point, Quality, Rect, Thumbnail};

use super::*;

/// What the engine finds in one frame.
#[derive(Clone, Copy)]
struct Script {
    /// Whose faces, the largest first; a number of a person each.
    people: &'static [u8],
    /// The persons whose view is too small.
    distant: &'static [u8],
    live: u16,
}

const ALIVE: u16 = 32_000;

/// Follows a script, a frame a step, and counts the whole frames that it searched and the faces that it encoded.
#[derive(Default)]
struct Scripted {
    frames: VecDeque<Script>,
    searched: usize,
    encoded: usize,
}

impl Scripted {
    fn faces(&self) -> Result<Faces, Fault> {
        let script = self.frames.front().ok_or_else(|| Fault::new("the script is over"))?;
        let faces = script.people.iter().zip(0..).map(|(person, rank)| {
            let side = 4096 - 512 * rank;
            let bounds = Rect { x: 1024, y: 1024, width: side, height: side };
            // The person is hidden in the landmarks.
            Face { score: 30_000, bounds, landmarks: [Point { x: i32::from(*person), y: 0 }; 5] }
        });
        Ok(faces.collect())
    }
}

struct ScriptedFace<'e> {
    person: u8,
    distant: bool,
    encoded: &'e mut usize,
}

/// A template that differs from that of every other person.
fn template(person: u8) -> Template {
    let digest = Sha256::digest([person]);
    let bit = |at: usize| i16::from(digest[at / 8 % 32] >> (at % 8) & 1) * 200 - 100;
    Template::normalise((0..128).map(|at| bit(at * 7)).collect::<Vec<i16>>()).unwrap()
}

impl Engine for Scripted {
    type Model<'i> = ();
    type Pair<'i> = ();
    type Aligned<'e> = ScriptedFace<'e>;

    fn load(&mut self, _: NetworkKind, _: &[u8]) -> Result<((), NetworkInfo), Fault> {
        Ok(((), NetworkInfo { name: Default::default() }))
    }

    fn join<'i>(&self, (): (), (): ()) -> Result<((), EncoderInfo), Fault>
    where
        'i: 'i,
    {
        let row = CalibrationPoint { one_in: 100, threshold: CosineScore(12_000), basis: Basis::Measured };
        let calibration = [row].into_iter().collect();
        Ok(((), EncoderInfo { identity: EncoderHash([1; 32]), calibration }))
    }

    fn fits(&self, (): (), (): ()) -> Result<EncoderInfo, Fault> {
        self.join((), ()).map(|(_, info)| info)
    }

    fn detect(&mut self, (): &(), _: &Frame) -> Result<Faces, Fault> {
        self.searched += 1;
        self.faces()
    }

    fn track(&mut self, (): &(), _: &Frame, _: &Face) -> Result<Faces, Fault> {
        self.faces()
    }

    fn align<'e>(&'e mut self, (): &'e (), _: &Frame, face: &Face) -> Result<ScriptedFace<'e>, Fault> {
        let person = face.landmarks[0].x as u8;
        let distant = self.frames.front().is_some_and(|script| script.distant.contains(&person));
        Ok(ScriptedFace { person, distant, encoded: &mut self.encoded })
    }

    fn live(&mut self, (): &(), _: &Frame, _: &Face) -> Result<u16, Fault> {
        Ok(self.frames.front().map_or(0, |script| script.live))
    }
}

impl Aligned for ScriptedFace<'_> {
    fn quality(&mut self) -> Quality {
        Quality {
            score: 30_000,
            eye_distance: if self.distant { 5 } else { 50 },
            visible: 100,
            yaw: 0,
            pitch: 50,
            roll: 0,
            sharpness: 1000,
            brightness: 120,
            contrast: 50,
        }
    }

    fn openness(&mut self) -> u16 {
        1_800
    }

    fn thumbnail(&mut self) -> Thumbnail {
        let digest = Sha256::digest([self.person]);
        Thumbnail(std::array::from_fn(|at| digest[at % 32]))
    }

    fn encode(self) -> Result<Template, Fault> {
        *self.encoded += 1;
        Ok(template(self.person))
    }
}

/// The results of a script, and how many faces were encoded. Persons 1 and 2 are enrolled, with these numbers as IDs.
fn run(liveness: LivenessMode, against: Against, script: &[Script]) -> (Vec<FrameResult>, usize) {
    let (results, engine) = play(liveness, against, script, [8, 8]);
    (results, engine.encoded)
}

/// The results of a script in frames of this size, and the engine with its counts.
fn play(
    liveness: LivenessMode,
    against: Against,
    script: &[Script],
    [width, height]: [usize; 2],
) -> (Vec<FrameResult>, Scripted) {
    let mut cells = vec![0xff; 12 * SECTOR_SIZE];
    let mut memory = Box::new(<gallery::Memory>::new());
    let random = Generator::new(&Key::new([2; 32]), b"");
    let flash = Nor::new(cells.as_mut_slice());
    let mut people = People::open(flash, &mut [], memory.all(), Ok(Key::new([1; 32])), random);
    for person in [1, 2] {
        let (template, name) =
            (template(person), Name::new(["Ann", "Bob"][usize::from(person) - 1]).unwrap());
        let probe = Probe { template: &template, encoder: EncoderHash([1; 32]) };
        let id = people.gallery_mut().unwrap().enrol(&name, probe, CosineScore(12_000)).unwrap();
        assert_eq!(id, u32::from(person));
    }
    let config = Config { one_in: 100, frames: 3, liveness };
    let mut pipeline = Pipeline::new(Scripted::default(), config);
    let mut models = Models::none();
    let sha256 = Sha256::digest([]).into();
    for kind in [NetworkKind::Detector, NetworkKind::Encoder, NetworkKind::Liveness] {
        assert!(models.load(&mut pipeline.engine, kind, sha256, &[]));
    }
    models.join(&pipeline.engine);
    let pixels = vec![0; width * height * 2];
    let frame = Frame::new(PixelFormat::Yuyv, width, height, &pixels).unwrap();
    let results = script.iter().zip(0..).map(|(script, count)| {
        pipeline.engine.frames = [*script].into();
        let scene = Scene { models: &models, people: &people, against, now_ms: count * 200 };
        pipeline.step(&scene, &frame, || [0; STEPS]).result
    });
    let results = results.collect();
    (results, pipeline.engine)
}

fn seen(people: &'static [u8]) -> Script {
    Script { people, distant: &[], live: ALIVE }
}

/// The result of one frame without liveness.
fn once(against: Against, script: Script) -> FrameResult {
    run(LivenessMode::Off, against, &[script]).0.remove(0)
}

#[test]
fn a_frame_without_a_face_shows_none() {
    assert!(matches!(once(Against::Everybody, seen(&[])), FrameResult::NoFace));
}

#[test]
fn a_face_is_known_or_a_stranger() {
    let known = once(Against::Everybody, seen(&[2]));
    assert!(
        matches!(&known, FrameResult::Known(found) if found.person == 2 && &*found.name == "Bob"),
        "{known:?}"
    );
    let stranger = once(Against::Everybody, seen(&[9]));
    assert!(matches!(stranger, FrameResult::Stranger(Some(_))) && stranger.is_refusal());
}

#[test]
fn a_poor_face_is_not_encoded_and_the_first_good_one_counts() {
    let poor = Script { distant: &[1], ..seen(&[1]) };
    let (results, encoded) = run(LivenessMode::Off, Against::Everybody, &[poor]);
    assert!(matches!(results[..], [FrameResult::Poor(Flaw::TooSmall)]), "{results:?}");
    assert_eq!(encoded, 0);
    let second = once(Against::Everybody, Script { distant: &[1], ..seen(&[1, 2]) });
    assert!(matches!(second, FrameResult::Known(found) if found.person == 2));
}

#[test]
fn a_face_that_fails_liveness_is_not_matched() {
    let spoof = Script { live: 100, ..seen(&[1]) };
    let (results, _) = run(LivenessMode::Passive, Against::Everybody, &[seen(&[1]), spoof]);
    let [first, second] = &results[..] else { panic!("{results:?}") };
    assert!(matches!(first, FrameResult::NotLive(RejectReason::TooFewSamples)) && !first.is_refusal());
    assert!(matches!(second, FrameResult::NotLive(RejectReason::Score)) && second.is_refusal());
}

#[test]
fn a_face_that_does_not_move_fails_liveness() {
    let (results, _) =
        run(LivenessMode::Passive, Against::Everybody, &[seen(&[1]); liveness::MOTION_SAMPLES]);
    assert!(matches!(results.last(), Some(FrameResult::NotLive(RejectReason::Still))), "{results:?}");
}

#[test]
fn verifying_compares_with_the_awaited_person_alone() {
    assert!(matches!(once(Against::Person(None), seen(&[1])), FrameResult::Unclaimed));
    assert!(
        matches!(once(Against::Person(Some(7)), seen(&[1])), FrameResult::Unclaimed),
        "nobody has that ID"
    );
    let own = once(Against::Person(Some(1)), seen(&[1]));
    assert!(matches!(own, FrameResult::Known(found) if found.person == 1));
    let other = once(Against::Person(Some(1)), seen(&[2]));
    assert!(matches!(other, FrameResult::Stranger(Some(best)) if best.person == 1));
}

#[test]
fn a_network_that_does_not_run_makes_a_frame_that_cannot_be_assessed() {
    let mut cells = vec![0xff; 12 * SECTOR_SIZE];
    let mut memory = Box::new(<gallery::Memory>::new());
    let random = Generator::new(&Key::new([2; 32]), b"");
    let people =
        People::open(Nor::new(cells.as_mut_slice()), &mut [], memory.all(), Ok(Key::new([1; 32])), random);
    let config = Config { one_in: 100, frames: 3, liveness: LivenessMode::Off };
    let mut pipeline = Pipeline::new(Scripted::default(), config);
    let pixels = [0; 8 * 8 * 2];
    let frame = Frame::new(PixelFormat::Yuyv, 8, 8, &pixels).unwrap();
    let mut models = Models::none();
    let scene = Scene { models: &models, people: &people, against: Against::Everybody, now_ms: 0 };
    let missing = pipeline.step(&scene, &frame, || [0; STEPS]).result;
    assert!(matches!(missing, FrameResult::Unable(Error::NoModel(NetworkKind::Detector))));
    for kind in [NetworkKind::Detector, NetworkKind::Encoder] {
        models.load(&mut pipeline.engine, kind, Sha256::digest([]).into(), &[]);
    }
    models.join(&pipeline.engine);
    let scene = Scene { models: &models, people: &people, against: Against::Everybody, now_ms: 0 };
    let over = pipeline.step(&scene, &frame, || [0; STEPS]).result;
    assert!(matches!(over, FrameResult::Unable(Error::Engine(_))));
}

#[test]
fn a_face_is_followed_and_the_whole_frame_is_searched_now_and_then() {
    let (_, engine) = play(LivenessMode::Off, Against::Everybody, &[seen(&[1]); 33], [8, 8]);
    assert_eq!(engine.searched, 3, "the 1st, 17th and 33rd frame");
    let gone = [seen(&[1]), seen(&[1]), seen(&[]), seen(&[2]), seen(&[2])];
    let (results, engine) = play(LivenessMode::Off, Against::Everybody, &gone, [8, 8]);
    assert!(matches!(results[2], FrameResult::NoFace));
    assert!(matches!(&results[3], FrameResult::Known(found) if found.person == 2), "{results:?}");
    assert_eq!(engine.searched, 3, "for the first, when they are gone, and for the second");
}

#[test]
fn an_unchanged_empty_scene_is_searched_now_and_then() {
    let (_, engine) = play(LivenessMode::Off, Against::Everybody, &[seen(&[]); 17], [320, 240]);
    assert_eq!(engine.searched, 3, "the 1st, 9th and 17th frame");
    let (_, engine) = play(LivenessMode::Off, Against::Everybody, &[seen(&[]); 17], [8, 8]);
    assert_eq!(engine.searched, 17, "a frame too small to tell a change");
}

#[test]
fn a_face_that_is_followed_is_encoded_once_and_one_that_takes_its_place_again() {
    let followed = [seen(&[1]); 12];
    let (results, encoded) = run(LivenessMode::Passive, Against::Everybody, &followed);
    assert!(matches!(results.last(), Some(FrameResult::NotLive(RejectReason::Still))));
    assert_eq!(encoded, 1);
    let (_, encoded) = run(LivenessMode::Challenge, Against::Everybody, &followed);
    assert_eq!(encoded, 12, "a challenge");
    let swapped = [seen(&[1]), seen(&[1]), seen(&[2]), seen(&[2]), seen(&[1])];
    let (results, encoded) = run(LivenessMode::Passive, Against::Everybody, &swapped);
    assert!(results.iter().all(|result| matches!(result, FrameResult::NotLive(_))), "{results:?}");
    assert_eq!(encoded, 3);
}
