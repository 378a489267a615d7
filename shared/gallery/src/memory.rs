//! The gallery's copy in RAM, which searches read.
//!
//! Flash keeps each template behind a CRC and beside dead copies, so searching there would read a
//! megabyte a face. The copy is in a `static` that begins as zeros. With the numbers of one volume it takes some 580 KiB.
//!
//! Values stand in rows of the encoder's dimension, side by side without gaps: row by row the search walks over what is
//! enrolled, and nothing else. All templates of a gallery are of one encoder. Only damaged flash has others, and these get no
//! row: nobody is found by them.

use heapless::Vec;
use zeroize::Zeroize;

use crate::{Error, Name};
use template::{EncoderHash, MAX_DIMENSION, TemplateView};

/// Most people in a volume of a gallery.
pub const MAX_PEOPLE: usize = 256;
/// Most templates in a volume of a gallery, of all people together.
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

/// The salts of the people's keys of a volume, by person slot.
pub(crate) type Salts = [Option<Salt>; MAX_PEOPLE];

/// Encoders that are told apart. A gallery has one, but for damage.
const ENCODERS: usize = 4;
/// The row of a template that has none.
const NO_ROW: u16 = u16::MAX;

/// Somebody enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub(crate) id: u32,
    pub(crate) name: Name,
    pub(crate) slots: Vec<u16, TEMPLATES_PER_PERSON>,
}

impl Person {
    /// The person's number, from 1; it is given to nobody else. Where their flash was erased or away, that takes a note elsewhere
    /// ([`Gallery::enrol_noted`](crate::Gallery::enrol_noted)).
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
    /// A mark of walks over all of them: whether a person names it, or its values were not read.
    pub(crate) marked: bool,
    /// Which of the encoders made it.
    encoder: u8,
    /// The person's id; 0 for a free slot.
    pub(crate) person: u32,
    /// The person's slot, if there is such a person.
    pub(crate) holder: u16,
    pub(crate) dimension: u16,
    row: u16,
}

/// Room for the gallery's copy in RAM: for `VOLUMES` volumes, and for as many values as `ROWS` templates of the largest
/// dimension have. Give it a `static`: it is too large for a stack.
pub struct Memory<const VOLUMES: usize = 1, const ROWS: usize = MAX_TEMPLATES> {
    people: [[PersonSlot; MAX_PEOPLE]; VOLUMES],
    templates: [[TemplateSlot; MAX_TEMPLATES]; VOLUMES],
    slots: [[u16; MAX_TEMPLATES]; VOLUMES],
    values: [[i8; MAX_DIMENSION]; ROWS],
    salts: [Salts; VOLUMES],
    rows: Rows,
}

/// The rows that are taken.
#[derive(Clone, Copy)]
struct Rows {
    count: usize,
    /// Values of each; without rows it says nothing.
    pitch: usize,
}

impl Rows {
    /// Values of all of them.
    fn values(self) -> usize {
        self.count * self.pitch
    }
}

impl<const VOLUMES: usize, const ROWS: usize> Memory<VOLUMES, ROWS> {
    /// Empty room.
    pub const fn new() -> Self {
        const { assert!(VOLUMES > 0 && VOLUMES * MAX_TEMPLATES < NO_ROW as usize) };
        const BLANK: TemplateSlot = TemplateSlot {
            written: false,
            locked: false,
            marked: false,
            encoder: 0,
            person: 0,
            holder: 0,
            dimension: 0,
            row: 0,
        };
        Self {
            people: [const { [const { PersonSlot::Blank }; MAX_PEOPLE] }; VOLUMES],
            templates: [const { [BLANK; MAX_TEMPLATES] }; VOLUMES],
            slots: [[0; MAX_TEMPLATES]; VOLUMES],
            values: [[0; MAX_DIMENSION]; ROWS],
            salts: [const { [const { None }; MAX_PEOPLE] }; VOLUMES],
            rows: Rows { count: 0, pitch: 0 },
        }
    }

