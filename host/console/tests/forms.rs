//! What forms do and refuse, over a board in memory.

#[allow(dead_code, reason = "each file of tests uses a part of it")]
mod fake;

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use fake::{Browser, Fake, console};

#[tokio::test]
async fn a_photograph_of_100_megabytes_is_refused_with_a_page() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let token = browser.token().await;
    let page = browser.upload("/b/front/people", &token, "Grace", vec![7; 100 << 20]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.body.contains("larger than 32 MB together: send fewer, or smaller copies"), "{}", page.body);
    assert!(fake.people.lock().unwrap().is_empty());
    let none = browser.upload("/b/front/people", &token, "Grace", Vec::new()).await;
    assert!(none.body.contains("There is no photograph in the form"), "{}", none.body);
}

#[tokio::test]
async fn what_the_board_refuses_is_shown_as_its_sentence() {
    let console = console(&Fake::new());
    let browser = Browser::signed_in(&console).await;
    let page = browser.post("/b/front/certainty", "rate=5").await;
    assert!(page.body.contains("this needs an installer, and this computer is operator"), "{}", page.body);
    let page = browser.post("/b/front/computers/invite", "role=operator").await;
    assert!(page.body.contains("this needs an installer"), "{}", page.body);
    let page = browser.post("/b/front/settings", "liveness=passive&matching=identify&agreement=x").await;
    assert!(page.body.contains("must agree: this must be 1 to 16"), "{}", page.body);
    for (zone, said) in
        [("Mars", "<code>Mars</code> is no time zone"), ("%2B01:00", "this needs an installer")]
    {
        let page = browser.post("/b/front/settings", &format!("zone={zone}")).await;
        assert!(page.body.contains(said), "{}", page.body);
    }
}

#[tokio::test]
async fn the_rate_that_is_saved_is_the_one_that_the_slider_shows() {
    let fake = Fake::new();
    fake.takes_settings.store(true, Ordering::SeqCst);
    // Between two places of the slider: it begins at the stricter one, and the page says the real one.
    fake.settings.lock().unwrap().far_one_in = 15_000;
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let page = browser.get("/b/front/certainty").await.body;
    assert!(page.contains("one stranger in 15,000") && page.contains("max=\"10\" value=\"4\""), "{page}");
    assert_eq!(page.matches("name=\"rate\"").count(), 1, "one field alone has the rate: {page}");
    let asked = browser.post("/b/front/certainty/show", "rate=7&strangers=30").await;
    assert_eq!(asked.header("location"), "/b/front/certainty?rate=7&strangers=30");
    assert!(asked.body.contains("value=\"7\"") && asked.body.contains("value=\"30\""), "{}", asked.body);
    assert!(browser.post("/b/front/certainty", "rate=7&strangers=30").await.body.contains("Saved."));
    assert_eq!(fake.settings.lock().unwrap().far_one_in, 200_000);
    for ignored in ["rate=99", "rate=x", "strangers=1"] {
        let page = browser.post("/b/front/certainty", ignored).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{ignored}");
        assert!(!page.body.contains("Saved.") && page.body.contains("The form has no rate"), "{}", page.body);
    }
}

#[tokio::test]
async fn a_page_that_is_loaded_again_repeats_no_form() {
    let fake = Fake::new().enrolled("Ada");
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let token = browser.token().await;
    for (path, fields, shown) in [
        ("/b/front/people/1/rename", "name=Grace", "/b/front/people/1"),
        ("/b/front/people/1/rule", "hours=always&no_pin=yes", "/b/front/people/1"),
        ("/b/front/settings", "agreement=2", "/b/front/settings"),
        ("/b/front/log/verify", "", "/b/front/log"),
        ("/b/front/computers/invite", "role=operator", "/b/front/computers"),
        ("/b/front/certainty", "rate=5", "/b/front/certainty"),
    ] {
        let sent = browser.form(path, &format!("form_token={token}&{fields}")).await;
        assert_eq!((sent.status, sent.header("location")), (StatusCode::SEE_OTHER, shown), "{path}");
        let elsewhere = browser.get("/boards").await.body;
        assert!(!elsewhere.contains("class=\"notice"), "another page says nothing of {path}");
        assert!(browser.get(shown).await.body.contains("class=\"notice"), "{path}");
        assert!(!browser.get(shown).await.body.contains("class=\"notice"), "{path} is said once");
    }
}

