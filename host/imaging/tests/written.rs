//! What is written can be read again, and colours mean the same wherever they come from.
#![forbid(unsafe_code)]

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};
use imaging::{Error, Photo, Tile};
use moxcms::ColorProfile;

fn photo() -> Photo {
    let value = |n: usize| [(n % 64 * 4) as u8, (n / 64 * 4) as u8, 90];
    Photo::from_rgb(64, 48, (0..64 * 48).flat_map(value).collect()).expect("as many bytes as pixels")
}

#[test]
fn pictures_are_written_by_the_names_extension() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    for (name, off) in [("a.png", 0), ("a.webp", 0), ("a.jpg", 12), ("a.JPEG", 12)] {
        let path = folder.path().join(name);
        photo().save(&path).expect(name);
        let read = Photo::open(&path).expect(name);
        let worst = read.rgb().iter().zip(photo().rgb()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(worst <= Some(off), "{name}: {worst:?}");
    }
    let error = photo().save(folder.path().join("a.doc")).expect_err("no format");
    assert!(matches!(error, Error::Extension { .. }), "{error}");
    assert!(matches!(Photo::check_extension("picture"), Err(Error::Extension { .. })));
    Photo::check_extension("picture.png").expect("a format");
}

#[test]
fn colours_of_another_profile_become_srgb() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("p3.png");
    // The same colour in Display P3 and in sRGB: a red that both can show.
    let (p3, srgb) = ([180u8, 60, 50], [195u8, 47, 42]);
    let profile = ColorProfile::new_display_p3().encode().expect("a profile");
    let file = std::fs::File::create(&path).expect("a file");
    let mut encoder = PngEncoder::new(file);
    encoder.set_icc_profile(profile).expect("PNG has profiles");
    encoder.write_image(&p3.repeat(40 * 40), 40, 40, ExtendedColorType::Rgb8).expect("a picture");
    let photo = Photo::open(&path).expect("a picture");
    for (got, expected) in photo.rgb().iter().zip(srgb.iter().cycle()) {
        assert!(got.abs_diff(*expected) <= 3, "{:?}, expected {srgb:?}", &photo.rgb()[..3]);
    }
}

#[test]
fn an_animation_has_its_frames() {
    use image::AnimationDecoder;
    let folder = tempfile::tempdir().expect("a folder for the test");
    let path = folder.path().join("a.gif");
    imaging::save_gif(&path, &[photo(), photo(), photo()], 80).expect("a file");
    let file = std::io::BufReader::new(std::fs::File::open(&path).expect("a file"));
    let frames = image::codecs::gif::GifDecoder::new(file).expect("a GIF").into_frames();
    assert_eq!(frames.collect_frames().expect("frames").len(), 3);
}

#[test]
fn a_sheet_holds_all_tiles() {
    let tiles: Vec<Tile> = (0..5).map(|n| Tile { photo: photo(), label: format!("number {n}") }).collect();
    let sheet = imaging::sheet(&tiles, 32);
    // Three columns and two rows of 32x24 with their lines.
    assert!(sheet.width() > 3 * 32 && sheet.height() > 2 * 24);
    assert!(sheet.width() < 4 * 64);
    let empty = imaging::sheet(&[], 32);
    assert!(empty.width() > 0);
}
