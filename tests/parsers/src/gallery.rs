//! Any change to the flash of a gallery: opening succeeds or fails without a panic, no person appears who was not
//! enrolled, and an opened gallery works.

use std::cell::RefCell;
use std::sync::OnceLock;

use crypto::{Generator, Key};
use gallery::{Error, Gallery, Memory, Name, Probe};
use nor_model::{ERASED, Nor, SECTOR_SIZE};
use template::{CosineScore, EncoderHash, Template};

/// The smallest flash that a gallery takes: the key journal, and four sectors of the map.
const BYTES: usize = 8 * SECTOR_SIZE;
const ENCODER: EncoderHash = EncoderHash([5; 32]);
const THRESHOLD: CosineScore = CosineScore(30_000);

/// Flash in borrowed memory.
pub(crate) type Flash<'a> = Nor<&'a mut [u8]>;

thread_local! {
    /// The flash that is changed, and the gallery's memory.
    static ROOM: RefCell<(Vec<u8>, Box<Memory>)> = RefCell::new((Vec::new(), Box::new(Memory::new())));
}

/// Calls `change` with a copy of `whole` and the memory of a gallery.
pub(crate) fn on_a_copy(whole: &[u8], change: impl FnOnce(&mut [u8], &mut Memory)) {
    ROOM.with_borrow_mut(|(flash, memory)| {
        flash.clear();
        flash.extend_from_slice(whole);
        change(flash, memory);
    });
}

/// The key of the board.
pub(crate) fn key() -> Key {
    Key::new([7; 32])
}

/// Opens a gallery with [`key`].
pub(crate) fn open<'a>(flash: &'a mut [u8], memory: &'a mut Memory) -> Result<Gallery<'a, Flash<'a>>, Error> {
    let random = Generator::new(&Key::new([9; 32]), b"gallery");
    Gallery::open(Nor::new(flash), &mut [], memory.all(), key(), random)
}

/// Enrols a person; each number is another face.
pub(crate) fn enrol(gallery: &mut Gallery<'_, Flash<'_>>, who: &str, number: i32) -> Result<u32, Error> {
    let (template, name) = (face(number), Name::new(who).expect("a name"));
    gallery.enrol(&name, Probe { template: &template, encoder: ENCODER }, THRESHOLD)
}

/// The name of the person that the gallery identifies by this face.
pub(crate) fn who(gallery: &Gallery<'_, Flash<'_>>, number: i32) -> Option<String> {
    let best = gallery.identify(Probe { template: &face(number), encoder: ENCODER }).ok()??;
    (best.similarity >= THRESHOLD).then(|| best.person.name().to_string())
}

fn face(number: i32) -> Template {
    Template::normalise((0..64).map(|at| (at * number * 7919 + number) % 251 - 125)).expect("a direction")
}

/// The flash of a gallery in which these people were enrolled, and some removed again.
pub(crate) fn made(people: &[&str], removed: &[&str]) -> Vec<u8> {
    let mut flash = vec![ERASED; BYTES];
    let mut memory = Box::new(Memory::new());
    let mut gallery = open(&mut flash, &mut memory).expect("new");
    for (name, number) in people.iter().zip(1..) {
        enrol(&mut gallery, name, number).expect("enrolled");
    }
    for name in removed {
        gallery.remove(name).expect("removed");
    }
    drop(gallery);
    flash
}

/// A gallery, and where its flash is not erased.
struct Whole {
    flash: Vec<u8>,
    used: Vec<usize>,
}

fn whole() -> &'static Whole {
    static WHOLE: OnceLock<Whole> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let flash = made(&["Ann", "Bob"], &["Bob"]);
        let used = (0..BYTES).filter(|at| flash[*at] != ERASED).collect();
        Whole { flash, used }
    })
}

/// Takes patches of four bytes: a place, and the bits to flip there. Most places are within the used part of the flash,
/// the others anywhere.
pub fn check(input: &[u8]) {
    let Whole { flash, used } = whole();
    on_a_copy(flash, |flash, memory| {
        for patch in input.chunks_exact(4) {
            let place = usize::from(u16::from_le_bytes([patch[0], patch[1]]));
            let at = if patch[3] & 1 == 0 { used[place % used.len()] } else { place % BYTES };
            flash[at] ^= patch[2];
        }
        let Ok(mut gallery) = open(flash, memory) else { return };
        assert!(gallery.people().all(|person| person.name().as_str() == "Ann"));
        assert!(who(&gallery, 1).is_none_or(|name| name == "Ann"));
        assert_eq!(who(&gallery, 2), None, "a removed person is identified");
        // Rarely, since it takes as long as everything before.
        if input.len() % 16 == 3 {
            let _ = enrol(&mut gallery, "Eve", 3);
        }
    });
}
