//! The gallery's copy in RAM, which searches read.
//!
//! Flash keeps each template behind a CRC and beside dead copies, so searching there would read a
//! megabyte a face. The copy costs about 590 KiB, in a `static` that begins as zeros.

use heapless::Vec;
use zeroize::Zeroize;

use crate::Name;
use template::{EncoderHash, MAX_DIMENSION, TemplateView};

/// Most people in a gallery.
pub const MAX_PEOPLE: usize = 256;
/// Most templates in a gallery, of all people together.
pub const MAX_TEMPLATES: usize = 1024;
/// Most templates of one person.
pub const TEMPLATES_PER_PERSON: usize = 8;

/// Bytes of the salt of a person's key.
pub(crate) const SALT: usize = 18;

/// The salt of a person's key.
#[derive(Clone, Copy)]
pub(crate) struct Salt {
    pub(crate) bytes: [u8; SALT],
    /// The number of its cell in the key journal.
    pub(crate) cell: u16,
}

impl Zeroize for Salt {
    fn zeroize(&mut self) {
        self.bytes.zeroize();
    }
}

/// The salts of the people's keys, by person slot.
pub(crate) type Salts = [Option<Salt>; MAX_PEOPLE];

/// Somebody enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub(crate) id: u32,
    pub(crate) name: Name,
    pub(crate) slots: Vec<u16, TEMPLATES_PER_PERSON>,
}

impl Person {
    /// The person's number, from 1; it is given to nobody else, until the gallery's flash is erased.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The person's name, which nobody else has.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// How many templates the person has: 1 to 8.
    pub fn templates(&self) -> usize {
        self.slots.len()
    }

    /// The numbers of the templates, in the order in which they were added. No two templates of the gallery have the same; the
    /// number of one that was removed is given again.
    pub fn numbers(&self) -> &[u16] {
        &self.slots
    }
}

/// What a person slot of the flash holds.
#[derive(Clone)]
pub(crate) enum PersonSlot {
    /// Never written.
    Blank,
    /// Written, but its person was removed.
    Removed,
    /// Written, and the newest record does not open: its person's key is erased, or it was changed.
    Locked,
    /// Somebody.
    Enrolled(Person),
}

impl PersonSlot {
    /// Overwrites a name in memory.
    pub(crate) fn wipe(&mut self) {
        if let Self::Enrolled(person) = self {
            person.name.wipe();
        }
    }
}

/// What a template slot of the flash holds.
#[derive(Clone)]
pub(crate) struct TemplateSlot {
    /// Whether its key is in flash, be it as a free slot.
    pub(crate) written: bool,
    /// Whether the newest record does not open.
    pub(crate) locked: bool,
    /// The person's id; 0 for a free slot.
    pub(crate) person: u32,
    pub(crate) dimension: u16,
    pub(crate) encoder: EncoderHash,
}

/// Room for the gallery's copy in RAM. Give it a `static`: it is too large for a stack.
pub struct Memory {
    pub(crate) people: [PersonSlot; MAX_PEOPLE],
    pub(crate) templates: [TemplateSlot; MAX_TEMPLATES],
    /// The values of each template slot, side by side for the search; zeros in free ones, and what is
    /// beyond a template's dimension says nothing.
    pub(crate) rows: [[i8; MAX_DIMENSION]; MAX_TEMPLATES],
    /// The salts of the people's keys.
    pub(crate) salts: Salts,
    /// The largest id ever given.
    pub(crate) last_id: u32,
}

impl Memory {
    /// Empty room.
    pub const fn new() -> Self {
        const BLANK: TemplateSlot = TemplateSlot {
            written: false,
            locked: false,
            person: 0,
            dimension: 0,
            encoder: EncoderHash([0; 32]),
        };
        Self {
            people: [const { PersonSlot::Blank }; MAX_PEOPLE],
            templates: [const { BLANK }; MAX_TEMPLATES],
            rows: [[0; MAX_DIMENSION]; MAX_TEMPLATES],
            salts: [const { None }; MAX_PEOPLE],
            last_id: 0,
        }
    }

    /// Forgets everything, in place.
    pub(crate) fn clear(&mut self) {
        for slot in &mut self.people {
            slot.wipe();
            *slot = PersonSlot::Blank;
        }
        for (slot, row) in self.templates.iter_mut().zip(&mut self.rows) {
            // The others were never touched: half a megabyte takes a while to overwrite.
            if slot.written {
                row.zeroize();
            }
            slot.written = false;
            slot.locked = false;
            slot.person = 0;
        }
        self.salts.zeroize();
        self.last_id = 0;
    }

    /// Everybody enrolled, in no order.
    pub(crate) fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter_map(|slot| match slot {
            PersonSlot::Enrolled(person) => Some(person),
            _ => None,
        })
    }

    /// The template slots of a person.
    pub(crate) fn templates_of(&self, person: &Person) -> impl Iterator<Item = &TemplateSlot> {
        person.slots.iter().filter_map(|slot| self.templates.get(usize::from(*slot)))
    }

    /// The template in a slot, unless it is free.
    pub(crate) fn template(&self, slot: u16) -> Option<TemplateView<'_>> {
        let number = usize::from(slot);
        let TemplateSlot { person, dimension, .. } = self.templates.get(number)?;
        let values = self.rows.get(number)?.get(..usize::from(*dimension))?;
        if *person == 0 { None } else { TemplateView::new(values).ok() }
    }

    /// Overwrites a template in memory, and what is known of it; its slot, where there is such a one.
    pub(crate) fn wipe_template(&mut self, slot: u16) -> Option<&mut TemplateSlot> {
        let number = usize::from(slot);
        self.rows.get_mut(number)?.zeroize();
        let slot = self.templates.get_mut(number)?;
        slot.person = 0;
        slot.locked = false;
        Some(slot)
    }

    /// The rows up to the last template.
    pub(crate) fn used_rows(&self) -> &[i8] {
        let end = self.templates.iter().rposition(|slot| slot.person != 0).map_or(0, |last| last + 1);
        self.rows.get(..end).unwrap_or_default().as_flattened()
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}
