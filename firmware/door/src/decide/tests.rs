//! The decider alone: scripted results of the pipeline and PINs in, decisions out.

use embassy_time::Instant;
use gallery::Name;
use liveness::RejectReason;
use policy::{Limits, Pin, Reason, Rule, Tallies, TallyMemory, Zone};
use template::CosineScore;

use super::{Config, Decider, Decision, Evidence, Situation};
use crate::{
    pipeline::{FrameResult, Match},
    store::{RulePage, Rules},
};

extern crate std;
use std::boxed::Box;

const CONFIG: Config = Config {
    frames: 3,
    verify: false,
    limits: Limits {
        failures: 2,
        lockout_ms: 30_000,
        passback_ms: 0,
        pin_ms: 15_000,
        zone: Zone::UTC,
        held_ms: 0,
        fail_safe: false,
    },
};

/// A decider, the rules, and the time, which rises by 200 ms a frame.
struct Bench {
    decider: Decider<'static>,
    rules: Rules<'static>,
    frames: u32,
    cover_open: bool,
    /// The person that a face that fails liveness resembles.
    like: Option<u32>,
}

impl Bench {
    fn new(config: Config, rules: &[(u32, Rule)]) -> Self {
        Self {
            decider: Decider::new(config, Tallies::new(Box::leak(Box::new(<TallyMemory>::new())).all())),
            rules: Rules::of_people(Box::leak(Box::new([RulePage::EMPTY])), rules),
            frames: 0,
            cover_open: false,
            like: None,
        }
    }

    fn on(&mut self, evidence: Evidence<'_>) -> Decision {
        let now = Instant::from_millis(u64::from(self.frames) * 200);
        let (cover_open, rules) = (self.cover_open, &self.rules);
        let situation = Situation { now, clock: None, cover_open, rules, may_be_there: &|_| true };
        self.decider.on(evidence, &situation).decision
    }

    fn frame(&mut self, result: FrameResult) -> Decision {
        self.frames += 1;
        self.on(Evidence::Frame { sequence: self.frames, result: &result, like: self.like })
    }

    fn pin(&mut self, digits: &[u8]) -> Decision {
        self.on(Evidence::Pin(Pin::new(digits).unwrap()))
    }

    /// The decisions of that many frames with the same result.
    fn frames<const N: usize>(&mut self, result: &FrameResult) -> [Decision; N] {
        core::array::from_fn(|_| self.frame(result.clone()))
    }
}

fn known(person: u32) -> FrameResult {
    let name = Name::new("somebody").unwrap();
    FrameResult::Known(Match { person, name, similarity: CosineScore(20_000) })
}

fn refused(person: Option<u32>, reason: Reason, locked_out: bool) -> Decision {
    Decision::Refuse { person, reason, locked_out }
}

#[test]
fn three_frames_of_a_person_admit_them() {
    let mut bench = Bench::new(CONFIG, &[]);
    let admitted = Decision::Admit { person: 7, duress: false };
    assert_eq!(bench.frames(&known(7)), [Decision::None, Decision::None, admitted]);
}

#[test]
fn another_person_between_restarts_the_count() {
    let mut bench = Bench::new(CONFIG, &[]);
    bench.frames::<2>(&known(7));
    assert_eq!(bench.frame(known(8)), Decision::None);
    assert_eq!(bench.frames(&known(7)), [Decision::None; 2]);
    assert_eq!(bench.frame(known(7)), Decision::Admit { person: 7, duress: false });
}

#[test]
fn failures_need_as_many_frames_and_then_slow_the_face_alone() {
    let mut bench = Bench::new(CONFIG, &[]);
    let stranger = FrameResult::Stranger(None);
    let first = refused(None, Reason::Stranger, false);
    assert_eq!(bench.frames(&stranger), [Decision::None, Decision::None, first]);
    // An undecided liveness neither counts nor ends the row.
    bench.frames::<2>(&stranger);
    assert_eq!(bench.frame(FrameResult::NotLive(RejectReason::TooFewSamples)), Decision::None);
    assert_eq!(bench.frame(stranger), refused(None, Reason::Stranger, true));
    bench.frames::<2>(&known(7));
    assert_eq!(bench.frame(known(7)), Decision::Admit { person: 7, duress: false });
}

