//! The door's camera, and what stands before it besides.

use fastrand::Rng;

use crate::picture::Picture;

/// The frame in pixels.
pub const FRAME: [usize; 2] = [320, 240];

/// A camera's light and noise.
///
/// The noise is small, for the photograph has that of the camera which took it: twice the noise would be one
/// thing by which to tell a picture of a picture, and living heads would have it too.
#[derive(Clone, Debug)]
pub struct Camera {
    gain: f32,
    noise: f32,
    blur: f32,
    random: Rng,
}

impl Camera {
    /// A camera of the ordinary kind.
    pub fn new(random: &mut Rng) -> Self {
        Self {
            gain: 0.9 + 0.2 * random.f32(),
            noise: 0.3 + 0.5 * random.f32(),
            blur: 0.4 + 0.3 * random.f32(),
            random: random.fork(),
        }
    }

    /// What it makes of a scene.
    pub fn take(&mut self, scene: Picture) -> Picture {
        let (gain, noise) = (self.gain, self.noise);
        let random = &mut self.random;
        // The sum of a few even numbers is as good as a bell.
        let mut grain = move || noise * (0..4).map(|_| random.f32() - 0.5).sum::<f32>() * 1.7;
        scene.blurred(self.blur).map(|_, _, color| {
            // Noise of brightness alone: a camera smooths that of the colours.
            let grain = grain();
            color.map(|value| value * gain + grain)
        })
    }
}

/// A room out of focus: a wall, lighter to one side, with a dark edge somewhere.
pub fn room(random: &mut Rng) -> Picture {
    let base = [0, 1, 2].map(|_| 95.0 + 80.0 * random.f32());
    let (across, down) = (60.0 * (random.f32() - 0.5), 50.0 * (random.f32() - 0.5));
    let (edge, soft, dark) = (random.f32(), 4.0 + 14.0 * random.f32(), 30.0 + 40.0 * random.f32());
    let [width, height] = FRAME;
    Picture::new(width, height, |x, y| {
        let slope = across * (x / width as f32 - 0.5) + down * (y / height as f32 - 0.5);
        let step = dark / (1.0 + (-(x - edge * width as f32) / soft).exp());
        base.map(|value| value + slope - step)
    })
}
