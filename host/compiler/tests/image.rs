//! Damaged images: every one is refused, or runs without reading or writing outside.

mod networks;

use std::mem::offset_of;

use bytemuck::cast_slice_mut;
use compiler::image::{Aligned, recalibrate, with_npu};
use compiler::{CalibrationRecord, Kind, Method, Options, Preprocessing, basis, removed};
use networks::{everything, samples};
use nn::format::{DIGEST, Header, RemovedRecord};
use nn::{Error, Model, Part};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn image() -> Vec<u8> {
    static IMAGE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    let compile = || {
        let options = Options {
            name: "test".into(),
            kind: Kind::Encoder,
            preprocessing: Preprocessing { bgr: false, mean: 0.0, scale: 1.0 },
            input_size: None,
            method: Method::default(),
            calibration: vec![row(1000, 9000)],
        };
        compiler::compile(&everything(), &options, &samples(8), &|_, _, _| {}).expect("it compiles")
    };
    IMAGE.get_or_init(compile).clone()
}

/// A measured row whose estimate is 50 below its threshold.
fn row(one_in: u32, threshold: i32) -> CalibrationRecord {
    CalibrationRecord { one_in, threshold, estimate: threshold - 50, basis: basis::MEASURED }
}

fn load(bytes: &[u8]) -> Result<(), Error> {
    Model::load(Aligned::new(bytes).bytes()).map(|_| ())
}

/// Puts a fresh SHA-256 at the end, as an attacker would after changing the rest.
fn seal(image: &mut [u8]) {
    let content = image.len() - DIGEST;
    let digest = Sha256::digest(&image[..content]);
    image[content..].copy_from_slice(&digest);
}

#[test]
fn the_image_says_what_it_is() {
    let image = Aligned::new(&image());
    let model = Model::load(image.bytes()).expect("a fresh image");
    assert_eq!((model.name(), model.kind()), ("test", Kind::Encoder));
    assert_eq!(model.calibration().collect::<Vec<_>>(), [row(1000, 9000)]);
    assert_eq!(model.source()[..], Sha256::digest(everything())[..]);
    assert_eq!(model.image_len(), image.bytes().len());
}

#[test]
fn truncation_at_any_length_is_named() {
    let image = image();
    for length in (0..image.len()).step_by(97) {
        let expected = if length < 4 { 224 } else { image.len() };
        let error = load(&image[..length]).expect_err("it is too short");
        assert!(matches!(error, Error::Truncated { found, .. } if found == length), "{error} at {length}");
        if length >= size_of::<Header>() {
            assert_eq!(error, Error::Truncated { expected, found: length });
        }
    }
}

#[test]
fn a_newer_version_and_other_files_are_named() {
    let mut newer = image();
    newer[4] = 9;
    assert_eq!(load(&newer), Err(Error::Version(9)));
    assert_eq!(load(b"GIF89a, certainly not a network"), Err(Error::NotAnImage));
    assert_eq!(load(&[0xff; 4096]), Err(Error::NotAnImage));
}

#[test]
fn an_image_off_its_alignment_is_refused() {
    let mut shifted = vec![0; 1];
    shifted.extend(image());
    assert_eq!(Model::load(&Aligned::new(&shifted).bytes()[1..]).err(), Some(Error::Misaligned));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_changed_byte_is_found(at in 0usize..1 << 20, bit in 0u8..8) {
        let mut image = image();
        let at = at % image.len();
        image[at] ^= 1 << bit;
        prop_assert!(load(&image).is_err());
    }

    /// With a fitting hash only the checks stand between a crafted image and the arena. The
    /// kernels index with bounds checks, so a hole in the checks would be a panic here.
    #[test]
    fn crafted_images_are_refused_or_harmless(
        changes in prop::collection::vec((0usize..1 << 20, any::<u8>()), 1..6),
        front in any::<bool>(),
    ) {
        let mut image = image();
        let reach = if front { 1600 } else { image.len() - DIGEST };
        for (at, byte) in changes {
            image[at % reach] = byte;
        }
        seal(&mut image);
        let image = Aligned::new(&image);
        if let Ok(model) = Model::load(image.bytes())
            && model.arena_len() < 1 << 24
        {
            let mut arena = vec![0u128; model.arena_len().div_ceil(16)];
            model.run(cast_slice_mut(&mut arena)).expect("the arena has the size it asks for");
        }
    }
}

#[test]
fn another_table_of_thresholds_keeps_the_identity() {
    let image = image();
    let tables = [vec![row(1000, 8000)], vec![row(10, 5000), row(100, 7000), row(1000, 9500)], Vec::new()];
    for table in tables {
        let other = recalibrate(&image, &table).expect("another table");
        let (old, new) = (Aligned::new(&image), Aligned::new(&other));
        let [old, new] = [&old, &new].map(|image| Model::load(image.bytes()).expect("a whole image"));
        assert!(new.calibration().eq(table.iter().copied()));
        assert_eq!(new.identity(), old.identity());
        // The way back is the very image.
        assert!(recalibrate(&other, &[row(1000, 9000)]).expect("the old table") == image);
    }
    let modelled = CalibrationRecord { basis: basis::MODELLED, ..row(10, 5000) };
    let [unstated, unknown] = [0, 4].map(|basis| CalibrationRecord { basis, ..row(10, 5000) });
    let beneath = CalibrationRecord { estimate: 5001, ..row(10, 5000) };
    for (what, table) in [
        ("thresholds rise", vec![row(10, 5000), row(100, 4000)]),
        ("rates rise", vec![row(10, 5000), row(10, 6000)]),
        ("a rate is above zero", vec![row(0, 5000)]),
        ("measured rows come first", vec![modelled, row(100, 6000)]),
        ("a row says how it is known", vec![unstated]),
        ("and in a way that there is", vec![unknown]),
        ("an estimate is within its band", vec![beneath]),
    ] {
        assert!(recalibrate(&image, &table).is_err(), "{what}");
    }
    assert!(recalibrate(&image[..100], &[]).is_err(), "not whole");
}

