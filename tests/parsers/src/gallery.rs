//! Any change to a gallery's flash: it opens or refuses, without a panic, and nobody is in it who was not
//! enrolled; one that opens works on.

use std::cell::RefCell;
use std::sync::OnceLock;

use crypto::{Generator, Key};
use emulation::nor::{ERASED, Nor, SECTOR_SIZE};
use gallery::{Error, Gallery, Memory, Name, Probe};
use template::{CosineScore, EncoderHash, Template};

/// The smallest flash that a gallery takes: the ring, and four sectors of the map.
const BYTES: usize = 8 * SECTOR_SIZE;
const ENCODER: EncoderHash = EncoderHash([5; 32]);
const THRESHOLD: CosineScore = CosineScore(30_000);

/// Flash that somebody else's memory holds.
pub(crate) type Flash<'a> = Nor<&'a mut [u8]>;

thread_local! {
    /// The flash that is changed, and the gallery's memory.
    static ROOM: RefCell<(Vec<u8>, Box<Memory>)> = RefCell::new((Vec::new(), Box::new(Memory::new())));
}

/// Gives a copy of `whole` and room for a gallery to `change`.
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
    Gallery::open(Nor::new(flash), memory, key(), random)
}

/// Enrols somebody whose face is like no other number's.
pub(crate) fn enrol(gallery: &mut Gallery<'_, Flash<'_>>, who: &str, number: i32) -> Result<u32, Error> {
    let (template, name) = (face(number), Name::new(who).expect("a name"));
    gallery.enrol(&name, Probe { template: &template, encoder: ENCODER }, THRESHOLD)
}

/// Whose face the gallery takes this one for.
pub(crate) fn who(gallery: &Gallery<'_, Flash<'_>>, number: i32) -> Option<String> {
    let best = gallery.identify(Probe { template: &face(number), encoder: ENCODER }).ok()??;
    (best.similarity >= THRESHOLD).then(|| best.person.name().to_string())
}

fn face(number: i32) -> Template {
    Template::normalise((0..64).map(|at| (at * number * 7919 + number) % 251 - 125)).expect("a direction")
}

/// The flash of a gallery of these people, of whom some are removed again.
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

/// Takes patches of four bytes: where, and what is flipped there. Most go where something is, the others
/// anywhere.
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
        assert_eq!(who(&gallery, 2), None, "who was removed is known");
        // Now and then, since it costs as much as all that was before.
        if input.len() % 16 == 3 {
            let _ = enrol(&mut gallery, "Eve", 3);
        }
    });
}
