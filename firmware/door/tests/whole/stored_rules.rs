//! Rules and settings in flash: over power cuts, and with damaged records.

use crate::simulation::rules::{
    board, code, comes, denials, office, restore_limits, set_limits, set_rule, two_factors,
};
use crate::simulation::{World, engine};
use audit::Kind;
use policy::{Reason, Rule};
use protocol::{Error, Limits, ModelKind, Name, Request, Response, Settings};

/// 2026-11-25, a Wednesday, 12:00 UTC.
const NOON: u64 = 1_795_608_000_000;

#[test]
fn a_rule_goes_with_its_person_and_stays_over_power_cuts() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
        set_rule(world, "Bob", office()).await.unwrap();
        world.host.ask(Request::Remove { name: Name::try_from("Bob").unwrap() }).await.unwrap();
        world.host.enrol("Bob", 2).await.unwrap();
    });
    board.boot(async |world: &mut World| {
        assert!(!comes(world, 1).await, "Ann needs her code");
        assert!(comes(world, 2).await, "the new Bob has no rule");
    });
    assert!(
        !board.settings.windows(4).any(|window| window == b"1234"),
        "codes do not lie there in the clear"
    );
}

/// The power fails at each byte that a suspension writes. An acknowledged one holds, and the PIN stays.
#[test]
fn who_is_suspended_stays_outside_over_resets_and_power_cuts() {
    let suspend = async |world: &mut World, suspended| {
        let name = Name::try_from("Ann").unwrap();
        world.host.ask(Request::Suspend { name, suspended }).await.map(drop)
    };
    let enters = async |world: &mut World| {
        let face = comes(world, 1).await;
        world.type_keys("1234#").await;
        !face && world.is_open()
    };
    let mut whole = board();
    whole.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
        assert!(enters(world).await);
    });
    for cut in (64..3_600).step_by(53) {
        let mut board = whole.copy();
        board.supply.bytes.set(Some(cut));
        let acknowledged = board.boot(async |world: &mut World| suspend(world, true).await.is_ok());
        board.supply.bytes.set(None);
        board.boot(async |world: &mut World| {
            assert!(!acknowledged || !enters(world).await, "cut at {cut}");
            suspend(world, true).await.unwrap();
        });
        board.boot(async |world: &mut World| {
            let mut after = 0;
            assert!(!enters(world).await, "after a reset");
            let denied = denials(world, &mut after).await;
            assert!(denied.contains(&(Some(1), Reason::Suspended)), "{denied:?}");
            suspend(world, false).await.unwrap();
            assert!(enters(world).await, "with the PIN of before");
        });
    }
}

/// The power fails at each byte that a rule writes. An acknowledged rule holds, and no rule is half written.
#[test]
fn a_power_cut_leaves_the_old_rule_or_the_new_one() {
    let mut whole = board();
    whole.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
    });
    let (mut old, mut new) = (0, 0);
    for cut in (64..3_600).step_by(53) {
        let mut board = whole.copy();
        board.supply.bytes.set(Some(cut));
        let other = Rule { pin: code("7777"), ..Rule::default() };
        let acknowledged = board.boot(async |world: &mut World| {
            let both = [set_rule(world, "Ann", other).await, set_rule(world, "Bob", office()).await];
            both.map(|reply| reply.is_ok())
        });
        board.supply.bytes.set(None);
        let opens = board.boot(async |world: &mut World| {
            assert!(!comes(world, 1).await, "cut at {cut}: a face alone");
            world.type_keys("1234#").await;
            let old = world.is_open();
            let new = !old && {
                world.type_keys("7777#").await;
                world.is_open()
            };
            assert!(old != new, "cut at {cut}");
            assert!(!acknowledged[1] || !comes(world, 2).await, "cut at {cut}: Bob has hours, and no clock");
            new
        });
        assert!(opens || !acknowledged[0], "cut at {cut}");
        if opens { new += 1 } else { old += 1 }
    }
    assert!(old > 0 && new > 0, "{old} old, {new} new");
}

/// The power fails between the two copies of what tells a rule's version. The second copy is an older one then, until the
/// next boot writes it again; so damage of the first copy alone brings back no older rule.
#[test]
fn a_copy_of_the_rules_that_a_power_cut_left_behind_is_written_again() {
    let whole = board();
    let mut both = 0;
    for cut in (8..1_200).step_by(8) {
        let mut board = whole.copy();
        let before = board.settings.clone();
        board.supply.bytes.set(Some(cut));
        board.boot(async |world: &mut World| set_rule(world, "Ann", two_factors()).await.map(drop).ok());
        board.supply.bytes.set(None);
        let holds = board.boot(async |world: &mut World| !comes(world, 1).await);
        if !holds || !has(&board.settings, &before, 0x0250) {
            continue;
        }
        both += 1;
        damage(&mut board.settings, &before, 0x0250);
        board.boot(async |world: &mut World| assert!(!comes(world, 1).await, "cut at {cut}: a face alone"));
    }
    assert!(both > 10, "{both}");
}

