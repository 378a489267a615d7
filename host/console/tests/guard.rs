//! Who is let in, and what each reply carries.

#[allow(dead_code, reason = "each file of tests uses a part of it")]
mod fake;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use fake::{Browser, Fake, console};

#[tokio::test]
async fn a_browser_signs_in_once_by_the_address_of_the_terminal() {
    let console = console(&Fake::new());
    let stranger = Browser::new(&console);
    let refused = stranger.get("/boards").await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert!(refused.body.contains("Open the address that the terminal"), "{}", refused.body);

    let address = console.address();
    let path = address.strip_prefix("http://127.0.0.1:8340").unwrap();
    let reply = stranger.get(path).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.body.contains("content=\"0;url=/\"") && reply.body.contains("<a href=\"/boards\""));
    let cookie = reply.header("set-cookie");
    assert!(
        cookie.starts_with("postern-8340=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    assert_ne!(console.address(), address, "the next browser has another address");

    let again = stranger.get(path).await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert!(again.body.contains("was used before"), "{}", again.body);
    for wrong in ["/sign-in", "/sign-in?token=", "/sign-in?token=00"] {
        assert_eq!(stranger.get(wrong).await.status, StatusCode::FORBIDDEN, "{wrong}");
    }
}

#[tokio::test]
async fn two_browsers_have_sessions_of_their_own() {
    let console = console(&Fake::new());
    let (one, two) = (Browser::signed_in(&console).await, Browser::signed_in(&console).await);
    assert_ne!(one.cookie, two.cookie);
    let (first, second) = (one.token().await, two.token().await);
    assert_ne!(first, second);
    let foreign = two.form("/b/front/press", &format!("form_token={first}&button=exit")).await;
    assert_eq!(foreign.status, StatusCode::FORBIDDEN, "the token of another session");
    assert_eq!(one.post("/sign-out", "").await.status, StatusCode::OK);
    assert_eq!(one.get("/boards").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(two.get("/boards").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_form_without_the_token_does_nothing() {
    let fake = Fake::new().enrolled("Ada");
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    for path in [
        "/b/front/press",
        "/b/front/type",
        "/b/front/contact",
        "/b/front/people/1/rule",
        "/b/front/people/1/rename",
        "/b/front/people/1/remove",
        "/b/front/certainty",
        "/b/front/settings",
        "/b/front/log/verify",
        "/b/front/models",
        "/b/front/models/firmware",
        "/b/front/computers/invite",
        "/b/front/computers/forget",
        "/b/front/pair",
        "/b/front/pair/press",
        "/boards/on",
        "/boards/off",
        "/language",
        "/sign-out",
    ] {
        let reply = browser.form(path, "sure=yes&name=Eve&pin=1&button=exit").await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
        assert!(reply.body.contains("not from this session"), "{path}");
    }
    for path in ["/b/front/people", "/b/front/people/1", "/b/front/people/look"] {
        let reply = browser.upload(path, "0", "Eve", vec![1]).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(fake.people.lock().unwrap().len(), 1);
    assert!(fake.pins.lock().unwrap().is_empty());
    assert_eq!(browser.get("/boards").await.status, StatusCode::OK, "it is signed in still");
}

#[tokio::test]
async fn a_form_of_another_page_is_refused_by_its_origin() {
    let fake = Fake::new();
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let fields = format!("form_token={}&button=exit", browser.token().await);
    let send = async |header: &str, value: &str| {
        let request = Request::post("/b/front/press")
            .header("content-type", "application/x-www-form-urlencoded")
            .header(header, value);
        browser.send(request, Body::from(fields.clone())).await.status
    };
    for (header, value) in
        [("origin", "http://evil.example"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        assert_eq!(send(header, value).await, StatusCode::FORBIDDEN, "{header}: {value}");
    }
    assert!(fake.pins.lock().unwrap().is_empty());
    // A browser that sends no referrer says `null` of its own page, too.
    for (header, value) in
        [("origin", "http://127.0.0.1:8340"), ("origin", "null"), ("sec-fetch-site", "same-origin")]
    {
        assert_eq!(send(header, value).await, StatusCode::SEE_OTHER, "{header}: {value}");
    }
}

#[tokio::test]
async fn a_name_that_was_made_to_point_here_is_refused() {
    let console = console(&Fake::new());
    let mut browser = Browser::signed_in(&console).await;
    "evil.example:8340".clone_into(&mut browser.host);
    let reply = browser.get("/boards").await;
    assert_eq!(reply.status, StatusCode::MISDIRECTED_REQUEST);
    assert!(!reply.body.contains("front"));
    let address = console.address();
    let path = address.strip_prefix("http://127.0.0.1:8340").unwrap();
    assert_eq!(browser.get(path).await.status, StatusCode::MISDIRECTED_REQUEST, "nor does it sign in");
    "localhost:9000".clone_into(&mut browser.host);
    assert_eq!(browser.get("/boards").await.status, StatusCode::OK, "a tunnel's port may be another one");
}

#[tokio::test]
async fn every_reply_has_a_strict_policy_and_no_page_loads_from_elsewhere() {
    let console = console(&Fake::new().enrolled("Ada"));
    let browser = Browser::signed_in(&console).await;
    for path in [
        "/boards",
        "/b/front",
        "/b/front/people",
        "/b/front/people/1",
        "/b/front/certainty",
        "/b/front/log",
        "/b/front/settings",
        "/b/front/computers",
        "/b/front/pair",
        "/nowhere",
        "/assets/console.css",
        "/assets/console.js",
        "/assets/icon.svg",
    ] {
        let reply = browser.get(path).await;
        let policy = reply.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"));
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("cache-control"), "no-store");
        let page = reply.body.replace("http://www.w3.org/2000/svg", "");
        for foreign in ["http://", "https://", "src=\"//", " style=\"", "<style", " onclick=", "javascript:"]
        {
            assert!(!page.contains(foreign), "{path} has {foreign}");
        }
    }
}

#[test]
fn an_address_that_others_reach_is_refused_with_a_way_out() {
    for listen in ["0.0.0.0:0", "192.168.1.5:8340", "[::]:8340"] {
        let error = console::bind(listen.parse().unwrap(), false).unwrap_err().to_string();
        assert!(["--tls-cert", "--tls-key", "ssh -L"].iter().all(|way| error.contains(way)), "{error}");
    }
    assert!(console::bind("127.0.0.1:0".parse().unwrap(), false).is_ok());
}

#[tokio::test]
async fn a_look_at_the_headers_of_the_address_signs_nobody_in() {
    let console = console(&Fake::new());
    let browser = Browser::new(&console);
    let address = console.address();
    let path = address.strip_prefix("http://127.0.0.1:8340").unwrap();
    let reply = browser.send(Request::head(path), Body::empty()).await;
    assert_eq!((reply.header("set-cookie"), reply.body.as_str()), ("", ""));
    assert_eq!(console.address(), address, "the token is good still");
    assert!(browser.get(path).await.header("set-cookie").starts_with("postern-8340="));
}

#[tokio::test]
async fn what_is_refused_before_a_page_is_a_page_too() {
    let console = console(&Fake::new());
    let browser = Browser::signed_in(&console).await;
    let token = browser.token().await;
    let many: String = (0..100).map(|field| format!("&f{field}=1")).collect();
    let refused = [
        (browser.get("/b/front/press").await, StatusCode::METHOD_NOT_ALLOWED),
        (browser.get("/assets/x").await, StatusCode::NOT_FOUND),
        (browser.get("/b/nowhere").await, StatusCode::NOT_FOUND),
        (browser.get("/b/front/people/x").await, StatusCode::BAD_REQUEST),
        (browser.form("/b/front/settings", &"x".repeat(100_000)).await, StatusCode::PAYLOAD_TOO_LARGE),
        (
            browser.form("/b/front/settings", &format!("form_token={token}{many}")).await,
            StatusCode::BAD_REQUEST,
        ),
        (
            browser.send(Request::post("/b/front/settings"), Body::empty()).await,
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (Browser::new(&console).get("/assets/x").await, StatusCode::UNAUTHORIZED),
    ];
    for (reply, status) in refused {
        assert_eq!(reply.status, status, "{}", reply.body);
        assert!(reply.header("content-type").starts_with("text/html"), "{status}");
        assert!(reply.body.contains("<h1>"), "{}", reply.body);
    }
}
