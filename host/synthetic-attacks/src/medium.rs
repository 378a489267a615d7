//! The photograph as a print or a screen shows it.

use fastrand::Rng;

use crate::picture::{Color, Picture, mix};
use crate::subject::Subject;

/// Pixels of a medium for a pixel of the photograph: enough that a screen's own pixels show.
pub const FINE: usize = 3;

/// Half the width and half the height of a hole for an eye, in distances between the eyes.
const HOLE: [f32; 2] = [0.27, 0.14];

/// Half the width and half the height of a strip that covers both eyes, and how far it is moved, in distances between
/// the eyes.
const STRIP: [f32; 3] = [0.95, 0.2, 0.4];

/// A print: flatter in contrast, a little blurred and tinted, with a white border of this part of its
/// width.
pub fn print(picture: &Picture, random: &mut Rng, border: f32) -> Picture {
    let (gain, black) = (0.72 + 0.16 * random.f32(), 18.0 + 22.0 * random.f32());
    let tint = [0, 1, 2].map(|_| 0.95 + 0.1 * random.f32());
    let printed = fine(picture, |color, _, _| {
        [0, 1, 2].map(|c| (color[c] * gain + black) * tint[c] + 5.0 * (random.f32() - 0.5))
    });
    bordered(printed.blurred(0.8), border, [226.0, 228.0, 224.0])
}

/// A screen: its pixels as a grid, bluish and bright, a dark frame around.
pub fn screen(picture: &Picture, random: &mut Rng) -> Picture {
    let gamma = 0.85 + 0.2 * random.f32();
    let depth = 0.12 + 0.2 * random.f32();
    let shown = fine(picture, |color, x, y| {
        let (column, row) = (x % FINE, y % FINE);
        let line = if row == FINE - 1 { 1.0 - depth } else { 1.0 + depth / 2.0 };
        let lit = |c: usize| if column == c { 1.0 + depth } else { 1.0 - depth / 2.0 };
        let level = |c: usize| 255.0 * (color[c] / 255.0).max(0.0).powf(gamma) * line * lit(c);
        [level(0) + 4.0, level(1) + 5.0, level(2) * 1.06 + 9.0]
    });
    bordered(shown, 0.05, [10.0, 10.0, 12.0])
}

/// A print whose eyes are cut out: what is behind them looks about and blinks.
pub fn cut_out(print: &Picture, subject: &Subject, look: [f32; 2], closed: f32) -> Picture {
    let unit = subject.eye_distance() * FINE as f32;
    let border = (print.width - subject.picture.width * FINE) as f32 / 2.0;
    print.clone().map(|x, y, color| {
        for eye in &subject.landmarks[..2] {
            let [dx, dy] = [0, 1].map(|axis| {
                let at = [x, y][axis] - border - eye[axis] * FINE as f32;
                at / unit / HOLE[axis]
            });
            let radius = dx.hypot(dy);
            if radius < 1.0 {
                return behind([dx, dy], look, closed, radius);
            }
        }
        color
    })
}

/// A print before whose eyes a strip of paper is held, of the colour of the skin below them; 0 is above them, 1 covers
/// them.
pub fn covered(print: &Picture, subject: &Subject, share: f32) -> Picture {
    let unit = subject.eye_distance() * FINE as f32;
    let border = (print.width - subject.picture.width * FINE) as f32 / 2.0;
    let [right, left] = [0, 1].map(|eye| subject.landmarks[eye].map(|place| border + place * FINE as f32));
    let below = |eye: [f32; 2]| print.at(eye[0], eye[1] + STRIP[2] * unit);
    let strip = mix(below(right), below(left), 0.5);
    let slope = (left[1] - right[1]) / (left[0] - right[0]).max(1.0);
    print.clone().map(|x, y, color| {
        let across = (x - (right[0] + left[0]) / 2.0) / unit;
        let down = (y - right[1] - slope * (x - right[0])) / unit + STRIP[2] * (1.0 - share);
        if across.abs() < STRIP[0] && down.abs() < STRIP[1] { strip } else { color }
    })
}

/// The attacker's eye in a hole, darker towards its edge, where the paper throws its shadow.
fn behind([dx, dy]: [f32; 2], look: [f32; 2], closed: f32, radius: f32) -> Color {
    let skin = [150.0, 112.0, 92.0];
    let [ix, iy] = [dx - look[0], (dy - look[1]) * HOLE[1] / HOLE[0]];
    let iris = ix.hypot(iy);
    let eye = if iris < 0.2 {
        [20.0, 18.0, 18.0]
    } else if iris < 0.45 {
        [70.0, 52.0, 40.0]
    } else {
        [205.0, 198.0, 192.0]
    };
    let seen = if dy < -1.0 + 2.0 * closed { skin } else { eye };
    mix(seen, [30.0, 24.0, 22.0], (radius - 0.75).max(0.0) * 2.5)
}

/// The picture `FINE` times as large, every pixel changed.
fn fine(picture: &Picture, mut change: impl FnMut(Color, usize, usize) -> Color) -> Picture {
    let scale = FINE as f32;
    Picture::new(picture.width * FINE, picture.height * FINE, |x, y| {
        let color = picture.at((x + 0.5) / scale - 0.5, (y + 0.5) / scale - 0.5);
        change(color, x as usize, y as usize)
    })
}

fn bordered(picture: Picture, share: f32, color: Color) -> Picture {
    let border = (picture.width as f32 * share).round();
    let (width, height) = (picture.width as f32 + 2.0 * border, picture.height as f32 + 2.0 * border);
    Picture::new(width as usize, height as usize, |x, y| {
        let (x, y) = (x - border, y - border);
        let inside = x >= 0.0 && y >= 0.0 && x < picture.width as f32 && y < picture.height as f32;
        if inside { picture.at(x, y) } else { color }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strip_comes_down_over_the_eyes() {
        let landmarks = [[30.0, 40.0], [50.0, 40.0], [40.0, 50.0], [33.0, 60.0], [47.0, 60.0]];
        let subject = Subject::of_skin([80, 80], landmarks);
        let print = fine(&subject.picture, |color, _, _| color);
        let at_eye = |share| covered(&print, &subject, share).at(30.0 * FINE as f32, 40.0 * FINE as f32)[0];
        assert!(at_eye(0.0) < 30.0 && at_eye(1.0) > 170.0, "{} {}", at_eye(0.0), at_eye(1.0));
    }
}
