//! A challenge that is under way, in flash: if the power is cut then, the boot counts a failure.
//!
//! Else whoever cuts the power would have orders drawn until one suits a recording, for nothing.
//!
//! | step | in flash | after a power cut before the next step |
//! |---|---|---|
//! | 1. an order is drawn | | nothing was shown |
//! | 2. who would fail is written | who | the boot counts a failure of theirs |
//! | 3. the first gesture shows, and the others | who | the same |
//! | 4. it is passed, or its failure is in flash, or a request ended it | who | the same: who came in has one failure until they come in again |
//! | 5. none is under way | none | nothing |
//!
//! # Invariants
//! - Nothing of an order shows before step 2. Where that cannot be written, nothing shows at all.
//! - Step 5 comes after the failure is in flash. A failure that waits for its ration has the record stay, so each boot counts one.
//! - Whoever's PIN is requested is asked nothing: it would lead no further.
//! - Whoever's face is locked out is asked nothing: their failure would not count, and an order that suits a recording could be waited for.
//! - A face that looks like nobody is asked nothing while nobody's faces are locked out: a boot does not know which faces it would
//!   have to pass over.

use board_api::Board;
use embassy_time::Instant;

use crate::pipeline::Engine;

use super::parts::Parts;

impl<B: Board, E: Engine> Parts<'_, '_, B, E> {
    /// Writes whose challenge is under way. Returns whether it may be shown.
    pub(super) fn stake_challenge(&mut self, person: Option<u32>) -> bool {
        if person.is_none() && self.decider.slowed_until(Instant::now()).is_some() {
            return false;
        }
        self.set_asked(person.map_or(1, |person| u64::from(person) + 2))
    }

    /// Writes that none is under way any more, once its end is in flash, too. If that fails, the next boot counts a failure. Where the
    /// gallery does not open, no failure is written, so this stays.
    pub(crate) fn settle_challenge(&mut self) {
        let written = !self.decider.tallies().is_changed() && self.people.gallery().is_ok();
        if self.asked && !self.pipeline.is_asking() && written {
            self.set_asked(0);
        }
    }

    fn set_asked(&mut self, asked: u64) -> bool {
        self.asked = asked != 0;
        self.storage.as_mut().is_some_and(|storage| storage.set_asked(asked).is_ok())
    }
}
