//! Any change to a gallery's flash: it opens or refuses, without a panic, and nobody is in it who was not
//! enrolled; one that opens works on.
#![no_main]

use std::sync::OnceLock;

use embassy_futures::block_on;
use emulation::nor::Nor;
use gallery::{EncoderHash, Gallery, Memory, Name, Probe, Similarity, Template};
use libfuzzer_sys::fuzz_target;
use secrets::{Generator, Key};

const BYTES: usize = 12 * 4096;
const ENCODER: EncoderHash = EncoderHash([5; 32]);
const THRESHOLD: Similarity = Similarity(30_000);

type Flash<'a> = Nor<&'a mut [u8]>;

fn open<'a>(flash: &'a mut [u8], memory: &'a mut Memory) -> Result<Gallery<'a, Flash<'a>>, gallery::Error> {
    let random = Generator::new(&Key::new([9; 32]), b"gallery");
    block_on(Gallery::open(Nor::new(flash), memory, Key::new([7; 32]), random))
}

fn face(number: i32) -> Template {
    Template::normalise((0..64).map(|at| (at * number * 7919 + number) % 251 - 125)).expect("a direction")
}

fn enrol(gallery: &mut Gallery<'_, Flash<'_>>, who: &str, number: i32) -> Result<u32, gallery::Error> {
    let (template, name) = (face(number), Name::new(who).expect("a name"));
    block_on(gallery.enrol(&name, Probe { template: &template, encoder: ENCODER }, THRESHOLD))
}

/// The flash of a gallery of two people, of whom one was removed.
fn whole() -> &'static [u8] {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let mut flash = vec![0xff; BYTES];
        let mut memory = Box::new(Memory::new());
        let mut gallery = open(&mut flash, &mut memory).expect("new");
        enrol(&mut gallery, "Ann", 1).expect("enrolled");
        enrol(&mut gallery, "Bob", 2).expect("enrolled");
        block_on(gallery.remove("Bob")).expect("removed");
        drop(gallery);
        flash
    })
}

// Patches of four bytes: where, counted in the bytes that are not erased, and what is flipped there.
fuzz_target!(|input: &[u8]| {
    let mut flash = whole().to_vec();
    let used: Vec<usize> = (0..BYTES).filter(|at| flash[*at] != 0xff).collect();
    for patch in input.chunks_exact(4) {
        let place = usize::from(u16::from_le_bytes([patch[0], patch[1]]));
        // Most go where something is, the others anywhere.
        let at = if patch[3] & 1 == 0 { used[place % used.len()] } else { place % BYTES };
        flash[at] ^= patch[2];
    }
    let mut memory = Box::new(Memory::new());
    let Ok(mut gallery) = open(&mut flash, &mut memory) else {
        return;
    };
    assert!(gallery.people().all(|person| person.name().as_str() == "Ann"));
    let _ = enrol(&mut gallery, "Eve", 3);
});
