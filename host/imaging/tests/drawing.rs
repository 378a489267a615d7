//! Annotated pictures: drawn where they should be, and never a reason to fail.

use imaging::{Annotation, Decision, Photo, annotate};
use vision::{Face, Point, Rect};

fn grey(width: u32, height: u32) -> Photo {
    Photo::from_rgb(width, height, vec![128; (width * height * 3) as usize]).unwrap()
}

fn face(x: i32, y: i32, width: i32, height: i32) -> Face {
    let at = |fx, fy| Point { x: (x + width * fx / 100) * 1024, y: (y + height * fy / 100) * 1024 };
    Face {
        score: 30_000,
        bounds: Rect { x: x * 1024, y: y * 1024, width: width * 1024, height: height * 1024 },
        landmarks: [at(30, 40), at(70, 40), at(50, 60), at(35, 80), at(65, 80)],
    }
}

fn draw(face: Face, label: &str, decision: Decision) -> Photo {
    annotate(&grey(320, 240), &[Annotation { face, label: label.into(), decision }], "")
}

fn pixel(photo: &Photo, x: u32, y: u32) -> [u8; 3] {
    let at = ((y * photo.width() + x) * 3) as usize;
    photo.rgb()[at..at + 3].try_into().unwrap()
}

#[test]
fn the_box_has_the_colour_of_the_decision() {
    for (decision, strongest) in [(Decision::Granted, 1), (Decision::Refused, 0)] {
        let picture = draw(face(100, 80, 80, 100), "", decision);
        assert_eq!((picture.width(), picture.height()), (640, 480));
        // The middle of the left edge, and the right eye.
        for (x, y) in [(201, 260), (249, 241)] {
            let color = pixel(&picture, x, y);
            assert!(color.iter().enumerate().all(|(i, v)| i == strongest || *v < color[strongest]));
        }
        assert_eq!(pixel(&picture, 20, 20), [128; 3]);
    }
}

#[test]
fn any_face_and_any_label_can_be_drawn() {
    let nowhere = Face {
        bounds: Rect { x: i32::MIN, y: i32::MAX, width: i32::MAX, height: i32::MAX },
        ..Face::default()
    };
    for face in
        [nowhere, Face::default(), face(-300, -300, 90, 90), face(0, 0, 320, 240), face(310, 235, 5, 5)]
    {
        for label in
            ["", "\n\n", "王小明 🦀 \u{7} سلام", &"a very long name ".repeat(30), "line\n".repeat(60).as_str()]
        {
            draw(face, label, Decision::NotAssessed);
        }
    }
}

#[test]
fn letters_without_a_glyph_are_written_in_latin_ones() {
    let face = face(100, 100, 80, 100);
    let blank = draw(face, " ", Decision::Granted);
    for label in ["A", "Ж", "Ω", "ß", "王"] {
        assert_ne!(draw(face, label, Decision::Granted), blank, "{label}");
    }
    assert_eq!(draw(face, "Ж\u{10fffd}", Decision::Granted), draw(face, "Zh?", Decision::Granted));
    assert_ne!(draw(face, "王", Decision::Granted), draw(face, "明", Decision::Granted));
}

#[test]
fn small_frames_and_captions_make_a_board_of_one_size() {
    let plain = annotate(&grey(100, 50), &[], "");
    assert_eq!((plain.width(), plain.height()), (640, 480));
    let caption = annotate(&grey(100, 50), &[], "one\ntwo");
    assert!(caption.height() > 520 && caption.width() == 640);
}

#[test]
fn pictures_are_written_as_png_or_the_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.png");
    let picture = draw(face(100, 80, 80, 100), "Zoë", Decision::Granted);
    picture.save_png(&path).unwrap();
    assert_eq!(Photo::open(&path).unwrap(), picture);
    let error = picture.save_png(folder.path().join("no/such/out.png")).unwrap_err();
    assert!(error.to_string().contains("out.png"));
}
