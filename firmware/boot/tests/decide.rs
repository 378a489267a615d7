//! The table of `decide`, line by line, and power cuts at every operation of the record's flash.

use boot::{
    Ask, Decision, Error, HEADER_BYTES, Header, Record, Request, Requests, Ring, Signed, SliceMemory, State,
    TRIALS, Target, application_secret, decide, digest,
};
use ed25519_dalek::{Signer, SigningKey};
use keys::Key;
use nor_model::{Nor, SECTOR_SIZE};

const BOARD: u32 = 547;
const SIGNER: [u8; 32] = [5; 32];
const FACTORY: [u8; 32] = [4; 32];

fn target() -> Target {
    Target { board: BOARD, code: 0..0x8000 }
}

/// An image of a release whose code is all of one byte, signed with `secret`.
fn image(board: u32, release: u64, code: u8, secret: [u8; 32]) -> Vec<u8> {
    image_from(board, release, code, secret, 0)
}

/// An image after which a board falls back to no release before `oldest`.
fn image_from(board: u32, release: u64, code: u8, secret: [u8; 32], oldest: u64) -> Vec<u8> {
    use sha2::{Digest, Sha256};
    let code = [code; 64];
    let sha256 = Sha256::digest(code).into();
    let mut header = Header { board, release, load: 0, length: 64, oldest, sha256, signature: [0; 64] };
    header.signature = SigningKey::from_bytes(&secret).sign(&header.signed()).to_bytes();
    [&header.to_bytes()[..], &code].concat()
}

fn public(secret: [u8; 32]) -> [u8; 32] {
    SigningKey::from_bytes(&secret).verifying_key().to_bytes()
}

/// How a record names an image that the key of `secret` should have signed.
fn signed(image: &[u8], release: u64, secret: [u8; 32]) -> Signed {
    Signed { release, digest: digest(image), signer: public(secret) }
}

/// A board whose active image is release 10, in slot A.
struct Bench {
    slots: [Vec<u8>; 2],
    record: Record,
}

impl Bench {
    fn new() -> Self {
        let a = image(BOARD, 10, 1, FACTORY);
        let record = Record::programmed(signed(&a, 10, FACTORY));
        Self { slots: [a, vec![0xff; 512]], record }
    }

    /// With an image in slot B, staged.
    fn staged(b: Vec<u8>, release: u64) -> Self {
        let mut bench = Self::new();
        bench.record.stage(signed(&b, release, SIGNER));
        bench.slots[1] = b;
        bench
    }

    /// Whose release 11 in slot B has confirmed itself.
    fn confirmed(b: Vec<u8>) -> Self {
        let mut bench = Self::staged(b, 11);
        bench.record = bench.boot().0.record;
        bench.record.confirm();
        bench
    }

    /// The decision, and the memory for code after it.
    fn boot(&self) -> (Decision, Vec<u8>) {
        let mut code = vec![0; 0x8000];
        let slots = self.slots.each_ref().map(Vec::as_slice);
        let decision = decide(&self.record, None, &mut SliceMemory { slots, code: &mut code }, &target());
        (decision, code)
    }

    /// The slot that is started, whether on trial, and the new state, if something is written.
    fn outcome(&self) -> (Result<(u8, bool), Error>, Option<State>) {
        let (Decision { start, record }, _) = self.boot();
        let state = (record != self.record).then(|| record.state());
        (start.map(|start| (start.image.slot, start.trial)), state)
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
    let (decision, code) = bench.boot();
    let start = decision.start.unwrap();
    assert_eq!((&code[..64], start.image.header.release), (&[1; 64][..], 10));
    assert_eq!(start.vectors, [0x0101_0101; 2]);
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
        bench.record = bench.boot().0.record;
    }
    assert_eq!(bench.outcome(), (ACTIVE, Some(State::RolledBack { refused: false })));
    assert_eq!(bench.record.newest(), 10, "it was never active");
}

#[test]
fn an_update_that_confirms_itself_is_active() {
    let mut bench = Bench::confirmed(image(BOARD, 11, 2, SIGNER));
    assert_eq!(bench.outcome(), (Ok((1, false)), None));
    assert_eq!(bench.record.newest(), 11);
    // The other way round.
    let next = image(BOARD, 12, 3, SIGNER);
    bench.record.stage(signed(&next, 12, SIGNER));
    bench.slots[0] = next;
    assert_eq!(bench.outcome().0, Ok((0, true)));
}

#[test]
fn an_active_image_is_checked_by_its_signature_at_each_boot() {
    // The record names this very image; but its signature is somebody else's, as if the record had been forged.
    let mut bench = Bench::new();
    bench.record = Record::programmed(signed(&bench.slots[0], 10, SIGNER));
    assert_eq!(bench.outcome(), (Err(Error::Unsigned), None));
    bench.record = Record::programmed(signed(&bench.slots[0], 11, FACTORY));
    assert_eq!(bench.outcome(), (Err(Error::Other), None), "another release than the header's");
}

#[test]
fn damaged_firmware_falls_back_once_to_the_release_before_it() {
    let whole = image(BOARD, 11, 2, SIGNER);
    for byte in 0..whole.len() {
        let mut bench = Bench::confirmed(whole.clone());
        bench.slots[1][byte] ^= 1;
        assert_eq!(bench.outcome(), (ACTIVE, Some(State::FellBack)), "byte {byte}");
        let record = bench.boot().0.record;
        assert_eq!((record.slot(), record.newest()), (0, 11), "no update goes back behind release 11");
        bench.record = record;
        assert_eq!(bench.outcome(), (ACTIVE, None));
        // The damaged image is not a fallback itself.
        bench.slots = [vec![0xff; 512], whole.clone()];
        assert!(bench.outcome().0.is_err());
    }
}

