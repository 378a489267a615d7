//! The recognizer: detector and encoder, and the steps from frame to template.

use nn::Model;
use nn::format::{Kind, basis};
use template::{Basis, CalibrationPoint, CosineScore, EncoderHash, MAX_DIMENSION, MIN_DIMENSION, Template};
use vision::{CROP_SIZE, Decoder, Face, Faces, Frame, InputSize, Near, fill_input};

use crate::{Aligned, Error, Liveness, Network, aligned, heads};

/// Default detection threshold on the score, Q15: 0.6.
///
/// It is lower than the threshold of the quality gate ([`vision::Limits`]), so that a doubtful face is
/// reported as such, with advice, and not as an empty frame.
pub const DEFAULT_MIN_SCORE: u16 = 19_661;

/// Frames in a row in which a door searches near the last face, until it searches the whole frame again.
pub const WHOLE_EVERY: u8 = 16;

/// Supported sides of the aligned crop of an encoder, in pixels.
pub const CROP_SIZES: [usize; 4] = [64, 80, 96, CROP_SIZE];

/// A detector and an encoder.
#[derive(Clone, Copy, Debug)]
pub struct Recognizer<'m> {
    detector: Model<'m>,
    encoder: Model<'m>,
    decoder: Decoder,
    /// The detector and its decoder for half the height and half the width, if the network can.
    half: Option<(Model<'m>, Decoder)>,
}

impl<'m> Recognizer<'m> {
    /// Combines two networks. Faces with a score below `min_score` (Q15) are not reported.
    ///
    /// The input of a detector is RGB with sides that are multiples of 32; its outputs are the twelve heads
    /// of YuNet. The input of an encoder is square RGB with a side in [`CROP_SIZES`]; its output has 64 to
    /// 512 values, a power of two.
    ///
    /// # Errors
    /// [`Error::Kind`], [`Error::Input`] or [`Error::Outputs`], with the network that is wrong.
    pub fn new(detector: Model<'m>, encoder: Model<'m>, min_score: u16) -> Result<Self, Error> {
        let decoder = check_detector(&detector, min_score)?;
        check_encoder(&encoder)?;
        let half = detector.halved().zip(decoder.halved());
        Ok(Self { detector, encoder, decoder, half })
    }

    /// Bytes of arena that each method needs; it must be aligned to 16.
    pub fn arena_len(&self) -> usize {
        self.detector.arena_len().max(self.encoder.arena_len())
    }

    /// Input size of the detector.
    pub fn detector_input(&self) -> InputSize {
        self.decoder.input()
    }

    /// Side of the aligned crop of the encoder, in pixels.
    pub fn crop_size(&self) -> usize {
        self.encoder.input().width
    }

    /// The hash of the encoder, to which templates are bound.
    pub fn encoder_hash(&self) -> EncoderHash {
        EncoderHash(*self.encoder.identity())
    }

    /// Number of values in a template.
    pub fn dimension(&self) -> usize {
        self.encoder.output(0).map_or(0, |output| output.shape.len())
    }

