//! What the pages show, over a board in memory.

#[allow(dead_code, reason = "each file of tests uses a part of it")]
mod fake;

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use client::protocol::{CameraState, Candidate, EventKind, Face, FrameResult, Point};
use fake::{Browser, Fake, console};
use http_body_util::BodyExt;

const SCRIPT: &str = "<script>alert(1)</script>";
const HARMLESS: &str = "&lt;script&gt;alert(1)&lt;/script&gt;";

/// Ada before the camera.
fn frame(name: &str) -> EventKind {
    let best = Candidate { person: 1, name: name.try_into().unwrap(), similarity: 16_384 };
    let face = Face { corner: Point { x: 160, y: 320 }, width: 800, height: 960, ..Face::default() };
    EventKind::FrameAssessed {
        frame: 2,
        result: FrameResult::Known(best),
        faces: 1,
        face: Some(face),
        threshold: Some(13_107),
        agreement: 1,
        instructions: 0,
        liveness: None,
    }
}

#[tokio::test]
async fn the_door_shows_what_its_camera_sees_and_what_it_makes_of_it() {
    let fake = Fake::new().enrolled("Ada");
    fake.happens(frame("Ada"), Some("Ada (0.500)"));
    let console = console(&fake);
    let page = Browser::signed_in(&console).await.get("/b/front").await.body;
    assert!(page.contains("The door is locked") && page.contains("door leaf closed"), "{page}");
    assert!(page.contains("<image href=\"/b/front/picture?frame=2\""), "{page}");
    assert!(page.contains("<rect x=\"10\" y=\"20\" width=\"50\" height=\"60\""), "{page}");
    assert!(
        page.contains("Ada (0.500)") && page.contains("<dd>0.500</dd>") && page.contains("<dd>0.400</dd>")
    );
}

#[tokio::test]
async fn a_camera_that_is_dark_or_gives_nothing_is_said_on_the_page_of_the_door() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    assert!(!browser.get("/b/front").await.body.contains("role=\"alert\""));
    for (state, said) in [
        (CameraState::Dark, "All pictures of the door's camera are dark"),
        (CameraState::Nothing { for_ms: 9_999 }, "for 1 s or more, so it lets nobody in"),
        (CameraState::Nothing { for_ms: 59_999 }, "for 50 s or more"),
        (CameraState::Nothing { for_ms: u32::MAX }, "for 71582 min or more"),
    ] {
        *fake.camera.lock().unwrap() = state;
        let page = browser.get("/b/front").await.body;
        assert!(page.contains(said) && page.contains("role=\"alert\""), "{state:?}: {page}");
    }
}

#[tokio::test]
async fn an_event_has_the_time_of_the_board_or_the_seconds_since_it_started() {
    let fake = Fake::new();
    fake.happens(EventKind::Locked, None);
    fake.happens(EventKind::Locked, None);
    let console = console(&fake);
    let page = Browser::signed_in(&console).await.get("/b/front").await.body;
    assert!(page.contains("+1.5 s</span>") && page.contains("2026-11-29 17:02:03</span>"), "{page}");
}

#[tokio::test]
async fn markup_in_a_name_is_text() {
    let fake = Fake::new().enrolled(SCRIPT);
    fake.happens(frame(SCRIPT), Some(&format!("{SCRIPT} (0.500)")));
    fake.happens(EventKind::Duress { person: 1, name: SCRIPT.try_into().unwrap() }, None);
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    for path in ["/b/front", "/b/front/people", "/b/front/people/1"] {
        let page = browser.get(path).await.body;
        assert!(page.contains(HARMLESS) && !page.contains(SCRIPT), "{path}");
    }
    let log = browser.get("/b/front/log").await.body;
    assert!(log.contains("&lt;b&gt;a stranger") && !log.contains("<b>"), "{log}");
    let unknown = browser.get("/b/%3Cscript%3E").await.body;
    assert!(!unknown.contains("<script>"), "{unknown}");
    let filter = browser.get("/b/front/log?words=%22%3E%3Cscript%3E").await.body;
    assert!(!filter.contains("<script>"), "{filter}");
}

/// Reads a stream until it holds `text`.
async fn read_until(body: &mut Body, text: &str) -> String {
    let mut all = String::new();
    while !all.contains(text) {
        let frame = tokio::time::timeout(Duration::from_secs(60), body.frame()).await;
        let frame =
            frame.unwrap_or_else(|_| panic!("no {text} in {all}")).expect("the stream goes on").unwrap();
        all += &String::from_utf8_lossy(&frame.into_data().unwrap_or_default());
    }
    all
}

