//! What is minimised: `J = alpha J_content + beta J_style + tv J_variation`.

use autodiff::{LayerId, Pass, Shape};

use crate::cost;
use crate::features::Features;
use crate::guide::Guide;
use crate::picture::Picture;
use crate::{Error, Weights};

/// What the costs were at a point, each without its factor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// All together, with their factors.
    pub total: f64,
    /// `J_content`.
    pub content: f64,
    /// `J_style`, summed over layers with their weights.
    pub style: f64,
    /// `J_variation`.
    pub variation: f64,
}

/// A style picture and where it applies.
pub struct Style {
    /// What to take the style of.
    pub picture: Picture,
    /// Its share among the styles of the same region.
    pub weight: f64,
}

/// A part of the picture with the styles that it takes.
pub struct Region {
    /// Where it is; everywhere where there is none.
    pub guide: Option<Guide>,
    /// At least one.
    pub styles: Vec<Style>,
}

/// Targets of one layer.
struct Target {
    id: LayerId,
    /// Factor and values of the content.
    content: Option<(f64, Vec<f32>)>,
    /// Factor of the style, and for each region its guide and its styles' Gram matrices.
    style: Option<(f64, Vec<Wanted>)>,
}

/// What a region wants of a layer.
struct Wanted {
    guide: Option<Vec<f32>>,
    styles: Vec<(f64, Vec<f32>)>,
}

/// The cost of a picture as a function of its pixels.
pub struct Objective<'a> {
    features: &'a Features,
    targets: Vec<Target>,
    weights: &'a Weights,
    size: [usize; 2],
    pass: Pass,
}

impl<'a> Objective<'a> {
    /// Looks at content and styles once, to know what a picture of the content's size must become.
    ///
    /// # Errors
    /// The network does not know a layer of `weights`, or a picture is too small for it.
    pub fn new(
        features: &'a Features,
        content: &Picture,
        regions: &[Region],
        weights: &'a Weights,
    ) -> Result<Self, Error> {
        let network = &features.network;
        let mut pass = Pass::default();
        let mut targets: Vec<Target> = Vec::new();
        let mut target = |name: &str| -> Result<usize, Error> {
            let id = features.layer(name)?;
            Ok(targets.iter().position(|target| target.id == id).unwrap_or_else(|| {
                targets.push(Target { id, content: None, style: None });
                targets.len() - 1
            }))
        };
        let content_at =
            weights.content_layers.iter().map(|(name, _)| target(name)).collect::<Result<Vec<_>, _>>()?;
        let style_at =
            weights.style_layers.iter().map(|(name, _)| target(name)).collect::<Result<Vec<_>, _>>()?;
        let shapes = network.shapes(content.height, content.width)?;
        for (place, (_, weight)) in style_at.iter().zip(&weights.style_layers) {
            let shape = shapes[targets[*place].id];
            let wanted = regions.iter().map(|region| {
                let guide =
                    region.guide.as_ref().map(|guide| guide.resized([shape.height, shape.width]).weights);
                Wanted { guide, styles: Vec::new() }
            });
            targets[*place].style = Some((*weight, wanted.collect()));
        }
        for (number, region) in regions.iter().enumerate() {
            let total: f64 = region.styles.iter().map(|style| style.weight).sum();
            for style in &region.styles {
                pass.forward(network, &features.input(&style.picture), style.picture.size())?;
                for place in &style_at {
                    let (values, shape) = pass.layer(targets[*place].id);
                    let gram = cost::gram(values, shape, None);
                    if let Some((_, wanted)) = &mut targets[*place].style {
                        wanted[number].styles.push((style.weight / total, gram));
                    }
                }
            }
        }
        pass.forward(network, &features.input(content), content.size())?;
        for (place, (_, weight)) in content_at.iter().zip(&weights.content_layers) {
            let (values, _) = pass.layer(targets[*place].id);
            targets[*place].content = Some((*weight, values.to_vec()));
        }
        Ok(Self { features, targets, weights, size: content.size(), pass })
    }

    /// The costs of a picture, and the derivative of their total by its pixels.
    ///
    /// # Errors
    /// None for a picture of the content's size.
    pub fn evaluate(&mut self, picture: &Picture, gradient: &mut [f32]) -> Result<Costs, Error> {
        let Self { features, targets, weights, size, pass } = self;
        pass.forward(&features.network, &features.input(picture), *size)?;
        let mut costs = Costs::default();
        pass.backward(
            &features.network,
            &mut |layer| {
                let Some(target) = targets.iter().find(|target| target.id == layer.id) else { return };
                if let Some((weight, content)) = &target.content {
                    let factor = weights.content * weight;
                    costs.content += weight * cost::content(content, layer.values, factor, layer.gradient);
                }
                let Some((weight, wanted)) = &target.style else { return };
                for Wanted { guide, styles } in wanted {
                    let factor = weights.style * weight;
                    let cost = cost::style(
                        styles,
                        layer.values,
                        layer.shape,
                        guide.as_deref(),
                        factor,
                        layer.gradient,
                    );
                    costs.style += weight * cost;
                }
            },
            gradient,
        );
        features.to_pixels(gradient);
        if weights.variation > 0.0 {
            let shape = Shape { height: size[0], width: size[1], channels: 3 };
            costs.variation = cost::total_variation(&picture.values, shape, weights.variation, gradient);
        }
        costs.total = weights.content * costs.content
            + weights.style * costs.style
            + weights.variation * costs.variation;
        Ok(costs)
    }
}
