//! Embeddings that can be compared: the device's templates, or a float network's.

use template::Template;

/// The embeddings of some pictures, all by one encoder.
///
/// A picture in which no face was found has none. It matches nothing: that is a miss where
/// it should have matched, as it would be at the door.
#[derive(Clone, Debug)]
pub enum Embeddings {
    /// Templates as the device keeps them; compared as the device does.
    Templates(Vec<Option<Template>>),
    /// Unit vectors of a float network; compared by their dot product.
    Float(Vec<Option<Vec<f32>>>),
}

/// The score of a float cosine of 1: fine enough that rounding moves no figure that is shown.
const FLOAT_ONE: i32 = 1 << 20;

impl Embeddings {
    /// Those at `places`, in that order.
    #[must_use]
    pub fn select(&self, places: &[usize]) -> Self {
        match self {
            Self::Templates(all) => Self::Templates(places.iter().map(|&at| all[at].clone()).collect()),
            Self::Float(all) => Self::Float(places.iter().map(|&at| all[at].clone()).collect()),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Templates(templates) => templates.len(),
            Self::Float(vectors) => vectors.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many pictures have none.
    pub fn missing(&self) -> usize {
        match self {
            Self::Templates(templates) => templates.iter().filter(|one| one.is_none()).count(),
            Self::Float(vectors) => vectors.iter().filter(|one| one.is_none()).count(),
        }
    }

    /// The score that stands for a cosine of 1.
    pub fn one(&self) -> i32 {
        match self {
            Self::Templates(_) => template::CosineScore::ONE.0,
            Self::Float(_) => FLOAT_ONE,
        }
    }

    /// The similarity of two embeddings: their cosine times [`Embeddings::one`], and minus one of
    /// what is missing or of another dimension.
    pub fn score(&self, a: usize, b: usize) -> i32 {
        let score = match self {
            Self::Templates(templates) => {
                both(templates, a, b).and_then(|(a, b)| a.similarity(b)).map(|similarity| similarity.0)
            }
            Self::Float(vectors) => {
                both(vectors, a, b).map(|(a, b)| (dot(a, b) * FLOAT_ONE as f32).round() as i32)
            }
        };
        score.unwrap_or(-self.one())
    }
}

fn both<T>(list: &[Option<T>], a: usize, b: usize) -> Option<(&T, &T)> {
    list[a].as_ref().zip(list[b].as_ref())
}

/// A dot product in sixteen lanes, which the compiler turns into vector instructions; floating-point
/// addition is not associative, so it may not do so to a plain sum.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut lanes = [0f32; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_matches_nothing() {
        let embeddings = Embeddings::Float(vec![Some(vec![0.6, 0.8]), None]);
        assert_eq!(embeddings.score(0, 0), embeddings.one());
        assert_eq!(embeddings.score(0, 1), -embeddings.one());
        assert_eq!(embeddings.score(1, 1), -embeddings.one());
    }

    #[test]
    fn a_dot_product_takes_the_rest_along() {
        let a: Vec<f32> = (0..37).map(|i| i as f32).collect();
        let expected: i32 = (0..37).map(|i| i * i).sum();
        assert_eq!(dot(&a, &a), expected as f32);
    }
}
