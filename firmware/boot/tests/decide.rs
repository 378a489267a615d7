//! The table of `decide`, line by line, and power cuts at every operation of the record's flash.

use boot::{Decision, Error, HEADER_BYTES, Header, Record, Ring, State, TRIALS, Target, decide, digest};
use ed25519_dalek::{Signer, SigningKey};
use keys::Key;
use nor_model::{Nor, SECTOR_SIZE};

const BOARD: u32 = 547;
const SIGNER: [u8; 32] = [5; 32];

fn target() -> Target {
    Target { board: BOARD, code: 0..0x8000 }
}

/// An image of a release whose code is all of one byte, signed with `secret`.
fn image(board: u32, release: u64, code: u8, secret: [u8; 32]) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let code = [code; 64];
    let sha256 = Sha256::digest(code).into();
    let mut header = Header { board, release, load: 0, length: 64, sha256, signature: [0; 64] };
    header.signature = SigningKey::from_bytes(&secret).sign(&header.signed()).to_bytes();
    [&header.to_bytes()[..], &code].concat()
}

fn public(secret: [u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(&secret).verifying_key().to_bytes()
}

/// A board whose active image is release 10, in slot A.
struct Bench {
    slots: [Vec<u8>; 2],
    record: Record,
}

impl Bench {
    fn new() -> Self {
        let a = image(BOARD, 10, 1, [0; 32]);
        let record = Record::programmed(10, &digest(&a));
        Self { slots: [a, vec![0xff; 512]], record }
    }

    /// With an image in slot B, staged.
    fn staged(b: Vec<u8>, release: u64) -> Self {
        let mut bench = Self::new();
        bench.record.stage(release, &digest(&b), &public(SIGNER));
        bench.slots[1] = b;
        bench
    }

    fn decide(&self) -> Decision<'_> {
        decide(&self.record, self.slots.each_ref().map(Vec::as_slice), &target())
    }

    /// The slot that is started, whether on trial, and what is written.
    fn outcome(&self) -> (Result<(u8, bool), Error>, Option<State>) {
        let Decision { start, state } = self.decide();
        (start.map(|start| (start.slot, start.trial)), state)
    }
}

const ACTIVE: Result<(u8, bool), Error> = Ok((0, false));
const REFUSED: Option<State> = Some(State::RolledBack { refused: true });

#[test]
fn the_active_image_is_started_and_nothing_is_written() {
    let mut bench = Bench::new();
    assert_eq!(bench.outcome(), (ACTIVE, None));
    bench.record.set_state(State::RolledBack { refused: false });
    assert_eq!(bench.outcome(), (ACTIVE, None));
    let start = bench.decide().start.unwrap();
    assert_eq!((start.image.code, start.image.header.release), (&[1; 64][..], 10));
}

#[test]
fn an_active_image_that_was_changed_is_not_started() {
    for byte in 0..HEADER_BYTES + 64 {
        let mut bench = Bench::new();
        bench.slots[0][byte] ^= 1;
        assert!(bench.outcome().0.is_err(), "byte {byte}");
    }
    // Another whole image, signed by anybody, is not the one that the record names.
    let mut bench = Bench::new();
    bench.slots[0] = image(BOARD, 11, 1, SIGNER);
    assert_eq!(bench.outcome(), (Err(Error::Other), None));
}

#[test]
fn an_update_is_tried_so_often_and_then_rolled_back() {
    let mut bench = Bench::staged(image(BOARD, 11, 2, SIGNER), 11);
    for starts in 1..=TRIALS {
        let (start, state) = bench.outcome();
        assert_eq!((start, state), (Ok((1, true)), Some(State::OnTrial { starts })));
        bench.record.set_state(state.unwrap());
    }
    assert_eq!(bench.outcome(), (ACTIVE, Some(State::RolledBack { refused: false })));
    assert_eq!(bench.record.newest(), 10, "it was never active");
}

#[test]
fn an_update_that_confirms_itself_is_active() {
    let mut bench = Bench::staged(image(BOARD, 11, 2, SIGNER), 11);
    bench.record.set_state(bench.outcome().1.unwrap());
    bench.record.confirm();
    assert_eq!(bench.outcome(), (Ok((1, false)), None));
    assert_eq!(bench.record.newest(), 11);
    // The other way round.
    let next = image(BOARD, 12, 3, SIGNER);
    bench.record.stage(12, &digest(&next), &public(SIGNER));
    bench.slots[0] = next;
    assert_eq!(bench.outcome().0, Ok((0, true)));
}