    /// The calibration table of the encoder in ascending order, for [`template::Calibration`].
    pub fn calibration_points(&self) -> impl ExactSizeIterator<Item = CalibrationPoint> + 'm {
        self.encoder.calibration().map(|record| CalibrationPoint {
            one_in: record.one_in,
            threshold: CosineScore(record.threshold),
            basis: match record.basis {
                basis::MEASURED => Basis::Measured,
                basis::MODELLED => Basis::Modelled,
                _ => Basis::Unproven,
            },
        })
    }

    /// Detects the faces in `frame`, in frame coordinates, best score first. Detections with degenerate
    /// landmarks are dropped.
    ///
    /// # Errors
    /// [`Error::Arena`].
    pub fn detect(&self, frame: &Frame, arena: &mut [i8]) -> Result<Faces, Error> {
        self.detect_with(frame, arena, Model::run)
    }

    /// As [`detect`](Self::detect), where `run` runs the network: what [`Model::run`] computes, in another way.
    ///
    /// # Errors
    /// [`Error::Arena`].
    pub fn detect_with(
        &self,
        frame: &Frame,
        arena: &mut [i8],
        run: impl FnOnce(&Model<'m>, &mut [i8]) -> Result<(), nn::Error>,
    ) -> Result<Faces, Error> {
        find(&self.detector, &self.decoder, frame, arena, run)
    }

    /// Detects faces near the place of a `face` of a moment ago, at a quarter of the cost of [`detect`](Self::detect); of
    /// faces elsewhere it sees none. For a face that is too large for that, or with a detector that does not run at half its
    /// size, it is the same as `detect`.
    ///
    /// # Errors
    /// [`Error::Arena`].
    pub fn track(&self, frame: &Frame, face: &Face, arena: &mut [i8]) -> Result<Faces, Error> {
        self.track_with(frame, face, arena, Model::run)
    }

    /// Whether [`track`](Self::track) searches near `face` alone, and not the whole frame.
    pub fn can_track(&self, frame: &Frame, face: &Face) -> bool {
        let near = |decoder: &Decoder| Near::new(frame, &face.bounds, decoder.input());
        self.half.as_ref().is_some_and(|(_, decoder)| near(decoder).is_some())
    }

    /// As [`track`](Self::track), where `run` runs the network if that is the whole one.
    ///
    /// # Errors
    /// [`Error::Arena`].
    pub fn track_with(
        &self,
        frame: &Frame,
        face: &Face,
        arena: &mut [i8],
        run: impl FnOnce(&Model<'m>, &mut [i8]) -> Result<(), nn::Error>,
    ) -> Result<Faces, Error> {
        let Some((detector, decoder)) = &self.half else { return self.detect_with(frame, arena, run) };
        let Some(near) = Near::new(frame, &face.bounds, decoder.input()) else {
            return self.detect_with(frame, arena, run);
        };
        let mut faces = find(detector, decoder, &near.frame, arena, Model::run)?;
        for face in &mut faces {
            *face = near.face_to_frame(face);
        }
        Ok(faces)
    }

    /// Aligns `face` of `frame` to the encoder's template, in the arena, for the quality gate and for
    /// encoding.
    ///
    /// # Errors
    /// [`Error::Arena`] or [`Error::Landmarks`].
    pub fn align<'a>(&self, frame: &Frame, face: &Face, arena: &'a mut [i8]) -> Result<Aligned<'a>, Error>
    where
        'm: 'a,
    {
        let similarity =
            vision::SimilarityTransform::to_template(&face.landmarks).map_err(|_| Error::Landmarks)?;
        let encoder = self.encoder;
        vision::crop_face(frame, &similarity, aligned::crop_in(&encoder, arena)?);
        Ok(Aligned { encoder, arena, face: *face, frame_width: frame.width(), frame_height: frame.height() })
    }

    /// The template of a given aligned crop: square RGB with a side of [`crop_size`](Self::crop_size) pixels,
    /// `i8 = u8 - 128`.
    ///
    /// # Errors
    /// [`Error::Crop`], [`Error::Arena`], [`Error::Float`] or [`Error::Embedding`].
    pub fn encode_aligned(&self, crop: &[i8], arena: &mut [i8]) -> Result<Template, Error> {
        self.encode_aligned_with(crop, arena, Model::run)
    }

    /// As [`encode_aligned`](Self::encode_aligned), where `run` runs the network: what [`Model::run`] computes, in another way.
    ///
    /// # Errors
    /// As [`encode_aligned`](Self::encode_aligned).
    pub fn encode_aligned_with(
        &self,
        crop: &[i8],
        arena: &mut [i8],
        run: impl FnOnce(&Model<'m>, &mut [i8]) -> Result<(), nn::Error>,
    ) -> Result<Template, Error> {
        let place = aligned::crop_in(&self.encoder, arena)?;
        if crop.len() != place.len() {
            return Err(Error::Crop);
        }
        place.copy_from_slice(crop);
        aligned::encode(&self.encoder, arena, run)
    }
}

/// The faces of a frame, or of a part of one, in its coordinates.
fn find<'m>(
    detector: &Model<'m>,
    decoder: &Decoder,
    frame: &Frame,
    arena: &mut [i8],
    run: impl FnOnce(&Model<'m>, &mut [i8]) -> Result<(), nn::Error>,
) -> Result<Faces, Error> {
    let input = detector.input_mut(arena);
    let placement = fill_input(frame, decoder.input(), input).map_err(|_| Error::Arena)?;
    run(detector, arena).map_err(|_| Error::Arena)?;
    let mut faces = decoder.decode(&heads::read(detector, arena));
    for face in &mut faces {
        *face = placement.face_to_frame(face);
    }
    faces.retain(|face| vision::SimilarityTransform::to_template(&face.landmarks).is_ok());
    Ok(faces)
}

/// Checks that a door can run a network, by its kind.
///
/// # Errors
/// [`Error::Input`] or [`Error::Outputs`].
pub fn check(model: &Model) -> Result<(), Error> {
    match model.kind() {
        Kind::Detector => check_detector(model, DEFAULT_MIN_SCORE).map(|_| ()),
        Kind::Encoder | Kind::FloatEncoder => check_encoder(model),
        Kind::Liveness => Liveness::new(*model).map(|_| ()),
        Kind::Other => Ok(()),
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
    if !matches!(encoder.kind(), Kind::Encoder | Kind::FloatEncoder) {
        return Err(Error::Kind(Network::Encoder));
    }
    let input = encoder.input();
    if !CROP_SIZES.contains(&input.width) || input.height != input.width || input.channels != 3 {
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
