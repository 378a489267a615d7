//! The two networks and the way through them.

use gallery::{CalibrationPoint, EncoderHash, MAX_DIMENSION, MIN_DIMENSION, Similarity, Template};
use nn::Model;
use nn::format::Kind;
use vision::{CROP_BYTES, CROP_SIZE, Decoder, Face, Faces, Frame, InputSize, Quality, fill_input};

use crate::{Error, Network, heads};

/// The detector's score from which something counts as a face, Q15: 0.6.
///
/// Lower than what [`vision::Limits`] asks of a face to be recognized, so that a doubtful face is
/// reported as such, with advice, instead of as an empty frame.
pub const DEFAULT_MIN_SCORE: u16 = 19_661;

/// A detector and an encoder that fit together.
#[derive(Clone, Copy, Debug)]
pub struct Recognizer<'m> {
    detector: Model<'m>,
    encoder: Model<'m>,
    decoder: Decoder,
}

impl<'m> Recognizer<'m> {
    /// Joins two networks; faces that score below `min_score` (Q15) are not reported.
    ///
    /// # Errors
    /// [`Error::Kind`], [`Error::Input`] or [`Error::Outputs`], with the network that is wrong: a
    /// detector takes RGB of sides that are multiples of 32 and has the twelve heads of YuNet; an encoder
    /// takes 112 x 112 RGB and gives a power of two of values, from 64 to 512.
    pub fn new(detector: Model<'m>, encoder: Model<'m>, min_score: u16) -> Result<Self, Error> {
        let decoder = check_detector(&detector, min_score)?;
        check_encoder(&encoder)?;
        Ok(Self { detector, encoder, decoder })
    }

    /// Bytes of arena that every method here needs; it must be aligned to 16.
    pub fn arena_len(&self) -> usize {
        self.detector.arena_len().max(self.encoder.arena_len())
    }

    /// The detector's input size.
    pub fn detector_input(&self) -> InputSize {
        self.decoder.input()
    }

    /// What templates of this recognizer are bound to.
    pub fn encoder_hash(&self) -> EncoderHash {
        EncoderHash(*self.encoder.identity())
    }

    /// The number of values in a template.
    pub fn dimension(&self) -> usize {
        self.encoder.output(0).map_or(0, |output| output.shape.len())
    }

    /// The encoder's thresholds by false-match rate, rising, for [`gallery::Calibration`].
    pub fn calibration_points(&self) -> impl ExactSizeIterator<Item = CalibrationPoint> + 'm {
        let records = self.encoder.calibration();
        records
            .iter()
            .map(|record| CalibrationPoint { one_in: record.one_in, threshold: Similarity(record.threshold) })
    }

    /// The faces in `frame`, in its coordinates, best score first.
    ///
    /// # Errors
    /// [`Error::Arena`].
    pub fn detect(&self, frame: &Frame, arena: &mut [i8]) -> Result<Faces, Error> {
        let input = self.detector.input_mut(arena);
        let placement = fill_input(frame, self.decoder.input(), input).map_err(|_| Error::Arena)?;
        self.detector.run(arena).map_err(|_| Error::Arena)?;
        let mut faces = self.decoder.decode(&heads::read(&self.detector, arena));
        for face in &mut faces {
            *face = placement.face_to_frame(face);
        }
        Ok(faces)
    }

    /// How good the view of `face` in `frame` is. Costs little beside a network.
    ///
    /// # Errors
    /// [`Error::Arena`] or [`Error::Landmarks`].
    pub fn measure(&self, frame: &Frame, face: &Face, arena: &mut [i8]) -> Result<Quality, Error> {
        let crop = self.align(frame, face, arena)?;
        Ok(Quality::measure(face, crop, frame.width(), frame.height()))
    }

    /// Lays `face` on the encoder's template: 112 x 112 RGB, `i8 = u8 - 128`, in the encoder's input.
    ///
    /// # Errors
    /// [`Error::Arena`] or [`Error::Landmarks`].
    pub fn align<'a>(
        &self,
        frame: &Frame,
        face: &Face,
        arena: &'a mut [i8],
    ) -> Result<&'a [i8; CROP_BYTES], Error> {
        let similarity = vision::Similarity::to_template(&face.landmarks).map_err(|_| Error::Landmarks)?;
        let crop = self.crop_in(arena)?;
        vision::crop_face(frame, &similarity, crop);
        Ok(crop)
    }

    /// The template of `face` in `frame`.
    ///
    /// # Errors
    /// [`Error::Arena`], [`Error::Landmarks`] or [`Error::Embedding`].
    pub fn encode(&self, frame: &Frame, face: &Face, arena: &mut [i8]) -> Result<Template, Error> {
        self.align(frame, face, arena)?;
        self.encode_crop(arena)
    }

    /// The template of an aligned crop of another origin: 112 x 112 RGB, `i8 = u8 - 128`.
    ///
    /// # Errors
    /// [`Error::Arena`] or [`Error::Embedding`].
    pub fn encode_aligned(&self, crop: &[i8; CROP_BYTES], arena: &mut [i8]) -> Result<Template, Error> {
        *self.crop_in(arena)? = *crop;
        self.encode_crop(arena)
    }

    fn crop_in<'a>(&self, arena: &'a mut [i8]) -> Result<&'a mut [i8; CROP_BYTES], Error> {
        self.encoder.input_mut(arena).try_into().map_err(|_| Error::Arena)
    }

    fn encode_crop(&self, arena: &mut [i8]) -> Result<Template, Error> {
        self.encoder.run(arena).map_err(|_| Error::Arena)?;
        // The dimension was checked by `new`, so zeros are all that can be wrong.
        Template::normalise(self.encoder.read(arena, 0).iter()).map_err(|_| Error::Embedding)
    }
}

fn check_detector(detector: &Model, min_score: u16) -> Result<Decoder, Error> {
    if detector.kind() != Kind::Detector {
        return Err(Error::Kind(Network::Detector));
    }
    let input = detector.input();
    let size = InputSize::new(input.width, input.height);
    let (3, Ok(size)) = (input.channels, size) else {
        return Err(Error::Input(Network::Detector));
    };
    Decoder::new(size, &heads::shapes(detector)?, min_score).map_err(|_| Error::Outputs(Network::Detector))
}

fn check_encoder(encoder: &Model) -> Result<(), Error> {
    if encoder.kind() != Kind::Encoder {
        return Err(Error::Kind(Network::Encoder));
    }
    let input = encoder.input();
    if (input.height, input.width, input.channels) != (CROP_SIZE, CROP_SIZE, 3) {
        return Err(Error::Input(Network::Encoder));
    }
    let dimension = match encoder.output(0) {
        Some(output) if encoder.output_count() == 1 => output.shape.len(),
        _ => 0,
    };
    if dimension.is_power_of_two() && (MIN_DIMENSION..=MAX_DIMENSION).contains(&dimension) {
        Ok(())
    } else {
        Err(Error::Outputs(Network::Encoder))
    }
}
