//! Photographs that enrolment must not take for what they are not: copies of one another, and faces that are not upright.

use std::path::Path;

use fixtures::{Need, need};
use imaging::Photo;

use crate::bench::{BARACK, Bench, JOE, picture};

/// A picture of `width` x `height`, each of whose pixels is one of `photo`, changed.
fn changed(
    photo: &Photo,
    [width, height]: [u32; 2],
    from: impl Fn(u32, u32) -> (u32, u32),
    light: impl Fn(u8) -> u8,
) -> Photo {
    let mut pixels = Vec::new();
    for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
        let (x, y) = from(x, y);
        let start = (y * photo.width() + x) as usize * 3;
        pixels.extend(photo.rgb()[start..start + 3].iter().map(|&value| light(value)));
    }
    Photo::from_rgb(width, height, pixels).expect("as many pixels")
}

fn write(folder: &Path, name: &str, photo: &Photo) -> String {
    let path = folder.join(name);
    photo.save_png(&path).expect("written");
    path.display().to_string()
}

#[test]
fn a_copy_of_a_photograph_counts_once() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    let first = picture(BARACK[0]);
    let photo = Photo::open(&first).expect("it is there");
    let sides = [photo.width(), photo.height()];
    let lighter = |value: u8| (f32::from(value) * 1.15) as u8;
    let mirror = changed(&photo, sides, |x, y| (sides[0] - 1 - x, y), |value| value);
    let crop = changed(
        &photo,
        sides.map(|side| side * 8 / 10),
        |x, y| (x + sides[0] / 10, y + sides[1] / 20),
        lighter,
    );
    let copies = [
        ("mirror.png", mirror.clone()),
        ("crop.png", crop),
        ("small.png", photo.scaled(sides[0] / 2, sides[1] / 2)),
        ("bright.png", changed(&photo, sides, |x, y| (x, y), lighter)),
    ];
    let copies = copies.map(|(name, photo)| write(bench.state(), name, &photo));
    let mut arguments = vec!["enroll", "Barack", &first];
    arguments.extend(copies.iter().map(String::as_str));
    let (second, third) = (picture(BARACK[1]), picture(BARACK[2]));
    arguments.push(&second);
    let ran = bench.run(&arguments);
    assert_eq!((ran.code, ran.answers.len()), (0, 2), "{}", ran.said);
    assert_eq!(ran.said.matches("a copy of").count(), 4, "{}", ran.said);
    assert_eq!(ran.said.matches("it counts once").count(), 4, "{}", ran.said);

    // Of what was enrolled before there is no photograph any more.
    bench.refused(&["enroll", "Barack", "--add", &copies[0]], "nothing to add: use another photograph");
    let added = bench.run(&["enroll", "Barack", "--add", &copies[0], &third]);
    assert_eq!((added.code, added.answers.len()), (0, 1), "{}", added.said);
    assert!(added.said.contains("a copy of a photograph that Barack has already"), "{}", added.said);
    assert_eq!(added.first()["templates"], 3);
    let forced = bench.run(&["enroll", "Barack", "--add", "--force", &copies[0]]);
    assert_eq!((forced.code, forced.first()["templates"].as_u64()), (0, Some(4)), "{}", forced.said);
}

#[test]
fn a_tilted_face_is_refused_for_what_it_is() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    for name in [BARACK[0], BARACK[1], JOE] {
        let photo = Photo::open(picture(name)).expect("it is there");
        // With what comes into the corners around it, as a photograph of a tilted head has.
        let around = [photo.width() * 3 / 2, photo.height() * 3 / 2];
        let corner = [photo.width() / 4, photo.height() / 4].map(i64::from);
        let wide = photo.placed(around, 1.0, corner);
        for degrees in [-42.0, 42.0] {
            let tilted = write(bench.state(), "tilted.png", &wide.tilted(degrees));
            let ran = bench.run(&["enroll", "Tilted", &tilted]);
            assert_eq!(ran.code, 2, "{name} {degrees}: {}", ran.said);
            let said = ["tilted towards a shoulder", "lies on its", "no face"];
            assert!(said.iter().any(|words| ran.said.contains(words)), "{name} {degrees}: {}", ran.said);
        }
    }
    assert!(bench.people().is_empty());
}