    /// All of it, for a gallery.
    pub fn all(&mut self) -> Room<'_> {
        Room {
            people: self.people.as_flattened_mut(),
            templates: self.templates.as_flattened_mut(),
            slots: self.slots.as_flattened_mut(),
            values: self.values.as_flattened_mut(),
            salts: &mut self.salts,
            rows: &mut self.rows,
            encoders: [EncoderHash([0; 32]); ENCODERS],
            last_id: 0,
        }
    }
}

impl<const VOLUMES: usize, const ROWS: usize> Default for Memory<VOLUMES, ROWS> {
    fn default() -> Self {
        Self::new()
    }
}

/// The gallery's copy in RAM, in a [`Memory`]. Slots are numbered through all volumes.
pub struct Room<'m> {
    pub(crate) people: &'m mut [PersonSlot],
    pub(crate) templates: &'m mut [TemplateSlot],
    /// The template slot of each row.
    slots: &'m mut [u16],
    /// The rows; what is behind the last one is zeros.
    values: &'m mut [i8],
    /// The salts of the people's keys, by volume.
    pub(crate) salts: &'m mut [Salts],
    rows: &'m mut Rows,
    encoders: [EncoderHash; ENCODERS],
    /// The largest id ever given.
    pub(crate) last_id: u32,
}