/// A board that cannot read a rule does not know whose rule it was, and stays locked.
#[test]
fn where_a_rule_was_lost_only_those_pass_whose_rule_is_there() {
    let mut board = board();
    let before = board.settings.clone();
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
    });
    // The record of the rule is damaged. The list of its page still shows that its place is taken.
    damage(&mut board.settings, &before, 0x0300);
    board.boot(async |world: &mut World| {
        let mut after = 0;
        assert!(!comes(world, 1).await && !comes(world, 2).await);
        let unreadable = Reason::Unreadable;
        assert_eq!(denials(world, &mut after).await, [(Some(1), unreadable), (Some(2), unreadable)]);
        assert_eq!(world.host.kinds().await.iter().filter(|kind| **kind == Kind::Fault).count(), 1);
        // Nothing was begun, so nothing was interrupted.
        let name = Name::try_from("Bob").unwrap();
        assert_eq!(world.host.ask(Request::GetRule { name }).await, Err(Error::RuleLost));
        assert_eq!(suspend(world, "Bob", false).await, Err(Error::RuleLost));
        assert!(!world.host.kinds().await.contains(&Kind::Interrupted));
        set_rule(world, "Bob", office()).await.unwrap();
        world.host.ask(Request::SetClock { unix_ms: NOON }).await.unwrap();
        assert!(!comes(world, 2).await, "Bob may have been suspended");
        suspend(world, "Bob", false).await.unwrap();
        assert!(comes(world, 2).await);
        set_rule(world, "Bob", Rule::default()).await.unwrap();
        assert!(comes(world, 2).await, "who is given no rule on purpose passes");
    });
    board.boot(async |world: &mut World| {
        assert!(comes(world, 2).await, "also after a reset");
        assert!(!comes(world, 1).await);
        set_rule(world, "Ann", two_factors()).await.unwrap();
        suspend(world, "Ann", false).await.unwrap();
        assert!(!comes(world, 1).await);
        world.type_keys("1234#").await;
        assert!(world.is_open());
    });
}

/// A rule was changed, and then its newest record alone is damaged. The record before it is genuine, and older than the list says:
/// it neither frees somebody who was suspended since, nor suspends somebody who was freed.
#[test]
fn the_rule_before_one_that_is_damaged_counts_neither_way() {
    for suspended in [false, true] {
        let mut board = board();
        board.boot(async |world: &mut World| {
            set_rule(world, "Ann", office()).await.unwrap();
            suspend(world, "Ann", !suspended).await.unwrap();
        });
        let before = board.settings.clone();
        board.boot(async |world: &mut World| suspend(world, "Ann", suspended).await.unwrap());
        damage(&mut board.settings, &before, 0x0300);
        board.boot(async |world: &mut World| {
            world.host.ask(Request::SetClock { unix_ms: NOON }).await.unwrap();
            let name = Name::try_from("Ann").unwrap();
            assert_eq!(world.host.ask(Request::GetRule { name }).await, Err(Error::RuleLost), "{suspended}");
            assert!(!comes(world, 1).await, "{suspended}: not by the rule of before");
        });
    }
}

/// Suspends somebody, or resumes them.
pub async fn suspend(world: &mut World, name: &str, suspended: bool) -> Result<(), Error> {
    let name = Name::try_from(name).unwrap();
    world.host.ask(Request::Suspend { name, suspended }).await.map(drop)
}

/// The rule of who is suspended is lost, or nobody is admitted for a while. A program that sets their rule then frees nobody.
#[test]
fn no_rule_that_is_set_while_the_old_one_does_not_count_ends_a_suspension() {
    // A rule; the limits, without which nobody is admitted; the failures, without which nobody is for an hour.
    for key in [0x0300, 0x0200, 0x023b] {
        let mut board = board();
        let before = board.settings.clone();
        board.boot(async |world: &mut World| {
            suspend(world, "Ann", true).await.unwrap();
            // A failure, so that there are failures to lose.
            assert!(!comes(world, 9).await);
        });
        let all = vec![0xff; before.len()];
        damage(&mut board.settings, if key == 0x0300 { &before } else { &all }, key);
        board.boot(async |world: &mut World| {
            assert!(!comes(world, 1).await && !comes(world, 2).await, "key {key:#x}: nobody is admitted");
            let set = set_rule(world, "Ann", Rule::default()).await;
            let Ok(Response::Rule { suspended: true, .. }) = set else { panic!("key {key:#x}: {set:?}") };
            let ruled = world.host.kinds().await.into_iter().filter(|kind| *kind == Kind::Rule).count();
            assert_eq!(ruled, 2, "key {key:#x}: what was done has an entry");
            restore_limits(world, Limits::default()).await;
            assert!(!comes(world, 1).await, "key {key:#x}: Ann is suspended");
            suspend(world, "Ann", false).await.unwrap();
            assert!(comes(world, 1).await, "key {key:#x}");
        });
    }
}