#[test]
fn an_update_with_a_bit_changed_is_refused() {
    let whole = image(BOARD, 11, 2, SIGNER);
    for bit in 0..8 * whole.len() {
        let mut bench = Bench::staged(whole.clone(), 11);
        bench.slots[1][bit / 8] ^= 1 << (bit % 8);
        assert_eq!(bench.outcome(), (ACTIVE, REFUSED), "bit {bit}");
    }
}

#[test]
fn an_update_that_is_older_unsigned_anothers_or_for_another_board_is_refused() {
    // Each is staged as it is: its digest is the record's.
    for (release, image) in [
        (9, image(BOARD, 9, 2, SIGNER)),
        (11, image(BOARD, 11, 2, [6; 32])),
        (11, image(500, 11, 2, SIGNER)),
        (11, image(BOARD, 11, 2, SIGNER)[..HEADER_BYTES + 60].to_vec()),
        (11, vec![0xff; 512]),
    ] {
        assert_eq!(Bench::staged(image, release).outcome(), (ACTIVE, REFUSED), "release {release}");
    }
    // The same release again is no step back.
    assert_eq!(Bench::staged(image(BOARD, 10, 2, SIGNER), 10).outcome().0, Ok((1, true)));
    // Nobody is trusted yet.
    let mut bench = Bench::new();
    let unsigned = image(BOARD, 11, 2, SIGNER);
    bench.record.stage(11, &digest(&unsigned), &[0; 32]);
    bench.slots[1] = unsigned;
    assert_eq!(bench.outcome(), (ACTIVE, REFUSED));
}

fn ring(cells: &mut [u8]) -> Ring<Nor<&mut [u8]>> {
    Ring::open(Nor::new(cells), &Key::new([7; 32])).unwrap()
}

#[test]
fn a_record_is_this_boards_and_whole_or_none() {
    let mut cells = vec![0xff; 2 * SECTOR_SIZE];
    assert_eq!(ring(&mut cells).record(), None);
    let record = Record::programmed(3, &[1; 32]);
    ring(&mut cells).program(record.clone()).unwrap();
    assert_eq!(ring(&mut cells).record(), Some(&record));
    let other = Ring::open(Nor::new(cells.as_mut_slice()), &Key::new([8; 32])).unwrap();
    assert_eq!(other.record(), None, "another board");
    for bit in 0..8 * 152 {
        let mut changed = cells.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(ring(&mut changed).record(), None, "bit {bit}");
    }
    let small = Ring::open(Nor::new(&mut cells[..SECTOR_SIZE]), &Key::new([7; 32]));
    assert!(matches!(small, Err(Error::Partition)));
}

#[test]
fn a_power_cut_at_any_byte_leaves_the_record_before_or_the_new_one() {
    let mut cells = vec![0xff; 2 * SECTOR_SIZE];
    ring(&mut cells).program(Record::programmed(0, &[1; 32])).unwrap();
    // Over both sectors twice, so that each is erased again.
    for round in 1..=70u64 {
        let release = |cells: &mut Vec<u8>| ring(cells).record().map(Record::trial);
        let before = release(&mut cells).unwrap();
        for cut in [1, 4, 77, 150, 151, 152, 2_000, SECTOR_SIZE + 40] {
            let mut flash = Nor::new(cells.clone());
            flash.cut_power_after(cut);
            let mut cut_ring = Ring::open(flash, &Key::new([7; 32])).unwrap();
            cut_ring.edit().unwrap().stage(round, &[2; 32], &[3; 32]);
            let saved = cut_ring.save();
            let mut after = cut_ring.into_flash().into_inner();
            let now = release(&mut after).expect("never neither");
            assert!(now == round || (now == before && saved.is_err()), "round {round}, cut {cut}: {now}");
            // It works on.
            let mut again = ring(&mut after);
            again.edit().unwrap().stage(round + 1_000, &[2; 32], &[3; 32]);
            again.save().unwrap();
            drop(again);
            assert_eq!(release(&mut after), Some(round + 1_000));
        }
        let mut whole = ring(&mut cells);
        whole.edit().unwrap().stage(round, &[2; 32], &[3; 32]);
        whole.save().unwrap();
    }
}
