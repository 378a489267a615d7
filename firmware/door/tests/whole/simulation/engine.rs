//! An engine without networks: the first bytes of a frame say what it shows.
//!
//! | byte | meaning |
//! |---|---|
//! | 0 | the person; 0 for no face |
//! | 1 | the view, a small change of the face |
//! | 2 | not 0: the face is too small |
//! | 3 | how much it looks like a photo, in 255ths |
//! | 4 | the moment of the head's movement; the head stands still while the byte is the same |
//! | 5 to 7 | a head that looks straight ahead ([`Pose`]) |
//! | 8 | the share of another person's face, in 255ths |
//! | 9 | not 0: the eyes are closed |
//! | 10, 11 | the person's upper bytes, for more than 255 people |

use door::{Aligned, EncoderInfo, Engine, Fault, NetworkInfo, NetworkKind};
use sha2::{Digest, Sha256};
use template::{Basis, CalibrationPoint, CosineScore, EncoderHash, Template};
use vision::{Face, Faces, Frame, Point, Quality, Rect, Thumbnail};

use super::parts::SIDE;

/// The space of an encoder whose calibration table reaches to 1 in four thousand million, for many people.
pub const WIDE: u8 = 100;

/// The name of an encoder whose calibration table ends at 1 in 10,000.
pub const SHORT: &str = "short";

/// The image of a detector.
pub fn detector(name: &str) -> Vec<u8> {
    image(b'D', 0, name, 3001)
}

/// The image of an encoder, whose templates depend on `space`. It takes several checkpoints.
pub fn encoder(name: &str, space: u8) -> Vec<u8> {
    image(b'E', space, name, 150_001)
}

/// The image of a liveness network.
pub fn liveness(name: &str) -> Vec<u8> {
    image(b'L', 0, name, 5001)
}

/// The image of a liveness network that is larger than a slot.
pub fn large_liveness(name: &str) -> Vec<u8> {
    image(b'L', 0, name, super::SLOT + 8_001)
}

/// Kind, space, length of the name, name, filling, SHA-256 of all before.
fn image(kind: u8, space: u8, name: &str, length: usize) -> Vec<u8> {
    let mut image = vec![kind, space, name.len() as u8];
    image.extend(name.bytes());
    image.extend((0..length).map(|at| (at * 7 + at / 251) as u8));
    let digest: [u8; 32] = Sha256::digest(&image).into();
    image.extend(digest);
    image
}

/// A frame of a person in one view.
pub fn picture(person: u8, view: u8) -> Vec<u8> {
    let mut bytes = vec![0; usize::from(SIDE) * usize::from(SIDE) * 2];
    bytes[..2].copy_from_slice(&[person, view]);
    bytes
}

/// A frame of one of many people, numbered from 0. The first 255 are those of [`picture`].
pub fn one_of_many(number: u32) -> Vec<u8> {
    let (upper, low) = (number / 255, number % 255);
    let mut bytes = picture(low as u8 + 1, 0);
    bytes[10..12].copy_from_slice(&(upper as u16).to_le_bytes());
    bytes
}

/// A frame of a person at a moment of their movement.
pub fn moment(person: u8, moment: u8) -> Vec<u8> {
    let mut bytes = picture(person, 0);
    bytes[4] = moment;
    bytes
}

/// The pose of a head that looks into the camera and sways little.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pose {
    /// How far it is turned to its left, in degrees.
    pub yaw: i8,
    /// How far it is lowered, in hundredths of the distance of the eyes.
    pub down: i8,
    /// Whether the eyes are closed.
    pub closed: bool,
}

/// A frame of a person at a moment of their movement, in a pose.
pub fn posed(person: u8, now: u8, pose: Pose) -> Vec<u8> {
    let mut bytes = moment(person, now);
    bytes[5..8].copy_from_slice(&[1, pose.yaw as u8, pose.down as u8]);
    bytes[9] = pose.closed.into();
    bytes
}

/// The same, in a frame that the liveness network refuses.
pub fn refused(person: u8, now: u8, pose: Pose) -> Vec<u8> {
    let mut bytes = posed(person, now, pose);
    bytes[3] = 255;
    bytes
}

/// The same, of a face that is too poor to be assessed.
pub fn poor(person: u8, now: u8, pose: Pose) -> Vec<u8> {
    let mut bytes = posed(person, now, pose);
    bytes[2] = 1;
    bytes
}