#[tokio::test]
async fn a_form_of_an_old_page_undoes_nothing() {
    let fake = Fake::new();
    fake.takes_settings.store(true, Ordering::SeqCst);
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let page = browser.get("/b/front/settings").await.body;
    assert!(page.contains("name=\"was_agreement\" value=\"3\""), "{page}");
    let old = "was_agreement=3&was_open_ms=3000&was_fail_safe=&agreement=3";
    // Somebody else changes the opening time; this page changes another field.
    fake.settings.lock().unwrap().open_ms = 9_000;
    let page = browser.post("/b/front/settings", &format!("{old}&open_ms=3000&fail_safe=yes")).await;
    assert!(page.body.contains("Saved."), "{}", page.body);
    let now = *fake.settings.lock().unwrap();
    assert_eq!((now.open_ms, now.limits.fail_safe), (9_000, true));
    // Both change the same field.
    let page = browser.post("/b/front/settings", &format!("{old}&open_ms=4000")).await;
    assert!(page.body.contains("somebody else has changed this meanwhile, it is 9000 now"), "{}", page.body);
    assert_eq!(fake.settings.lock().unwrap().open_ms, 9_000);
}

/// What the board lost is not set again from defaults, with one value of a form that was made before.
#[tokio::test]
async fn where_the_settings_are_lost_no_form_changes_one_of_them() {
    let fake = Fake::new();
    fake.takes_settings.store(true, Ordering::SeqCst);
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    fake.settings_lost.store(true, Ordering::SeqCst);
    let before = *fake.settings.lock().unwrap();
    for (path, fields) in [("/b/front/settings", "open_ms=4000"), ("/b/front/certainty", "rate=1")] {
        let page = browser.post(path, fields).await;
        assert!(page.body.contains("postern settings --defaults"), "{path}: {}", page.body);
        assert!(!page.body.contains("Saved."), "{path}: {}", page.body);
    }
    assert_eq!(*fake.settings.lock().unwrap(), before);
}

#[tokio::test]
async fn a_setting_has_the_range_of_the_board_in_the_unit_of_its_field() {
    let fake = Fake::new();
    fake.takes_settings.store(true, Ordering::SeqCst);
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let page = browser.get("/b/front/settings").await.body;
    assert!(page.contains("name=\"pin\" value=\"15\" min=\"3\" max=\"120\""), "{page}");
    for (fields, said) in [
        ("pin=121", "Time for a PIN, seconds: this must be 3 to 120"),
        ("lockout=0", "First lockout, seconds: this must be 1 to 3600"),
        ("failures=101", "this must be 1 to 100"),
        ("liveness=sometimes", "Liveness: choose one of the words of the list"),
    ] {
        let page = browser.post("/b/front/settings", fields).await;
        assert!(page.body.contains(said), "{fields}: {}", page.body);
    }
    assert!(browser.post("/b/front/settings", "pin=120").await.body.contains("Saved."));
    assert_eq!(fake.settings.lock().unwrap().limits.pin_ms, 120_000);
}

#[tokio::test]
async fn seventeen_photographs_are_too_many_not_too_large() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let token = browser.token().await;
    let page = browser.upload_many("/b/front/people", &token, "Grace", &vec![vec![7]; 17]).await;
    assert!(page.body.contains("more than 16 photographs"), "{}", page.body);
    assert!(fake.people.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_undone_and_a_role_that_is_none_are_refused() {
    let console = console(&Fake::new().enrolled("Ada"));
    let browser = Browser::signed_in(&console).await;
    let key = "02".repeat(32);
    let page = browser.post("/b/front/computers/forget", &format!("key={key}")).await;
    assert!(page.body.contains("tick the box first"), "{}", page.body);
    for path in ["/b/front/computers/invite", "/b/front/pair"] {
        let page = browser.post(path, "role=god").await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(page.body.contains("There is no such role"), "{}", page.body);
    }
}

#[tokio::test]
async fn a_duress_pin_ends_by_a_word_alone() {
    let fake = Fake::new().enrolled("Ada");
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    assert!(browser.get("/b/front/people/1").await.body.contains("name=\"no_duress_pin\""));
    browser.post("/b/front/people/1/rule", "hours=always&pin=1234&duress_pin=").await;
    browser.post("/b/front/people/1/rule", "hours=always&pin=1234&no_duress_pin=yes").await;
    let rules = fake.rules.lock().unwrap();
    assert_eq!([rules[0].no_duress_pin, rules[1].no_duress_pin], [false, true]);
}
