//! Movements that a door asks for, in an order that nobody knows before.
//!
//! A recording shows what was asked when it was made, and a picture of a head cannot turn as one does. So a door that
//! needs more asks for [`STEPS`] movements, one after the other ([`order`]). The watch ([`Watch`](crate::Watch)) goes on
//! meanwhile with all its rules: another face, a leap or a pause begins the challenge anew, too.
//!
//! Everybody blinks. So closed eyes are never another movement than the one asked for, however long, and to be the one
//! that is asked for they must be closed in [`SHUT`] looks in a row, straight ahead.
//!
//! | state | look | next state | what speaks against |
//! |---|---|---|---|
//! | any but failed | the watch began anew: fewer than [`ENOUGH`] looks | idle | what the watch says |
//! | idle | the last [`ENOUGH`] looks are not all straight ahead | idle | [`Against::Straight`] |
//! | idle | they are: this is straight ahead from now on | asks the 1st, of an order that is drawn now | [`Against::Asked`] |
//! | asks the n-th | straight ahead, or between; with eyes open or closed | the same | [`Against::Asked`] |
//! | asks the n-th | that movement of the head | returns from the n-th | [`Against::Straight`] |
//! | asks the n-th, to close the eyes | straight ahead, and the eyes are closed in the [`SHUT`]th look in a row | returns from the n-th | [`Against::Straight`] |
//! | asks the n-th | another movement of the head | failed | [`Against::Challenge`] |
//! | asks the n-th | none, and [`STEP_MS`] are over | failed | [`Against::Challenge`] |
//! | returns from the n-th | not straight ahead | the same | [`Against::Straight`] |
//! | returns from the n-th, to close the eyes | they are closed | the same | [`Against::Straight`] |
//! | returns from the n-th | straight ahead; if it was to close the eyes, they are open | asks the next; done, if it was the last | [`Against::Asked`]; what the watch says |
//! | returns from the n-th | none of these, and [`STEP_MS`] are over | failed | [`Against::Challenge`] |
//! | done | any | done | what the watch says |
//! | done | [`DONE_MS`] are over | idle | as idle |
//! | failed | any | the same | [`Against::Early`] |
//! | failed | [`FAILED_MS`] are over | idle | as idle |
//!
//! A look that the network takes for a picture ([`Against::Looks`]) moves no state on, except that time goes by; closed
//! eyes are not counted in it.

use crate::gesture::{Bearing, Held};
use crate::{Against, ENOUGH, Gesture, Look, STEPS, Verdict, order};

/// Looks in a row in which the eyes are closed of who was asked to close them. By themselves they mostly close for one
/// at five looks a second.
pub const SHUT: u8 = 2;

/// How long each may take, from the moment it is asked for until the head looks straight ahead again, in
/// milliseconds.
pub const STEP_MS: u64 = 10_000;

/// How long who passed the challenge need not do so again.
pub const DONE_MS: u64 = 10_000;

/// How long nobody is asked again after a challenge that failed.
pub const FAILED_MS: u64 = 3_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    Asks(u8),
    Returns(u8),
    Done,
    Failed,
}

/// What a door asks for, and how far one has come with it.
#[derive(Clone, Copy, Debug)]
pub struct Challenge {
    state: State,
    order: [Gesture; STEPS],
    /// How the head is held when it looks straight ahead.
    rest: Held,
    /// When the state began, in the time of the looks.
    since_ms: u64,
    /// Looks in a row, up to now, in which the eyes were closed and the head straight.
    shut: u8,
}

impl Challenge {
    /// Nobody was asked for anything.
    pub const fn new() -> Self {
        Self { state: State::Idle, order: [Gesture::Left; STEPS], rest: Held::NOWHERE, since_ms: 0, shut: 0 }
    }

    /// Forgets how far one has come.
    pub fn reset(&mut self) {
        self.state = State::Idle;
    }

