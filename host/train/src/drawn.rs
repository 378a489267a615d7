//! People that are drawn by a formula: faces of no real person, for tests and trials.
//!
//! The person decides the shape and the colours of the face; a picture of them decides light, pose,
//! expression and noise, and varies more than the people do. So a network has to learn what counts.

use crate::{CROP_BYTES, SIDE};

/// An aligned face of somebody: the same `person` and `picture` give the same pixels.
#[must_use]
pub fn face(person: u64, picture: u64) -> Vec<u8> {
    let who = Person::new(person);
    let random = &mut fastrand::Rng::with_seed(crate::seed(&[person, picture, 6]));
    let view = View::new(random);
    let mut face = Vec::with_capacity(CROP_BYTES);
    for row in 0..SIDE {
        for column in 0..SIDE {
            let at = view.to_face([column as f32, row as f32]);
            let colour = view.lit(who.colour(at, &view), column as f32 / SIDE as f32);
            face.extend(colour.map(|value| {
                (value + view.grain * (random.f32() + random.f32() - 1.0)).clamp(0.0, 255.0) as u8
            }));
        }
    }
    face
}

type Colour = [f32; 3];

/// The features that all pictures of a person share. Lengths are in pixels of an aligned face.
struct Person {
    skin: Colour,
    hair: Colour,
    lips: Colour,
    iris: Colour,
    /// Half axes of the face, and where its middle is.
    half_width: f32,
    half_height: f32,
    hairline: f32,
    eye: [f32; 2],
    brow: f32,
    brow_height: f32,
    nose_length: f32,
    nose_width: f32,
    mouth_width: f32,
    beard: f32,
    glasses: bool,
}

/// What differs between pictures of one person.
struct View {
    turn: (f32, f32),
    scale: f32,
    shift: [f32; 2],
    gain: Colour,
    side: f32,
    smile: f32,
    open: f32,
    gaze: f32,
    background: Colour,
    grain: f32,
}

fn between(random: &mut fastrand::Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * random.f32()
}

fn scaled(colour: Colour, factor: f32) -> Colour {
    colour.map(|value| value * factor)
}

impl Person {
    fn new(person: u64) -> Self {
        let random = &mut fastrand::Rng::with_seed(crate::seed(&[person, 5]));
        let tone = between(random, 0.45, 1.0);
        let skin = scaled([235.0, between(random, 175.0, 205.0), between(random, 140.0, 185.0)], tone);
        let hair = [[30.0, 25.0, 25.0], [90.0, 60.0, 35.0], [190.0, 150.0, 80.0], [150.0, 145.0, 140.0]];
        let iris = [[60.0, 40.0, 25.0], [70.0, 110.0, 160.0], [80.0, 120.0, 70.0]];
        Self {
            skin,
            hair: scaled(hair[random.usize(..hair.len())], between(random, 0.7, 1.2)),
            lips: [between(random, 120.0, 200.0) * tone.sqrt(), 70.0 * tone, 75.0 * tone],
            iris: iris[random.usize(..iris.len())],
            half_width: between(random, 34.0, 48.0),
            half_height: between(random, 50.0, 62.0),
            hairline: between(random, 14.0, 36.0),
            eye: [between(random, 5.0, 9.5), between(random, 2.5, 5.5)],
            brow: between(random, 1.0, 4.0),
            brow_height: between(random, 8.0, 15.0),
            nose_length: between(random, 10.0, 24.0),
            nose_width: between(random, 4.0, 11.0),
            mouth_width: between(random, 10.0, 21.0),
            beard: if random.f32() < 0.35 { between(random, 0.3, 0.9) } else { 0.0 },
            glasses: random.f32() < 0.25,
        }
    }