#[tokio::test]
async fn an_event_reaches_every_open_page() {
    let fake = Fake::new();
    let console = console(&fake);
    let (one, two) = (Browser::signed_in(&console).await, Browser::signed_in(&console).await);
    let mut first = one.open(Request::get("/b/front/live"), Body::empty()).await.into_body();
    let mut second = two.open(Request::get("/b/front/live"), Body::empty()).await.into_body();
    read_until(&mut first, "The door is locked").await;
    read_until(&mut second, "The door is locked").await;
    assert_eq!(one.post("/b/front/press", "button=exit").await.header("location"), "/b/front");
    for body in [&mut first, &mut second] {
        let sent = read_until(body, "exit button").await;
        assert!(sent.contains("event: happening"), "{sent}");
    }
}

#[tokio::test]
async fn a_page_keeps_what_the_camera_saw_when_its_stream_begins() {
    let fake = Fake::new().enrolled("Ada");
    fake.happens(frame("Ada"), Some("Ada (0.500)"));
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    assert!(browser.get("/b/front").await.body.contains("/b/front/live?after=1"));
    let mut live = browser.open(Request::get("/b/front/live?after=1"), Body::empty()).await.into_body();
    let sent = read_until(&mut live, "Ada (0.500)").await;
    assert!(!sent.contains("event: happening"), "the page has that event: {sent}");
}

#[tokio::test]
async fn a_board_that_is_lost_is_said_and_comes_back() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let mut live = browser.open(Request::get("/b/front/live"), Body::empty()).await.into_body();
    read_until(&mut live, "The door is locked").await;
    fake.lost.store(true, Ordering::SeqCst);
    let sent = read_until(&mut live, "comes back by itself").await;
    assert!(sent.contains("front is down"), "{sent}");
    for path in ["/b/front", "/b/front/people", "/b/front/settings"] {
        let page = browser.get(path).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(page.body.contains("front is down") && page.body.contains("data-retry"), "{path}");
    }
    fake.lost.store(false, Ordering::SeqCst);
    read_until(&mut live, "The door is locked").await;
    assert_eq!(browser.get("/b/front").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_stream_ends_when_its_browser_signs_out() {
    let console = console(&Fake::new());
    let browser = Browser::signed_in(&console).await;
    let mut live = browser.open(Request::get("/b/front/live"), Body::empty()).await.into_body();
    read_until(&mut live, "The door is locked").await;
    browser.post("/sign-out", "").await;
    let ends = async { while live.frame().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(60), ends).await.expect("it ends");
}

#[tokio::test]
async fn people_are_enrolled_changed_and_removed() {
    let fake = Fake::new().enrolled("Ada");
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let token = browser.token().await;
    let page = browser.upload("/b/front/people", &token, "Grace", vec![7; 100]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.body.contains("Grace from ada.jpg of 100 bytes") && page.body.contains("2 people"),
        "{}",
        page.body
    );

    let rule = "hours=mon-fri+08%3A00-18%3A00&pin=1234&duress_pin=";
    assert!(browser.post("/b/front/people/1/rule", rule).await.body.contains("Saved."));
    let rules = fake.rules.lock().unwrap().clone();
    assert_eq!(
        (rules[0].hours.as_str(), rules[0].pin.as_str(), rules[0].no_pin),
        ("mon-fri 08:00-18:00", "1234", false)
    );
    browser.post("/b/front/people/1/rename", "name=Countess+Ada").await;
    assert_eq!(fake.people.lock().unwrap()[0].name, "Countess Ada");

    let unsure = browser.post("/b/front/people/1/remove", "").await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(fake.people.lock().unwrap().len(), 2);
    assert_eq!(
        browser.post("/b/front/people/1/remove", "sure=yes").await.header("location"),
        "/b/front/people"
    );
    assert_eq!(fake.people.lock().unwrap().len(), 1);
    let gone = browser.get("/b/front/people/1").await;
    assert!(gone.body.contains("nobody has the number 1"), "{}", gone.body);
}

#[tokio::test]
async fn a_person_is_suspended_and_resumed() {
    let console = console(&Fake::new().enrolled("Ada"));
    let browser = Browser::signed_in(&console).await;
    let person = "/b/front/people/1";
    assert!(!browser.get(person).await.body.contains("This person is suspended"));
    for suspended in [true, false] {
        let page = browser.post(&format!("{person}/suspend"), &format!("suspended={suspended}")).await;
        assert_eq!(page.body.contains("This person is suspended"), suspended, "{}", page.body);
    }
}

#[tokio::test]
async fn certainty_says_what_a_rate_means_by_the_table() {
    let console = console(&Fake::new().enrolled("Ada"));
    let browser = Browser::signed_in(&console).await;
    // 1 in 100,000, 20 strangers a day: 5,000 days; one template, so the threshold is the row's.
    let page = browser.get("/b/front/certainty?rate=6&strangers=20").await.body;
    assert!(page.contains("At most one stranger in 100,000 is let in"), "{page}");
    assert!(page.contains("one every 13 years"), "{page}");
    assert!(page.contains("a similarity of 0.400") && page.contains("This is measured."), "{page}");
    assert!(page.contains("about 4 do not match") && page.contains("500 pairs of pictures"), "{page}");
    assert!(page.contains("<polyline") && page.matches("<circle").count() == 1, "{page}");
    let page = browser.get("/b/front/certainty?rate=10&strangers=x").await.body;
    assert!(page.contains("a similarity of 0.500") && page.contains("This is modelled"), "{page}");
    // Beyond the measured misses nothing is said.
    assert!(page.contains("not known on this computer") && !page.contains("do not match"), "{page}");
}

#[tokio::test]
async fn the_log_is_filtered_verified_and_exported() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let page = browser.get("/b/front/log?kind=booted").await.body;
    assert!(page.contains("1 booted") && !page.contains("2 refused"), "{page}");
    let page = browser.post("/b/front/log/verify", "").await;
    assert!(page.body.contains("2 entries: none changed"), "{}", page.body);
    *fake.finding.lock().unwrap() = Some("entry 1 is missing".to_owned());
    let page = browser.post("/b/front/log/verify", "").await;
    assert!(page.body.contains("The log is not whole: entry 1 is missing"), "{}", page.body);
    let file = browser.get("/b/front/log/export").await;
    assert_eq!(file.header("content-disposition"), "attachment; filename=\"log.jsonl\"");
    assert!(file.body.ends_with("{\"head\":{}}\n"));
}

