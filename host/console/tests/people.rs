//! Trials and duplicates, over a board in memory.

#[allow(dead_code, reason = "each file of tests uses a part of it")]
mod fake;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use client::protocol::Role;
use fake::{Browser, Fake, console};

/// Sends a picture as the script does, or none, and returns its JSON.
async fn look(browser: &Browser, photo: Option<&[u8]>) -> serde_json::Value {
    let token = browser.token().await;
    let mut body = format!("--cut\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\n{token}\r\n");
    if let Some(photo) = photo {
        body += "--cut\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\n";
        body += &String::from_utf8_lossy(photo);
        body += "\r\n";
    }
    body += "--cut--\r\n";
    let request = Request::post("/b/front/certainty/trial/look")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut");
    let reply = browser.send(request, Body::from(body)).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    serde_json::from_str(&reply.body).unwrap()
}

#[tokio::test]
async fn a_trial_shows_who_is_most_similar_and_how_far_it_is_from_a_match() {
    let fake = Fake::new().enrolled("Ada");
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let page = browser.get("/b/front/certainty/trial").await.body;
    assert!(
        page.contains("data-trial=\"/b/front/certainty/trial/look\"") && page.contains("at most 30"),
        "{page}"
    );
    assert!(browser.get("/b/front/certainty").await.body.contains("href=\"/b/front/certainty/trial\""));

    let part = |seen: &serde_json::Value| seen["part"].as_str().unwrap().to_owned();
    let matched = look(&browser, Some(b"photo")).await;
    for said in ["A match: Ada.", "<dd>0.500</dd>", "<dd>0.400</dd>", "class=\"value good\""] {
        assert!(part(&matched).contains(said), "{said}: {matched}");
    }
    assert_eq!(matched["over"], false);
    // Without a picture it is the door's camera that looks.
    let other = look(&browser, None).await;
    assert!(part(&other).contains("No match; the most similar person is Ada."), "{other}");
    assert!(part(&other).contains("class=\"value bad\""), "{other}");
    let nobody = look(&browser, Some(b"nobody")).await;
    assert!(part(&nobody).contains("no face was found") && nobody["over"] == false, "{nobody}");
    fake.lost.store(true, std::sync::atomic::Ordering::SeqCst);
    let lost = look(&browser, None).await;
    assert!(part(&lost).contains("front is down") && lost["over"] == true, "{lost}");
}

#[tokio::test]
async fn an_operator_is_shown_the_step_that_the_board_tells_and_an_auditor_no_trial() {
    let fake = Fake::new().enrolled("Ada");
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    *fake.role.lock().unwrap() = Role::Operator;
    let seen = look(&browser, Some(b"photo")).await;
    assert!(seen["part"].as_str().unwrap().contains("<dd>0.500 – 0.562</dd>"), "{seen}");
    let page = browser.get("/b/front/certainty/trial").await.body;
    assert!(page.contains("exact similarities to an installer alone"), "{page}");
    *fake.role.lock().unwrap() = Role::Auditor;
    let page = browser.get("/b/front/certainty/trial").await.body;
    assert!(page.contains("This needs the role operator") && !page.contains("data-trial"), "{page}");
}

#[tokio::test]
async fn a_photograph_is_compared_without_a_script() {
    let fake = Fake::new().enrolled("<i>Ada");
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let token = browser.token().await;
    let page = browser.upload("/b/front/certainty/trial", &token, "", b"photo".to_vec()).await;
    assert_eq!(page.header("location"), "/b/front/certainty/trial");
    let said = "A match: &lt;i&gt;Ada. The similarity is 0.500, and 0.400 is needed.";
    assert!(page.body.contains(said), "{}", page.body);
    let page = browser.upload("/b/front/certainty/trial", &token, "", Vec::new()).await;
    assert!(page.body.contains("no photograph in the form"), "{}", page.body);
}

#[tokio::test]
async fn a_duplicate_is_shown_beside_the_new_photographs_which_are_given_out_once() {
    let fake = Fake::new().enrolled("Ada");
    let console = console(&fake);
    let (browser, other) = (Browser::signed_in(&console).await, Browser::signed_in(&console).await);
    let token = browser.token().await;
    for place in ["/b/front/people", "/b/front/people/1"] {
        let page = browser.upload_many(place, &token, "Twin", &[b"twin".to_vec(), b"more".to_vec()]).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        for said in [
            "this face is already enrolled as Ada &lt;b&gt;",
            "Somebody is enrolled already",
            "src=\"/b/front/people/1/portrait\"",
            "href=\"/b/front/people/1\"",
            "src=\"/b/front/people/new/1\"",
        ] {
            assert!(page.body.contains(said), "{place}: {said}: {}", page.body);
        }
        let foreign = other.get("/b/front/people/new/0").await;
        assert_eq!(foreign.status, StatusCode::NOT_FOUND, "another browser has none of them");
        let first = browser.get("/b/front/people/new/0").await;
        assert_eq!((first.status, first.body.as_str()), (StatusCode::OK, "twin"));
        assert_eq!(browser.get("/b/front/people/new/0").await.status, StatusCode::NOT_FOUND, "once");
        assert!(!browser.get(place).await.body.contains("people/new/"), "and the page says it once");
        // The next form ends what the browser has not fetched.
        browser.post("/b/front/people/1/suspend", "suspended=false").await;
        assert_eq!(browser.get("/b/front/people/new/1").await.status, StatusCode::NOT_FOUND);
        assert_eq!(fake.people.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_door_whose_people_are_of_another_encoder_says_that_it_opens_to_nobody() {
    let fake = Fake::new().enrolled("Ada");
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let says = async |page: &str| browser.get(page).await.body.contains("This door opens to no face");
    for page in ["/b/front", "/b/front/people"] {
        assert!(!says(page).await, "{page}");
        fake.foreign.store(true, std::sync::atomic::Ordering::SeqCst);
        assert!(says(page).await, "{page}");
        fake.foreign.store(false, std::sync::atomic::Ordering::SeqCst);
    }
}
