//! The door with its real networks: it opens for somebody it knows who walks up, and for nobody else.

use fixtures::{Need, cache, need};
use imaging::Photo;
use models::{Arena, ImageFile};
use protocol::ModelKind;
use recognizer::{DEFAULT_MIN_SCORE, Recognizer};
use simulated_door::{AN547, Kind, Person, arrive, enrol};
use synthetic_attacks::Subject;
use vision::PixelFormat;

#[test]
fn the_door_opens_for_a_known_face_that_walks_up_and_for_no_other() {
    need!(Need::Cached("images"), Need::Cached("pictures"));
    let files =
        [models::DETECTOR, models::ENCODER, models::LIVENESS].map(|name| models::image(name).expect(name));
    let images: Vec<_> = [ModelKind::Detector, ModelKind::Encoder, ModelKind::Liveness]
        .into_iter()
        .zip(&files)
        .map(|(kind, file)| (kind, std::fs::read(file).expect("an image")))
        .collect();
    let [detector, encoder] = [0, 1].map(|at| ImageFile::from_bytes(&images[at].1));
    let models = (detector.model().expect("a model"), encoder.model().expect("a model"));
    let recognizer = Recognizer::new(models.0, models.1, DEFAULT_MIN_SCORE).expect("they fit");
    let mut arena = Arena::new(recognizer.arena_len());
    let mut person = |file: &str| {
        let photo = Photo::open(cache(&format!("pictures/{file}"))).expect("a photograph");
        let find = |frame: &vision::Frame| {
            let faces = recognizer.detect(frame, arena.bytes()).ok()?;
            vision::largest(&faces).copied()
        };
        let subject = Subject::new(&photo, find).expect("a face");
        Person { name: file.to_owned(), portrait: photo.to_frame(PixelFormat::Yuyv), subject }
    };
    let [known, stranger] = ["obama.jpg", "biden.jpg"].map(&mut person);
    let cells = enrol(&images, std::slice::from_ref(&known)).expect("enrolled");
    let arrival = arrive(&cells, &known.subject, 1, AN547);
    let opens = arrival.opens_ms.expect("the door opens");
    let timeline = &arrival.timeline;
    // What the steps take is a part of the time: between them the door waits for the camera.
    let busy: f64 = Kind::ALL.into_iter().map(|kind| timeline.sum(kind).0).sum();
    assert!(busy > 0.2 * opens && busy < opens + 200.0, "{busy} of {opens}");
    // Samples of liveness are as far apart as those that its model was measured with, however fast the door looks.
    let steps = timeline.steps();
    let sampled: Vec<u64> = (0..=u32::try_from(steps.len()).unwrap_or(u32::MAX))
        .filter_map(|look| {
            let of_look = || steps.iter().filter(move |done| done.look == look);
            of_look()
                .any(|done| done.kind == Kind::Liveness)
                .then(|| of_look().map(|done| done.from_us).min())?
        })
        .collect();
    assert!(sampled.windows(2).all(|pair| pair[1] - pair[0] >= 199_000), "{sampled:?}");
    let times = |kind| timeline.sum(kind).1;
    assert!(times(Kind::Encode) < times(Kind::Liveness), "not every look is encoded");
    assert!(times(Kind::Track) > 0 && times(Kind::Liveness) >= liveness_samples(), "{}", timeline.looks());
    assert_eq!(arrive(&cells, &stranger.subject, 1, AN547).opens_ms, None);
    // The sequence model does not know the scores of such a network.
    let mut before = images;
    before[2].1 = std::fs::read(models::image("minifasnet").expect("compiled")).expect("an image");
    let refused = enrol(&before, &[]).map(drop).expect_err("the board refuses it");
    assert!(format!("{refused:?}").contains("it sees more than a face"), "{refused:?}");
}

/// Looks that liveness needs at least, and those that must agree.
fn liveness_samples() -> usize {
    2 + 2
}
