//! Presentations before the door, and the rates of ISO/IEC 30107-3 over them.
//!
//! A presentation is a row of pictures: somebody stands before the camera, or something is held there. It
//! goes through the door's own rule ([`liveness::LivenessTracker`], and pictures in a row that agree), so that a
//! rate is one of the door and not of a network. A door that asks for movements ([`liveness::Challenge`]) is one
//! that is given what it draws. Who is before it may see what it asks for, picture by picture ([`Visit`]).
//!
//! | rate | share of |
//! |---|---|
//! | APCER | attack presentations of a attack_type that are taken for bona fide, of those with a response |
//! | BPCER | bona fide presentations that are taken for attacks, of those with a response |
//! | APNRR, BPNRR | presentations without a response: no picture showed a face good enough to judge |
//! | IAPAR | attack presentations of an enrolled person for which the door opens, of those with a response |

use liveness::{Challenge, Gesture, LivenessTracker, RejectReason, STEPS, Sample};
use schemars::JsonSchema;
use serde::Serialize;

/// Standard normal quantile of a two-sided 95 % interval.
const Z: f64 = 1.959_964;

/// What one picture of a presentation showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The face and its score; none if there was none good enough to judge.
    pub sample: Option<Sample>,
    /// Where a face is that is too poor to judge: a sample without score and similarities.
    pub poor: Option<Sample>,
    /// Whether it matches the target person of the presentation; `None` if it was not compared.
    pub matches: Option<bool>,
}

/// How the door ended a presentation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ending {
    /// There was a face to judge.
    pub responded: bool,
    /// Enough pictures in a row passed for a living face.
    pub passed: bool,
    /// Pictures with a face until they had.
    pub looks: Option<u32>,
    /// They were compared with somebody enrolled.
    pub compared: bool,
    /// They also showed the person enrolled: the door opened.
    pub opened: bool,
    /// What spoke against the last picture that was refused.
    pub reject: Option<RejectReason>,
    /// Of each of [`Gesture::ALL`], how often the door asked for it, and how often it then saw it made.
    pub movements: [Made; Gesture::ALL.len()],
    /// Challenges that failed.
    pub failed: u32,
}

/// How often a movement was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Made {
    /// How often it was asked for.
    pub asked: u32,
    /// How often it was then made.
    pub made: u32,
}

/// Lets the door see a presentation; `needed` pictures in a row must agree. A door that asks for movements draws
/// them of `asked`, and other ones when it asks again.
pub fn present(pictures: &[Seen], needed: usize, asked: Option<[u8; STEPS]>) -> Ending {
    let mut visit = Visit::new(needed, asked);
    for seen in pictures {
        visit.take(seen);
    }
    visit.ending()
}

/// A door that sees a presentation picture by picture.
pub struct Visit {
    /// Pictures in a row that must agree.
    needed: usize,
    tracker: LivenessTracker,
    challenge: Challenge,
    /// What it draws next, if it asks for movements.
    draws: Option<[u8; STEPS]>,
    /// The time of the newest sample, in milliseconds.
    at_ms: u64,
    movements: Movements,
    /// Pictures in a row of a living face, and of one that also matches; and pictures with a face.
    alive: usize,
    agreed: usize,
    looks: u32,
    ending: Ending,
}

impl Visit {
    /// A door that has seen nothing; the arguments are those of [`present`].
    pub fn new(needed: usize, asked: Option<[u8; STEPS]>) -> Self {
        Self {
            needed,
            tracker: LivenessTracker::new(),
            challenge: Challenge::new(),
            draws: asked,
            at_ms: 0,
            movements: Movements::default(),
            alive: 0,
            agreed: 0,
            looks: 0,
            ending: Ending::default(),
        }
    }

    /// Takes what the next picture shows. Returns the gesture that the door's LEDs show then.
    pub fn take(&mut self, seen: &Seen) -> Option<Gesture> {
        match seen.sample {
            Some(sample) => {
                let reject = self.judge(sample);
                self.count(reject, seen.matches);
            }
            None => {
                let most = self.challenge.patience();
                self.tracker.miss(seen.poor, most);
                match &seen.poor {
                    Some(place) if !self.tracker.samples().is_empty() => self.challenge.observe_poor(place),
                    _ => self.abandon(self.at_ms),
                }
                (self.alive, self.agreed) = (0, 0);
            }
        }
        self.challenge.requested()
    }

    /// How the door ended the presentation so far.
    pub fn ending(&self) -> Ending {
        Ending { movements: self.movements.made, ..self.ending }
    }

    /// The track ended.
    fn abandon(&mut self, now_ms: u64) {
        if self.draws.is_some() && self.challenge.abandon(now_ms) {
            self.failed();
        }
    }