#[tokio::test]
async fn computers_are_shown_by_role_and_this_one_cannot_forget_itself() {
    let console = console(&Fake::new());
    let browser = Browser::signed_in(&console).await;
    let page = browser.get("/b/front/computers").await.body;
    assert!(page.contains("desk") && page.contains("(this computer)") && page.contains("workshop"));
    assert_eq!(page.matches("/computers/forget").count(), 1, "{page}");
    let key = "02".repeat(32);
    assert!(
        browser
            .post("/b/front/computers/forget", &format!("sure=yes&key={key}"))
            .await
            .body
            .contains("has forgotten")
    );
    let wrong = browser.post("/b/front/computers/forget", "sure=yes&key=zz").await;
    assert!(wrong.body.contains("the board knows no such computer"));
}

#[tokio::test]
async fn the_pages_speak_german() {
    let console = console(&Fake::new());
    let browser = Browser::signed_in(&console).await;
    let request = Request::get("/b/front").header("accept-language", "de-CH,de;q=0.9");
    let page = browser.send(request, Body::empty()).await.body;
    assert!(page.contains("<html lang=\"de\">") && page.contains("Die Tür ist verriegelt"), "{page}");
    browser.post("/language", "language=de").await;
    assert!(browser.get("/b/front").await.body.contains("Die Tür ist verriegelt"));
}

#[tokio::test]
async fn a_console_for_one_board_begins_with_its_page_and_any_other_with_the_list() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    assert_eq!(browser.get("/").await.header("location"), "/boards");
    fake.alone.store(true, Ordering::SeqCst);
    assert_eq!(browser.get("/").await.header("location"), "/b/front");
}

#[tokio::test]
async fn boards_are_switched_off_and_on() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let unsure = browser.post("/boards/off", "name=front").await;
    assert_eq!(unsure.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(unsure.body.contains("tick the box first"), "{}", unsure.body);
    assert!(browser.get("/boards").await.body.contains("Switch off"));
    assert_eq!(browser.post("/boards/off", "name=front&sure=yes").await.header("location"), "/boards");
    assert!(browser.get("/boards").await.body.contains("Switch on"));
    assert_eq!(browser.post("/boards/on", "name=front&machine=linux").await.header("location"), "/b/front");
    assert!(browser.get("/boards").await.body.contains("Switch off"));
}