#[test]
fn a_picture_that_is_withdrawn_in_time_counts_all_the_same() {
    let mut bench = Bench::new(CONFIG, &[]);
    bench.like = Some(7);
    let picture = FrameResult::NotLive(RejectReason::Score);
    for last in [false, true] {
        for _ in 0..2 {
            assert_eq!(bench.frame(picture.clone()), Decision::None);
            assert_eq!(bench.frames(&FrameResult::NoFace), [Decision::None; 40]);
        }
        assert_eq!(bench.frame(picture.clone()), refused(Some(7), Reason::NotLive, last));
    }
}

/// Neither a known face of somebody else, nor pictures of others, nor a request ends the looks that refused a picture.
#[test]
fn looks_at_a_picture_count_against_its_person_whoever_comes_in_between() {
    for between in 0..4 {
        let mut bench = Bench::new(CONFIG, &[]);
        let picture = FrameResult::NotLive(RejectReason::Score);
        let mut failures = 0;
        for _ in 0..6 {
            bench.like = Some(7);
            let looks: [Decision; 2] = bench.frames(&picture);
            failures += looks.iter().filter(|look| **look != Decision::None).count();
            bench.like = (between == 2).then_some(9);
            match between {
                0 => drop(bench.frames::<3>(&known(8))),
                1 => drop(bench.frame(known(7))),
                2 => drop(bench.frame(picture.clone())),
                _ => bench.decider.reset(),
            }
        }
        // Twelve looks are four failures, and the second one locks out.
        assert_eq!(failures, 4, "{between}");
        bench.decider.reset();
        bench.frames::<2>(&known(7));
        assert_eq!(bench.frame(known(7)), refused(Some(7), Reason::LockedOut, false), "{between}");
    }
}

#[test]
fn who_comes_in_ends_their_own_looks_and_nobodys() {
    for like in [Some(7), None] {
        let mut bench = Bench::new(CONFIG, &[]);
        for _ in 0..9 {
            bench.like = like;
            assert_eq!(bench.frames(&FrameResult::NotLive(RejectReason::Flat)), [Decision::None; 2]);
            bench.frames::<2>(&known(7));
            assert_eq!(bench.frame(known(7)), Decision::Admit { person: 7, duress: false });
        }
        assert!(!bench.decider.tallies().is_changed(), "no write of flash");
    }
}

proptest::proptest! {
    /// Each person fails as often as their looks since their last entry say, whatever others do in between.
    #[test]
    fn refused_looks_count_as_if_everybody_were_alone(steps in proptest::collection::vec((0u32..4, 0u8..4), 1..200)) {
        let limits = Limits { failures: 255, ..CONFIG.limits };
        let mut bench = Bench::new(Config { limits, ..CONFIG }, &[]);
        let mut looks = [0; 4];
        for (person, step) in steps {
            bench.like = (person > 0).then_some(person);
            if step == 0 && person > 0 {
                bench.decider.reset();
                let [.., last] = bench.frames::<3>(&known(person));
                proptest::prop_assert_eq!(last, Decision::Admit { person, duress: false });
                (looks[person as usize], looks[0]) = (0, 0);
            } else if step == 1 && person > 0 {
                bench.frame(known(person));
                bench.decider.reset();
            } else {
                let decision = bench.frame(FrameResult::NotLive(RejectReason::Score));
                looks[person as usize] += 1;
                let failure = refused(bench.like, Reason::NotLive, false);
                let fails = looks[person as usize] % 3 == 0;
                proptest::prop_assert_eq!(decision, if fails { failure } else { Decision::None });
            }
        }
    }
}

#[test]
fn a_failed_challenge_is_a_spoof_at_once() {
    let mut bench = Bench::new(CONFIG, &[]);
    let failed = FrameResult::NotLive(RejectReason::ChallengeFailed);
    assert_eq!(bench.frame(failed), refused(None, Reason::NotLive, false));
}

#[test]
fn pictures_of_somebody_lock_them_out_and_nobody_else() {
    let mut bench = Bench::new(CONFIG, &[]);
    bench.like = Some(7);
    let picture = FrameResult::NotLive(RejectReason::Score);
    bench.frames::<5>(&picture);
    assert_eq!(bench.frame(picture), refused(Some(7), Reason::NotLive, true));
    bench.frames::<2>(&known(7));
    assert_eq!(bench.frame(known(7)), refused(Some(7), Reason::LockedOut, false));
    bench.frames::<2>(&known(8));
    assert_eq!(bench.frame(known(8)), Decision::Admit { person: 8, duress: false });
}

