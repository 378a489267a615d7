//! A person's page, and the pictures of a browser's camera before they go into a form; over a board in memory.

#[allow(dead_code, reason = "each file of tests uses a part of it")]
mod fake;

use std::sync::atomic::Ordering;

use axum::http::StatusCode;
use fake::{Browser, Fake, console};

#[tokio::test]
async fn the_page_of_a_person_has_their_visits_and_their_portrait() {
    let console = console(&Fake::new().enrolled("Ada").enrolled("Bob"));
    let browser = Browser::signed_in(&console).await;
    let page = browser.get("/b/front/people/1").await.body;
    assert!(
        page.contains("1 among the newest 2,000 entries") && page.contains("7 admitted &lt;i&gt;Ada"),
        "{page}"
    );
    assert!(
        page.contains("src=\"/b/front/people/1/portrait\"") && page.contains("Painted portrait of"),
        "{page}"
    );
    let portrait = browser.get("/b/front/people/1/portrait").await;
    assert_eq!((portrait.status, portrait.header("content-type")), (StatusCode::OK, "image/png"));
    let page = browser.get("/b/front/people/2").await.body;
    assert!(page.contains("None among the newest") && !page.contains("portrait"), "{page}");
    assert_eq!(browser.get("/b/front/people/2/portrait").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_board_says_of_each_picture_of_the_camera_whether_it_is_good() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let token = browser.token().await;
    let look =
        async |bytes: &[u8]| browser.upload("/b/front/people/look", &token, "", bytes.to_vec()).await.body;
    assert_eq!(look(b"good").await, r#"{"good":true,"over":false,"said":""}"#);
    assert_eq!(
        look(b"bad").await,
        r#"{"good":false,"over":false,"said":"No face: stand before the camera."}"#
    );
    fake.lost.store(true, Ordering::SeqCst);
    let lost = look(b"good").await;
    assert!(lost.contains(r#""over":true"#) && lost.contains("front is down"), "{lost}");
    let nothing = browser.upload_many("/b/front/people/look", &token, "", &[]).await;
    assert_eq!(nothing.status, StatusCode::BAD_REQUEST);
    let page = browser.get("/b/front/people").await.body;
    assert!(page.contains("front is down"), "{page}");
    fake.lost.store(false, Ordering::SeqCst);
    let page = browser.get("/b/front/people").await.body;
    assert!(page.contains("<div hidden data-webcam=\"3\" data-look=\"/b/front/people/look\""), "{page}");
}
