//! What each role is shown, over a board in memory.

#[allow(dead_code, reason = "each file of tests uses a part of it")]
mod fake;

use std::sync::atomic::Ordering;

use client::protocol::Role;
use fake::{Browser, Fake, console};

/// Every page of a board.
const PAGES: [&str; 10] = [
    "",
    "/models",
    "/people",
    "/people/1",
    "/certainty",
    "/certainty/trial",
    "/log",
    "/settings",
    "/computers",
    "/pair",
];

#[tokio::test]
async fn every_page_says_the_role_and_shows_no_form_that_it_cannot_use() {
    let fake = Fake::new().enrolled("Ada");
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    // Page, what its form has, and the least role that can use it.
    let forms = [
        ("/people", "enctype=\"multipart", Role::Operator),
        ("/people/1", "/people/1/rule", Role::Operator),
        ("/people/1", "/people/1/suspend", Role::Operator),
        ("/people/1", "/people/1/rename", Role::Operator),
        ("/people/1", "/people/1/remove", Role::Operator),
        ("/people/1", "enctype=\"multipart", Role::Operator),
        ("/certainty", "Use this rate", Role::Installer),
        ("/certainty", "type=\"range\"", Role::Auditor),
        ("/certainty/trial", "data-trial", Role::Operator),
        ("/log", "/log/verify", Role::Auditor),
        ("/log", "/log/export", Role::Auditor),
        ("/settings", ">Save</button>", Role::Installer),
        ("/models", "Install these models", Role::Installer),
        ("/models", "/models/firmware", Role::Installer),
        ("/computers", "/computers/invite", Role::Installer),
        ("/computers", "/computers/forget", Role::Installer),
    ];
    for role in [Role::Auditor, Role::Operator, Role::Installer] {
        *fake.role.lock().unwrap() = role;
        for page in PAGES {
            let body = browser.get(&format!("/b/front{page}")).await.body;
            assert!(body.contains(&format!("this computer: {role}")), "{page}: {body}");
            let reasons = body.matches("class=\"help lacks\"").count();
            let lacks: Vec<Role> = forms
                .iter()
                .filter(|(of, _, need)| *of == page && role < *need)
                .map(|(_, _, need)| *need)
                .collect();
            assert_eq!(reasons > 0, !lacks.is_empty(), "{page} as {role}: {body}");
            for need in lacks {
                let reason = format!("This needs the role {need}; this computer is {role}.");
                assert!(body.contains(&reason), "{page}: {body}");
            }
        }
        for (page, form, need) in forms {
            let body = browser.get(&format!("/b/front{page}")).await.body;
            assert_eq!(body.contains(form), role >= need, "{form} on {page} as {role}: {body}");
        }
        let settings = browser.get("/b/front/settings").await.body;
        assert_eq!(
            settings.contains("<fieldset class=\"fields\" disabled"),
            role < Role::Installer,
            "{settings}"
        );
        assert!(settings.contains("name=\"lockout\" value="), "the values are shown to every role");
    }
}

#[tokio::test]
async fn a_form_that_is_sent_all_the_same_is_the_boards_to_judge() {
    let fake = Fake::new().enrolled("Ada");
    *fake.role.lock().unwrap() = Role::Auditor;
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let page = browser.post("/b/front/settings", "agreement=2").await;
    assert!(page.body.contains("this needs an installer, and this computer is operator"), "{}", page.body);
}

#[tokio::test]
async fn a_computer_that_is_not_paired_is_shown_the_way_on_every_page() {
    let fake = Fake::new().enrolled("Ada");
    fake.paired.store(false, Ordering::SeqCst);
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    for page in PAGES {
        let body = browser.get(&format!("/b/front{page}")).await.body;
        assert!(body.contains("this computer is not paired"), "{page}: {body}");
        assert!(body.contains("href=\"/b/front/pair\""), "{page}: {body}");
    }
    fake.lost.store(true, Ordering::SeqCst);
    let lost = browser.get("/b/front/people").await.body;
    assert!(lost.contains("front is down") && !lost.contains("class=\"standing\""), "{lost}");
}

#[tokio::test]
async fn hours_stand_beside_the_zone_and_the_clock_of_the_board() {
    let fake = Fake::new().enrolled("Ada");
    let console = console(&fake);
    let browser = Browser::signed_in(&console).await;
    let page = browser.get("/b/front/people/1").await.body;
    for said in [
        "<dd>UTC+01:00</dd>",
        "<dd>never set</dd>",
        "<p class=\"remark\">The board does not know the time</p>",
    ] {
        assert!(page.contains(said), "{page}");
    }
}
