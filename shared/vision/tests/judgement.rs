//! Quality measures and the verdicts on them.

use vision::*;

/// A frontal face with 40 pixels between the eyes in the middle of a 320x240 frame, with landmarks moved by
/// the offsets, in pixels.
fn face(offsets: [[i32; 2]; 5]) -> Face {
    let frontal = [[140, 100], [180, 100], [160, 123], [144, 146], [176, 146]];
    let landmarks = core::array::from_fn(|i| Point {
        x: (frontal[i][0] + offsets[i][0]) * 1024,
        y: (frontal[i][1] + offsets[i][1]) * 1024,
    });
    let bounds = Rect { x: 120 * 1024, y: 70 * 1024, width: 80 * 1024, height: 100 * 1024 };
    Face { score: 30_000, bounds, landmarks }
}

/// A crop of soft vertical bars with this mean brightness and amplitude.
fn crop(brightness: i32, strength: i32) -> [i8; CROP_BYTES] {
    core::array::from_fn(|i| {
        let x = (i / 3 % CROP_SIZE) as i32;
        let wave = (x % 16 - 8).abs() - 4; // -4..=4, period 16
        ((brightness + wave * strength / 4).clamp(0, 255) - 128) as i8
    })
}

fn judge(face: &Face, crop: &[i8; CROP_BYTES]) -> Verdict {
    Limits::default().judge(&Quality::measure(face, crop, 320, 240))
}

const STILL: [[i32; 2]; 5] = [[0; 2]; 5];

#[test]
fn a_good_face_has_no_flaw() {
    let quality = Quality::measure(&face(STILL), &crop(130, 60), 320, 240);
    assert_eq!((quality.eye_distance, quality.visible), (40, 100));
    assert_eq!((quality.yaw, quality.pitch, quality.roll), (0, 50, 0));
    assert!(Limits::default().judge(&quality).is_acceptable(), "{quality:?}");
}

#[test]
fn each_flaw_is_detected_separately() {
    let good = crop(130, 60);
    let found = |face: &Face, crop: &[i8; CROP_BYTES]| judge(face, crop).flaws().collect::<Vec<_>>();
    let nose = |x, y| face([[0; 2], [0; 2], [x, y], [0; 2], [0; 2]]);
    assert_eq!(found(&nose(20, 0), &good), [Flaw::Turned]);
    assert_eq!(found(&nose(-20, 0), &good), [Flaw::Turned]);
    assert_eq!(found(&nose(0, 16), &good), [Flaw::Tilted]);
    assert_eq!(found(&nose(0, -16), &good), [Flaw::Tilted]);
    let doubtful = Face { score: 20_000, ..face(STILL) };
    assert_eq!(found(&doubtful, &good), [Flaw::Doubtful]);
    let mut cut_off = face(STILL);
    cut_off.bounds.x = -30 * 1024;
    assert_eq!(found(&cut_off, &good), [Flaw::CutOff]);
    let mut far = face(STILL);
    far.landmarks = far.landmarks.map(|p| Point { x: p.x / 4, y: p.y / 4 });
    assert_eq!(found(&far, &good), [Flaw::TooSmall]);
    let mut lying = face(STILL);
    lying.landmarks = lying.landmarks.map(|p| Point { x: p.y, y: 200 * 1024 - p.x });
    assert_eq!(found(&lying, &good), [Flaw::Rolled]);
    assert_eq!(found(&face(STILL), &crop(10, 60)), [Flaw::TooDark]);
    assert_eq!(found(&face(STILL), &crop(245, 60)), [Flaw::TooBright]);
    assert!(found(&face(STILL), &crop(130, 8)).contains(&Flaw::LowContrast));
    assert!(found(&face(STILL), &crop(130, 8)).contains(&Flaw::Blurred));
}

#[test]
fn a_sharp_face_in_little_light_is_not_taken_for_a_blurred_one() {
    let measure = |crop: &[i8; CROP_BYTES]| Quality::measure(&face(STILL), crop, 320, 240);
    let limits = Limits::default();
    let bright = measure(&crop(130, 80));
    assert!(
        bright.brightness >= FULL_BRIGHTNESS && limits.least_sharpness(bright.brightness) == limits.sharpness
    );
    // The same face in a quarter of the light: its edges are a quarter as high.
    let dim = measure(&crop(32, 20));
    assert!(dim.sharpness < limits.sharpness, "{dim:?}");
    assert!(limits.judge(&dim).is_acceptable(), "{dim:?}");
    // Bars four times as wide, as a blurred face has them.
    for (brightness, strength) in [(130, 80), (32, 20)] {
        let blurred = core::array::from_fn(|i| {
            let x = (i / 3 % CROP_SIZE) as i32;
            let wave = (x % 64 - 32).abs() - 16;
            ((brightness + wave * strength / 16).clamp(0, 255) - 128) as i8
        });
        assert_eq!(judge(&face(STILL), &blurred).flaws().collect::<Vec<_>>(), [Flaw::Blurred]);
    }
}

#[test]
fn the_least_sharpness_grows_with_the_light_up_to_the_limit() {
    let limits = Limits::default();
    let least = |brightness: u8| limits.least_sharpness(brightness);
    assert!((0..u8::MAX).all(|brightness| least(brightness) <= least(brightness + 1)));
    assert_eq!((least(u8::MAX), least(FULL_BRIGHTNESS)), (limits.sharpness, limits.sharpness));
    assert!(least(FULL_BRIGHTNESS / 2) * 4 <= limits.sharpness && least(0) > 0);
    assert_eq!(Limits { sharpness: 0, ..limits }.least_sharpness(30), 0);
    assert_eq!(Limits { sharpness: u32::MAX, ..limits }.least_sharpness(u8::MAX), u32::MAX);
}

#[test]
fn roll_continues_to_upside_down() {
    let roll = |dx: i32, dy: i32| {
        let mut face = face(STILL);
        face.landmarks[1] = Point { x: face.landmarks[0].x + dx * 1024, y: face.landmarks[0].y + dy * 1024 };
        Quality::measure(&face, &crop(130, 60), 320, 240).roll
    };
    assert_eq!((roll(40, 0), roll(0, 40), roll(-40, 0), roll(0, -40)), (0, 100, 200, -100));
    assert_eq!((roll(30, 30), roll(-30, 30), roll(-30, -30)), (70, 130, -130));
}

#[test]
fn verdicts_convert_to_bits_and_back() {
    for bits in 0..=u16::MAX {
        let verdict = Verdict::from_bits(bits);
        assert_eq!(verdict.bits() & !bits, 0);
        assert_eq!(verdict.flaws().count() as u32, verdict.bits().count_ones());
    }
    assert!(Flaw::ALL.into_iter().all(|flaw| Verdict::from_bits(flaw as u16).has(flaw)));
}

#[test]
fn largest_returns_the_largest_face() {
    let small = Face { bounds: Rect { width: 10, height: 10, ..Rect::default() }, ..Face::default() };
    let large = Face { bounds: Rect { width: 9, height: 20, ..Rect::default() }, ..Face::default() };
    assert_eq!(largest(&[small, large, small]), Some(&large));
    assert_eq!(largest(&[]), None);
}
