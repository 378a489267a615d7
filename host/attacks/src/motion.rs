//! Smooth pseudo-random movement.

use std::f32::consts::TAU;

use fastrand::Rng;

/// A value that moves about zero: a sum of waves of different periods.
#[derive(Clone, Debug)]
pub struct Wander {
    /// Amplitude, radians a second, phase.
    waves: [[f32; 3]; 3],
}

impl Wander {
    /// Movement of about this `amplitude`, with periods of some seconds.
    pub fn new(random: &mut Rng, amplitude: f32) -> Self {
        let mut wave = |share: f32, seconds: f32| {
            let period = seconds * (0.7 + 0.6 * random.f32());
            [amplitude * share, TAU / period, TAU * random.f32()]
        };
        Self { waves: [wave(0.7, 4.0), wave(0.35, 1.9), wave(0.08, 0.6)] }
    }

    /// The value at `time`, in seconds.
    pub fn at(&self, time: f32) -> f32 {
        self.waves.iter().map(|[amplitude, speed, phase]| amplitude * (speed * time + phase).sin()).sum()
    }
}

/// A pose over time: angles in radians, shifts in pixels of the camera.
#[derive(Clone, Debug)]
pub struct Pose {
    /// About the vertical axis.
    pub yaw: Wander,
    /// About the axis from ear to ear.
    pub pitch: Wander,
    /// In the picture's plane.
    pub roll: Wander,
    /// To the right.
    pub x: Wander,
    /// Downwards.
    pub y: Wander,
    /// Larger, as a part of one.
    pub size: Wander,
}

impl Pose {
    /// A pose whose turns have these amplitudes in degrees, and whose shifts this one in pixels.
    pub fn new(random: &mut Rng, [yaw, pitch, roll]: [f32; 3], shift: f32) -> Self {
        let mut wander = |amplitude: f32| Wander::new(random, amplitude);
        Self {
            yaw: wander(yaw.to_radians()),
            pitch: wander(pitch.to_radians()),
            roll: wander(roll.to_radians()),
            x: wander(shift),
            y: wander(0.6 * shift),
            size: wander(0.015),
        }
    }
}
