//! Neural style transfer: novel pictures by optimisation of their pixels.
//!
//! Gatys, Ecker and Bethge, "Image Style Transfer Using Convolutional Neural Networks", CVPR 2016. A
//! classification network computes layers of features of a picture. Its deep layers describe the objects
//! ([`cost::content`]), and the correlations between the channels of a layer describe the manner of painting
//! ([`cost::style`]). [`stylize()`] changes the pixels of a picture until both are near their targets.
//!
//! Everything is the same for the same seed, on any number of cores.
#![forbid(unsafe_code)]

pub mod adam;
pub mod colour;
pub mod cost;
pub mod fast;
pub mod features;
pub mod guide;
pub mod lbfgs;
pub mod memory;
pub mod objective;
pub mod picture;
pub mod preset;
pub mod stylize;

mod error;
mod vector;

pub use colour::Colours;
pub use error::Error;
pub use fast::{Inference, Painter};
pub use features::{Features, LayerName, Preprocessing};
pub use guide::Guide;
pub use objective::{Costs, Objective, Region, Style};
pub use picture::Picture;
pub use preset::{PRESETS, Preset};
pub use stylize::{Method, Progress, Settings, Start, stylize};

/// How much each cost counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// `alpha`.
    pub content: f64,
    /// `beta`.
    pub style: f64,
    /// Of the total variation.
    pub variation: f64,
    /// Layers of the content with their weights.
    pub content_layers: Vec<(String, f64)>,
    /// Layers of the style with their weights.
    pub style_layers: Vec<(String, f64)>,
}
