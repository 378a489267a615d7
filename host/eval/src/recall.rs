//! How many faces a detector finds, and how well: recall and the error of the landmarks.

use schemars::JsonSchema;
use serde::Serialize;

/// A face where it should be, or where it was found, in pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// Left, top, width, height.
    pub area: [f32; 4],
    /// Right eye, left eye, nose, right and left mouth corner, of the person: x, y.
    pub landmarks: [[f32; 2]; 5],
}

/// A face counts as found from this intersection over union on (Everingham et al., "The Pascal Visual
/// Object Classes Challenge", IJCV 2010).
const LEAST_OVERLAP: f32 = 0.5;

/// Standard normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_964;

/// What was found of faces that were there.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Recall {
    found: u32,
    faces: u32,
    extra: u32,
    landmark_error: f64,
}

/// [`Recall`] as figures.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Figures {
    /// Faces that were there.
    pub faces: u32,
    /// Share of them that was found.
    pub recall: f64,
    /// 95 % interval of that share (Wilson 1927).
    pub interval: [f64; 2],
    /// Mean distance of a landmark from its place, as a share of the distance of the eyes; of the faces found.
    pub landmark_error: f64,
    /// What was found besides, a picture.
    pub extra: f64,
}

impl Recall {
    /// Adds a picture that shows one face, and what was found in it.
    pub fn add(&mut self, expected: &Location, found: &[Location]) {
        self.faces += 1;
        let best = found.iter().max_by(|a, b| overlap(a, expected).total_cmp(&overlap(b, expected)));
        let hit = best.filter(|best| overlap(best, expected) >= LEAST_OVERLAP);
        self.extra += found.len() as u32 - u32::from(hit.is_some());
        if let Some(hit) = hit {
            self.found += 1;
            self.landmark_error += landmark_error(hit, expected);
        }
    }

    /// Everything that `other` saw, too.
    pub fn merge(mut self, other: Self) -> Self {
        self.found += other.found;
        self.faces += other.faces;
        self.extra += other.extra;
        self.landmark_error += other.landmark_error;
        self
    }

    /// The figures; nothing for no face.
    pub fn figures(&self) -> Option<Figures> {
        if self.faces == 0 {
            return None;
        }
        let (n, faces) = (f64::from(self.faces), self.faces);
        let recall = f64::from(self.found) / n;
        let centre = (recall + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z / (1.0 + Z * Z / n) * (recall * (1.0 - recall) / n + Z * Z / (4.0 * n * n)).sqrt();
        Some(Figures {
            faces,
            recall,
            interval: [(centre - half).max(0.0), (centre + half).min(1.0)],
            landmark_error: self.landmark_error / f64::from(self.found.max(1)),
            extra: f64::from(self.extra) / n,
        })
    }
}

/// Intersection over union of the boxes.
fn overlap(a: &Location, b: &Location) -> f32 {
    let side = |axis: usize| {
        let end = |l: &Location| l.area[axis] + l.area[axis + 2];
        (end(a).min(end(b)) - a.area[axis].max(b.area[axis])).max(0.0)
    };
    let inside = side(0) * side(1);
    let size = |l: &Location| l.area[2] * l.area[3];
    inside / (size(a) + size(b) - inside).max(f32::MIN_POSITIVE)
}

/// Mean distance of the landmarks, by the distance of the eyes.
fn landmark_error(found: &Location, expected: &Location) -> f64 {
    let distance = |a: [f32; 2], b: [f32; 2]| f64::from((a[0] - b[0]).hypot(a[1] - b[1]));
    let eyes = distance(expected.landmarks[0], expected.landmarks[1]).max(f64::MIN_POSITIVE);
    let pairs = found.landmarks.iter().zip(expected.landmarks);
    pairs.map(|(&a, b)| distance(a, b)).sum::<f64>() / 5.0 / eyes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(x: f32) -> Location {
        let landmarks = [[x, 0.0], [x + 10.0, 0.0], [x + 5.0, 5.0], [x, 10.0], [x + 10.0, 10.0]];
        Location { area: [x, 0.0, 10.0, 10.0], landmarks }
    }

    #[test]
    fn half_of_a_union_is_found_and_less_is_not() {
        let mut recall = Recall::default();
        recall.add(&face(0.0), &[face(3.0)]); // 70 of 130
        recall.add(&face(0.0), &[face(4.0)]); // 60 of 140
        recall.add(&face(0.0), &[]);
        recall.add(&face(0.0), &[face(50.0), face(0.0)]);
        let figures = recall.figures().expect("there were faces");
        assert_eq!((figures.faces, figures.recall, figures.extra), (4, 0.5, 0.5));
        assert!((figures.landmark_error - 0.15).abs() < 1e-9, "0.3 and 0");
        // Wilson's interval for 2 of 4, as tables have it.
        assert!((figures.interval[0] - 0.150).abs() < 1e-3 && (figures.interval[1] - 0.850).abs() < 1e-3);
    }

    #[test]
    fn no_face_has_no_figures() {
        assert_eq!(Recall::default().figures(), None);
    }
}
