//! When somebody moves who does what a door's LEDs show, and how far.
//!
//! People take some tenths of a second to see that an LED goes on or out. They turn further while it stays on, and come back
//! when it is out. What they do first may be too little. All of it is drawn at random.
//!
//! | they | see | then |
//! |---|---|---|
//! | stand straight | an LED | begin the movement, after [`SEES`] |
//! | hold a movement | its LED still on, for [`WAITS`] | go further, [`TRIES`] times at most; after that, come back |
//! | hold a movement | its LED out, or another one | come back, after [`SEES`] |
//! | closed their eyes and opened them | the LEDs still on, for [`WAITS`] | close them again, for longer |

use fastrand::Rng;
use liveness::Gesture;

use crate::motion::Turn;

/// Seconds from a change of the LEDs until somebody acts, at least and at most.
const SEES: [f32; 2] = [0.3, 1.2];

/// Seconds for which they hold a movement until they do more, as its LED stays on.
const WAITS: [f32; 2] = [0.6, 1.6];

/// Seconds in which they go out or come back, and in which they go further.
const OUT: [f32; 2] = [0.8, 1.6];
const FURTHER: [f32; 2] = [0.4, 0.8];

/// How often they go further.
const TRIES: u32 = 3;

/// One in so many makes too little of a movement first: this part of it.
const TIMID: u32 = 3;
const LITTLE: [f32; 2] = [0.45, 0.75];

/// How much further they go, as a factor, and the largest angle to a side, and up or down, in degrees.
const MORE: [f32; 2] = [1.2, 1.5];
const MOST: [f32; 2] = [40.0, 28.0];

/// How exactly they look straight ahead again, in degrees to both sides.
const STRAIGHT: f32 = 2.0;

/// How long they close their eyes, in seconds: on the way, all the way, and back; the second of them for [`TIMID`] ones.
const CLOSED: [[f32; 2]; 3] = [[0.08, 0.15], [0.7, 1.4], [0.1, 0.2]];
const BRIEFLY: [f32; 2] = [0.2, 0.5];

/// What moves, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Begun {
    /// The head to a side; left is positive. The turn stays.
    Yaw(Turn),
    /// The head down; the turn stays.
    Pitch(Turn),
    /// The lids.
    Eyes(Turn),
}

/// A movement that is held.
#[derive(Clone, Copy, Debug)]
struct Held {
    gesture: Gesture,
    /// How often it was begun or made larger.
    tries: u32,
    /// When they do more, in seconds.
    until: f32,
}

/// Somebody who does what the LEDs show.
#[derive(Clone, Debug)]
pub(crate) struct Reaction {
    /// How far to a side, and up or down, in degrees: at least, and at most.
    range: [[f32; 2]; 2],
    random: Rng,
    /// What the LEDs showed last.
    shown: Option<Gesture>,
    /// When they act on it, in seconds.
    acts: f32,
    held: Option<Held>,
    /// How far the head is turned to the left, and down, in radians, when it is at rest.
    place: [f32; 2],
}

impl Reaction {
    /// Somebody who stands straight.
    pub fn new(range: [[f32; 2]; 2], random: &mut Rng) -> Self {
        Self { range, random: random.fork(), shown: None, acts: 0.0, held: None, place: [0.0; 2] }
    }

    /// What they begin by `time`, where the LEDs show `shown` since the picture before.
    pub fn to(&mut self, shown: Option<Gesture>, time: f32) -> Option<Begun> {
        if shown != self.shown {
            self.shown = shown;
            self.acts = self.acts.max(time + self.between(SEES));
        }
        if time < self.acts {
            return None;
        }
        let acts = self.acts;
        match (self.held, shown) {
            (None, None) => None,
            (None, Some(gesture)) => Some(self.go(gesture, 1, acts)),
            (Some(held), Some(gesture)) if gesture == held.gesture => {
                let begin = acts.max(held.until);
                match time >= begin {
                    false => None,
                    true if held.tries > TRIES => self.come_back(gesture, begin),
                    true => Some(self.go(gesture, held.tries + 1, begin)),
                }
            }
            (Some(held), _) => self.come_back(held.gesture, acts),
        }
    }

    /// Begins a movement at this time, or makes it larger.
    fn go(&mut self, gesture: Gesture, tries: u32, begin: f32) -> Begun {
        let timid = tries == 1 && self.random.u32(..TIMID) == 0;
        let (axis, sign) = match gesture {
            Gesture::Blink => return self.close(gesture, tries, timid, begin),
            Gesture::Left => (0, 1.0),
            Gesture::Right => (0, -1.0),
            Gesture::Down => (1, 1.0),
            Gesture::Up => (1, -1.0),
        };
        let before = self.place[axis] * sign;
        let target = match tries {
            1 => {
                let whole = self.between(self.range[axis]);
                whole.to_radians() * if timid { self.between(LITTLE) } else { 1.0 }
            }
            _ => (before * self.between(MORE)).min(MOST[axis].to_radians()),
        };
        let out = self.between(if tries == 1 { OUT } else { FURTHER });
        let turn = Turn { amplitude: sign * (target - before), begin, phases: [out, f32::INFINITY, 1.0] };
        self.place[axis] = sign * target;
        self.hold(gesture, tries, begin + out);
        if axis == 0 { Begun::Yaw(turn) } else { Begun::Pitch(turn) }
    }

    /// Closes the eyes.
    fn close(&mut self, gesture: Gesture, tries: u32, timid: bool, begin: f32) -> Begun {
        let [down, shut, up] = CLOSED.map(|phase| self.between(phase));
        let shut = if timid { self.between(BRIEFLY) } else { shut + 0.5 * (tries - 1) as f32 };
        let turn = Turn { amplitude: 1.0, begin, phases: [down, shut, up] };
        self.hold(gesture, tries, turn.end());
        Begun::Eyes(turn)
    }

