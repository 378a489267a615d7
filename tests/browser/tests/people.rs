//! Enrolment and trials as a person does them: in Chromium, with its camera, before a door on Linux.

use browser::axe;
use browser::chromium::{Chromium, DESK};
use browser::door::{self, Console, Door};
use browser::pictures::{CAMERA_FLAGS, camera_that_shows, path, picture};
use fixtures::{Need, need};
use serde_json::json;

#[tokio::test]
async fn a_person_is_enrolled_with_the_camera_of_the_browser() {
    need!(Need::Browser, Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let door = Door::paired();
    door.done(&["flash", "models"]);
    let mut console = Console::of(&door);
    let (address, own) = console.address();
    let folder = tempfile::tempdir().expect("a folder");
    let browser = Chromium::start_with(DESK, &camera_that_shows("obama2.jpg", folder.path())).await;
    browser.enter(&address, &own).await;
    browser.open(&format!("{own}/b/{}/people", door::NAME)).await;
    browser.write("input[name=name]", "Barack").await;
    browser.click("[data-webcam] button").await;
    browser.shows("There are three good pictures").await;
    browser.click("form[enctype] button.main").await;
    // The camera shows the same picture all the time: it counts once.
    browser.shows("Barack is enrolled from camera-1.jpg (template 1).").await;
    browser.shows("1 person").await;
    assert!(door.done(&["identify", &path("obama.jpg")]).contains("Barack"));
}

#[tokio::test]
async fn a_camera_that_the_browser_does_not_give_is_said_with_what_to_do() {
    need!(Need::Browser, Need::Door);
    let door = Door::paired();
    let mut console = Console::of(&door);
    for (flags, said) in [
        (
            &["--use-fake-device-for-media-stream", "--deny-permission-prompts"][..],
            "The browser does not give the camera",
        ),
        (
            &["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=device-count=0"],
            "This computer has no camera that the browser can use",
        ),
    ] {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let browser = Chromium::start_with(DESK, &flags).await;
        let (address, own) = console.address();
        browser.enter(&address, &own).await;
        browser.open(&format!("{own}/b/{}/people", door::NAME)).await;
        browser.click("[data-webcam] button").await;
        browser.shows(said).await;
    }
}

/// By how much a similarity may differ: the browser compresses the picture of its camera again.
const DIFFERS: f64 = 0.05;

#[tokio::test]
async fn a_trial_shows_the_similarity_beside_the_threshold_as_exact_as_the_role_is_told_it() {
    need!(
        Need::Browser,
        Need::Door,
        Need::Cached("images"),
        Need::Cached("pictures"),
        Need::Cached(axe::FILE)
    );
    let door = Door::paired();
    door.done(&["flash", "models"]);
    door.done(&["enroll", "Barack", &path("obama.jpg")]);
    let folder = tempfile::tempdir().expect("a folder");
    let told = door.done(&["identify", &path("obama2.jpg")]);
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let number = |name: &str| told[name].as_f64().expect("a number");
    for (role, mut console) in [("operator", door.other("operator")), ("installer", Console::of(&door))] {
        let browser = Chromium::start_with(DESK, &camera_that_shows("obama2.jpg", folder.path())).await;
        let board = browser.sign_in(&mut console).await;
        browser.open(&format!("{board}/certainty")).await;
        browser.click("a[href$=trial]").await;
        browser.click("button[value=browser]").await;
        browser.shows("A match: Barack.").await;
        browser.shows(&format!("{:.3}", number("threshold"))).await;
        let shown = browser.script("return document.querySelector('.meter + dl dd').innerText").await;
        let shown = shown.as_str().expect("text").to_owned();
        let similarity = number("similarity");
        let numbers: Vec<f64> = shown.split(" – ").map(|text| text.parse().expect("a number")).collect();
        match numbers[..] {
            [exact] => {
                assert!(role == "installer" && (exact - similarity).abs() < DIFFERS, "{shown} {similarity}")
            }
            [least, most] => {
                assert!(role == "operator" && (least * 16.0).fract() < 0.02, "a step: {shown}");
                assert!((most - least - 1.0 / 16.0).abs() < 0.002, "{shown}");
                assert!((least - DIFFERS..most + DIFFERS).contains(&similarity), "{shown} {similarity}");
            }
            _ => panic!("{shown}"),
        }
        // The picture goes on until it is stopped, and each look is in the log.
        browser.shows("3 / 30").await;
        browser.click("button[value=stop]").await;
        browser.has("button[value=stop]:disabled").await;
        assert_eq!(axe::violations(&browser).await, Vec::<String>::new());
        browser.open(&format!("{board}/log?kind=compared")).await;
        browser.has("ol.log li").await;
    }
}

#[tokio::test]
async fn a_camera_that_sees_nobody_says_what_to_change_and_a_visit_is_told() {
    need!(Need::Browser, Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let door = Door::paired();
    door.done(&["flash", "models"]);
    door.done(&["enroll", "Barack", &path("obama.jpg")]);
    let mut console = Console::of(&door);
    // Chromium's own picture of a camera, without a face.
    let flags = CAMERA_FLAGS.map(str::to_owned);
    let browser = Chromium::start_with(DESK, &flags).await;
    let board = browser.sign_in(&mut console).await;
    browser.open(&format!("{board}/people")).await;
    browser.click("[data-webcam] button").await;
    browser.shows("No face: look into this computer's camera.").await;
    browser.click("[data-webcam] button").await;
    browser.shows("Take pictures with this computer's camera").await;

    browser.open(&format!("{board}/people/1")).await;
    browser.shows("None among the newest 2,000 entries of the log.").await;
    door.done(&["show", &path("obama2.jpg")]);
    browser.open(&format!("{board}/people/1")).await;
    browser.shows("1 among the newest 2,000 entries of the log.").await;
    browser.until_list("ol.log li", "Barack", 1).await;
}

#[tokio::test]
async fn who_is_enrolled_already_stands_beside_the_new_photographs_and_none_is_stored() {
    need!(
        Need::Browser,
        Need::Door,
        Need::Cached("images"),
        Need::Cached("pictures"),
        Need::Cached(axe::FILE)
    );
    let door = Door::paired();
    door.done(&["flash", "models"]);
    door.done(&["enroll", "Barack", &path("obama.jpg")]);
    let mut console = Console::of(&door);
    let browser = Chromium::start(DESK).await;
    let board = browser.sign_in(&mut console).await;
    // The face under another name, and the name with another face.
    for (name, photo) in [("Somebody", "obama2.jpg"), ("Barack", "biden.jpg")] {
        browser.open(&format!("{board}/people")).await;
        browser.write("input[name=name]", name).await;
        browser.drop_file("[data-drop]", &picture(photo)).await;
        browser.click("form[enctype] button.main").await;
        browser.shows("Somebody is enrolled already").await;
        browser.shows("Barack, 1 photograph").await;
        // Both pictures are there, side by side.
        let shown = "const [old, fresh] = document.querySelectorAll('.beside figure');
            const picture = fresh.querySelector('img');
            return [old.querySelector('svg text').textContent, picture.complete && picture.naturalWidth > 100,
                    old.getBoundingClientRect().top === fresh.getBoundingClientRect().top]";
        browser.until("both pictures", shown, |found| found == &json!(["B", true, true])).await;
        browser.shows("1 person").await;
        assert_eq!(axe::violations(&browser).await, Vec::<String>::new());
    }
    assert!(door.files(".png").is_empty() && door.files(".jpg").is_empty(), "nothing of them is stored");
    browser.click(".beside a").await;
    browser.shows("More photographs").await;
}

#[tokio::test]
async fn photographs_of_100_megabytes_are_refused_before_and_after_they_are_sent() {
    need!(Need::Browser, Need::Door);
    let door = Door::paired();
    let mut console = Console::of(&door);
    let browser = Chromium::start(DESK).await;
    let board = browser.sign_in(&mut console).await;
    let large = door.large_file(100 << 20);
    let said = "The photographs are larger than 32 MB together";
    browser.open(&format!("{board}/people")).await;
    browser.write("input[name=name]", "Large").await;
    browser.drop_file("[data-drop]", &large).await;
    let message = browser.script("return document.querySelector('input[type=file]').validationMessage").await;
    assert!(message.as_str().is_some_and(|message| message.contains(said)), "{message}");
    // A browser whose script does not run sends them.
    browser.script("document.querySelector('form[enctype]').noValidate = true").await;
    browser.click("form[enctype] button.main").await;
    browser.shows(said).await;
    browser.shows("Nobody is enrolled.").await;
}