    /// Takes what the watch made of the newest of `looks`, and tells what it comes to. `random` is asked for bytes
    /// when an order is drawn.
    pub fn see(&mut self, verdict: Verdict, looks: &[Look], random: impl FnOnce() -> [u8; STEPS]) -> Verdict {
        let Some(look) = looks.last() else { return verdict };
        let time = look.at_ms.saturating_sub(self.since_ms);
        let over = match self.state {
            State::Failed if time < FAILED_MS => return against(verdict, Against::Early),
            _ if looks.len() < ENOUGH => {
                self.reset();
                return verdict;
            }
            State::Done if time < DONE_MS => return verdict,
            State::Idle | State::Done | State::Failed => {
                return self.begin(verdict, look.at_ms, looks, random);
            }
            State::Asks(_) | State::Returns(_) => time >= STEP_MS,
        };
        if verdict.against == Some(Against::Looks) && !over {
            return verdict;
        }
        let held = Held::of(look);
        let bearing = held.bearing(&self.rest);
        let closed = held.is_blinking(&self.rest);
        let straight = bearing == Bearing::Straight;
        self.shut = if straight && closed { self.shut.saturating_add(1) } else { 0 };
        if straight {
            self.rest = self.rest.towards(&held);
        }
        let next = match self.state {
            State::Asks(step) if bearing == Bearing::Made(self.at(step)) => State::Returns(step),
            State::Asks(step) if self.at(step) == Gesture::Blink && self.shut >= SHUT => State::Returns(step),
            State::Asks(_) if matches!(bearing, Bearing::Made(_)) => State::Failed,
            State::Returns(step) if straight && !(closed && self.at(step) == Gesture::Blink) => {
                (self.since_ms, self.shut) = (look.at_ms, 0);
                if usize::from(step) + 1 < STEPS { State::Asks(step + 1) } else { State::Done }
            }
            _ if over => State::Failed,
            same => same,
        };
        self.state = next;
        match next {
            State::Asks(step) => against(verdict, Against::Asked(self.at(step))),
            State::Returns(_) => against(verdict, Against::Straight),
            State::Failed => {
                self.since_ms = look.at_ms;
                against(verdict, Against::Challenge)
            }
            State::Idle | State::Done => verdict,
        }
    }

    /// Draws an order and asks for its first movement, once the head looks straight ahead.
    fn begin(
        &mut self,
        verdict: Verdict,
        now: u64,
        looks: &[Look],
        random: impl FnOnce() -> [u8; STEPS],
    ) -> Verdict {
        self.state = State::Idle;
        let last = &looks[looks.len() - ENOUGH..];
        let Some(rest) = Held::at_rest(last) else { return against(verdict, Against::Straight) };
        *self = Self { state: State::Asks(0), order: order(random()), rest, since_ms: now, shut: 0 };
        against(verdict, Against::Asked(self.at(0)))
    }

    fn at(&self, step: u8) -> Gesture {
        self.order[usize::from(step) % STEPS]
    }
}

impl Default for Challenge {
    fn default() -> Self {
        Self::new()
    }
}

