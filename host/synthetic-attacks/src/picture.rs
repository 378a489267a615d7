//! Pictures in floating point.

use imaging::Photo;

/// Red, green and blue, 0 to 255.
pub type Color = [f32; 3];

/// A picture; the middle of its first pixel is at (0, 0).
#[derive(Clone, Debug)]
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pixels: Vec<Color>,
}

impl Picture {
    /// A picture whose pixels `color` gives, by column and row.
    pub fn new(width: usize, height: usize, mut color: impl FnMut(f32, f32) -> Color) -> Self {
        let place = |at: usize| ((at % width) as f32, (at / width) as f32);
        let pixels = (0..width * height).map(|at| {
            let (x, y) = place(at);
            color(x, y)
        });
        Self { width, height, pixels: pixels.collect() }
    }

    /// The picture that a photograph shows.
    pub fn of(photo: &Photo) -> Self {
        let pixels = photo.rgb().chunks_exact(3).map(|pixel| [0, 1, 2].map(|c| f32::from(pixel[c])));
        Self { width: photo.width() as usize, height: photo.height() as usize, pixels: pixels.collect() }
    }

    /// As a photograph, rounded and saturated.
    pub fn photo(&self) -> Photo {
        let rgb = self.pixels.iter().flatten().map(|value| value.round().clamp(0.0, 255.0) as u8);
        Photo::from_rgb(self.width as u32, self.height as u32, rgb.collect())
            .expect("there are as many pixels as width and height say")
    }

    /// The colour at a position between pixels, bilinear; the edge goes on outside.
    pub fn at(&self, x: f32, y: f32) -> Color {
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.width - 1), (top + 1).min(self.height - 1));
        let (u, v) = (x - left as f32, y - top as f32);
        let pixel = |x: usize, y: usize| self.pixels[y * self.width + x];
        let upper = mix(pixel(left, top), pixel(right, top), u);
        let lower = mix(pixel(left, bottom), pixel(right, bottom), u);
        mix(upper, lower, v)
    }

    /// Every pixel changed.
    pub fn map(mut self, mut change: impl FnMut(f32, f32, Color) -> Color) -> Self {
        let width = self.width;
        for (at, pixel) in self.pixels.iter_mut().enumerate() {
            *pixel = change((at % width) as f32, (at / width) as f32, *pixel);
        }
        self
    }

    /// Left and right of the column `middle` exchanged; the edge goes on outside.
    pub fn mirrored(&self, middle: f32) -> Self {
        Self::new(self.width, self.height, |x, y| self.at(2.0 * middle - x, y))
    }

    /// Smaller by this factor: each pixel is the mean of as many by as many.
    pub fn reduced(&self, by: usize) -> Self {
        let share = 1.0 / (by * by) as f32;
        Self::new((self.width / by).max(1), (self.height / by).max(1), |x, y| {
            let (left, top) = (x as usize * by, y as usize * by);
            let mut mean = [0.0; 3];
            for (row, column) in (0..by).flat_map(|row| (0..by).map(move |column| (row, column))) {
                let pixel = self.pixels
                    [(top + row).min(self.height - 1) * self.width + (left + column).min(self.width - 1)];
                mean.iter_mut().zip(pixel).for_each(|(mean, value)| *mean += value * share);
            }
            mean
        })
    }

    /// Blurred by a Gaussian of this standard deviation in pixels.
    pub fn blurred(self, sigma: f32) -> Self {
        let reach = (2.5 * sigma).ceil() as isize;
        let weight = |d: isize| (-0.5 * (d as f32 / sigma.max(1e-3)).powi(2)).exp();
        let sum: f32 = (-reach..=reach).map(weight).sum();
        let shares: Vec<(isize, f32)> = (-reach..=reach).map(|d| (d, weight(d) / sum)).collect();
        let pass = |from: &Self, step: [isize; 2]| {
            Self::new(from.width, from.height, |x, y| {
                let mut color = [0.0; 3];
                for &(d, share) in &shares {
                    let place = |at: f32, step: isize, side: usize| {
                        (at as isize + step * d).clamp(0, side as isize - 1) as usize
                    };
                    let [column, row] = [place(x, step[0], from.width), place(y, step[1], from.height)];
                    let there = from.pixels[row * from.width + column];
                    color.iter_mut().zip(there).for_each(|(total, value)| *total += value * share);
                }
                color
            })
        };
        let across = pass(&self, [1, 0]);
        pass(&across, [0, 1])
    }
}

/// `a` and `b` mixed: all of `b` where `share` is 1.
pub fn mix(a: Color, b: Color, share: f32) -> Color {
    [0, 1, 2].map(|c| a[c] + (b[c] - a[c]) * share)
}