#[test]
fn an_npu_section_changes_neither_identity_nor_thresholds() {
    let image = image();
    let section = [7u8; 100];
    let with = with_npu(&image, &section).expect("an image with a section");
    let (old, new) = (Aligned::new(&image), Aligned::new(&with));
    let [old, new] = [&old, &new].map(|image| Model::load(image.bytes()).expect("a whole image"));
    assert_eq!((old.npu(), new.npu()), (None, Some(&section[..])));
    assert_eq!((new.identity(), new.fidelity()), (old.identity(), old.fidelity()));
    assert!(new.calibration().eq(old.calibration()));
    // The section stays with another table, and without it the image is the one it was.
    let other = recalibrate(&with, &[row(1000, 8000)]).expect("another table");
    assert_eq!(Model::load(Aligned::new(&other).bytes()).expect("whole").npu(), Some(&section[..]));
    assert!(with_npu(&with, &[]).expect("without it") == image);
    // A place outside of the image is refused.
    let mut outside = with;
    let at = offset_of!(Header, npu);
    outside[at + 4..at + 8].copy_from_slice(&u32::MAX.to_le_bytes());
    seal(&mut outside);
    assert!(load(&outside).is_err());
}

/// An image with this section of what was removed. A record that is not of zeros is put there.
fn with_removed(image: &[u8], section: [u32; 2], record: [u32; 4]) -> Vec<u8> {
    let mut image = image.to_vec();
    let at = offset_of!(Header, removed);
    image[at..at + 8].copy_from_slice(bytemuck::bytes_of(&section));
    if record != [0; 4] {
        let at = section[0] as usize;
        image[at..at + 16].copy_from_slice(bytemuck::bytes_of(&record));
    }
    seal(&mut image);
    image
}

#[test]
fn what_was_removed_stays_with_another_table_and_an_npu_section() {
    let image = image();
    let record = |image: &[u8]| {
        let image = Aligned::new(image);
        let model = Model::load(image.bytes()).expect("a whole image");
        model.removed().map(<[_]>::to_vec)
    };
    assert_eq!(record(&image), Some(Vec::new()), "nothing is dead in it");
    // The only row of the table has as many bytes as a record.
    let at = offset_of!(Header, calibration);
    let offset: u32 = bytemuck::pod_read_unaligned(&image[at..at + 4]);
    let mut full = image.clone();
    full[at..at + 8].fill(0);
    let full = with_removed(&full, [offset, 1], [0, 16, 0, 3]);
    let expected = Some(vec![RemovedRecord { operator: 0, filters: 16, channels: 0, folded: 3 }]);
    assert_eq!(record(&full), expected);
    let calibrated = recalibrate(&full, &[row(10, 5000), row(100, 7000)]).expect("another table");
    assert_eq!(record(&calibrated), expected);
    let with = with_npu(&calibrated, &[7; 100]).expect("an image with a section");
    assert_eq!(record(&with), expected);
    assert!(with_npu(&with, &[]).expect("without it") == calibrated);
    // An older compiler recorded nothing, and nothing is made of it.
    let older = with_removed(&image, [0, 0], [0; 4]);
    assert_eq!((record(&older), record(&recalibrate(&older, &[]).expect("no table"))), (None, None));
}

#[test]
fn what_was_removed_lies_in_the_image_and_is_of_its_operators() {
    let image = image();
    for section in [[u32::MAX, 1], [192, u32::MAX], [image.len() as u32 - 32, 1], [8, 1]] {
        let index = section[0] as usize;
        let refused = Err(Error::Inconsistent { part: Part::Header, index });
        assert_eq!(load(&with_removed(&image, section, [0; 4])), refused);
    }
    let at = offset_of!(Header, calibration);
    let offset: u32 = bytemuck::pod_read_unaligned(&image[at..at + 4]);
    let mut bare = image;
    bare[at..at + 8].fill(0);
    let said = |record| {
        let image = Aligned::new(&with_removed(&bare, [offset, 1], record));
        removed::of(&Model::load(image.bytes()).expect("a whole image")).is_some()
    };
    assert!(said([0, 16, 0, 0]));
    assert!(!said([9_999, 16, 0, 0]) && !said([0, u32::MAX, 0, 0]));
}

/// An image as it was written before tables had a form: with rows of `one_in` and `threshold` only.
fn with_form(form: u32) -> Vec<u8> {
    let mut image = recalibrate(&image(), &[row(1000, 8000)]).expect("another table");
    let at = offset_of!(Header, calibration_form);
    image[at..at + 4].copy_from_slice(&form.to_le_bytes());
    seal(&mut image);
    image
}

#[test]
fn a_table_of_the_first_form_says_of_no_row_how_it_is_known() {
    let image = Aligned::new(&with_form(0));
    let model = Model::load(image.bytes()).expect("an older image");
    let unproven =
        CalibrationRecord { one_in: 1000, threshold: 8000, estimate: 8000, basis: basis::UNPROVEN };
    assert_eq!(model.calibration().collect::<Vec<_>>(), [unproven]);
}

#[test]
fn a_table_of_a_later_form_is_refused_by_its_number() {
    let error = load(&with_form(2)).expect_err("a later form");
    assert_eq!(error.to_string(), "calibration table of form 2, this program reads forms up to 1");
}