#[test]
fn a_fallback_is_signed_was_active_and_is_permitted_by_every_release_since() {
    let damaged = |mut bench: Bench| {
        bench.slots[1][HEADER_BYTES] ^= 1;
        bench.outcome()
    };
    assert_eq!(damaged(Bench::confirmed(image_from(BOARD, 11, 2, SIGNER, 10))).0, ACTIVE);
    let (start, written) = damaged(Bench::confirmed(image_from(BOARD, 11, 2, SIGNER, 11)));
    assert_eq!((start, written), (Err(Error::Damaged), None), "release 11 permits nothing older");
    // Something else in the slot of the release before, though it is signed.
    let mut other = Bench::confirmed(image(BOARD, 11, 2, SIGNER));
    other.slots[0] = image(BOARD, 10, 7, SIGNER);
    assert_eq!(damaged(other), (Err(Error::Damaged), None));
    // An update that was refused or rolled back was never active.
    let mut refused = Bench::staged(image(BOARD, 11, 2, SIGNER), 11);
    refused.record.set_state(State::RolledBack { refused: false });
    refused.slots[0][HEADER_BYTES] ^= 1;
    assert_eq!(refused.outcome(), (Err(Error::Damaged), None));
}

fn requests_of<'c>(cells: &'c mut [u8], application: &Key) -> Requests<Nor<&'c mut [u8]>> {
    Requests::open(Nor::new(cells), application).unwrap()
}

#[test]
fn firmware_has_no_key_for_the_record_and_its_requests_count_once() {
    let unique = Key::new([7; 32]);
    let application = application_secret(&unique);
    let mut cells = vec![0xff; 2 * SECTOR_SIZE];
    // What firmware can write with all that it has been given is no record.
    let mut forged = Ring::open(Nor::new(cells.as_mut_slice()), &application).unwrap();
    forged.save(&Record::programmed(named(1))).unwrap();
    drop(forged);
    assert_eq!(ring(&mut cells).record(), None);
    let mut requests = vec![0xff; 2 * SECTOR_SIZE];
    let mut record = Record::programmed(named(1));
    requests_of(&mut requests, &application).ask(&mut record, Ask::Try(named(2))).unwrap();
    let asked = requests_of(&mut requests, &application).newest().unwrap();
    assert_eq!(asked, Request { serial: 1, ask: Ask::Try(named(2)) });
    let mut loaders = Record::programmed(named(1));
    loaders.carry_out(&asked);
    assert_eq!(loaders, record, "firmware and boot loader agree");
    // Put back later, it changes nothing.
    loaders.set_state(State::RolledBack { refused: true });
    let before = loaders.clone();
    loaders.carry_out(&asked);
    assert_eq!(loaders, before);
    for bit in 0..8 * 208 {
        let mut changed = requests.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(requests_of(&mut changed, &application).newest(), None, "bit {bit}");
    }
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
    bench.record.stage(Signed { signer: [0; 32], ..signed(&unsigned, 11, SIGNER) });
    bench.slots[1] = unsigned;
    assert_eq!(bench.outcome(), (ACTIVE, REFUSED));
}

fn ring(cells: &mut [u8]) -> Ring<Nor<&mut [u8]>> {
    Ring::open(Nor::new(cells), &Key::new([7; 32])).unwrap()
}

fn named(release: u64) -> Signed {
    Signed { release, digest: [2; 32], signer: [3; 32] }
}

/// Writes the newest record again, with an image on trial.
fn save_staged<F: embedded_storage::nor_flash::NorFlash>(
    ring: &mut Ring<F>,
    release: u64,
) -> Result<(), Error> {
    let mut record = ring.record().unwrap();
    record.stage(named(release));
    ring.save(&record)
}

#[test]
fn a_record_is_this_boards_and_whole_or_none() {
    let mut cells = vec![0xff; 2 * SECTOR_SIZE];
    assert_eq!(ring(&mut cells).record(), None);
    let record = Record::programmed(named(3));
    ring(&mut cells).save(&record).unwrap();
    assert_eq!(ring(&mut cells).record(), Some(record));
    let other = Ring::open(Nor::new(cells.as_mut_slice()), &Key::new([8; 32])).unwrap();
    assert_eq!(other.record(), None, "another board");
    for bit in 0..8 * 208 {
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
    ring(&mut cells).save(&Record::programmed(named(0))).unwrap();
    // Over both sectors twice, so that each is erased again.
    for round in 1..=70u64 {
        let release = |cells: &mut Vec<u8>| ring(cells).record().map(|record| record.idle().release);
        let before = release(&mut cells).unwrap();
        for cut in [1, 4, 77, 206, 207, 208, 2_000, SECTOR_SIZE + 40] {
            let mut flash = Nor::new(cells.clone());
            flash.cut_power_after(cut);
            let mut cut_ring = Ring::open(flash, &Key::new([7; 32])).unwrap();
            let saved = save_staged(&mut cut_ring, round);
            let mut after = cut_ring.into_flash().into_inner();
            let now = release(&mut after).expect("never neither");
            assert!(now == round || (now == before && saved.is_err()), "round {round}, cut {cut}: {now}");
            // It works on.
            let mut again = ring(&mut after);
            save_staged(&mut again, round + 1_000).unwrap();
            drop(again);
            assert_eq!(release(&mut after), Some(round + 1_000));
        }
        let mut whole = ring(&mut cells);
        save_staged(&mut whole, round).unwrap();
    }
}
