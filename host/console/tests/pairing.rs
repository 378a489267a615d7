//! The page that pairs this computer with a board.

#[allow(dead_code, reason = "each file of tests uses a part of it")]
mod fake;

use ::console::station::Pairing;
use fake::{Browser, Fake, console};

#[tokio::test]
async fn a_pairing_shows_both_codes() {
    let console = console(&Fake::new());
    let browser = Browser::signed_in(&console).await;
    assert_eq!(browser.post("/b/front/pair", "role=installer").await.header("location"), "/b/front/pair");
    let page = browser.get("/b/front/pair").await.body;
    assert_eq!(page.matches("012345").count(), 2, "{page}");
    assert!(page.contains("hold the pairing button for two seconds"));
}

/// Else the word of whoever answers on the line would be the only sign that somebody compared them.
#[tokio::test]
async fn the_code_of_a_board_that_is_elsewhere_is_typed_and_not_shown() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    *fake.pairing.lock().unwrap() = Pairing::Type { own: 12_345 };
    let page = browser.get("/b/front/pair").await.body;
    assert!(!page.contains("12345") && page.contains("Type the code that the board shows"), "{page}");
    assert!(!page.contains("data-retry"), "what is typed stays");
    let wrong = browser.post("/b/front/pair/code", "code=012346").await.body;
    assert!(wrong.contains("not the code of this computer"), "{wrong}");
    assert_eq!(browser.post("/b/front/pair/code", "code=012345").await.header("location"), "/b/front/pair");
    assert!(browser.get("/b/front/pair").await.body.contains("hold the pairing button for two seconds"));
}
