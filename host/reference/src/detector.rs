//! YuNet in float, decoded as its authors do (Wu, Peng and Yu 2023; OpenCV's `FaceDetectorYN`).

use models::Manifest;

use crate::{Error, Network, Result, Rgb};

/// A face as the detector sees it, in pixels of the picture.
#[derive(Clone, Copy, Debug)]
pub struct Detection {
    /// Left, top, width, height.
    pub area: [f32; 4],
    /// Right eye, left eye, nose, right and left mouth corner, of the person: x, y.
    pub landmarks: [[f32; 2]; 5],
    /// 0 to 1.
    pub score: f32,
}

/// Detections below this score are dropped.
const LEAST_SCORE: f32 = 0.5;

/// Of two faces that overlap more than this (intersection over union), the weaker is dropped.
const MOST_OVERLAP: f32 = 0.3;

/// Number of best candidates that are considered.
const CANDIDATES: usize = 50;

/// Strides of the three heads; sides of the input are multiples of the last.
const STRIDES: [usize; 3] = [8, 16, 32];

/// The detector, for pictures of any size.
pub struct Detector {
    network: Network,
}

impl Detector {
    /// The published network of the model of `manifest`.
    ///
    /// # Errors
    /// As [`Network::open`].
    pub fn open(manifest: &Manifest) -> Result<Self> {
        Ok(Self { network: Network::open(manifest)? })
    }

    /// The faces in `picture`, best first.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Outputs`].
    pub fn detect(&self, picture: Rgb) -> Result<Vec<Detection>> {
        let [height, width] = [picture.height, picture.width].map(|side| side.next_multiple_of(STRIDES[2]));
        // The area outside of the picture is black.
        let mut pixels = vec![0; width * height * 3];
        for (to, from) in
            pixels.chunks_exact_mut(width * 3).zip(picture.pixels.chunks_exact(picture.width * 3))
        {
            to[..from.len()].copy_from_slice(from);
        }
        let mut outputs = self.network.run(Rgb { width, height, pixels: &pixels })?;
        for logit in outputs.iter_mut().take(2 * STRIDES.len()).flatten() {
            *logit = 1.0 / (1.0 + (-*logit).exp());
        }
        let decoded = decode(&outputs, height, width).ok_or_else(|| Error::Outputs {
            path: self.network.path().to_owned(),
            expected: "a YuNet detector",
        })?;
        Ok(suppress(decoded))
    }
}

/// The face nearest the middle of the picture; larger faces are preferred. Pictures of Labeled Faces in the Wild are
/// centred on the person they are named after.
pub fn nearest_centre(faces: &[Detection], width: usize, height: usize) -> Option<&Detection> {
    let cost = |face: &Detection| {
        let [x, y, w, h] = face.area;
        let off = (x + w / 2.0 - width as f32 / 2.0).abs() + (y + h / 2.0 - height as f32 / 2.0).abs();
        off - 0.5 * (w * h).max(0.0).sqrt()
    };
    faces.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)))
}

/// Outputs are cls, obj, bbox and kps, for the three strides each.
fn decode(outputs: &[Vec<f32>], height: usize, width: usize) -> Option<Vec<Detection>> {
    let mut faces = Vec::new();
    for (level, stride) in STRIDES.into_iter().enumerate() {
        let (rows, columns) = (height / stride, width / stride);
        let head = |kind: usize, values: usize| {
            outputs.get(kind * STRIDES.len() + level).filter(|head| head.len() == rows * columns * values)
        };
        let (class, object, area, points) = (head(0, 1)?, head(1, 1)?, head(2, 4)?, head(3, 10)?);
        for cell in 0..rows * columns {
            let score = (class[cell].clamp(0.0, 1.0) * object[cell].clamp(0.0, 1.0)).sqrt();
            if score < LEAST_SCORE {
                continue;
            }
            let corner = [(cell % columns) as f32, (cell / columns) as f32];
            let place = |offset: f32, axis: usize| (offset + corner[axis]) * stride as f32;
            let area = &area[cell * 4..][..4];
            let (w, h) = (area[2].exp() * stride as f32, area[3].exp() * stride as f32);
            let points = &points[cell * 10..][..10];
            faces.push(Detection {
                area: [place(area[0], 0) - w / 2.0, place(area[1], 1) - h / 2.0, w, h],
                landmarks: std::array::from_fn(|point| {
                    [0, 1].map(|axis| place(points[2 * point + axis], axis))
                }),
                score,
            });
        }
    }
    Some(faces)
}

/// Keeps the best of faces that overlap.
fn suppress(mut faces: Vec<Detection>) -> Vec<Detection> {
    faces.sort_by(|a, b| b.score.total_cmp(&a.score));
    faces.truncate(CANDIDATES);
    let mut kept: Vec<Detection> = Vec::new();
    for face in faces {
        if kept.iter().all(|better| overlap(&better.area, &face.area) <= MOST_OVERLAP) {
            kept.push(face);
        }
    }
    kept
}

fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let side = |axis: usize| {
        let end = (a[axis] + a[axis + 2]).min(b[axis] + b[axis + 2]);
        (end - a[axis].max(b[axis])).max(0.0)
    };
    let intersection = side(0) * side(1);
    intersection / (a[2] * a[3] + b[2] * b[3] - intersection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_decoded_where_it_lies() {
        let (height, width) = (64, 32);
        let mut outputs: Vec<Vec<f32>> = Vec::new();
        for values in [1, 1, 4, 10] {
            outputs.extend(STRIDES.map(|stride| vec![0.0; (height / stride) * (width / stride) * values]));
        }
        // Stride 16 has 4 rows of 2 cells; cell 5 is row 2, column 1.
        (outputs[1][5], outputs[4][5]) = (0.81, 1.0);
        outputs[7][5 * 4..][..4].copy_from_slice(&[0.5, 0.25, 0.0, 2f32.ln()]);
        let faces = decode(&outputs, height, width).unwrap();
        assert_eq!(faces.len(), 1);
        assert!((faces[0].score - 0.9).abs() < 1e-6);
        assert_eq!(faces[0].area.map(f32::round), [16.0, 20.0, 16.0, 32.0]);
        assert_eq!(faces[0].landmarks[3], [16.0, 32.0]);
        assert!(decode(&outputs[1..], height, width).is_none());
    }

    #[test]
    fn the_better_of_two_that_overlap_stays() {
        let face =
            |x: f32, score: f32| Detection { area: [x, 0.0, 10.0, 10.0], landmarks: [[0.0; 2]; 5], score };
        let kept = suppress(vec![face(1.0, 0.6), face(0.0, 0.9), face(20.0, 0.7)]);
        assert_eq!(kept.iter().map(|face| face.score).collect::<Vec<_>>(), [0.9, 0.7]);
    }
}