/// No flipped bit in the records of a rule releases anybody from the rule.
#[test]
fn no_bit_that_turns_frees_somebody_of_a_first_rule() {
    let mut board = board();
    let before = board.settings.clone();
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
    });
    let written: Vec<usize> = (0..before.len()).filter(|at| before[*at] != board.settings[*at]).collect();
    assert!(
        written.len() > 600,
        "the rule, and two copies of what tells its version: {} bytes",
        written.len()
    );
    // Each third byte, since each costs a boot: records of the rule, of both lists of its page, and of the inventory.
    for (turn, at) in written.into_iter().step_by(3).enumerate() {
        let mut damaged = board.copy();
        damaged.settings[at] ^= 1 << (turn % 8);
        damaged.boot(async |world: &mut World| {
            assert!(!comes(world, 1).await, "byte {at}: a face alone");
        });
    }
}

/// Damages every record of a key that was written after `before`.
pub fn damage(settings: &mut [u8], before: &[u8], key: u16) {
    let found = records(settings, before, key);
    assert!(!found.is_empty(), "no record of key {key:#x}");
    found.into_iter().for_each(|at| settings[at + 10] = !settings[at + 10]);
}

/// Whether there is a record of a key that was written after `before`.
fn has(settings: &[u8], before: &[u8], key: u16) -> bool {
    !records(settings, before, key).is_empty()
}

/// Where the records of a key begin that were written after `before`.
pub fn records(settings: &[u8], before: &[u8], key: u16) -> Vec<usize> {
    let mut found = crate::lost::records(settings, key);
    found.retain(|at| before[*at] != settings[*at]);
    found
}

#[test]
fn a_lost_list_of_rules_frees_nobody_and_is_logged() {
    let mut board = board();
    let before = board.settings.clone();
    board.boot(async |world: &mut World| {
        set_rule(world, "Ann", two_factors()).await.unwrap();
    });
    for key in [0x0250, 0x0251] {
        damage(&mut board.settings, &before, key);
    }
    for boot in 1..=2 {
        board.boot(async |world: &mut World| {
            assert!(!comes(world, 1).await, "Ann's rule has a PIN");
            assert!(!comes(world, 2).await, "Bob may have had a rule that is lost");
            let faults = world.host.kinds().await.into_iter().filter(|kind| *kind == Kind::Fault).count();
            assert_eq!(faults, boot);
            // Another rule, in another page, does not hide the loss.
            set_rule(world, "Bob", two_factors()).await.unwrap();
            suspend(world, "Bob", false).await.unwrap();
        });
    }
    board.boot(async |world: &mut World| {
        assert!(!comes(world, 1).await, "Ann's rule may be an older one");
        world.type_keys("1234#").await;
        assert!(!world.is_open());
        world.wait(5_000).await;
        assert!(!comes(world, 2).await);
        world.type_keys("1234#").await;
        assert!(world.is_open(), "whose own rule is there comes in by it");
        set_rule(world, "Ann", two_factors()).await.unwrap();
        suspend(world, "Ann", false).await.unwrap();
        assert!(!comes(world, 1).await);
        world.type_keys("1234#").await;
        assert!(world.is_open(), "also who is given a rule again");
    });
}

#[test]
fn damaged_settings_are_no_defaults_and_admit_nobody_until_they_are_set() {
    for key in [0x0200, 0x0235, 0x0236] {
        let mut board = board();
        let erased = vec![0xff; board.settings.len()];
        damage(&mut board.settings, &erased, key);
        board.boot(async |world: &mut World| {
            assert!(!comes(world, 1).await, "key {key:#x}");
            assert!(world.host.kinds().await.contains(&Kind::Fault));
            // Who reads, changes one and writes gets no defaults to begin with, and writes none.
            assert_eq!(world.host.ask(Request::GetSettings).await, Err(Error::SettingsLost));
            let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else { panic!() };
            assert!(status.settings_lost);
            let partial = Settings { open_ms: 4_000, ..status.settings };
            assert_eq!(world.host.ask(Request::SetSettings(partial)).await, Err(Error::SettingsLost));
            assert!(!comes(world, 1).await, "key {key:#x}: nobody has set all of them");
            // Nobody has chosen by which rate they would be enrolled, and the encoder checked.
            assert_eq!(world.host.enrol("Cid", 3).await, Err(Error::SettingsLost));
            world.host.sequence = 9;
            let flashed = world.host.flash(ModelKind::Encoder, &engine::encoder("better", 2)).await;
            assert_eq!(flashed.map(drop), Err(Error::SettingsLost));
            assert!(!world.host.kinds().await.ends_with(&[Kind::Settings]));
            restore_limits(world, Limits::default()).await;
            assert!(comes(world, 1).await, "an installer has set them again");
            assert!(matches!(world.host.ask(Request::GetSettings).await, Ok(Response::Settings(_))));
        });
        board.boot(async |world: &mut World| {
            assert!(comes(world, 1).await, "key {key:#x}: also after a reset");
            set_limits(world, Limits::default()).await;
        });
    }
}
