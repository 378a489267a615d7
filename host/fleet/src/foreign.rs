//! People who a board has with templates of another encoder than it runs. It compares nobody then: the door opens to no face at
//! all until they are enrolled again, or the encoder of before is back.
//!
//! A door says how many there are, and which of them are the fleet's, as many as have room. Where not all have, who is not named
//! is taken for one of them: whoever lets somebody in has to know who cannot pass, and not who perhaps can.

use crate::counted::people;
use crate::record::{Ack, NAMED, PersonId};

/// What is said of each of them.
pub const REMEDY: &str = "enrolled with another encoder than the board runs: `postern fleet enroll NAME PHOTO --replace` enrols them \
                          again";

/// Whether a person is not compared at the door of an acknowledgement.
#[must_use]
pub fn is_foreign(ack: &Ack, id: &PersonId) -> bool {
    ack.foreign_people.contains(id) || (ack.foreign as usize > NAMED && ack.foreign_people.len() >= NAMED)
}

/// Why a door with such people has not everything; `None` if it has none.
#[must_use]
pub fn why(ack: &Ack) -> Option<String> {
    // What is not named is not the fleet's, unless there was no room.
    let named = ack.foreign_people.len();
    let others = ack.foreign.saturating_sub(named as u32);
    let others = match others > 0 && named < NAMED {
        true => format!("; {others} of them the fleet did not enrol, and `postern users` there lists all"),
        false => String::new(),
    };
    let are = if ack.foreign == 1 { "is" } else { "are" };
    (ack.foreign > 0).then(|| {
        format!(
            "it opens to nobody, for {} {are} enrolled with another encoder than its board runs{others}. Enrol each again by `postern \
             fleet enroll NAME PHOTO --replace`, or release the encoder of before",
            people(ack.foreign)
        )
    })
}
