//! The MobileFaceNet family, from a board's smallest to the published one.
//!
//! Chen, Liu, Gao and Han, "MobileFaceNets: Efficient CNNs for Accurate Real-Time Face Verification
//! on Mobile Devices", 2018: bottlenecks of a point, a depthwise and a point convolution, a first
//! stride at once, and a depthwise convolution as large as the last map in place of a mean, since the
//! middle of a face says more than its rim.

use autodiff::{Shape, Window};
use fastrand::Rng;

use crate::Error;
use crate::build::Builder;
use crate::graph::{Graph, Operator, Preprocessing, ValueId};

/// Channels are a multiple of this, for the vectors of boards.
const STEP: usize = 8;

/// A member of the family.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Height and width of the picture, at least 32.
    pub input: [usize; 2],
    /// Factor of all channels but the embedding's; 1 is the published network.
    pub width: f32,
    /// Bottlenecks with a sum at each of the three sizes; 4, 6 and 2 are published.
    pub depth: [usize; 3],
    /// Channels before the map becomes one pixel, at width 1; 512 is published.
    pub features: usize,
    /// Values of the embedding.
    pub dimension: usize,
}

impl Default for Spec {
    /// As published, with an embedding of 128 values.
    fn default() -> Self {
        Self { input: [112, 112], width: 1.0, depth: [4, 6, 2], features: 512, dimension: 128 }
    }
}

/// Builds a network while drawing its weights.
struct Drawn {
    builder: Builder,
    random: Rng,
}

impl Spec {
    /// The network with weights drawn from `seed`.
    ///
    /// # Errors
    /// A size of nothing.
    pub fn build(&self, seed: u64) -> Result<Graph, Error> {
        let sides = self.input.iter().all(|side| (32..=1024).contains(side));
        if !sides || self.features == 0 || self.dimension == 0 || !(0.05..=8.0).contains(&self.width) {
            let [height, width] = self.input;
            return Err(Error::Specification(format!(
                "pictures of {height}x{width} (32 to 1024), width {} (0.05 to 8), {} features and {} values",
                self.width, self.features, self.dimension
            )));
        }
        self.network(seed).map_err(Error::Specification)
    }

    fn network(&self, seed: u64) -> Result<Graph, String> {
        let [height, width] = self.input;
        let before = Preprocessing { mean: 128.0, scale: 1.0 / 128.0 };
        let mut net = Drawn {
            builder: Builder::new(Shape { height, width, channels: 3 }, before),
            random: Rng::with_seed(seed),
        };
        let wide = |channels: usize| {
            (((channels as f32 * self.width / STEP as f32).round() as usize) * STEP).max(STEP)
        };
        let mut x = net.layer("first", 0, [3, 2], Some(wide(64)), true)?;
        x = net.layer("second", x, [3, 1], None, true)?;
        let stages = [(128, 64, 128), (256, 128, 256), (512, 128, 256)];
        for (stage, ((down, channels, inner), depth)) in stages.into_iter().zip(self.depth).enumerate() {
            let name = format!("stage{}.down", stage + 1);
            x = net.bottleneck(&name, x, [wide(down), wide(channels)], 2)?;
            for block in 0..depth {
                let name = format!("stage{}.block{}", stage + 1, block + 1);
                let out = net.bottleneck(&name, x, [wide(inner), wide(channels)], 1)?;
                x = net.builder.push(&format!("{name}.sum"), Operator::Add, vec![x, out])?;
            }
        }
        x = net.layer("features", x, [1, 1], Some(wide(self.features)), true)?;
        let map = net.builder.graph().shape(x);
        let window = Window::whole([map.height, map.width]);
        x = net.builder.convolution("whole", x, window, None, false, &mut net.random)?;
        x = net.builder.normalize("whole.norm", x, false)?;
        net.layer("head", x, [1, 1], Some(self.dimension), false)?;
        Ok(net.builder.finish())
    }
}

impl Drawn {
    /// A square convolution with its normalisation; depthwise without `outputs`.
    fn layer(
        &mut self,
        name: &str,
        input: ValueId,
        [side, stride]: [usize; 2],
        outputs: Option<usize>,
        prelu: bool,
    ) -> Result<ValueId, String> {
        let window = Window { kernel: [side; 2], stride: [stride; 2], pads: [side / 2; 4] };
        let x = self.builder.convolution(name, input, window, outputs, false, &mut self.random)?;
        self.builder.normalize(&format!("{name}.norm"), x, prelu)
    }

    fn bottleneck(
        &mut self,
        name: &str,
        input: ValueId,
        [inner, outputs]: [usize; 2],
        stride: usize,
    ) -> Result<ValueId, String> {
        let x = self.layer(&format!("{name}.expand"), input, [1, 1], Some(inner), true)?;
        let x = self.layer(&format!("{name}.depthwise"), x, [3, stride], None, true)?;
        self.layer(&format!("{name}.project"), x, [1, 1], Some(outputs), false)
    }
}
