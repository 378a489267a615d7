//! Any contents in validly sealed records of a gallery, as another version of the firmware or a fault could write them.
//! Opening the gallery succeeds or fails without a panic.
//!
//! ```text
//! input     records one after another, at most 16
//! record    map key u16 LE | owner: person slot, or 3 for nobody, mod 4 | length u8 | content
//! ```

use std::sync::OnceLock;

use crypto::{Generator, Key, record};
use nor_model::{Nor, SECTOR_SIZE};
use nor_store::{Map, MapKey};

use crate::gallery::{enrol, key, made, on_a_copy, open, who};

/// Bytes of the key journal, before the map.
const RING: usize = 4 * SECTOR_SIZE;
/// Bytes of the header of a half of the journal, and of an entry: slot, salt, check.
const HEADER: usize = 16;
const CELL: usize = 24;
/// The owner of a record that belongs to no person.
const NOBODY: u16 = 0xffff;
/// The version of a record.
const VERSION: u8 = 2;
/// Most records that an input makes; more would only take longer.
const MOST: usize = 16;

/// A gallery of three people, and their keys.
struct Whole {
    flash: Vec<u8>,
    keys: [Key; 3],
}

fn whole() -> &'static Whole {
    static WHOLE: OnceLock<Whole> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let flash = made(&["Ann", "Bob", "Eve"], &[]);
        let cell = |slot: usize| &flash[HEADER + slot * CELL..][..CELL];
        let keys = [0, 1, 2].map(|slot| {
            assert_eq!(cell(slot)[..2], [slot as u8, 0], "the cells lie in the order of enrolment");
            key().derive(&cell(slot)[2..20], b"postern person")
        });
        Whole { flash, keys }
    })
}

/// Writes the records into the flash, then opens the gallery.
pub fn check(input: &[u8]) {
    let Whole { flash, keys } = whole();
    on_a_copy(flash, |flash, memory| {
        write(flash, keys, input);
        let Ok(mut gallery) = open(flash, memory) else { return };
        for person in gallery.people() {
            assert!(
                person.templates() <= gallery::TEMPLATES_PER_PERSON && !person.name().as_str().is_empty()
            );
        }
        let known = (1..=3).filter_map(|number| who(&gallery, number)).count();
        assert!(known <= gallery.templates(), "a person without a template is identified");
        if input.len() % 16 == 3 {
            let _ = enrol(&mut gallery, "Joe", 4);
        }
    });
}

fn write(flash: &mut [u8], keys: &[Key; 3], mut input: &[u8]) {
    let end = flash.len() as u32;
    let mut map = Map::<_, Any>::open(Nor::new(flash), RING as u32..end).expect("four sectors are a map");
    let mut random = Generator::new(&key(), b"records");
    for _ in 0..MOST {
        let Some(([low, high, owner, length], rest)) = input.split_first_chunk() else { return };
        let (content, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        input = rest;
        let (owner, sealing) = match keys.get(usize::from(owner % 4)) {
            Some(person) => (u16::from(owner % 4), person.clone()),
            None => (NOBODY, key()),
        };
        let [owner_low, owner_high] = owner.to_le_bytes();
        let mut sealed = vec![VERSION, owner_low, owner_high];
        sealed.resize(3 + record::NONCE, 0);
        sealed.extend_from_slice(content);
        sealed.resize(3 + content.len() + record::OVERHEAD, 0);
        let place = [*low, *high, VERSION, owner_low, owner_high];
        record::seal(&sealing, &mut random, &place, &mut sealed[3..], content.len()).expect("there is room");
        let item = Any(u16::from_le_bytes([*low, *high]));
        // A full flash is no matter here.
        let _ = map.store(&mut [0; 640], item, &sealed);
    }
}

/// Any key of the map.
#[derive(Clone, Copy)]
struct Any(u16);

impl MapKey for Any {
    fn number(self) -> u16 {
        self.0
    }

    fn from_number(number: u16) -> Option<Self> {
        Some(Self(number))
    }
}