    /// The colour of the face at `[x, y]`, of which eyes and mouth lie where alignment puts them.
    fn colour(&self, [x, y]: [f32; 2], view: &View) -> Colour {
        let mut colour = view.background;
        let mut lay = |cover: f32, over: Colour| {
            for (value, over) in colour.iter_mut().zip(over) {
                *value += cover.clamp(0.0, 1.0) * (over - *value);
            }
        };
        let ellipse = |x0: f32, y0: f32, a: f32, b: f32| {
            let radius = (((x - x0) / a).powi(2) + ((y - y0) / b).powi(2)).sqrt();
            (1.0 - radius) * a.min(b) + 0.5
        };
        lay(ellipse(56.0, 56.0, self.half_width + 5.0, self.half_height + 3.0), self.hair);
        let face = ellipse(56.0, 64.0, self.half_width, self.half_height);
        lay(face.min(y - self.hairline), self.skin);
        let beard = face.min(y - 80.0 - 6.0 * ((x - 56.0) / 20.0).abs());
        lay(beard.clamp(0.0, 1.0) * self.beard, self.hair);
        for side in [-1.0, 1.0] {
            let eye = 56.0 + side * 17.6;
            let [width, height] = self.eye;
            lay(ellipse(eye, 51.6, width, height), [240.0, 238.0, 235.0]);
            let iris = ellipse(eye + view.gaze, 51.6, height * 0.9, height * 0.9);
            lay(iris.min(ellipse(eye, 51.6, width, height)), self.iris);
            let slope = (x - eye) * side * 0.12;
            let brow = self.brow - (y - 51.6 + self.brow_height + slope).abs() + 0.5;
            lay(brow.min(width + 4.0 - (x - eye).abs()), self.hair);
            if self.glasses {
                let rim = 1.4 - ellipse(eye, 52.0, 14.0, 10.0).abs();
                lay(rim, [25.0, 25.0, 30.0]);
            }
        }
        let down = ((y - 54.0) / self.nose_length).clamp(0.0, 1.0);
        let nose = (down * self.nose_width - (x - 56.0).abs()).min(54.0 + self.nose_length - y);
        lay(nose.clamp(0.0, 1.0) * 0.6, scaled(self.skin, 0.78));
        let mouth = 92.0 - view.smile * ((x - 56.0) / 16.0).powi(2);
        let lips = 3.5 + view.open - (y - mouth).abs();
        lay(lips.min(self.mouth_width - (x - 56.0).abs()), self.lips);
        let gap = view.open - (y - mouth).abs();
        lay(gap.min(self.mouth_width - 3.0 - (x - 56.0).abs()), [60.0, 20.0, 25.0]);
        colour
    }
}

impl View {
    fn new(random: &mut fastrand::Rng) -> Self {
        let light = between(random, 0.45, 1.25);
        Self {
            turn: between(random, -0.12, 0.12).sin_cos(),
            scale: between(random, 0.92, 1.09),
            shift: std::array::from_fn(|_| between(random, -4.0, 4.0)),
            gain: std::array::from_fn(|_| light * between(random, 0.88, 1.12)),
            side: between(random, -0.45, 0.45),
            smile: between(random, -2.0, 5.0),
            open: between(random, -1.0, 4.0),
            gaze: between(random, -2.0, 2.0),
            background: std::array::from_fn(|_| between(random, 20.0, 230.0)),
            grain: between(random, 4.0, 22.0),
        }
    }

    fn to_face(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let (x, y) = (x - 56.0 + self.shift[0], y - 64.0 + self.shift[1]);
        let (sine, cosine) = self.turn;
        [(cosine * x - sine * y) * self.scale + 56.0, (sine * x + cosine * y) * self.scale + 64.0]
    }

    fn lit(&self, colour: Colour, across: f32) -> Colour {
        let lamp = 1.0 + self.side * (2.0 * across - 1.0);
        std::array::from_fn(|channel| colour[channel] * self.gain[channel] * lamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_the_same_again_and_another_is_another() {
        assert_eq!(face(3, 1), face(3, 1));
        assert_ne!(face(3, 1), face(3, 2));
        assert_ne!(face(3, 1), face(4, 1));
        assert_eq!(face(3, 1).len(), CROP_BYTES);
    }
}
