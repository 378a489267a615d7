//! A door that asks for movements, and somebody before it who sees what its LEDs show.

use eval::presentation::{Seen, Visit};
use liveness::Gesture;
use synthetic_attacks::Reacting;

use super::presentations::Sight;
use models::Arena;

/// Both of them. Each picture is made when the door has told what it makes of the one before.
pub struct Meeting<'a> {
    pub actor: Reacting<'a>,
    pub sight: Sight<'a>,
    pub visit: Visit,
}

impl Meeting<'_> {
    /// What the door sees in `count` pictures. The actor is shown what `shows` makes of the LEDs.
    pub fn run(
        &mut self,
        count: usize,
        shows: impl Fn(Option<Gesture>) -> Option<Gesture>,
        arena: &mut Arena,
    ) -> anyhow::Result<Vec<Seen>> {
        let (mut all, mut shown) = (Vec::new(), None);
        for number in 0..count {
            let time = number as f32 * self.sight.step_ms() as f32 / 1000.0;
            let seen = self.sight.look(&self.actor.at(time, shows(shown)), arena)?;
            shown = self.visit.take(&seen);
            all.push(seen);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use eval::presentation::{Ending, present};
    use fixtures::{Need, need};
    use imaging::Photo;
    use synthetic_attacks::{Actor, draw};

    use super::*;
    use crate::commands::eval::presentations::{subject, with_door};

    /// Enough for three movements: at five a second they take some twelve seconds.
    const PICTURES: usize = 100;

    /// Of a head that is shown what the door asks for, one that is shown nothing, and one that is shown the other side:
    /// how each ended, by seed.
    fn endings(seeds: std::ops::Range<u64>) -> Vec<[Ending; 3]> {
        with_door(true, |door| {
            let mut arena = door.arena();
            let photo = Photo::open(fixtures::cache("pictures/obama2.jpg")).expect("it is there");
            let subject = subject(door.recognizer, &photo, &mut arena).expect("a face");
            let shows: [fn(Option<Gesture>) -> Option<Gesture>; 3] =
                [|asked| asked, |_| None, |asked| asked.map(mirrored)];
            let ending = |seed: u64, shows, arena: &mut Arena| {
                let mut meeting = Meeting {
                    actor: Reacting::new(&subject, Actor::Head, seed, PICTURES as f32),
                    sight: Sight::new(door, None),
                    visit: Visit::new(3, Some(draw(seed))),
                };
                let seen = meeting.run(PICTURES, shows, arena).expect("pictures");
                let ending = meeting.visit.ending();
                // Who is assessed again by the same rule ends in the same way.
                assert_eq!(present(&seen, 3, Some(draw(seed))).passed, ending.passed);
                ending
            };
            seeds.map(|seed| shows.map(|shows| ending(seed, shows, &mut arena))).collect()
        })
    }

    /// The movement to the other side.
    fn mirrored(gesture: Gesture) -> Gesture {
        match gesture {
            Gesture::Left => Gesture::Right,
            Gesture::Right => Gesture::Left,
            Gesture::Up => Gesture::Down,
            Gesture::Down => Gesture::Up,
            Gesture::Blink => Gesture::Up,
        }
    }

    #[test]
    fn a_head_that_sees_the_leds_passes_and_others_do_not() {
        need!(Need::Cached("images"), Need::Cached("pictures"));
        let endings = endings(2..5);
        let passed = [0, 1, 2].map(|who| endings.iter().filter(|three| three[who].passed).count());
        assert!(passed[0] >= 2 && passed[1..] == [0, 0], "{passed:?} of {}", endings.len());
        let made = |who: usize| -> u32 {
            endings.iter().flat_map(|three| three[who].movements).map(|one| one.made).sum()
        };
        assert!(made(0) >= 8 && made(1) == 0, "{} {}", made(0), made(1));
    }
}