/// A frame of a moving person whose face is partly another one's, in 255ths.
pub fn becoming(person: u8, now: u8, share: u8) -> Vec<u8> {
    let mut bytes = moment(person, now);
    bytes[8] = share;
    bytes
}

/// A frame of a person who is far away.
pub fn distant(person: u8) -> Vec<u8> {
    let mut bytes = picture(person, 0);
    bytes[2] = 1;
    bytes
}

/// A photo of a person in front of the camera.
pub fn photograph(person: u8) -> Vec<u8> {
    let mut bytes = picture(person, 0);
    bytes[3] = 250;
    bytes
}

pub struct FakeEngine;

#[derive(Clone, Copy)]
pub struct FakeModel {
    space: u8,
    short: bool,
}

impl Engine for FakeEngine {
    type Model<'i> = FakeModel;
    type Pair<'i> = FakeModel;
    type Aligned<'e> = FakeAligned;

    fn load(&mut self, kind: NetworkKind, image: &[u8]) -> Result<(FakeModel, NetworkInfo), Fault> {
        let (content, digest) = image.split_last_chunk::<32>().ok_or_else(|| Fault::new("truncated"))?;
        let found: [u8; 32] = Sha256::digest(content).into();
        if found != *digest {
            return Err(Fault::new("corrupted"));
        }
        let letter = match kind {
            NetworkKind::Detector => b'D',
            NetworkKind::Liveness => b'L',
            _ => b'E',
        };
        if content[0] != letter {
            return Err(Fault::new(format_args!("it is no {kind}")));
        }
        let name = std::str::from_utf8(&content[3..][..usize::from(content[2])]).unwrap();
        let model = FakeModel { space: content[1], short: name == SHORT };
        Ok((model, NetworkInfo { name: protocol::Text::try_from(name).unwrap() }))
    }

    fn join<'i>(&self, _: FakeModel, encoder: FakeModel) -> Result<(FakeModel, EncoderInfo), Fault>
    where
        'i: 'i,
    {
        let row =
            |one_in, threshold, basis| CalibrationPoint { one_in, threshold: CosineScore(threshold), basis };
        let calibration = [
            row(100, 8_000, Basis::Measured),
            row(10_000, 12_000, Basis::Measured),
            row(1_000_000, 16_000, Basis::Modelled),
        ];
        let wide = (encoder.space == WIDE).then(|| row(u32::MAX, 20_000, Basis::Modelled));
        let rows = if encoder.short { 2 } else { 3 };
        let identity = EncoderHash([encoder.space; 32]);
        let calibration = calibration.into_iter().take(rows).chain(wide).collect();
        Ok((encoder, EncoderInfo { identity, calibration }))
    }

    fn fits(&self, detector: FakeModel, encoder: FakeModel) -> Result<EncoderInfo, Fault> {
        if encoder.space == 13 {
            return Err(Fault::new("no detector fits encoder 13"));
        }
        self.join(detector, encoder).map(|(_, info)| info)
    }

    fn detect(&mut self, _: &FakeModel, frame: &Frame) -> Result<Faces, Fault> {
        let bounds = Rect { x: 1024, y: 1024, width: 4096, height: 5120 };
        let [_, _, _, _, moment, calm, yaw, down, ..] = *frame.bytes() else { unreachable!() };
        let pose = (calm != 0).then_some(Pose { yaw: yaw as i8, down: down as i8, closed: false });
        let face = Face { score: 30_000, bounds, landmarks: head(moment, pose) };
        Ok((frame.bytes()[0] != 0).then_some(face).into_iter().collect())
    }

    fn align<'e>(
        &'e mut self,
        model: &'e FakeModel,
        frame: &Frame,
        face: &Face,
    ) -> Result<FakeAligned, Fault> {
        let [low, view, distant, _, moment, calm, _, _, share, closed, middle, high, ..] = *frame.bytes()
        else {
            unreachable!()
        };
        let person = u32::from_le_bytes([low, middle, high, 0]);
        let openness = if closed != 0 { 500 } else { open(moment, calm != 0) };
        let (space, distant, score) = (model.space, distant != 0, face.score);
        Ok(FakeAligned { space, person, view, distant, share, score, openness })
    }

    fn live(&mut self, _: &FakeModel, frame: &Frame, _: &Face) -> Result<u16, Fault> {
        let [_, _, _, flat, moment, ..] = *frame.bytes() else { unreachable!() };
        // So high that the sequence model is sure of the head at any moment.
        Ok(32_768 - u16::from(flat) * 128 - u16::from(moment) * 11 % 150)
    }
}

