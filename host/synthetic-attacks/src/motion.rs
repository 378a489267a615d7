//! Smooth pseudo-random movement.

use std::f32::consts::TAU;

use fastrand::Rng;

/// A value that moves about zero: a sum of waves of different periods, and of turns that are meant.
#[derive(Clone, Debug)]
pub struct Wander {
    /// Amplitude, radians a second, phase.
    waves: [[f32; 3]; 3],
    /// The turns that are meant.
    pub turns: Vec<Turn>,
}

/// A turn to a side and back again, smooth, with a rest at its end; times in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// How far, in the units of the value that it changes.
    pub amplitude: f32,
    /// When it begins.
    pub begin: f32,
    /// How long it goes out, rests there, and comes back.
    pub phases: [f32; 3],
}

impl Turn {
    /// When it is over.
    pub fn end(&self) -> f32 {
        self.begin + self.phases.iter().sum::<f32>()
    }

    /// The value at `time`.
    pub fn at(&self, time: f32) -> f32 {
        let [out, rest, back] = self.phases;
        let smooth = |share: f32| {
            let share = share.clamp(0.0, 1.0);
            share * share * (3.0 - 2.0 * share)
        };
        let since = time - self.begin;
        self.amplitude * (smooth(since / out) - smooth((since - out - rest) / back))
    }
}

impl Wander {
    /// Movement of about this `amplitude`, with periods of some seconds.
    pub fn new(random: &mut Rng, amplitude: f32) -> Self {
        let mut wave = |share: f32, seconds: f32| {
            let period = seconds * (0.7 + 0.6 * random.f32());
            [amplitude * share, TAU / period, TAU * random.f32()]
        };
        Self { waves: [wave(0.7, 4.0), wave(0.35, 1.9), wave(0.08, 0.6)], turns: Vec::new() }
    }

    /// The value at `time`, in seconds.
    pub fn at(&self, time: f32) -> f32 {
        let waves =
            self.waves.iter().map(|[amplitude, speed, phase]| amplitude * (speed * time + phase).sin());
        waves.chain(self.turns.iter().map(|turn| turn.at(time))).sum()
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

    /// Moves up and down by `shift` pixels whenever it turns so about the axis from ear to ear.
    pub fn move_with_pitch(&mut self, shift: f32) {
        let turns = &self.pitch.turns;
        self.y.turns =
            turns.iter().map(|turn| Turn { amplitude: shift.copysign(turn.amplitude), ..*turn }).collect();
    }
}
