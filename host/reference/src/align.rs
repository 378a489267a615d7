//! Five-point alignment in float: the least-squares similarity transform (Umeyama 1991, without
//! reflection) to the template that encoders are trained with, and bilinear sampling.

use super::Rgb;

/// Side of the template in pixels.
const TEMPLATE_SIDE: usize = 112;

/// Where the landmarks go: right eye, left eye, nose, right and left mouth corner of the person.
const TEMPLATE: [[f64; 2]; 5] =
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];

/// The face with `landmarks`, upright and centred: RGB of `side` x `side` pixels, in which the template
/// is as large as the side. What lies beyond the picture is black.
pub fn align(picture: Rgb, landmarks: &[[f32; 2]; 5], side: usize) -> Vec<u8> {
    let back = SimilarityTransform::between(&TEMPLATE, &landmarks.map(|point| point.map(f64::from)));
    let step = TEMPLATE_SIDE as f64 / side as f64;
    let mut face = Vec::with_capacity(side * side * 3);
    for row in 0..side {
        for column in 0..side {
            let [x, y] = back.apply([column as f64 * step, row as f64 * step]);
            face.extend(sample(picture, x, y));
        }
    }
    face
}

/// `p -> (a x - b y + x0, b x + a y + y0)`.
struct SimilarityTransform {
    a: f64,
    b: f64,
    offset: [f64; 2],
}

impl SimilarityTransform {
    /// The inverse of the least-squares transform from `to` onto `from`.
    ///
    /// The error is least in the space of the template, as encoders are trained so, and that
    /// transform is then inverted; fitting the other way gives a slightly different scale.
    fn between(from: &[[f64; 2]; 5], to: &[[f64; 2]; 5]) -> Self {
        let mean =
            |points: &[[f64; 2]; 5], axis: usize| points.iter().map(|point| point[axis]).sum::<f64>() / 5.0;
        let (centre_from, centre_to) = ([mean(from, 0), mean(from, 1)], [mean(to, 0), mean(to, 1)]);
        let (mut dot, mut cross, mut norm) = (0.0, 0.0, 0.0);
        for (p, q) in to.iter().zip(from) {
            let (px, py) = (p[0] - centre_to[0], p[1] - centre_to[1]);
            let (qx, qy) = (q[0] - centre_from[0], q[1] - centre_from[1]);
            dot += px * qx + py * qy;
            cross += px * qy - py * qx;
            norm += px * px + py * py;
        }
        // Forward: scale-rotation (c, d) = (dot, cross) / norm; its inverse is its conjugate over
        // its squared length.
        let (c, d) = (dot / norm, cross / norm);
        let square = c * c + d * d;
        let (a, b) = (c / square, -d / square);
        let offset = [
            centre_to[0] - (a * centre_from[0] - b * centre_from[1]),
            centre_to[1] - (b * centre_from[0] + a * centre_from[1]),
        ];
        Self { a, b, offset }
    }

    fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.a * x - self.b * y + self.offset[0], self.b * x + self.a * y + self.offset[1]]
    }
}

fn sample(picture: Rgb, x: f64, y: f64) -> [u8; 3] {
    let (left, top) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - top);
    let pixel = |x: f64, y: f64, channel: usize| {
        let inside = x >= 0.0 && y >= 0.0 && x < picture.width as f64 && y < picture.height as f64;
        if inside {
            f64::from(picture.pixels[(y as usize * picture.width + x as usize) * 3 + channel])
        } else {
            0.0
        }
    };
    std::array::from_fn(|channel| {
        let above = pixel(left, top, channel) * (1.0 - fx) + pixel(left + 1.0, top, channel) * fx;
        let below = pixel(left, top + 1.0, channel) * (1.0 - fx) + pixel(left + 1.0, top + 1.0, channel) * fx;
        (above * (1.0 - fy) + below * fy).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = TEMPLATE_SIDE;

    #[test]
    fn landmarks_on_the_template_leave_the_picture_as_it_is() {
        let pixels: Vec<u8> = (0..SIDE * SIDE * 3).map(|i| (i * 7 % 251) as u8).collect();
        let picture = Rgb { width: SIDE, height: SIDE, pixels: &pixels };
        let face = align(picture, &TEMPLATE.map(|point| point.map(|value| value as f32)), SIDE);
        let differ = face.iter().zip(&pixels).filter(|(a, b)| a.abs_diff(**b) > 1).count();
        // The last row and column may blend with what lies beyond.
        assert!(differ < 3 * 2 * SIDE, "{differ}");
        // A half as large one shows every second pixel.
        let half = align(picture, &TEMPLATE.map(|point| point.map(|value| value as f32)), SIDE / 2);
        let second = |i: usize| face[(i / 3 / (SIDE / 2) * 2 * SIDE + i / 3 % (SIDE / 2) * 2) * 3 + i % 3];
        assert!(half.iter().enumerate().all(|(i, &value)| value.abs_diff(second(i)) <= 1));
    }

    #[test]
    fn a_turned_and_enlarged_face_comes_back() {
        let (scale, angle) = (1.7f64, 0.4f64);
        let (c, d) = (scale * angle.cos(), scale * angle.sin());
        let moved = TEMPLATE.map(|[x, y]| [c * x - d * y + 30.0, d * x + c * y + 5.0]);
        let back = SimilarityTransform::between(&TEMPLATE, &moved);
        for (template, moved) in TEMPLATE.iter().zip(&moved) {
            let found = back.apply(*template);
            assert!((found[0] - moved[0]).abs() < 1e-9 && (found[1] - moved[1]).abs() < 1e-9);
        }
    }
}