fn against(verdict: Verdict, against: Against) -> Verdict {
    // A picture that the network is sure of stays one, whatever was asked.
    let looks = verdict.against == Some(Against::Looks) && against != Against::Challenge;
    Verdict { against: if looks { verdict.against } else { Some(against) }, ..verdict }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use vision::Point;

    use super::*;
    use crate::Movement;

    /// Asks for left, then up, then right.
    const DRAWN: [u8; STEPS] = [0, 1, 3];

    /// Asks to close the eyes, then for left, then to close the eyes.
    const DRAWN_EYES: [u8; STEPS] = [4, 0, 3];

    /// Eyes that are open, and closed ones.
    const OPEN: u16 = 2_000;
    const CLOSED: u16 = 900;

    /// A door's challenge, and who stands before it.
    struct Scene {
        challenge: Challenge,
        looks: std::vec::Vec<Look>,
        time: u64,
        drawn: [u8; STEPS],
        /// What the watch says.
        watch: Option<Against>,
    }

    impl Scene {
        /// Watched for long enough, and asked for the first movement.
        fn asked() -> Self {
            let mut scene = Self::nearly_asked(DRAWN, &[OPEN; ENOUGH - 1]);
            assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Left)));
            scene
        }

        /// Looked at with eyes that are so far open, and to be asked at the next look.
        fn nearly_asked(drawn: [u8; STEPS], eyes: &[u16; ENOUGH - 1]) -> Self {
            let (challenge, looks) = (Challenge::new(), std::vec::Vec::new());
            let mut scene = Self { challenge, looks, time: 5_000, drawn, watch: Some(Against::Early) };
            for open in eyes {
                assert_eq!(scene.see_eyes(0, 0, *open), Some(Against::Early));
            }
            scene.watch = None;
            scene
        }

        /// Asked to close the eyes.
        fn asked_for_eyes() -> Self {
            let mut scene = Self::nearly_asked(DRAWN_EYES, &[OPEN; ENOUGH - 1]);
            assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Blink)));
            scene
        }

        /// The next look, at a head whose nose is so far to the left and which is so far down, in hundredths.
        fn see(&mut self, left: i32, down: i32) -> Option<Against> {
            self.see_eyes(left, down, OPEN)
        }

        /// The same, with eyes that are so far open.
        fn see_eyes(&mut self, left: i32, down: i32, openness: u16) -> Option<Against> {
            self.time += 200;
            let places = [[-500, -500], [500, -500], [10 * left, 0], [-400, 500], [400, 500]];
            let landmarks = places.map(|[x, y]| Point { x: 100 * x, y: 100 * (y + 10 * down) });
            self.looks.push(Look { score: 30_000, landmarks, openness, at_ms: self.time, ..Look::default() });
            let verdict = Verdict { score: 0, needed: 0, movement: Movement::Unclear, against: self.watch };
            self.challenge.see(verdict, &self.looks, || self.drawn).against
        }
    }

    #[test]
    fn who_makes_each_movement_in_order_is_judged_by_the_watch_again() {
        let mut scene = Scene::asked();
        assert_eq!(scene.see(8, 0), Some(Against::Asked(Gesture::Left)), "between");
        assert_eq!(scene.see(14, 0), Some(Against::Straight));
        assert_eq!(scene.see(8, 0), Some(Against::Straight), "not back yet");
        assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Up)));
        assert_eq!(scene.see(0, -20), Some(Against::Straight));
        assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Right)));
        assert_eq!(scene.see(-14, 0), Some(Against::Straight));
        assert_eq!(scene.see(0, 0), None);
        scene.watch = Some(Against::Sequence);
        assert_eq!(scene.see(0, 0), Some(Against::Sequence), "the passive rules stay in force");
        scene.watch = None;
        scene.time += DONE_MS;
        assert_eq!(scene.see(0, 0), Some(Against::Straight), "and for a time only");
        let last = (2..ENOUGH).map(|_| scene.see(0, 0)).last();
        assert_eq!(last, Some(Some(Against::Asked(Gesture::Left))));
    }

    #[test]
    fn another_movement_fails_and_nobody_is_asked_for_a_time() {
        for wrong in [[-14, 0], [0, 20], [0, -20]] {
            let mut scene = Scene::asked();
            assert_eq!(scene.see(wrong[0], wrong[1]), Some(Against::Challenge));
            for _ in 1..FAILED_MS / 200 {
                assert_eq!(scene.see(0, 0), Some(Against::Early));
            }
            assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Left)));
        }
    }

    #[test]
    fn who_closes_the_eyes_for_long_enough_is_asked_for_the_next_when_they_are_open_again() {
        let mut scene = Scene::asked_for_eyes();
        assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Blink)));
        assert_eq!(
            scene.see_eyes(0, 0, CLOSED),
            Some(Against::Asked(Gesture::Blink)),
            "that may be a mere blink"
        );
        assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Blink)), "and it was");
        for _ in 1..SHUT {
            assert_eq!(scene.see_eyes(0, 0, CLOSED), Some(Against::Asked(Gesture::Blink)));
        }
        for _ in 0..9 {
            assert_eq!(scene.see_eyes(0, 0, CLOSED), Some(Against::Straight), "until they are open again");
        }
        assert_eq!(scene.see(8, 0), Some(Against::Straight), "and the head is straight");
        assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Left)));
        scene.see(14, 0);
        assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Blink)));
        for _ in 0..SHUT {
            scene.see_eyes(0, 0, CLOSED);
        }
        assert_eq!(scene.see(0, 0), None, "done");
    }

    #[test]
    fn eyes_close_in_looks_in_a_row_at_a_head_that_is_straight() {
        let mut scene = Scene::asked_for_eyes();
        for _ in 0..9 {
            assert_eq!(scene.see_eyes(0, 0, CLOSED), Some(Against::Asked(Gesture::Blink)));
            assert_eq!(scene.see_eyes(8, 0, CLOSED), Some(Against::Asked(Gesture::Blink)), "between");
        }
        assert_eq!(scene.see_eyes(14, 0, CLOSED), Some(Against::Challenge), "a turn is another movement");
        let mut scene = Scene::asked_for_eyes();
        for _ in 0..9 {
            assert_eq!(scene.see_eyes(0, 0, CLOSED), Some(Against::Asked(Gesture::Blink)));
            scene.watch = Some(Against::Looks);
            assert_eq!(scene.see_eyes(0, 0, CLOSED), Some(Against::Looks), "and what is no picture");
            scene.watch = None;
            assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Blink)));
        }
    }

    #[test]
    fn no_blink_fails_a_challenge_or_makes_another_movement() {
        let mut scene = Scene::asked();
        for _ in 0..20 {
            assert_eq!(scene.see_eyes(0, 0, CLOSED), Some(Against::Asked(Gesture::Left)));
        }
        assert_eq!(
            scene.see_eyes(14, 0, CLOSED),
            Some(Against::Straight),
            "a turn is one with closed eyes, too"
        );
        assert_eq!(scene.see_eyes(0, 0, CLOSED), Some(Against::Asked(Gesture::Up)), "and so is the way back");
    }

    #[test]
    fn closing_the_eyes_and_opening_them_have_their_time() {
        let mut scene = Scene::asked_for_eyes();
        scene.time += STEP_MS - 400;
        assert_eq!(scene.see_eyes(0, 0, CLOSED), Some(Against::Asked(Gesture::Blink)));
        assert_eq!(scene.see_eyes(0, 0, CLOSED), Some(Against::Straight), "at the last moment");
        assert_eq!(scene.see_eyes(0, 0, CLOSED), Some(Against::Challenge), "and does not open them");
        let mut scene = Scene::asked_for_eyes();
        scene.time += STEP_MS;
        assert_eq!(scene.see(0, 0), Some(Against::Challenge));
    }

    #[test]
    fn blinks_before_it_asks_do_not_change_what_closed_is() {
        let mut eyes = [OPEN; ENOUGH - 1];
        (eyes[2], eyes[5]) = (0, 0);
        let mut scene = Scene::nearly_asked(DRAWN_EYES, &eyes);
        scene.see(0, 0);
        for open in [CLOSED, CLOSED].repeat(2) {
            scene.see_eyes(0, 0, open);
        }
        assert_eq!(scene.challenge.state, State::Returns(0));
    }

    #[test]
    fn eyes_that_cannot_be_told_from_skin_are_never_closed() {
        let mut scene = Scene::nearly_asked(DRAWN_EYES, &[400; ENOUGH - 1]);
        for _ in 0..9 {
            assert_eq!(scene.see_eyes(0, 0, 400), Some(Against::Asked(Gesture::Blink)));
            assert_eq!(scene.see_eyes(0, 0, 0), Some(Against::Asked(Gesture::Blink)));
            assert_eq!(scene.see_eyes(0, 0, 0), Some(Against::Asked(Gesture::Blink)));
        }
    }

    #[test]
    fn each_movement_and_the_way_back_have_their_time() {
        let mut scene = Scene::asked();
        scene.time += STEP_MS - 200;
        assert_eq!(scene.see(14, 0), Some(Against::Straight), "at the last moment");
        assert_eq!(scene.see(14, 0), Some(Against::Challenge), "and does not come back");
        let mut scene = Scene::asked();
        scene.time += STEP_MS;
        assert_eq!(scene.see(0, 0), Some(Against::Challenge));
    }

    #[test]
    fn who_is_never_still_is_not_asked() {
        let mut scene = Scene::asked();
        scene.challenge.reset();
        for number in 0..20 {
            assert_eq!(scene.see(if number % 2 == 0 { 9 } else { -9 }, 0), Some(Against::Straight));
        }
    }

    #[test]
    fn a_watch_that_begins_anew_begins_the_challenge_anew_but_ends_no_penalty() {
        let mut scene = Scene::asked();
        assert_eq!(scene.see(14, 0), Some(Against::Straight));
        scene.looks.clear();
        scene.watch = Some(Against::Early);
        assert_eq!(scene.see(0, 0), Some(Against::Early));
        for _ in 2..ENOUGH {
            scene.see(0, 0);
        }
        assert_eq!(scene.see(0, 0), Some(Against::Asked(Gesture::Left)), "the first again");
        assert_eq!(scene.see(-14, 0), Some(Against::Challenge));
        scene.looks.clear();
        scene.watch = None;
        assert_eq!(scene.see(0, 0), Some(Against::Early), "another face waits as well");
    }

    #[test]
    fn what_the_network_takes_for_a_picture_makes_no_movement_and_time_goes_by() {
        let mut scene = Scene::asked();
        scene.watch = Some(Against::Looks);
        assert_eq!(scene.see(14, 0), Some(Against::Looks));
        scene.time += STEP_MS;
        assert_eq!(scene.see(0, 0), Some(Against::Challenge));
    }

    #[test]
    fn no_landmarks_overflow() {
        let far = |x: i32| Look { landmarks: [Point { x, y: -(x / 2) }; 5], ..Look::default() };
        let looks = [far(i32::MIN), far(i32::MAX), far(0), far(5)].repeat(4);
        let verdict = Verdict { score: 0, needed: 0, movement: Movement::Unclear, against: None };
        let mut challenge = Challenge::new();
        for end in 1..looks.len() {
            challenge.see(verdict, &looks[..end], || [255; STEPS]);
        }
        // Asked by a calm head, and then far away.
        let mut scene = Scene::asked();
        scene.looks.push(far(i32::MAX));
        scene.challenge.see(verdict, &scene.looks, || DRAWN);
        assert!(matches!(scene.challenge.state, State::Asks(_) | State::Failed));
    }
}
