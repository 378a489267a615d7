//! Who was removed from the fleet, and may still be at a door: whoever lets somebody go wants to know just that.
//!
//! The folder keeps the name of somebody who was removed until all doors have acknowledged it, and no longer.

use ::fleet::folder::{Folder, Kept, KeptDoor};
use ::fleet::record::{Ack, PersonId};

use crate::answers::fleet::Leaving;

/// Those who may still be at a door, by name; and those who are at none any more, whose names can go.
pub fn of(folder: &Folder) -> (Vec<Leaving>, Vec<PersonId>) {
    let (mut leaving, mut left) = (Vec::new(), Vec::new());
    for (id, kept) in &folder.people {
        let Some(name) = kept.name.clone() else { continue };
        let doors = folder.fleet_doors().filter(|(_, door)| is_still_at(door, id, kept));
        let mut doors: Vec<String> = doors.map(|(_, door)| door.name.clone()).collect();
        doors.sort();
        match doors.is_empty() {
            true => left.push(*id),
            false => leaving.push(Leaving { name, doors }),
        }
    }
    leaving.sort_by(|a, b| a.name.cmp(&b.name));
    (leaving, left)
}

/// Whether a door is not known to have removed somebody. One that was added later, or has never said anything, never had them.
fn is_still_at(door: &KeptDoor, id: &PersonId, kept: &Kept) -> bool {
    let is_done = |ack: &Ack| {
        ack.complete >= kept.run && ack.waiting == 0 && !ack.refused.iter().any(|refused| refused.id == *id)
    };
    door.run < kept.run && door.ack.as_ref().is_some_and(|ack| !is_done(ack))
}
