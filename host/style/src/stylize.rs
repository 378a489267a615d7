//! From coarse to fine: the optimisation of a picture over several sizes.

use std::ops::ControlFlow;

use crate::adam::Adam;
use crate::colour::{self, Colours};
use crate::features::Features;
use crate::guide::Guide;
use crate::lbfgs::Lbfgs;
use crate::objective::{Costs, Objective, Region, Style};
use crate::picture::Picture;
use crate::{Error, Weights};

/// Where the optimisation starts.
#[derive(Clone, Debug)]
pub enum Start {
    /// The content.
    Content,
    /// Noise around grey.
    Noise,
    /// Another picture, scaled to fit.
    Picture(Picture),
}

/// How the cost is minimised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Method {
    /// L-BFGS that remembers so many steps.
    Lbfgs(usize),
    /// Adam with steps of this length in pixel values.
    Adam(f64),
}

/// How a picture is made.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How much each cost counts.
    pub weights: Weights,
    /// Longer sides of the pictures that are made, each starting from the one before.
    pub sides: Vec<usize>,
    /// Evaluations at each of them.
    pub evaluations: Vec<usize>,
    /// Longer side of the style as a share of the picture's: how large brush strokes are.
    pub style_scale: f64,
    /// How the cost is minimised.
    pub method: Method,
    /// Where it starts.
    pub start: Start,
    /// Of the noise.
    pub seed: u64,
    /// Whose colours the picture takes.
    pub colours: Colours,
    /// Where it is painted; the rest stays as the content is.
    pub painted: Option<Guide>,
}

/// How far a stylization is, after an evaluation.
pub struct Progress<'a> {
    /// Evaluations done and how many there will be, over all sizes.
    pub done: usize,
    /// How many there will be.
    pub of: usize,
    /// Whether it is the first one at its size, to which costs before are no measure.
    pub first: bool,
    /// Work done in all, 0 to 1; an evaluation counts by its pixels.
    pub share: f64,
    /// The costs just found.
    pub costs: Costs,
    /// The picture just evaluated; values outside 0 to 255 are cut off when it is written.
    pub picture: &'a Picture,
}

/// Makes a picture with the content of one and the style of others.
///
/// `watch` is called after each evaluation and may break off; the best picture so far is then returned.
///
/// # Errors
/// No style, a layer that the network does not have, or a picture too small for it.
pub fn stylize(
    features: &Features,
    content: &Picture,
    regions: &[Region],
    settings: &Settings,
    watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
) -> Result<Picture, Error> {
    if regions.is_empty() || regions.iter().any(|region| region.styles.is_empty()) {
        return Err(Error::NoStyle);
    }
    let original = content;
    let content = &colour::painted(original, settings.colours);
    let mut picture = match &settings.start {
        Start::Content => content.clone(),
        Start::Noise => noise(content.fitted(settings.sides[0]), settings.seed),
        Start::Picture(picture) => picture.clone(),
    };
    let of: usize = settings.evaluations.iter().sum();
    let work = |side: usize, evaluations: usize| (side * side * evaluations) as f64;
    let all: f64 = settings.sides.iter().zip(&settings.evaluations).map(|(&s, &e)| work(s, e)).sum();
    let (mut done, mut spent, mut broken) = (0, 0.0, false);
    for (&side, &evaluations) in settings.sides.iter().zip(&settings.evaluations) {
        let content = content.resized(content.fitted(side));
        let regions: Vec<Region> =
            regions.iter().map(|region| scaled(region, original, side, settings)).collect();
        picture = picture.resized(content.size());
        let painted = settings.painted.as_ref().map(|guide| guide.resized(content.size()).weights);
        lay(&mut picture, &content, painted.as_deref());
        let mut objective = Objective::new(features, &content, &regions, &settings.weights)?;
        let mut seen = picture.clone();
        let mut first = true;
        let mut function = |point: &[f32], gradient: &mut [f32]| {
            seen.values.copy_from_slice(point);
            let Ok(costs) = objective.evaluate(&seen, gradient) else { return ControlFlow::Break(()) };
            if let Some(painted) = &painted {
                gradient
                    .chunks_exact_mut(3)
                    .zip(painted)
                    .for_each(|(pixel, share)| pixel.iter_mut().for_each(|g| *g *= share));
            }
            done += 1;
            spent += work(side, 1);
            let progress = Progress {
                done,
                of,
                first: std::mem::take(&mut first),
                share: spent / all,
                costs,
                picture: &seen,
            };
            match watch(&progress) {
                ControlFlow::Continue(()) => ControlFlow::Continue(costs.total),
                ControlFlow::Break(()) => {
                    broken = true;
                    ControlFlow::Break(())
                }
            }
        };
        match settings.method {
            Method::Lbfgs(history) => {
                Lbfgs { history, evaluations }.minimize(&mut picture.values, &mut function)
            }
            Method::Adam(rate) => Adam { rate, evaluations }.minimize(&mut picture.values, &mut function),
        }
        if broken {
            break;
        }
    }
    picture.values.iter_mut().for_each(|value| *value = value.clamp(0.0, 255.0));
    let original = original.resized(picture.size());
    let mut finished = colour::finished(&picture, &original, settings.colours);
    let painted = settings.painted.as_ref().map(|guide| guide.resized(picture.size()).weights);
    lay(&mut finished, &original, painted.as_deref());
    Ok(finished)
}

/// Lays the content over the part that is not painted.
fn lay(picture: &mut Picture, content: &Picture, painted: Option<&[f32]>) {
    let Some(painted) = painted else { return };
    let pixels = picture.values.chunks_exact_mut(3).zip(content.values.chunks_exact(3));
    for ((pixel, content), share) in pixels.zip(painted) {
        pixel.iter_mut().zip(content).for_each(|(value, under)| *value = under + share * (*value - under));
    }
}

/// A region with its styles for a picture of this size; no style is enlarged.
fn scaled(region: &Region, content: &Picture, side: usize, settings: &Settings) -> Region {
    let side = (side as f64 * settings.style_scale).round().max(1.0) as usize;
    let styles = region.styles.iter().map(|Style { picture, weight }| {
        let picture = picture.resized(picture.fitted(side.min(picture.height.max(picture.width))));
        Style { picture: colour::prepared(&picture, content, settings.colours), weight: *weight }
    });
    Region { guide: region.guide.clone(), styles: styles.collect() }
}

/// Noise around grey, as bright as Gatys et al. start from.
fn noise([height, width]: [usize; 2], seed: u64) -> Picture {
    let mut random = fastrand::Rng::with_seed(seed);
    let values = (0..height * width * 3).map(|_| 127.5 + 40.0 * (random.f32() + random.f32() - 1.0));
    Picture { height, width, values: values.collect() }
}