#[tokio::test]
async fn a_computer_that_is_not_paired_is_shown_no_state() {
    let fake = Fake::new();
    fake.paired.store(false, Ordering::SeqCst);
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    for path in ["/b/front", "/b/front/settings", "/b/front/certainty"] {
        let page = browser.get(path).await.body;
        assert!(
            page.contains("not paired with the board") && page.contains("href=\"/b/front/pair\""),
            "{page}"
        );
        for invented in ["The door is", "10,000", "0.400", "name=\"lockout\"", "data-live"] {
            assert!(!page.contains(invented), "{path} shows {invented}");
        }
    }
    let page = browser.post("/b/front/settings", "agreement=2").await;
    assert!(page.body.contains("not paired with the board"), "{}", page.body);
    // A pairing that the board has forgotten ends what an open page shows.
    fake.paired.store(true, Ordering::SeqCst);
    let mut live = browser.open(Request::get("/b/front/live"), Body::empty()).await.into_body();
    read_until(&mut live, "The door is locked").await;
    fake.paired.store(false, Ordering::SeqCst);
    let sent = read_until(&mut live, "not paired with the board").await;
    assert!(!sent.rsplit("event: live").next().unwrap().contains("The door is"), "{sent}");
}

#[tokio::test]
async fn strangers_of_a_day_are_told_as_many_as_a_rate_lets_in() {
    let console = console(&Fake::new());
    let browser = Browser::signed_in(&console).await;
    for (rate, strangers, said) in [
        (0, 100_000, "With 100,000 strangers who try in a day, that is at most 100 a day."),
        (0, 1_500, "at most 2 a day."),
        (0, 1_000, "at most one each day."),
        (0, 1, "With one stranger who tries in a day, that is at most one every 2 years."),
        (1, 20, "at most one every 3 months."),
    ] {
        let page = browser.get(&format!("/b/front/certainty?rate={rate}&strangers={strangers}")).await.body;
        assert!(page.contains(said), "{rate}, {strangers}: {page}");
    }
}

#[tokio::test]
async fn a_stream_that_goes_on_repeats_no_event() {
    let fake = Fake::new();
    for name in ["Ada", "Grace"] {
        fake.happens(
            EventKind::Opened { frame: 0, person: Some(1), name: name.try_into().unwrap(), open_ms: 9 },
            None,
        );
    }
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let mut live = browser.open(Request::get("/b/front/live?after=0"), Body::empty()).await.into_body();
    let sent = read_until(&mut live, "Open for Grace").await;
    assert!(sent.contains("id: 1") && sent.contains("Open for Ada"), "{sent}");
    // Who has a portrait is shown by it, on the page and in the stream.
    assert_eq!(sent.matches("src=\"/b/front/people/1/portrait\"").count(), 1, "{sent}");
    let page = browser.get("/b/front").await.body;
    assert_eq!(page.matches("src=\"/b/front/people/1/portrait\"").count(), 1, "{page}");
    let again = Request::get("/b/front/live?after=0").header("last-event-id", "1");
    let mut live = browser.open(again, Body::empty()).await.into_body();
    let sent = read_until(&mut live, "Open for Grace").await;
    assert!(sent.contains("id: 2") && !sent.contains("Open for Ada"), "{sent}");
    // A board that booted meanwhile counts from 1 again.
    let booted = Request::get("/b/front/live?after=0").header("last-event-id", "77");
    let mut live = browser.open(booted, Body::empty()).await.into_body();
    read_until(&mut live, "Open for Ada").await;
}

#[tokio::test]
async fn german_pages_write_german_numbers_and_stay_where_the_language_was_chosen() {
    let fake = Fake::new().enrolled("Ada");
    fake.happens(frame("Ada"), Some("Ada (0.500)"));
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let there = "page=%2Fb%2Ffront%2Fcertainty%3Frate%3D6";
    let page = browser.post("/language", &format!("language=de&{there}")).await;
    assert_eq!(page.header("location"), "/b/front/certainty?rate=6");
    assert!(page.body.contains("0,400") && page.body.contains("100.000"), "{}", page.body);
    let door = browser.get("/b/front").await.body;
    assert!(door.contains("<dd>0,500</dd>") && door.contains("1,5 s"), "{door}");
    for elsewhere in ["%2F%2Fevil.example", "http%3A%2F%2Fevil.example", "%2F%5Cevil.example", ""] {
        let page = browser.post("/language", &format!("language=de&page={elsewhere}")).await;
        assert_eq!(page.header("location"), "/boards", "{elsewhere}");
    }
}
