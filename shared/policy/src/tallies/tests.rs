//! Counts of failures: whose they are, when they are cleared, and what changes in flash.

use super::*;
use proptest::prelude::*;

extern crate std;
use std::{boxed::Box, vec, vec::Vec};

/// No failures, with room for 256 people who all have some.
fn no_failures() -> Tallies<'static> {
    Tallies::new(Box::leak(Box::new(<TallyMemory>::new())).all())
}

/// What `tallies` has, in memory of its own.
fn copy_of(tallies: &Tallies<'_>) -> Tallies<'static> {
    let memory = Box::leak(Box::new(<TallyMemory>::new()));
    let room = memory.all();
    room.marks.copy_from_slice(tallies.marks);
    room.places.copy_from_slice(tallies.people);
    Tallies { people: room.places, marks: room.marks, ..*tallies }
}

#[test]
fn failures_count_by_person_and_factor_and_only_their_success_clears_them() {
    let mut tallies = no_failures();
    let fail = |tallies: &mut Tallies, person, factor| tallies.fail(person, factor, 0, 2, 1000);
    assert_eq!(fail(&mut tallies, Some(1), Factor::Pin), None);
    assert_eq!(fail(&mut tallies, Some(1), Factor::Face), None, "another factor");
    assert_eq!(fail(&mut tallies, Some(2), Factor::Pin), None, "another person");
    tallies.clear(2);
    assert_eq!(fail(&mut tallies, Some(1), Factor::Pin), Some(1000));
    assert!(tallies.is_locked_out(1, 999) && !tallies.is_locked_out(2, 999));
    assert_eq!(tallies.locked_out_until(Some(1), Factor::Face, 0), None);
    tallies.clear(1);
    assert_eq!(tallies.iter().count(), 0);
}

#[test]
fn no_failures_displace_or_join_those_of_others() {
    let mut tallies = no_failures();
    let everybody = 1000..1000 + 256;
    for person in everybody.clone() {
        assert_eq!(tallies.fail(Some(person), Factor::Pin, 0, 3, 1000), None);
        assert_eq!(tallies.fail(Some(person), Factor::Pin, 0, 3, 1000), None);
    }
    assert!(everybody.clone().all(|person| !tallies.is_locked_out(person, 0)));
    assert!(tallies.is_locked_out(7, 0), "who can have no count is refused");
    assert_eq!(tallies.fail(Some(7), Factor::Pin, 0, 3, 1000), None);
    for person in everybody.clone().step_by(2) {
        assert_eq!(tallies.fail(Some(person), Factor::Pin, 0, 3, 1000), Some(1000), "{person}");
    }
    assert_eq!(everybody.clone().filter(|person| tallies.is_locked_out(*person, 0)).count(), 128);
    tallies.make_room(|person| person != 1000);
    assert!(!tallies.is_locked_out(7, 0), "there is a place again");
    tallies.make_room(|person| person > 1001);
    assert!(tallies.iter().any(|tally| tally.person() == Some(1001)), "who is not known keeps theirs");
    // While the door runs, a page at a call.
    assert_eq!(tallies.fail(Some(7), Factor::Pin, 0, 3, 1000), None);
    let is_known = |person| person != 1200 && person != 1255;
    let calls = (1..).find(|_| {
        tallies.make_room(is_known);
        !tallies.is_locked_out(8, 0)
    });
    assert_eq!(calls, Some(200 / TALLY_PAGE), "the page of the first who is gone, after the first page");
    assert!(tallies.iter().any(|tally| tally.person() == Some(1255)), "one place is enough");
}

#[test]
fn a_clock_that_was_set_has_lockouts_written_beyond_the_ration() {
    let mut tallies = no_failures();
    while tallies.is_written(0) {}
    tallies.touch();
    assert!(!tallies.is_written(0), "nobody has failures");
    tallies.fail(Some(1), Factor::Face, 0, 3, 1000);
    assert!(!tallies.is_written(0), "it waits");
    tallies.touch();
    assert!(tallies.is_written(0));
    tallies.kept();
    assert!(!tallies.is_written(0));
}

#[test]
fn a_write_that_failed_takes_nothing_of_the_ration() {
    let mut tallies = no_failures();
    let taken = (0..).take_while(|_| tallies.is_written(0)).count();
    let mut tallies = no_failures();
    for _ in 0..2 * taken {
        assert!(tallies.is_written(0));
        tallies.not_written();
        // Once.
        tallies.not_written();
    }
    assert_eq!((0..).take_while(|_| tallies.is_written(0)).count(), taken);
    tallies.not_written();
    assert!(!tallies.is_written(0), "the last one took none");
}

#[test]
fn looks_count_by_person_until_they_are_a_failure_and_wear_no_flash() {
    let mut tallies = no_failures();
    for person in [Some(1), None, Some(2), Some(1), None, Some(2)] {
        assert!(!tallies.refuse(person, 3));
    }
    assert!(tallies.refuse(Some(1), 3));
    tallies.succeed(2);
    assert!(!tallies.refuse(None, 3) && !tallies.refuse(Some(2), 3), "theirs and nobody's began again");
    assert!(!tallies.refuse(Some(1), 3) && !tallies.refuse(Some(1), 3) && tallies.refuse(Some(1), 3));
    tallies.touch();
    assert!(!tallies.is_changed() && tallies.iter().count() == 0);
    let stake = tallies.stake(Some(2), Factor::Pin, 5, 3, 1000).unwrap();
    tallies.give_back(stake);
    assert!(!tallies.refuse(Some(2), 3) && tallies.refuse(Some(2), 3), "a PIN ends no looks");
}

#[test]
fn a_stake_is_a_failure_until_it_is_given_back() {
    for person in [None, Some(7)] {
        let mut tallies = no_failures();
        for failures in 0..4 {
            let mut wrong = copy_of(&tallies);
            let begins = wrong.fail(person, Factor::Pin, 5, 3, 1000);
            let before = copy_of(&tallies);
            let stake = tallies.stake(person, Factor::Pin, 5, 3, 1000);
            assert_eq!(tallies, wrong, "what is written is what a wrong PIN leaves");
            tallies.kept();
            tallies.give_back(stake.unwrap());
            assert_eq!(tallies.is_changed(), begins.is_some(), "a lockout that was none is cleared at once");
            tallies.kept();
            let mut kept = before;
            kept.kept();
            assert_eq!(tallies, kept, "{failures} failures before");
            if tallies.shut_until(person, 5).is_none() {
                tallies.fail(person, Factor::Pin, 5, 3, 1000);
            }
            tallies.kept();
        }
    }
}

#[test]
fn a_failure_of_nobody_that_was_taken_back_leaves_flash_too() {
    let mut tallies = no_failures();
    let stake = tallies.stake(None, Factor::Pin, 5, 3, 1000).unwrap();
    tallies.kept();
    tallies.give_back(stake);
    tallies.settle(5 + SETTLE_MS - 1);
    assert!(!tallies.is_changed(), "another PIN may follow, which writes it");
    tallies.settle(5 + SETTLE_MS);
    assert!(tallies.is_changed());
    tallies.kept();
    tallies.settle(5 + 2 * SETTLE_MS);
    assert!(!tallies.is_changed(), "once");
}

/// The pages that changed.
fn pages(tallies: &Tallies<'_>) -> Vec<usize> {
    tallies.changed_pages().collect()
}

#[test]
fn a_change_marks_its_page_and_no_other() {
    let mut tallies = no_failures();
    for person in 0..20 {
        tallies.fail(Some(person), Factor::Face, 0, 3, 1000);
    }
    assert_eq!((pages(&tallies), tallies.is_changed()), (vec![0, 1, 2], true));
    tallies.kept();
    tallies.clear(99);
    assert!(!tallies.is_changed(), "nobody was cleared");
    tallies.clear(9);
    assert_eq!(pages(&tallies), [1]);
    tallies.kept();
    tallies.fail(None, Factor::Face, 0, 3, 1000);
    assert_eq!((pages(&tallies), tallies.is_changed()), (vec![], true));
    tallies.touch();
    assert_eq!(pages(&tallies), [0, 1, 2]);
    let mut copy = no_failures();
    for (place, tally) in (0..tallies.pages()).flat_map(|page| tallies.page(page)).enumerate() {
        if let Some(person) = tally.person() {
            copy.restore(place, person, *tally.lockouts());
        }
    }
    assert!(copy.iter().eq(tallies.iter()) && !copy.is_changed());
}

/// Sixty failures are written, then one each five minutes, over resets too. What waits is doubted at the next boot.
#[test]
fn a_boot_doubts_failures_where_some_may_have_waited() {
    let mut tallies = no_failures();
    for _ in 0..60 {
        assert_eq!(tallies.fail(Some(1), Factor::Face, 0, 100, 1000), None);
        assert!(tallies.is_written(0));
        let mut boot = no_failures();
        boot.restore_rations(0, tallies.writes_used() - 1, 0);
        boot.meet([(0, 1), (1, 2)].into_iter(), 2);
        boot.doubt(100, 7);
        assert!(!boot.is_changed(), "none can have waited");
        tallies.kept();
    }
    assert_eq!(tallies.fail(Some(1), Factor::Face, 0, 100, 1000), None);
    assert!(!tallies.is_written(0));
    let mut boot = no_failures();
    boot.restore_rations(0, tallies.writes_used(), 0);
    boot.meet([(0, 1), (1, 2)].into_iter(), 2);
    boot.doubt(100, 7);
    assert!(boot.is_changed() && boot.iter().count() == 0, "a doubt takes no place");
    assert!(boot.is_changed() && !boot.is_written(299_999));
    for person in [None, Some(1), Some(2)] {
        assert_eq!(boot.shut_until(person, 0), None);
        assert_eq!(boot.fail(person, Factor::Face, 0, 100, 1000), Some(1000), "{person:?}");
        assert!(boot.is_written(0), "a lockout always is");
        boot.kept();
        boot.settle(599_999);
        assert!(!boot.is_changed());
    }
    assert!(!boot.is_written(299_999), "the ration did not begin again");
    boot.settle(600_000);
    assert!(boot.is_changed() && boot.is_written(600_000));
    boot.kept();
    let mut later = no_failures();
    later.restore_rations(0, boot.writes_used(), 0);
    later.meet([(0, 1), (1, 2)].into_iter(), 2);
    later.doubt(100, 7);
    assert!(!later.is_changed(), "all is written");
}

#[test]
fn an_hour_takes_one_failure_of_nobody_back() {
    let mut tallies = no_failures();
    assert_eq!(tallies.fail(None, Factor::Face, 0, 2, 1000), None);
    assert_eq!(tallies.fail(None, Factor::Face, REST_MS, 2, 1000), None, "the first one was taken back");
    assert_eq!(tallies.fail(None, Factor::Face, REST_MS + 1, 2, 1000), Some(REST_MS + 1001));
    // The hour begins at the end of the lockout. It takes the back-off back, and not the failure.
    assert_eq!(tallies.fail(None, Factor::Face, 2 * REST_MS + 1001, 2, 1000), Some(2 * REST_MS + 2001));
    let night = 20 * REST_MS;
    assert_eq!(tallies.fail(None, Factor::Face, night, 2, 1000), None, "all are");
    assert_eq!(tallies.nobody()[0].times(), 0);
}

/// Who guesses at the best rhythm that there is: some lockouts, then a rest of some hours, over and over.
#[test]
fn nobodys_pins_are_guessed_24_times_a_day_at_the_most() {
    const DAYS: u64 = 30;
    for first_ms in [1_000, 30_000, 3_600_000] {
        let mut most = 0;
        for (lockouts, hours) in (1..=16).flat_map(|lockouts| (0..=24).map(move |hours| (lockouts, hours))) {
            let (mut tallies, mut now, mut guesses, mut begun) = (no_failures(), 0, 0, 0);
            while now < DAYS * 24 * REST_MS {
                guesses += 1;
                if let Some(until) = tallies.fail(None, Factor::Pin, now, 10, first_ms) {
                    now = until;
                    begun += 1;
                    if begun % lockouts == 0 {
                        now += hours * REST_MS;
                    }
                }
            }
            most = most.max(guesses);
        }
        // Ten before the first lockout, and one for each step from a second to an hour.
        assert!(most <= DAYS * 24 + 10 + 12, "{most} with a first lockout of {first_ms} ms");
    }
}

proptest! {
    /// Whatever all others do, a person's count is as if they were alone. And flash is written as often as lockouts
    /// let each of them fail, or somebody with failures come in.
    #[test]
    fn everybody_counts_as_if_they_were_alone(
        steps in proptest::collection::vec((0u32..40, 0u8..8, 0u64..30_000), 1..600),
    ) {
        let mut all = no_failures();
        let mut alone: [Tallies; 40] = core::array::from_fn(|_| no_failures());
        let mut now = 0;
        for (person, step, wait) in steps {
            now += wait;
            let own = &mut alone[person as usize];
            all.kept();
            own.kept();
            if step == 0 {
                all.clear(person);
                own.clear(person);
            } else if !all.is_locked_out(person, now) {
                let factor = if step % 2 == 0 { Factor::Face } else { Factor::Pin };
                let one = all.fail(Some(person), factor, now, 3, 1000);
                prop_assert_eq!(one, own.fail(Some(person), factor, now, 3, 1000));
            }
            prop_assert_eq!(all.is_changed(), own.is_changed());
            prop_assert!(all.changed_pages().count() <= 1);
            for (person, own) in (0..).zip(&alone) {
                prop_assert_eq!(all.shut_until(Some(person), now), own.shut_until(Some(person), now));
            }
        }
    }
}

/// After a reset the first look that is refused is a failure, for who was there before and for nobody, until they come in.
#[test]
fn looks_of_before_a_reset_are_doubted() {
    let mut tallies = no_failures();
    tallies.meet([(0, 3), (1, 4)].into_iter(), 4);
    assert!(!tallies.is_changed(), "flash knows nothing of it");
    assert!(tallies.refuse(Some(3), 3) && !tallies.refuse(Some(3), 3), "once");
    assert!(tallies.refuse(None, 16) && !tallies.refuse(None, 16));
    assert!(!tallies.refuse(Some(5), 3), "who was enrolled since");
    tallies.succeed(4);
    assert!(!tallies.refuse(Some(4), 3), "who came in");
}

/// Who was not known at the boot, and is known again in it, is doubted as those are who were there. Who is new is not.
#[test]
fn who_is_known_again_within_a_boot_is_met_then() {
    let mut boot = no_failures();
    boot.restore_rations(0, 60, 0);
    boot.meet([(0, 1)].into_iter(), 4);
    boot.doubt(100, 7);
    assert!(boot.refuse(Some(2), 3) && !boot.refuse(Some(2), 3), "it is not known how many looks there were");
    assert_eq!(boot.fail(Some(2), Factor::Face, 0, 100, 1000), Some(1000));
    assert_eq!(boot.fail(Some(3), Factor::Face, 0, 100, 1000), Some(1000), "without a look");
    boot.succeed(4);
    assert!(!boot.refuse(Some(4), 3), "who came in");
    assert_eq!(boot.fail(Some(4), Factor::Face, 0, 100, 1000), None);
    assert!(!boot.refuse(Some(5), 3), "who was enrolled since");
    assert_eq!(boot.fail(Some(5), Factor::Face, 0, 100, 1000), None);
}