    fn failed(&mut self) {
        self.ending.failed += 1;
        self.movements.count(Some(RejectReason::ChallengeFailed));
    }

    /// What speaks against a sample.
    fn judge(&mut self, sample: Sample) -> Option<RejectReason> {
        self.at_ms = sample.at_ms;
        if !self.tracker.is_continued_by(&sample) {
            self.abandon(sample.at_ms);
        }
        let verdict = self.tracker.observe(sample, self.needed);
        let Some(draw) = &mut self.draws else { return verdict.reject };
        let random = || std::mem::replace(draw, draw.map(|byte| byte.wrapping_mul(5).wrapping_add(7)));
        let reject = self.challenge.observe(verdict, self.tracker.samples(), random).reject;
        match reject {
            Some(RejectReason::ChallengeFailed) => self.failed(),
            reject => self.movements.count(reject),
        }
        reject
    }

    /// Counts a picture with a face: what speaks against it, and whether it matches.
    fn count(&mut self, reject: Option<RejectReason>, matches: Option<bool>) {
        let ending = &mut self.ending;
        ending.responded = true;
        self.looks += 1;
        ending.compared |= matches.is_some();
        ending.reject = reject.or(ending.reject);
        self.alive = if reject.is_none() { self.alive + 1 } else { 0 };
        self.agreed = if self.alive > 0 && matches == Some(true) { self.agreed + 1 } else { 0 };
        if self.alive >= self.needed && !ending.passed {
            (ending.passed, ending.looks) = (true, Some(self.looks));
        }
        ending.opened |= self.agreed >= self.needed;
    }
}

/// Counts movements by what a door says.
#[derive(Default)]
struct Movements {
    made: [Made; Gesture::ALL.len()],
    /// Which one the door waits for.
    asked: Option<usize>,
}

impl Movements {
    fn count(&mut self, reject: Option<RejectReason>) {
        match reject {
            Some(RejectReason::ChallengeRequested(gesture)) => {
                let asked = Gesture::ALL.iter().position(|one| *one == gesture);
                if let Some(new) = asked.filter(|_| asked != self.asked) {
                    self.made[new].asked += 1;
                }
                self.asked = asked;
            }
            Some(RejectReason::StraightRequested) => {
                if let Some(asked) = self.asked.take() {
                    self.made[asked].made += 1;
                }
            }
            // A new watch, or another movement than the one asked for.
            Some(RejectReason::TooFewSamples | RejectReason::ChallengeFailed) => self.asked = None,
            _ => {}
        }
    }
}

/// A share of presentations, with its 95 % interval (Wilson 1927).
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Share {
    /// How many.
    pub count: u32,
    /// Of how many.
    pub of: u32,
    /// The share. `null` of none.
    pub rate: Option<f64>,
    /// Its 95 % interval.
    pub interval: [f64; 2],
}

impl Share {
    /// `count` of `of`.
    pub fn new(count: u32, of: u32) -> Self {
        let (k, n) = (f64::from(count), f64::from(of));
        if of == 0 {
            return Self { count, of, rate: None, interval: [0.0, 1.0] };
        }
        Self { count, of, rate: Some(k / n), interval: wilson(k / n, n) }
    }
}

/// The 95 % interval of the share `p` of `n` observations (Wilson 1927).
pub fn wilson(p: f64, n: f64) -> [f64; 2] {
    let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    [(centre - half).max(0.0), (centre + half).min(1.0)]
}

/// How often presentations of a type are taken for what they are.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Rates {
    /// What was presented.
    pub attack_type: String,
    /// Presentations without a response: APNRR, or BPNRR.
    pub non_response: Share,
    /// Presentations that were taken for the wrong thing: APCER, or BPCER.
    pub classification_error: Share,
    /// Pictures with a face until half of the presentations that pass have passed. `null` if none passes.
    pub looks: Option<u32>,
    /// For attacks on somebody enrolled, presentations for which the door opened: IAPAR. For bona fide ones of
    /// somebody enrolled, the share let in.
    pub opened: Share,
    /// Of each gesture (left, right, up, down, blink), how often the door asked for it in all of them, and how often it
    /// was made.
    pub movements: [Made; Gesture::ALL.len()],
    /// Challenges that failed, in all of them.
    pub failed: u32,
}

