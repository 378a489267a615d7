//! How faithful an image is: its outputs against those of the float network, on the sample pictures.

use bytemuck::{bytes_of, cast_slice_mut, pod_read_unaligned};
use nn::format::{DIGEST, FidelityRecord, Header};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::graph::Graph;
use crate::image::Aligned;
use crate::{Error, Kind, float};

/// Pictures that are compared, at the most; they are spread evenly over the samples.
const MOST: usize = 64;

/// What an image must reach, see [`Fidelity::is_sound`].
const LEAST_MEAN_COSINE: f64 = 0.97;
const LEAST_COSINE: f64 = 0.90;
const MOST_ERROR: f64 = 0.35;

/// The difference of one output.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Name of the output in the file.
    pub name: String,
    /// Root mean square of the difference, as a share of that of the float network's output.
    pub error: f64,
}

/// An image against the float network.
#[derive(Clone, Debug, PartialEq)]
pub struct Fidelity {
    /// Pictures that were compared.
    pub samples: usize,
    /// The least cosine of the two embeddings of a picture, and the mean; for an encoder.
    pub cosine: Option<[f64; 2]>,
    /// Each output over all pictures.
    pub outputs: Vec<Difference>,
}

impl Fidelity {
    /// Whether it is within the bounds: for an encoder a cosine of at least 0.90, and of 0.97 on average; for other
    /// networks an error of at most 0.35 in each output.
    pub fn is_sound(&self) -> bool {
        match self.cosine {
            Some([least, mean]) => least >= LEAST_COSINE && mean >= LEAST_MEAN_COSINE,
            None => self.outputs.iter().all(|output| output.error <= MOST_ERROR),
        }
    }

    /// `image` with these figures in its header, for `postern inspect`. The identity stays.
    ///
    /// # Errors
    /// [`Error::Refused`]: the engine does not take `image`.
    pub fn recorded_in(&self, image: &[u8]) -> Result<Vec<u8>, Error> {
        nn::Model::load(Aligned::new(image).bytes()).map_err(Error::Refused)?;
        let mut header: Header = pod_read_unaligned(&image[..size_of::<Header>()]);
        let errors = || self.outputs.iter().map(|output| output.error);
        let (figure, worst, mean) = match self.cosine {
            Some([least, mean]) => (1, least, mean),
            None => {
                (2, errors().fold(0.0, f64::max), errors().sum::<f64>() / self.outputs.len().max(1) as f64)
            }
        };
        let samples = self.samples as u32;
        header.fidelity = FidelityRecord { figure, samples, worst: worst as f32, mean: mean as f32 };
        let mut bytes = image[..header.length as usize - DIGEST].to_vec();
        bytes[..size_of::<Header>()].copy_from_slice(bytes_of(&header));
        let digest = Sha256::digest(&bytes);
        bytes.extend(digest);
        Ok(bytes)
    }

    /// The output with the greatest error.
    pub fn worst(&self) -> Option<&Difference> {
        self.outputs.iter().max_by(|a, b| a.error.total_cmp(&b.error))
    }
}

impl std::fmt::Display for Fidelity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.cosine, self.worst()) {
            (Some([least, mean]), _) => {
                write!(f, "cosine to the float network {mean:.4} on average, {least:.4} at the least")?;
            }
            (None, Some(Difference { name, error })) => {
                write!(
                    f,
                    "error against the float network {:.1} % at the most (output \"{name}\")",
                    error * 100.0
                )?;
            }
            (None, None) => f.write_str("no output")?,
        }
        write!(f, ", on {} samples", self.samples)
    }
}

/// Runs `image` in the engine, and `graph` in float, on some of `samples`.
///
/// # Errors
/// [`Error::Refused`]: the engine does not take the image.
pub fn measure(
    graph: &Graph,
    kind: Kind,
    image: &[u8],
    samples: &[Vec<u8>],
    done: &(dyn Fn(usize) + Sync),
) -> Result<Fidelity, Error> {
    let image = Aligned::new(image);
    let model = nn::Model::load(image.bytes()).map_err(Error::Refused)?;
    let step = samples.len().div_ceil(MOST).max(1);
    let pictures: Vec<&Vec<u8>> = samples.iter().step_by(step).collect();
    let count = std::sync::atomic::AtomicUsize::new(0);
    let compared = pictures.par_iter().map(|picture| {
        let ours = run(&model, picture).map_err(Error::Refused)?;
        let theirs = float::run(graph, picture, |_, _, _| {});
        done(1 + count.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        Ok(ours.iter().zip(&theirs).map(|(ours, theirs)| Sums::of(ours, theirs)).collect())
    });
    let compared: Vec<Vec<Sums>> = compared.collect::<Result<_, Error>>()?;
    let outputs = graph.outputs.iter().enumerate().map(|(index, &tensor)| {
        let total = compared.iter().fold(Sums::default(), |total, sums| total.plus(&sums[index]));
        Difference { name: graph.tensors[tensor].name.clone(), error: total.error() }
    });
    let cosines: Vec<f64> = compared.iter().filter_map(|sums| Some(sums.first()?.cosine())).collect();
    let cosine = (kind == Kind::Encoder && !cosines.is_empty()).then(|| {
        let least = cosines.iter().copied().fold(f64::INFINITY, f64::min);
        [least, cosines.iter().sum::<f64>() / cosines.len() as f64]
    });
    Ok(Fidelity { samples: pictures.len(), cosine, outputs: outputs.collect() })
}

/// The outputs of `model` for a picture, as real numbers.
fn run(model: &nn::Model, picture: &[u8]) -> Result<Vec<Vec<f32>>, nn::Error> {
    let mut blocks = vec![0u128; model.arena_len().div_ceil(size_of::<u128>())];
    let arena: &mut [i8] = cast_slice_mut(&mut blocks);
    for (to, pixel) in model.input_mut(arena).iter_mut().zip(picture) {
        *to = (pixel ^ 0x80) as i8;
    }
    model.run(arena)?;
    let output = |index: usize| {
        let scale = model.output(index).map_or(0.0, |output| (-f32::from(output.frac_bits)).exp2());
        model.read(arena, index).iter().map(|value| f32::from(value) * scale).collect()
    };
    Ok((0..model.output_count()).map(output).collect())
}

/// Sums over the values of an output: of both squares, of the products, and of the squared differences.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    ours: f64,
    theirs: f64,
    product: f64,
    difference: f64,
}

impl Sums {
    fn of(ours: &[f32], theirs: &[f32]) -> Self {
        ours.iter().zip(theirs).fold(Self::default(), |sums, (&ours, &theirs)| {
            let (a, b) = (f64::from(ours), f64::from(theirs));
            sums.plus(&Self { ours: a * a, theirs: b * b, product: a * b, difference: (a - b) * (a - b) })
        })
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            ours: self.ours + other.ours,
            theirs: self.theirs + other.theirs,
            product: self.product + other.product,
            difference: self.difference + other.difference,
        }
    }

    /// Of two outputs of zeros it is 1, of one that is zero 0.
    fn cosine(&self) -> f64 {
        match (self.ours * self.theirs).sqrt() {
            lengths if lengths > 0.0 => self.product / lengths,
            _ if self.ours == self.theirs => 1.0,
            _ => 0.0,
        }
    }

    fn error(&self) -> f64 {
        match self.difference {
            0.0 => 0.0,
            difference => (difference / self.theirs.max(f64::MIN_POSITIVE)).sqrt(),
        }
    }
}
