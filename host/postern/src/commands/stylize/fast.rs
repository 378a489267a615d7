//! `--fast`: the two networks that paint in one pass. They run in tract, which only a build with the feature `tract` has.

use style::{Picture, Style};

/// Paints `content` in the blend of `styles`.
#[cfg(not(feature = "tract"))]
pub fn paint(_content: &Picture, _styles: &[Style]) -> anyhow::Result<Picture> {
    anyhow::bail!(
        "--fast needs a postern that was built with tract: `cargo install --path host/postern --features tract`"
    )
}

#[cfg(feature = "tract")]
pub use tract::paint;

#[cfg(feature = "tract")]
mod tract {
    use models::Manifest;
    use reference::Runtime;
    use style::fast::Input;
    use style::{Inference, Painter, Picture, Style};

    /// A network of the painter.
    struct Network(Runtime);

    impl Inference for Network {
        fn run(&self, inputs: &[Input]) -> Result<Vec<f32>, String> {
            self.0.first_output(inputs)
        }
    }

    /// Paints `content` in the blend of `styles`.
    pub fn paint(content: &Picture, styles: &[Style]) -> anyhow::Result<Picture> {
        let read = |name: &str| -> anyhow::Result<Network> {
            let path = Manifest::read(name)?.onnx()?;
            Ok(Network(Runtime::open(&path).map_err(anyhow::Error::msg)?))
        };
        let (predictor, transformer) = (read("style-predictor")?, read("style-transformer")?);
        let painter = Painter { predictor: &predictor, transformer: &transformer };
        let styles: Vec<(f64, &Picture)> =
            styles.iter().map(|style| (style.weight, &style.picture)).collect();
        Ok(painter.paint(content, &styles)?)
    }
}
