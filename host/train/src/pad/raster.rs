//! A square picture in floating point, and what is done to all of its pixels.

/// A square picture, RGB, 0 to 255.
#[derive(Clone, Debug, PartialEq)]
pub struct Raster {
    /// Pixels of a side.
    pub side: usize,
    /// Rows from the top, three values a pixel.
    pub values: Vec<f32>,
}

/// Weights of red, green and blue in brightness (BT.601).
const BRIGHTNESS: [f32; 3] = [0.299, 0.587, 0.114];

impl Raster {
    /// Of bytes; their number is three times a square.
    pub fn of(bytes: &[u8]) -> Self {
        let side = (bytes.len() / 3).isqrt();
        Self { side, values: bytes.iter().map(|&value| f32::from(value)).collect() }
    }

    /// As bytes, rounded and saturated.
    pub fn bytes(&self) -> Vec<u8> {
        self.values.iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect()
    }

    /// Changes each pixel, by column, row and colour.
    pub fn each(&mut self, mut change: impl FnMut(f32, f32, [f32; 3]) -> [f32; 3]) {
        let side = self.side;
        for (at, pixel) in self.values.as_chunks_mut::<3>().0.iter_mut().enumerate() {
            *pixel = change((at % side) as f32, (at / side) as f32, *pixel);
        }
    }

    /// The colour between pixels, bilinear; the edge goes on outside.
    pub fn at(&self, x: f32, y: f32) -> [f32; 3] {
        let last = (self.side - 1) as f32;
        let (x, y) = (x.clamp(0.0, last), y.clamp(0.0, last));
        let (left, top) = ((x as usize).min(self.side - 2), (y as usize).min(self.side - 2));
        let (u, v) = (x - left as f32, y - top as f32);
        let place = (top * self.side + left) * 3;
        let (upper, lower) = (&self.values[place..place + 6], &self.values[place + self.side * 3..][..6]);
        std::array::from_fn(|c| {
            let above = upper[c] + u * (upper[c + 3] - upper[c]);
            let below = lower[c] + u * (lower[c + 3] - lower[c]);
            above + v * (below - above)
        })
    }

    /// Another picture of `side` pixels, each of which shows the place that `from` gives.
    pub fn warped(&self, side: usize, from: impl Fn(f32, f32) -> [f32; 2]) -> Self {
        let pixel = |at: usize| {
            let [x, y] = from((at % side) as f32, (at / side) as f32);
            self.at(x, y)
        };
        Self { side, values: (0..side * side).flat_map(pixel).collect() }
    }

    /// Scaled, bilinear without smoothing.
    pub fn scaled(&self, side: usize) -> Self {
        let ratio = self.side as f32 / side as f32;
        self.warped(side, |x, y| [x, y].map(|at| (at + 0.5) * ratio - 0.5))
    }

    /// Blurred by a Gaussian of this standard deviation in pixels; the edge goes on outside.
    pub fn blurred(&self, sigma: f32) -> Self {
        let reach = (2.5 * sigma).ceil().max(1.0) as usize;
        let weights: Vec<f32> =
            (0..=2 * reach).map(|d| (-0.5 * ((d as f32 - reach as f32) / sigma).powi(2)).exp()).collect();
        let sum: f32 = weights.iter().sum();
        let row = self.side * 3;
        let mut across = vec![0.0; self.values.len()];
        for (from, to) in self.values.chunks_exact(row).zip(across.chunks_exact_mut(row)) {
            for (d, weight) in weights.iter().enumerate() {
                for x in 0..self.side {
                    let source = (x + d).saturating_sub(reach).min(self.side - 1);
                    for c in 0..3 {
                        to[x * 3 + c] += from[source * 3 + c] * weight / sum;
                    }
                }
            }
        }
        let mut down = vec![0.0; self.values.len()];
        for (y, to) in down.chunks_exact_mut(row).enumerate() {
            for (d, weight) in weights.iter().enumerate() {
                let source = (y + d).saturating_sub(reach).min(self.side - 1);
                let from = &across[source * row..][..row];
                let share = weight / sum;
                to.iter_mut().zip(from).for_each(|(total, value)| *total += value * share);
            }
        }
        Self { side: self.side, values: down }
    }

    /// Sharpened by an unsharp mask.
    pub fn sharpened(&self, sigma: f32, amount: f32) -> Self {
        let mut sharp = self.clone();
        let soft = self.blurred(sigma);
        sharp.values.iter_mut().zip(soft.values).for_each(|(value, soft)| *value += amount * (*value - soft));
        sharp
    }

    /// Values outside 0 to 255 cut off.
    pub fn saturate(&mut self) {
        self.values.iter_mut().for_each(|value| *value = value.clamp(0.0, 255.0));
    }
}

/// Brightness of a colour.
pub fn brightness(color: [f32; 3]) -> f32 {
    (0..3).map(|c| BRIGHTNESS[c] * color[c]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot() -> Raster {
        let mut raster = Raster::of(&[0; 9 * 9 * 3]);
        raster.values[(4 * 9 + 4) * 3..][..3].fill(255.0);
        raster
    }

    #[test]
    fn a_blur_spreads_and_keeps_the_sum() {
        let soft = dot().blurred(1.0);
        assert!((soft.values.iter().sum::<f32>() - 765.0).abs() < 1.0);
        assert!(soft.at(4.0, 4.0)[0] < 60.0 && soft.at(5.0, 4.0)[1] > 20.0);
        assert!((soft.at(3.0, 4.0)[0] - soft.at(4.0, 5.0)[0]).abs() < 1e-4);
        assert!(soft.sharpened(1.0, 1.0).at(4.0, 4.0)[0] > soft.at(4.0, 4.0)[0]);
    }

    #[test]
    fn scaling_by_one_changes_nothing() {
        assert_eq!(dot().scaled(9), dot());
        assert_eq!(dot().scaled(3).at(1.0, 1.0), [255.0; 3]);
        assert_eq!(Raster::of(&dot().bytes()), dot());
    }
}
