//! `--fast`: the two networks that paint in one pass.

use anyhow::Context;
use style::{Painter, Picture, Style};

use super::network::fetched;
use crate::models;

/// Paints `content` in the blend of `styles`.
pub fn paint(content: &Picture, styles: &[Style]) -> anyhow::Result<Picture> {
    let read = |name: &str| {
        let path = fetched(&models::cache(&format!("models/{name}.onnx"))?)?;
        std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    };
    let painter = Painter::read(&read("style-predictor")?, &read("style-transformer")?)?;
    let styles: Vec<(f64, &Picture)> = styles.iter().map(|style| (style.weight, &style.picture)).collect();
    Ok(painter.paint(content, &styles)?)
}