impl Room<'_> {
    /// Forgets everything, in place.
    pub(crate) fn clear(&mut self) {
        for slot in &mut *self.people {
            slot.wipe();
            *slot = PersonSlot::Blank;
        }
        // The rest was never touched: half a megabyte takes a while to overwrite.
        self.values.get_mut(..self.rows.values()).unwrap_or_default().zeroize();
        for slot in &mut *self.templates {
            (slot.written, slot.locked, slot.person, slot.row) = (false, false, 0, NO_ROW);
        }
        self.salts.iter_mut().for_each(Zeroize::zeroize);
        (self.rows.count, self.last_id) = (0, 0);
    }

    /// Everybody enrolled, in no order.
    pub(crate) fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.iter().filter_map(|slot| match slot {
            PersonSlot::Enrolled(person) => Some(person),
            _ => None,
        })
    }

    /// The person in a slot.
    pub(crate) fn person(&self, slot: u16) -> Option<&Person> {
        match self.people.get(usize::from(slot))? {
            PersonSlot::Enrolled(person) => Some(person),
            _ => None,
        }
    }

    /// The template slots of a person.
    pub(crate) fn templates_of(&self, person: &Person) -> impl Iterator<Item = &TemplateSlot> {
        person.slots.iter().filter_map(|slot| self.templates.get(usize::from(*slot)))
    }

    /// The encoder that made a template.
    pub(crate) fn encoder(&self, slot: &TemplateSlot) -> EncoderHash {
        self.encoders.get(usize::from(slot.encoder)).copied().unwrap_or(EncoderHash([0; 32]))
    }

    /// The template in a slot, unless it is free.
    pub(crate) fn template(&self, slot: u16) -> Option<TemplateView<'_>> {
        let TemplateSlot { person, row, .. } = *self.templates.get(usize::from(slot))?;
        let row = usize::from(row);
        let values = self.values.get(row * self.rows.pitch..(row + 1) * self.rows.pitch)?;
        if person == 0 || row >= self.rows.count { None } else { TemplateView::new(values).ok() }
    }

    /// Puts a template into a slot. Without room for its values it gets no row ([`mark_unread`](Self::mark_unread)).
    ///
    /// # Errors
    /// [`Error::Corrupted`].
    pub(crate) fn put_template(
        &mut self,
        number: u16,
        person: u32,
        holder: u16,
        encoder: EncoderHash,
        template: TemplateView,
    ) -> Result<(), Error> {
        self.wipe_template(number);
        let encoder = self.number_of(encoder).ok_or(Error::Corrupted)?;
        let dimension = template.values().len();
        if self.rows.count == 0 {
            self.rows.pitch = dimension;
        }
        let mut row = NO_ROW;
        let values = self.values.get_mut(self.rows.values()..).and_then(|free| free.get_mut(..dimension));
        if let (true, Some(values)) = (self.rows.pitch == dimension, values) {
            values.copy_from_slice(template.values());
            *self.slots.get_mut(self.rows.count).ok_or(Error::Corrupted)? = number;
            row = self.rows.count as u16;
            self.rows.count += 1;
        }
        let slot = self.templates.get_mut(usize::from(number)).ok_or(Error::Corrupted)?;
        let dimension = dimension as u16;
        let (written, locked, marked) = (true, false, slot.marked);
        *slot = TemplateSlot { written, locked, marked, encoder, person, holder, dimension, row };
        Ok(())
    }

    /// Marks the templates that should have a row and have none, and returns whether there are any. While flash is read, the
    /// old record of a template that was removed takes a row until the newer one is read.
    pub(crate) fn mark_unread(&mut self) -> bool {
        let pitch = self.rows.pitch;
        let mut any = false;
        for slot in &mut *self.templates {
            slot.marked = slot.person != 0
                && !slot.locked
                && slot.row == NO_ROW
                && usize::from(slot.dimension) == pitch;
            any |= slot.marked;
        }
        any
    }

    /// Whether a template slot was marked.
    pub(crate) fn is_marked(&self, number: u16) -> bool {
        self.templates.get(usize::from(number)).is_some_and(|slot| slot.marked)
    }

    /// Whether there is room for the values of one more template of a dimension.
    ///
    /// # Errors
    /// [`Error::NoRow`].
    pub(crate) fn room_for(&self, dimension: usize) -> Result<(), Error> {
        let free = self.values.len().saturating_sub(self.rows.values());
        if dimension <= free { Ok(()) } else { Err(Error::NoRow { needed: dimension, free }) }
    }

    /// Overwrites a template in memory, and what is known of it; its slot, where there is such a one. The last row takes
    /// the place of its row.
    pub(crate) fn wipe_template(&mut self, number: u16) -> Option<&mut TemplateSlot> {
        let number = usize::from(number);
        let row = usize::from(self.templates.get(number)?.row);
        if self.templates.get(number)?.person != 0 && row < self.rows.count {
            let (last, pitch) = (self.rows.count - 1, self.rows.pitch);
            self.values.copy_within(last * pitch..(last + 1) * pitch, row * pitch);
            self.values.get_mut(last * pitch..(last + 1) * pitch)?.zeroize();
            let moved = *self.slots.get(last)?;
            *self.slots.get_mut(row)? = moved;
            self.templates.get_mut(usize::from(moved))?.row = row as u16;
            self.rows.count = last;
        }
        let slot = self.templates.get_mut(number)?;
        (slot.person, slot.locked, slot.row) = (0, false, NO_ROW);
        Some(slot)
    }

    /// The rows, and the values of each.
    pub(crate) fn rows(&self) -> (&[i8], usize) {
        (self.values.get(..self.rows.values()).unwrap_or_default(), self.rows.pitch)
    }

    /// The template slot of a row.
    pub(crate) fn slot_of(&self, row: usize) -> Option<u16> {
        self.slots.get(row).copied()
    }

    /// The number of an encoder, which takes that of one of which there is no template; `None` if there is none.
    fn number_of(&mut self, encoder: EncoderHash) -> Option<u8> {
        let is_used = |number: usize| {
            self.templates.iter().any(|slot| slot.person != 0 && usize::from(slot.encoder) == number)
        };
        let known = self.encoders.iter().position(|known| *known == encoder);
        let number = known.or_else(|| (0..ENCODERS).find(|number| !is_used(*number)))?;
        *self.encoders.get_mut(number)? = encoder;
        Some(number as u8)
    }
}
