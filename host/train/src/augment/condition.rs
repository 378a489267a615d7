//! Conditions at a door that make faces harder to know: light, and what people wear.

use super::{Canvas, chance, light, worn};

/// A condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// As the picture is.
    Plain,
    /// Values times 0.4, and noise with a standard deviation of 3.
    Dim,
    /// Values times 0.15, and noise with a standard deviation of 6.
    Dark,
    /// A lamp at one side: values times 1.7 at one edge of the face, falling evenly to 0.3 at the other.
    SideLit,
    /// A mask over mouth and nose.
    Masked,
    /// Glasses: in three of ten the lenses are tinted or dark.
    Glasses,
}

impl Condition {
    /// All, the plainest first.
    pub const ALL: [Self; 6] =
        [Self::Plain, Self::Dim, Self::Dark, Self::SideLit, Self::Masked, Self::Glasses];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Dim => "dim",
            Self::Dark => "dark",
            Self::SideLit => "side-lit",
            Self::Masked => "masked",
            Self::Glasses => "glasses",
        }
    }

    /// Changes a picture; the same seed gives the same pixels.
    pub fn apply(self, canvas: &mut Canvas, seed: u64) {
        let random = &mut fastrand::Rng::with_seed(seed);
        match self {
            Self::Plain => {}
            Self::Dim => light::dark(canvas.pixels, 0.4, 3.0, random),
            Self::Dark => light::dark(canvas.pixels, 0.15, 6.0, random),
            Self::SideLit => light::lamp(canvas, if chance(random, 0.5) { 0.7 } else { -0.7 }),
            Self::Masked => worn::mask(canvas, random),
            Self::Glasses => worn::glasses(canvas, random),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::tests::drawn;
    use crate::{CROP_BYTES, SIDE};

    /// The mean value of a part of the face, in shares: columns, then rows.
    fn mean(face: &[u8], [left, right]: [f32; 2], [top, bottom]: [f32; 2]) -> f32 {
        let [left, right, top, bottom] =
            [left, right, top, bottom].map(|share| (share * SIDE as f32) as usize);
        let rows = face.chunks_exact(3 * SIDE).take(bottom).skip(top);
        let values: Vec<f32> =
            rows.flat_map(|row| row[3 * left..3 * right].iter().map(|&value| f32::from(value))).collect();
        values.iter().sum::<f32>() / values.len() as f32
    }

    fn under(condition: Condition, seed: u64) -> Vec<u8> {
        let mut face = drawn();
        condition.apply(&mut Canvas::aligned(&mut face), seed);
        assert_eq!(face.len(), CROP_BYTES);
        face
    }

    #[test]
    fn light_falls_where_it_says() {
        let whole = |face: &[u8]| mean(face, [0.0, 1.0], [0.0, 1.0]);
        let plain = whole(&under(Condition::Plain, 1));
        for (condition, gain) in [(Condition::Dim, 0.4), (Condition::Dark, 0.15)] {
            let seen = whole(&under(condition, 1));
            assert!((seen - gain * plain).abs() < 1.5, "{condition:?} {seen}");
        }
        let lit = under(Condition::SideLit, 1);
        let [left, right] = [[0.0, 0.05], [0.95, 1.0]].map(|columns| mean(&lit, columns, [0.8, 1.0]));
        assert!(left.min(right) < 0.4 * 170.0 && left.max(right) > 250.0, "{left} {right}");
    }

    #[test]
    fn what_is_worn_covers_its_part_of_the_face_alone() {
        let (forehead, mouth, eyes) = ([0.1, 0.22], [0.75, 0.85], [0.42, 0.5]);
        for seed in 0..20 {
            let changed = |condition: Condition, rows: [f32; 2]| {
                let plain = drawn();
                let worn = under(condition, seed);
                let inside = |at: usize| {
                    let row = (at / 3 / SIDE) as f32 / SIDE as f32;
                    (rows[0]..rows[1]).contains(&row)
                };
                (0..CROP_BYTES).filter(|&at| inside(at) && plain[at].abs_diff(worn[at]) > 3).count()
            };
            assert!(changed(Condition::Masked, mouth) > 1000, "{seed}");
            assert!(changed(Condition::Glasses, eyes) > 100, "{seed}");
            for condition in [Condition::Masked, Condition::Glasses] {
                assert_eq!(changed(condition, forehead), 0, "{condition:?} {seed}");
            }
            assert_eq!(changed(Condition::Glasses, mouth), 0, "{seed}");
        }
    }
}
