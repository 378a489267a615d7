//! Keeping the content's colours: Gatys et al., "Preserving Color in Neural Artistic Style Transfer", 2016.

use crate::picture::Picture;

/// Whose colours the picture takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// The style's.
    Style,
    /// The content's: the style is first given the mean and covariance of its colours.
    Histogram,
    /// The content's: only brightness is painted, and the content's colour laid over it.
    Luminance,
}

/// What brightness is made of, BT.601.
const BRIGHTNESS: [f32; 3] = [0.299, 0.587, 0.114];

/// The style in such colours that a picture painted after it has the content's.
pub fn prepared(style: &Picture, content: &Picture, colours: Colours) -> Picture {
    match colours {
        Colours::Style => style.clone(),
        Colours::Histogram => matched(style, content),
        Colours::Luminance => matched_brightness(style, content),
    }
}

/// The content as it is painted: grey, where only brightness is.
pub fn painted(content: &Picture, colours: Colours) -> Picture {
    match colours {
        Colours::Style | Colours::Histogram => content.clone(),
        Colours::Luminance => recoloured(content, |_, brightness| [brightness; 3]),
    }
}

/// The painted picture with the content's colours laid over it, where only brightness was painted.
///
/// Both have the same size.
pub fn finished(picture: &Picture, content: &Picture, colours: Colours) -> Picture {
    if colours != Colours::Luminance {
        return picture.clone();
    }
    let mut values = Vec::with_capacity(picture.values.len());
    for (painted, content) in picture.values.chunks_exact(3).zip(content.values.chunks_exact(3)) {
        let change = brightness(painted) - brightness(content);
        values.extend(content.iter().map(|value| (value + change).clamp(0.0, 255.0)));
    }
    Picture { values, ..*picture }
}

fn brightness(pixel: &[f32]) -> f32 {
    pixel.iter().zip(BRIGHTNESS).map(|(value, share)| value * share).sum()
}

fn recoloured(picture: &Picture, pixel: impl Fn(&[f32], f32) -> [f32; 3]) -> Picture {
    let values = picture.values.chunks_exact(3).flat_map(|rgb| pixel(rgb, brightness(rgb))).collect();
    Picture { values, ..*picture }
}

/// The style in grey, with the mean and the spread of the content's brightness.
fn matched_brightness(style: &Picture, content: &Picture) -> Picture {
    let spread = |picture: &Picture| {
        let (mut sum, mut squares) = (0.0, 0.0);
        for pixel in picture.values.chunks_exact(3) {
            let value = f64::from(brightness(pixel));
            sum += value;
            squares += value * value;
        }
        let mean = sum / picture.pixels() as f64;
        (mean as f32, (squares / picture.pixels() as f64 - mean * mean).max(1.0).sqrt() as f32)
    };
    let ((from, width), (to, wanted)) = (spread(style), spread(content));
    recoloured(style, |_, brightness| [((brightness - from) / width * wanted + to).clamp(0.0, 255.0); 3])
}

/// The style with the mean and covariance of the content's colours: `x' = L_C L_S^-1 (x - m_S) + m_C`,
/// with the Cholesky factors of both covariances.
fn matched(style: &Picture, content: &Picture) -> Picture {
    let ((from, s), (to, c)) = (statistics(style), statistics(content));
    let (s, c) = (cholesky(s), cholesky(c));
    let mut values = Vec::with_capacity(style.values.len());
    for pixel in style.values.chunks_exact(3) {
        let mut white = [0.0; 3];
        for i in 0..3 {
            let before: f64 = (0..i).map(|j| s[i][j] * white[j]).sum();
            white[i] = (f64::from(pixel[i]) - from[i] - before) / s[i][i];
        }
        for i in 0..3 {
            let value: f64 = to[i] + (0..=i).map(|j| c[i][j] * white[j]).sum::<f64>();
            values.push(value.clamp(0.0, 255.0) as f32);
        }
    }
    Picture { values, ..*style }
}

/// Mean and covariance of the colours.
fn statistics(picture: &Picture) -> ([f64; 3], [[f64; 3]; 3]) {
    let (mut mean, mut products) = ([0.0; 3], [[0.0; 3]; 3]);
    for pixel in picture.values.chunks_exact(3) {
        for i in 0..3 {
            mean[i] += f64::from(pixel[i]);
            for j in 0..3 {
                products[i][j] += f64::from(pixel[i]) * f64::from(pixel[j]);
            }
        }
    }
    let count = picture.pixels().max(1) as f64;
    let mean = mean.map(|sum| sum / count);
    // One is added to the variance, so that a grey picture has colours that can be divided by.
    let covariance =
        |i: usize, j: usize| products[i][j] / count - mean[i] * mean[j] + if i == j { 1.0 } else { 0.0 };
    let row = |i: usize| [covariance(i, 0), covariance(i, 1), covariance(i, 2)];
    (mean, [row(0), row(1), row(2)])
}

/// The lower triangle L with `L L' = matrix`, which is positive definite.
fn cholesky(matrix: [[f64; 3]; 3]) -> [[f64; 3]; 3] {
    let mut lower = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..=i {
            let before: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
            lower[i][j] = if i == j {
                (matrix[i][i] - before).max(1e-6).sqrt()
            } else {
                (matrix[i][j] - before) / lower[j][j]
            };
        }
    }
    lower
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random(seed: u64, low: f32, range: f32) -> Picture {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut pixel = || {
            let shared = random.f32();
            [0, 1, 2].map(|_| low + range * (0.5 * shared + 0.5 * random.f32()))
        };
        Picture { height: 40, width: 50, values: (0..2000).flat_map(|_| pixel()).collect() }
    }

    #[test]
    fn a_matched_style_has_the_mean_and_covariance_of_the_content() {
        let (style, content) = (random(1, 60.0, 120.0), random(2, 100.0, 50.0));
        let matched = prepared(&style, &content, Colours::Histogram);
        let ((mean, covariance), (wanted_mean, wanted)) = (statistics(&matched), statistics(&content));
        for i in 0..3 {
            assert!((mean[i] - wanted_mean[i]).abs() < 0.01, "{mean:?} {wanted_mean:?}");
            for j in 0..3 {
                assert!((covariance[i][j] - wanted[i][j]).abs() < 3.0, "{covariance:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn only_brightness_is_painted() {
        let content = random(3, 90.0, 60.0);
        let grey = painted(&content, Colours::Luminance);
        assert!(grey.values.chunks_exact(3).all(|pixel| pixel[0] == pixel[1] && pixel[1] == pixel[2]));
        let finished = finished(&grey, &content, Colours::Luminance);
        let off = finished.values.iter().zip(&content.values).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off < 1e-3, "{off}");
    }

    #[test]
    fn grey_pictures_can_be_matched() {
        let grey = Picture { height: 8, width: 8, values: vec![128.0; 192] };
        let matched = prepared(&grey, &random(4, 50.0, 90.0), Colours::Histogram);
        assert!(matched.values.iter().all(|value| value.is_finite()));
    }
}
