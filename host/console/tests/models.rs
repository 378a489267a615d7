//! Models and firmware in the browser, over a board in memory.

#[allow(dead_code, reason = "each file of tests uses a part of it")]
mod fake;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use client::protocol::{ModelInfo, ModelKind, Role};
use console::station::{Ended, Flash, FlashLine, FlashProgress, Flashing};
use fake::{Browser, Fake, console};
use http_body_util::BodyExt;

fn line(kind: ModelKind, name: &str, progress: FlashProgress) -> FlashLine {
    FlashLine { kind, name: name.to_owned(), progress }
}

#[tokio::test]
async fn the_form_installs_what_was_chosen_and_names_no_file() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let page = browser.get("/b/front/models").await.body;
    // A board without models is offered the usual ones.
    assert!(page.contains("<option value=\"postern-128\" selected>"), "{page}");
    assert!(page.contains("<option value=\"slim-60\">") && page.contains("<dd>7</dd>"), "{page}");
    for (fields, said) in [
        ("detector=&encoder=&liveness=", "No model was chosen"),
        ("encoder=%2Fetc%2Fpasswd", "This computer has no such model: /etc/passwd"),
        // It is there, as another kind.
        ("encoder=yunet", "This computer has no such model: yunet"),
    ] {
        let page = browser.post("/b/front/models", fields).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields}");
        assert!(page.body.contains(said), "{fields}: {}", page.body);
    }
    assert!(fake.flashes.lock().unwrap().is_empty());
    browser.post("/b/front/models", "detector=yunet&encoder=slim-60&liveness=").await;
    browser.post("/b/front/models/firmware", "no_fallback=yes").await;
    browser.post("/b/front/models/firmware", "").await;
    let models = vec![(ModelKind::Detector, "yunet".to_owned()), (ModelKind::Encoder, "slim-60".to_owned())];
    assert_eq!(
        *fake.flashes.lock().unwrap(),
        [Flash::Models(models), Flash::Firmware { fallback: false }, Flash::Firmware { fallback: true }]
    );
}

/// Reads a stream until it holds `text`.
async fn read_until(live: &mut Body, text: &str) -> String {
    let mut all = String::new();
    while !all.contains(text) {
        let frame = tokio::time::timeout(Duration::from_secs(60), live.frame()).await;
        let frame = frame.unwrap_or_else(|_| panic!("no {text} in {all}"));
        let frame = frame.unwrap_or_else(|| panic!("it ended without {text}: {all}")).unwrap();
        all += &String::from_utf8_lossy(&frame.into_data().unwrap_or_default());
    }
    all
}

#[tokio::test]
async fn the_browser_follows_a_transfer_to_its_end() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let going = |done| Flashing {
        lines: vec![
            line(ModelKind::Detector, "yunet", FlashProgress::Skipped),
            line(ModelKind::Encoder, "postern-128", FlashProgress::Sending { done, all: 1 << 20 }),
        ],
        end: None,
    };
    *fake.flashing.lock().unwrap() = Some(going(1 << 18));
    let page = browser.get("/b/front/models").await.body;
    assert!(page.contains("data-live=\"/b/front/models/live\""), "{page}");
    assert!(!page.contains("Install these models"), "nothing else begins meanwhile: {page}");
    let mut live = browser.open(Request::get("/b/front/models/live"), Body::empty()).await.into_body();
    let first = read_until(&mut live, "256 of 1024 KiB, 25 %").await;
    assert!(first.contains("skipped, it is there already"), "{first}");
    *fake.flashing.lock().unwrap() = Some(going(1 << 19));
    read_until(&mut live, "512 of 1024 KiB, 50 %").await;
    let end = Some(Ended::Done(Some("3 templates were made by another encoder".to_owned())));
    *fake.flashing.lock().unwrap() = Some(Flashing { end, ..going(0) });
    read_until(&mut live, "event: over").await;
    let page = browser.get("/b/front/models").await.body;
    for said in ["Done. 3 templates were made", "Install these models", "skipped, it is there already"] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test]
async fn a_transfer_that_failed_says_why_and_what_holds_now() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let lines = vec![line(ModelKind::Firmware, "", FlashProgress::Trying(8))];
    let end = Some(Ended::Failed("the board rolled back from release 8 <b>".to_owned()));
    *fake.flashing.lock().unwrap() = Some(Flashing { lines, end });
    let page = browser.get("/b/front/models").await.body;
    assert!(
        page.contains("rolled back from release 8 &lt;b&gt;") && page.contains("role=\"alert\""),
        "{page}"
    );
    assert!(page.contains("is as it was before") && page.contains("Update the firmware"), "{page}");
}

#[tokio::test]
async fn the_page_goes_back_to_a_model_of_before_or_says_why_it_cannot() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    // Without a model there is nothing to go back from.
    assert!(!browser.get("/b/front/models").await.body.contains("Back to"));
    let encoder = ModelInfo {
        kind: ModelKind::Encoder,
        name: "postern-128".try_into().unwrap(),
        sha256: [7; 32],
        length: 9,
    };
    fake.models.lock().unwrap().push(encoder);
    let page = browser.get("/b/front/models").await.body;
    assert!(
        page.contains("name=\"encoder\" value=\"slim-60\"") && page.contains("Back to slim-60"),
        "{page}"
    );
    assert!(page.contains("the hash 0a0b0c was active before"), "{page}");
    assert!(page.contains("refuses every release below 7"), "{page}");
    *fake.role.lock().unwrap() = Role::Operator;
    let page = browser.get("/b/front/models").await.body;
    assert!(!page.contains("Back to slim-60") && page.contains("This needs the role installer"), "{page}");
}
