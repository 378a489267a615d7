//! The gallery's copy in RAM, which searches read.
//!
//! Flash keeps each template behind a CRC and beside dead copies, so searching there would read a
//! megabyte a face. The copy costs about 590 KiB, in a `static` that begins as zeros.

use heapless::Vec;

use zeroize::Zeroize;

use crate::{EncoderHash, MAX_DIMENSION, Name, TemplateView, ring::Salts};

/// Most people in a gallery.
pub const MAX_PEOPLE: usize = 256;
/// Most templates in a gallery, of all people together.
pub const MAX_TEMPLATES: usize = 1024;
/// Most templates of one person.
pub const TEMPLATES_PER_PERSON: usize = 8;

/// Somebody enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub(crate) id: u32,
    pub(crate) name: Name,
    pub(crate) slots: Vec<u16, TEMPLATES_PER_PERSON>,
}

impl Person {
    /// The person's number, from 1; it is never given to anybody else.
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
    pub(crate) values: [i8; MAX_DIMENSION],
}

impl TemplateSlot {
    /// Forgets the template.
    pub(crate) fn wipe(&mut self) {
        self.person = 0;
        self.values.zeroize();
    }

    /// The template, unless the slot is free.
    pub(crate) fn template(&self) -> Option<TemplateView<'_>> {
        let values = self.values.get(..usize::from(self.dimension))?;
        if self.person == 0 { None } else { TemplateView::new(values).ok() }
    }
}

/// Room for the gallery's copy in RAM. Give it a `static`: it is too large for a stack.
pub struct Memory {
    pub(crate) people: [PersonSlot; MAX_PEOPLE],
    pub(crate) templates: [TemplateSlot; MAX_TEMPLATES],
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
            values: [0; MAX_DIMENSION],
        };
        Self {
            people: [const { PersonSlot::Blank }; MAX_PEOPLE],
            templates: [const { BLANK }; MAX_TEMPLATES],
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
        for slot in &mut self.templates {
            slot.written = false;
            slot.locked = false;
            slot.wipe();
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

    /// The templates of a person.
    pub(crate) fn templates_of(&self, person: &Person) -> impl Iterator<Item = &TemplateSlot> {
        person.slots.iter().filter_map(|slot| self.templates.get(usize::from(*slot)))
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}
