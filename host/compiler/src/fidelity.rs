//! How faithful an image is: its outputs against those of the float network, on the sample pictures.
//!
//! What all pictures have in common can be right and large, and what tells two people apart lost beside it. So an encoder's
//! templates are compared without their means, too, and an image whose outputs are the same for all pictures is not sound.

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
const LEAST_COSINE_APART: f64 = 0.80;
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
    /// The cosine of the templates and the embeddings of all pictures, without what the pictures have in common; for an
    /// encoder, where there is more than one picture.
    pub cosine_apart: Option<f64>,
    /// Whether all outputs of the image are the same for all pictures, of which there is more than one.
    pub is_constant: bool,
    /// Where that begins: the first node of the network that gives the same for all pictures, where one does.
    pub constant: Option<String>,
    /// Each output over all pictures.
    pub outputs: Vec<Difference>,
}

impl Fidelity {
    /// Whether it is within the bounds: for an encoder a cosine of at least 0.90, of 0.97 on average, and of 0.80 without
    /// what the pictures have in common; for other networks an error of at most 0.35 in each output. The outputs depend on
    /// the picture.
    pub fn is_sound(&self) -> bool {
        if self.is_constant {
            return false;
        }
        match self.cosine {
            Some([least, mean]) => {
                let apart = self.cosine_apart.is_none_or(|cosine| cosine >= LEAST_COSINE_APART);
                apart && least >= LEAST_COSINE && mean >= LEAST_MEAN_COSINE
            }
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
                if let Some(cosine) = self.cosine_apart {
                    write!(f, ", {cosine:.4} without what all pictures have in common")?;
                }
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
        if self.is_constant {
            f.write_str(", the outputs do not depend on the picture")?;
            if let Some(node) = &self.constant {
                write!(f, " (from node \"{node}\" on, which gives the same for each)")?;
            }
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
        Ok([ours, theirs])
    });
    let found: Vec<[Vec<Vec<f32>>; 2]> = compared.collect::<Result<_, Error>>()?;
    let of_picture = |[ours, theirs]: &[Vec<Vec<f32>>; 2]| {
        ours.iter().zip(theirs).map(|(ours, theirs)| Sums::of(ours, theirs)).collect()
    };
    let compared: Vec<Vec<Sums>> = found.iter().map(of_picture).collect();
    let differ = pictures.iter().any(|picture| picture != &pictures[0]);
    let is_constant = differ && found.iter().all(|[ours, _]| *ours == found[0][0]);
    let constant = if is_constant { first_constant(graph, &pictures) } else { None };
    let cosine_apart = (kind == Kind::Encoder && differ).then(|| apart(&found));
    let outputs = graph.outputs.iter().enumerate().map(|(index, &tensor)| {
        let total = compared.iter().fold(Sums::default(), |total, sums| total.plus(&sums[index]));
        Difference { name: graph.tensors[tensor].name.clone(), error: total.error() }
    });
    let cosines: Vec<f64> = compared.iter().filter_map(|sums| Some(sums.first()?.cosine())).collect();
    let cosine = (kind == Kind::Encoder && !cosines.is_empty()).then(|| {
        let least = cosines.iter().copied().fold(f64::INFINITY, f64::min);
        [least, cosines.iter().sum::<f64>() / cosines.len() as f64]
    });
    Ok(Fidelity {
        samples: pictures.len(),
        cosine,
        cosine_apart,
        is_constant,
        constant,
        outputs: outputs.collect(),
    })
}

/// The first node whose output is the same for all pictures.
fn first_constant(graph: &Graph, pictures: &[&Vec<u8>]) -> Option<String> {
    let (first, others) = pictures.split_first()?;
    let mut values = vec![Vec::new(); graph.tensors.len()];
    float::run(graph, first, |tensor, point, found| {
        if point == float::Point::Value {
            values[tensor] = found.to_vec();
        }
    });
    let mut same = vec![true; values.len()];
    for picture in others {
        float::run(graph, picture, |tensor, point, found| {
            same[tensor] &= point != float::Point::Value || values[tensor] == found;
        });
    }
    let node = graph.nodes.iter().find(|node| same[node.output])?;
    Some(graph.tensors[node.output].name.clone())
}

/// The cosine of the templates that a door makes of our outputs and of their embeddings, each without its mean.
fn apart(found: &[[Vec<Vec<f32>>; 2]]) -> f64 {
    let rows = |side: usize, round: bool| -> Vec<Vec<f32>> {
        let first =
            |outputs: &[Vec<Vec<f32>>; 2]| template(outputs[side].first().map_or(&[], |row| &row[..]), round);
        let mut rows: Vec<Vec<f32>> = found.iter().map(first).collect();
        for at in 0..rows[0].len() {
            let mean = rows.iter().map(|row| f64::from(row[at])).sum::<f64>() / rows.len() as f64;
            rows.iter_mut().for_each(|row| row[at] = (f64::from(row[at]) - mean) as f32);
        }
        rows
    };
    let (ours, theirs) = (rows(0, true), rows(1, false));
    let sums = ours.iter().zip(&theirs).map(|(ours, theirs)| Sums::of(ours, theirs));
    sums.fold(Sums::default(), |total, sums| total.plus(&sums)).cosine()
}

/// An embedding of the length of a template, `32 * sqrt(d)`, and rounded as one.
fn template(embedding: &[f32], round: bool) -> Vec<f32> {
    let length = embedding.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    let scale = 32.0 * (embedding.len() as f64).sqrt() / length.max(f64::MIN_POSITIVE);
    let scaled = embedding.iter().map(|&value| f64::from(value) * scale);
    scaled.map(|value| if round { value.round().clamp(-127.0, 127.0) } else { value } as f32).collect()
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

    /// Of zeros it is 0: they have no direction.
    fn cosine(&self) -> f64 {
        match (self.ours * self.theirs).sqrt() {
            lengths if lengths > 0.0 => self.product / lengths,
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
