//! What a painting minimises: factors, and layers with their weights.

use anyhow::anyhow;
use style::{Preset, Weights};

use crate::numbers::{factor, positive};

/// What is minimised.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Costs")]
pub struct CostArgs {
    /// Factor of the content cost [default: the preset's]
    #[arg(long, value_name = "FACTOR", value_parser = factor::<f64>)]
    pub alpha: Option<f64>,

    /// Factor of the style cost [default: the preset's]
    #[arg(long, value_name = "FACTOR", value_parser = factor::<f64>)]
    pub beta: Option<f64>,

    /// Factor of the total variation, which smooths [default: the preset's]
    #[arg(long, value_name = "FACTOR", value_parser = factor::<f64>)]
    pub variation: Option<f64>,

    /// Layers of the content with their weights [default: the preset's]
    #[arg(long, value_name = "LAYER=WEIGHT,…", value_delimiter = ',', value_parser = layer)]
    content_layers: Vec<(String, f64)>,

    /// Layers of the style with their weights [default: the preset's]
    #[arg(long = "layers", value_name = "LAYER=WEIGHT,…", value_delimiter = ',', value_parser = layer)]
    style_layers: Vec<(String, f64)>,

    /// Size of the style as a share of the picture's: larger makes larger strokes
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, value_parser = positive::<f64>)]
    pub style_scale: f64,
}

impl CostArgs {
    /// The preset's weights with what other options put in their place.
    pub fn weights(&self, preset: &Preset) -> Weights {
        let mut weights = preset.weights();
        weights.content = self.alpha.unwrap_or(weights.content);
        weights.style = self.beta.unwrap_or(weights.style);
        weights.variation = self.variation.unwrap_or(weights.variation);
        if !self.content_layers.is_empty() {
            weights.content_layers.clone_from(&self.content_layers);
        }
        if !self.style_layers.is_empty() {
            weights.style_layers.clone_from(&self.style_layers);
        }
        weights
    }
}

/// `NAME=WEIGHT`, or a name with weight 1.
fn layer(text: &str) -> anyhow::Result<(String, f64)> {
    let (name, weight) = text.rsplit_once('=').unwrap_or((text, "1"));
    let weight = factor(weight).map_err(|problem| anyhow!("the weight of {name}: {problem}"))?;
    Ok((name.into(), weight))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_have_weights() {
        assert_eq!(layer("conv1_1=0.5").unwrap(), ("conv1_1".into(), 0.5));
        assert_eq!(layer("a=b=2").unwrap(), ("a=b".into(), 2.0));
        assert_eq!(layer("conv4_2").unwrap(), ("conv4_2".into(), 1.0));
        assert!(layer("conv1_1=-1").is_err());
        assert!(layer("conv1_1=x").is_err());
    }
}
