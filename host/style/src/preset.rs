//! Presets: weights and layers that go together.

use crate::Weights;

/// A preset by its name.
pub struct Preset {
    /// As the option has it.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// `alpha`.
    pub content: f64,
    /// `beta`.
    pub style: f64,
    /// Of the total variation.
    pub variation: f64,
    /// Layers of the content with their weights.
    pub content_layers: &'static [(&'static str, f64)],
    /// Layers of the style with their weights.
    pub style_layers: &'static [(&'static str, f64)],
}

/// All presets; the first is the default.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "painting",
        about: "tuned by eye: strokes of the style, the content well to be seen",
        content: 1500.0,
        style: 1.0,
        variation: 0.0,
        content_layers: &[("conv4_2", 1.0)],
        style_layers: EVEN,
    },
    Preset {
        name: "course",
        about: "alpha 10, beta 40 and even layers, as the course notes have them",
        content: 10.0,
        style: 40.0,
        variation: 0.0,
        content_layers: &[("conv4_2", 1.0)],
        style_layers: EVEN,
    },
];

const EVEN: &[(&str, f64)] =
    &[("conv1_1", 0.2), ("conv2_1", 0.2), ("conv3_1", 0.2), ("conv4_1", 0.2), ("conv5_1", 0.2)];

impl Preset {
    /// Its weights.
    pub fn weights(&self) -> Weights {
        let layers =
            |layers: &[(&str, f64)]| layers.iter().map(|&(name, weight)| (name.to_owned(), weight)).collect();
        Weights {
            content: self.content,
            style: self.style,
            variation: self.variation,
            content_layers: layers(self.content_layers),
            style_layers: layers(self.style_layers),
        }
    }
}