/// Rates of the presentations of one attack type; `attack` is true if they should be rejected.
pub fn rates(attack_type: &str, attack: bool, endings: &[Ending]) -> Rates {
    let count = |which: &dyn Fn(&Ending) -> bool| endings.iter().filter(|e| which(e)).count() as u32;
    let all = endings.len() as u32;
    let responded = count(&|ending| ending.responded);
    let mut movements = [Made::default(); Gesture::ALL.len()];
    for ending in endings {
        for (sum, one) in movements.iter_mut().zip(ending.movements) {
            *sum = Made { asked: sum.asked + one.asked, made: sum.made + one.made };
        }
    }
    let mut looks: Vec<u32> = endings.iter().filter_map(|ending| ending.looks).collect();
    looks.sort_unstable();
    Rates {
        attack_type: attack_type.to_owned(),
        looks: looks.get(looks.len().saturating_sub(1) / 2).copied(),
        non_response: Share::new(all - responded, all),
        classification_error: Share::new(count(&|e| e.responded && e.passed == attack), responded),
        opened: Share::new(count(&|ending| ending.opened), count(&|ending| ending.compared)),
        movements,
        failed: endings.iter().map(|ending| ending.failed).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_presentation_passes_by_pictures_in_a_row() {
        let [alive, other] = [true, false].map(|matches| (Some(None), Some(matches)));
        let dead = (Some(Some(RejectReason::Score)), Some(true));
        let none = (None, None);
        let ending = |pictures: &[(Option<Option<RejectReason>>, Option<bool>)]| {
            let mut visit = Visit::new(3, None);
            for (reject, matches) in pictures {
                match reject {
                    Some(reject) => visit.count(*reject, *matches),
                    None => assert_eq!(visit.take(&Seen::default()), None),
                }
            }
            visit.ending()
        };
        let ends = |pictures: &[_]| {
            let Ending { responded, passed, opened, .. } = ending(pictures);
            [responded, passed, opened]
        };
        assert_eq!(ends(&[alive, alive, alive]), [true, true, true]);
        assert_eq!(ends(&[alive, other, alive]), [true, true, false]);
        assert_eq!(ends(&[alive, alive, none, alive, alive]), [true, false, false]);
        assert_eq!(ends(&[alive, alive, dead, alive, alive]), [true, false, false]);
        assert_eq!(ends(&[dead; 5]), [true, false, false]);
        assert_eq!(ends(&[none; 5]), [false, false, false]);
        let looks = ending(&[dead, none, alive, alive, alive, alive]).looks;
        assert_eq!(looks, Some(4), "pictures with a face");
    }

    #[test]
    fn a_picture_that_stands_still_does_not_pass() {
        let landmarks = [[40, 40], [80, 40], [60, 60], [45, 80], [75, 80]]
            .map(|[x, y]| vision::Point { x: x << 10, y: y << 10 });
        let sample = Sample {
            score: 32_768,
            landmarks,
            similarity: i16::MAX,
            similarity_to_first: i16::MAX,
            ..Sample::default()
        };
        let ending = present(&[Seen { sample: Some(sample), matches: Some(true), poor: None }; 24], 3, None);
        assert!(ending.responded && !ending.passed && !ending.opened);
        assert_eq!(ending.reject, Some(RejectReason::Still));
    }

    #[test]
    fn movements_count_once_when_they_are_asked_for_and_once_when_they_are_made() {
        let (left, eyes) = (
            Some(RejectReason::ChallengeRequested(Gesture::Left)),
            Some(RejectReason::ChallengeRequested(Gesture::Blink)),
        );
        let mut movements = Movements::default();
        let straight = Some(RejectReason::StraightRequested);
        let said = [straight, left, left, Some(RejectReason::Score), left, straight, straight, eyes, eyes];
        said.into_iter().for_each(|reject| movements.count(reject));
        for reject in [
            Some(RejectReason::ChallengeFailed),
            Some(RejectReason::TooFewSamples),
            straight,
            eyes,
            straight,
            None,
        ] {
            movements.count(reject);
        }
        let [first, .., last] = movements.made;
        assert_eq!((first, last), (Made { asked: 1, made: 1 }, Made { asked: 2, made: 1 }));
        let ending = Ending { movements: movements.made, ..Ending::default() };
        assert_eq!(rates("print", true, &[ending; 3]).movements[4], Made { asked: 6, made: 3 });
    }

    #[test]
    fn rates_are_of_what_had_a_response() {
        let refused = Ending { responded: true, ..Ending::default() };
        let passed = Ending { responded: true, passed: true, ..Ending::default() };
        let endings = [refused, refused, passed, Ending::default()];
        let attack = rates("print", true, &endings);
        assert_eq!((attack.classification_error.count, attack.classification_error.of), (1, 3));
        assert_eq!((attack.non_response.count, attack.non_response.of), (1, 4));
        assert_eq!(rates("bona-fide", false, &endings).classification_error.count, 2);
        let looks = [Some(9), None, Some(4), Some(5)].map(|looks| Ending {
            responded: true,
            looks,
            ..Ending::default()
        });
        assert_eq!(rates("bona-fide", false, &looks).looks, Some(5));
        let [low, high] = Share::new(0, 100).interval;
        assert!(low == 0.0 && (high - 0.037).abs() < 0.001);
    }
}