    /// Rests from `time` on, and does more when it waited long enough.
    fn hold(&mut self, gesture: Gesture, tries: u32, time: f32) {
        self.held = Some(Held { gesture, tries, until: time + self.between(WAITS) });
        self.acts = self.acts.max(time);
    }

    /// Looks straight ahead again.
    fn come_back(&mut self, gesture: Gesture, begin: f32) -> Option<Begun> {
        self.held = None;
        self.acts = begin;
        let axis = match gesture {
            Gesture::Blink => return None,
            Gesture::Left | Gesture::Right => 0,
            Gesture::Up | Gesture::Down => 1,
        };
        let target = self.between([-STRAIGHT, STRAIGHT]).to_radians();
        let back = self.between(OUT);
        let turn = Turn { amplitude: target - self.place[axis], begin, phases: [back, f32::INFINITY, 1.0] };
        self.place[axis] = target;
        self.acts = begin + back;
        Some(if axis == 0 { Begun::Yaw(turn) } else { Begun::Pitch(turn) })
    }

    fn between(&mut self, [low, high]: [f32; 2]) -> f32 {
        low + (high - low) * self.random.f32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: [[f32; 2]; 2] = [[23.0, 31.0], [13.0, 21.0]];

    /// The yaw, the pitch and the lids, five times a second, of somebody who sees the LEDs that `shows` gives, by time and yaw.
    fn movement(seed: u64, shows: impl Fn(f32, f32) -> Option<Gesture>) -> Vec<[f32; 3]> {
        let mut reaction = Reaction::new(RANGE, &mut Rng::with_seed(seed));
        let mut turns: [Vec<Turn>; 3] = [const { Vec::new() }; 3];
        let mut yaw = 0.0;
        let pictures = (0..100).map(|number| {
            let time = number as f32 / 5.0;
            match reaction.to(shows(time, yaw), time) {
                Some(Begun::Yaw(turn)) => turns[0].push(turn),
                Some(Begun::Pitch(turn)) => turns[1].push(turn),
                Some(Begun::Eyes(turn)) => turns[2].push(turn),
                None => {}
            }
            let now = [0, 1, 2].map(|axis| turns[axis].iter().map(|turn| turn.at(time)).sum::<f32>());
            yaw = now[0].to_degrees();
            [yaw, now[1].to_degrees(), now[2]]
        });
        pictures.collect()
    }

    #[test]
    fn they_turn_to_the_side_of_the_led_and_come_back_when_it_is_out() {
        for seed in 0..40 {
            let shows = |time, _: f32| (4.0..9.0).contains(&time).then_some(Gesture::Right);
            let seen = movement(seed, shows);
            assert!(seen[..=21].iter().all(|now| now[0].abs() < 0.01), "{seed}: they cannot know yet");
            let most = seen.iter().fold(0.0, |most: f32, now| most.min(now[0]));
            let least = RANGE[0][0] * LITTLE[0];
            assert!((-MOST[0]..=-least).contains(&most), "{seed}: {most}");
            assert!(seen[70..].iter().all(|now| now[0].abs() <= STRAIGHT + 0.01), "{seed}");
            assert!(seen.iter().all(|now| now[1] == 0.0 && now[2] == 0.0), "{seed}: nothing else");
        }
    }

    #[test]
    fn they_go_further_while_the_led_stays_on_and_no_further_than_they_must() {
        for seed in 0..40 {
            // A door that wants more than most people do at first.
            let seen = movement(seed, |time, yaw| (time >= 1.0 && yaw < 33.0).then_some(Gesture::Left));
            assert!(seen.iter().any(|now| now[0] >= 33.0), "{seed}");
            assert!(seen.iter().all(|now| now[0] < MOST[0] + STRAIGHT), "{seed}");
        }
    }

    #[test]
    fn they_close_their_eyes_and_open_them_without_seeing_an_led() {
        for seed in 0..40 {
            let seen = movement(seed, |time, _| (2.0..10.0).contains(&time).then_some(Gesture::Blink));
            let shut: Vec<bool> = seen.iter().map(|now| now[2] > 0.99).collect();
            // Whoever closes them for the fourth time just before the LEDs go out opens them 3.4 seconds later.
            assert!(shut[..=11].iter().all(|shut| !shut) && shut[70..].iter().all(|shut| !shut), "{seed}");
            let longest = shut.split(|shut| !shut).map(<[bool]>::len).max().unwrap();
            assert!((3..=16).contains(&longest), "{seed}: {longest} pictures");
        }
    }

    #[test]
    fn who_is_shown_nothing_does_nothing_and_a_seed_gives_the_same() {
        assert!(movement(3, |_, _| None).iter().flatten().all(|value| *value == 0.0));
        let shows = |time: f32, _: f32| (time >= 2.0).then_some(Gesture::Down);
        assert_eq!(movement(3, shows), movement(3, shows));
        assert_ne!(movement(3, shows), movement(4, shows));
    }

    #[test]
    fn an_led_that_is_out_for_a_picture_is_still_obeyed() {
        for seed in 0..40 {
            let shows = |time: f32, _: f32| {
                let flickers = (4.9..5.1).contains(&time);
                ((2.0..8.0).contains(&time) && !flickers).then_some(Gesture::Left)
            };
            let seen = movement(seed, shows);
            let steps = seen.windows(2).take(40);
            assert!(
                steps.clone().all(|pair| pair[1][0] >= pair[0][0] - 0.01),
                "{seed}: they do not come back"
            );
        }
    }
}