/// How open the eyes are. A head that moves blinks often, so that liveness is sure of it after as few samples as it can be;
/// one that looks straight ahead does not.
fn open(moment: u8, calm: bool) -> u16 {
    let open = 1_600 + u16::from(moment) * 53 % 41 * 24;
    if !calm && moment % 3 == 2 { open / 3 } else { open }
}

/// How far the face is before the axis about which the head turns, in eye distances.
const NECK: f64 = 0.9;

/// The landmarks of a head that sways, 0.2 seconds a moment, with the error of a detector. A posed head sways less.
fn head(moment: u8, pose: Option<Pose>) -> [Point; 5] {
    let time = f64::from(moment) * 0.2;
    let much = if pose.is_some() { 0.4 } else { 1.0 };
    let pose = pose.unwrap_or_default();
    let sway = |degrees: f64, seconds: f64| {
        (much * degrees * (time * std::f64::consts::TAU / seconds).sin()).to_radians()
    };
    let (yaw, pitch) = (sway(13.0, 3.7) + sway(4.3, 1.8), sway(6.0, 4.3) + sway(2.0, 1.7));
    let yaw = yaw + f64::from(pose.yaw).to_radians();
    let down = f64::from(pose.down) / 100.0;
    let shift = [much * 0.02 * (1.3 * time).sin(), down + much * 0.02 * (1.9 * time).sin()];
    let mut seed = u32::from(moment) * 7919;
    let mut error = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(seed >> 16) / 65_536.0 - 0.5
    };
    // Right, down, out, in units of the eye distance.
    let places =
        [[-0.5, -0.45, 0.0], [0.5, -0.45, 0.0], [0.0, 0.05, 0.45], [-0.4, 0.55, 0.0], [0.4, 0.55, 0.0]];
    places.map(|[x, y, z]: [f64; 3]| {
        let z = z + NECK;
        let (x, z) = (x * yaw.cos() + z * yaw.sin(), z * yaw.cos() - x * yaw.sin());
        let y = y * pitch.cos() + z * pitch.sin();
        let [x, y] = [x + shift[0], y + shift[1]]
            .map(|place| ((100.0 + 40.0 * place + 0.3 * error()) * 1024.0).round() as i32);
        Point { x, y }
    })
}

pub struct FakeAligned {
    space: u8,
    person: u32,
    view: u8,
    distant: bool,
    /// The share of another person's face, in 255ths.
    share: u8,
    score: u16,
    openness: u16,
}

/// What makes a person's face.
fn hash(space: &[u8], person: u32) -> [u8; 32] {
    let [low, upper @ ..] = person.to_le_bytes();
    let upper: &[u8] = if person < 256 { &[] } else { &upper };
    Sha256::new().chain_update(space).chain_update([low]).chain_update(upper).finalize().into()
}

impl Aligned for FakeAligned {
    fn quality(&mut self) -> Quality {
        Quality {
            score: self.score,
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
        self.openness
    }

    fn thumbnail(&mut self) -> Thumbnail {
        let (person, other) = (hash(&[], self.person), hash(&[], self.person + 1));
        let share = i32::from(self.share);
        Thumbnail(std::array::from_fn(|at| {
            let bit = |digest: &[u8]| i32::from(digest[at / 8] >> (at % 8) & 1) * 2 - 1;
            (128 + (50 * (255 - share) * bit(&person) + 50 * share * bit(&other)) / 255) as u8
        }))
    }

    fn encode(self) -> Result<Template, Fault> {
        let (person, other) = (hash(&[self.space], self.person), hash(&[self.space], self.person + 1));
        let view = Sha256::digest([self.space, self.view, 99]);
        let values = (0..128).map(|at| {
            let bit = |digest: &[u8], at: usize| i16::from(digest[at / 8] >> (at % 8) & 1) * 2 - 1;
            let share = i16::from(self.share);
            let own = (100 * (255 - share) * bit(&person, at) + 100 * share * bit(&other, at)) / 255;
            own + 20 * bit(&view, at)
        });
        Template::normalise(values.collect::<Vec<i16>>()).map_err(Fault::new)
    }
}