#[test]
fn where_a_pin_comes_first_a_picture_alone_counts_for_nobody() {
    let mut bench = Bench::new(Config { verify: true, ..CONFIG }, &[]);
    for result in [FrameResult::Stranger(None), FrameResult::NotLive(RejectReason::Score)] {
        assert_eq!(bench.frames(&result), [Decision::None; 12]);
    }
    assert_eq!(bench.frame(FrameResult::NotLive(RejectReason::ChallengeFailed)), Decision::None);
    assert!(!bench.decider.tallies().is_changed());
}

#[test]
fn a_face_with_a_pin_in_its_rule_needs_the_pin() {
    let rule = Rule { pin: Pin::new(b"1234"), duress_pin: Pin::new(b"4321"), ..Rule::default() };
    let mut bench = Bench::new(CONFIG, &[(7, rule)]);
    assert_eq!(bench.pin(b"1234"), Decision::None);
    bench.frames::<2>(&known(7));
    assert_eq!(bench.frame(known(7)), Decision::RequestPin { person: 7 });
    assert_eq!(bench.pin(b"9999"), refused(Some(7), Reason::WrongPin, false));
    assert_eq!(bench.pin(b"4321"), Decision::Admit { person: 7, duress: true });
}

#[test]
fn looks_at_whoever_is_asked_for_their_pin_count_for_nothing_until_it_comes_or_is_too_late() {
    let rule = Rule { pin: Pin::new(b"1234"), ..Rule::default() };
    let mut bench = Bench::new(CONFIG, &[(7, rule)]);
    bench.frames::<2>(&known(7));
    assert_eq!(bench.frame(known(7)), Decision::RequestPin { person: 7 });
    let still = FrameResult::NotLive(RejectReason::Still);
    bench.like = Some(7);
    assert_eq!(bench.frames(&still), [Decision::None; 60]);
    let failed = bench.frame(FrameResult::NotLive(RejectReason::ChallengeFailed));
    assert_eq!(
        failed,
        refused(Some(7), Reason::NotLive, false),
        "a challenge was of somebody else, or of before"
    );
    for other in [Some(8), None] {
        bench.like = other;
        assert_eq!(
            bench.frames(&still),
            [Decision::None, Decision::None, refused(other, Reason::NotLive, false)]
        );
    }
    bench.like = Some(7);
    // Until fifteen seconds after the request.
    bench.frames::<7>(&still);
    assert_eq!(
        bench.frames(&still),
        [Decision::None, Decision::None, refused(Some(7), Reason::NotLive, true)]
    );
}

#[test]
fn a_door_that_verifies_asks_for_the_face_of_the_pin() {
    let rule = Rule { pin: Pin::new(b"1234"), ..Rule::default() };
    let mut bench = Bench::new(Config { verify: true, ..CONFIG }, &[(7, rule)]);
    assert_eq!(bench.pin(b"1234"), Decision::RequestFace { person: 7 });
    assert_eq!(bench.decider.awaited(Instant::from_millis(0)), Some(7));
    bench.frames::<2>(&known(7));
    assert_eq!(bench.frame(known(7)), Decision::Admit { person: 7, duress: false });
    assert_eq!(bench.pin(b"5555"), refused(None, Reason::WrongPin, false));
}

#[test]
fn an_open_cover_admits_nobody() {
    let mut bench = Bench::new(CONFIG, &[]);
    bench.cover_open = true;
    bench.frames::<2>(&known(7));
    assert_eq!(bench.frame(known(7)), refused(Some(7), Reason::Cover, false));
    assert_eq!(bench.frames(&FrameResult::Stranger(None)), [Decision::None; 3]);
}

#[test]
fn a_reset_forgets_frames_and_not_failures() {
    let mut bench = Bench::new(CONFIG, &[]);
    bench.frames::<3>(&FrameResult::Stranger(None));
    bench.frames::<2>(&known(7));
    bench.decider.reset();
    assert_eq!(bench.frame(known(7)), Decision::None);
    bench.frames::<2>(&FrameResult::Stranger(None));
    assert_eq!(bench.frame(FrameResult::Stranger(None)), refused(None, Reason::Stranger, true));
}
