//! The console as a person uses it: in Chromium, before a door on Linux.

use std::path::Path;

use browser::chromium::{Chromium, DESK, View};
use browser::door::{Console, Door};
use browser::pictures::{path, picture};
use browser::{axe, door};
use fixtures::{Need, need};
use serde_json::json;

/// A name that would be a script if a page took it for markup.
const MARKUP: &str = "<img src=x onerror=\"document.title='taken'\">";

#[tokio::test]
async fn a_person_signs_in_enrols_opens_refuses_and_finds_a_lost_board_again() {
    need!(Need::Browser, Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let door = Door::paired();
    let mut console = Console::of(&door);
    let (address, own) = console.address();
    let board = format!("{own}/b/{}", door::NAME);
    let browser = Chromium::start(DESK).await;

    // A wrong token signs nobody in.
    browser.open(&format!("{own}/sign-in?token=00")).await;
    browser.shows("and was used before; or it is not complete").await;
    browser.open(&board).await;
    browser.shows("Open the address that the terminal of").await;
    // A console of one door begins with its page.
    browser.open(&address).await;
    browser.shows("The door is locked").await;
    browser.shows("this computer: installer").await;
    browser.open(&address).await;
    browser.shows("was used before").await;

    // The models are installed; the page follows the transfer to its end.
    browser.open(&format!("{board}/models")).await;
    browser.shows("There are no models yet").await;
    for said in ["active", "skipped, it is there already"] {
        browser.click("form[action$=models] button.main").await;
        browser.shows("Done.").await;
        browser.until_list("ul.flash li", said, 3).await;
    }

    // A person is enrolled from a photograph that is dropped on the page.
    browser.open(&format!("{board}/people")).await;
    browser.write("input[name=name]", "Barack").await;
    browser.drop_file("[data-drop]", &picture("obama.jpg")).await;
    browser.click("form[enctype] button.main").await;
    browser.shows("Barack is enrolled from obama.jpg (template 1).").await;
    browser.shows("1 person").await;

    // The door opens for him in both tabs, and for no stranger.
    let first = browser.client.window().await.expect("a tab");
    browser.open(&board).await;
    browser.shows("The door is locked").await;
    let second = browser.client.new_window(true).await.expect("a tab").handle;
    browser.client.switch_to_window(second.clone()).await.expect("the tab");
    browser.open(&board).await;
    browser.shows("The door is locked").await;
    door.done(&["show", &path("obama2.jpg")]);
    browser.shows("Open for Barack").await;
    browser.client.switch_to_window(first.clone()).await.expect("the tab");
    browser.shows("Open for Barack").await;
    let opened = "return document.querySelectorAll('#events .good').length";
    let before = browser.script(opened).await;
    door.done(&["show", &path("biden.jpg")]);
    browser.shows("Sees a stranger").await;
    assert_eq!(browser.script(opened).await, before, "no stranger is let in");

    // A rule is changed; the last field is sent by the Enter key.
    browser.open(&format!("{board}/people")).await;
    browser.click("ul.people a").await;
    browser.shows("May pass at any time, with their face alone.").await;
    browser.write("input[name=hours]", "mon-fri 08:00-18:00").await;
    browser.click("input[name=no_pin]").await;
    browser.write("input[name=pin]", "4711\u{E007}").await;
    browser.shows("Saved.").await;
    browser.shows("May pass mon-fri 08:00-18:00, with their face and a PIN.").await;
    browser.shows("Zone of the board").await;

    // A name with markup is a name.
    browser.write("form[action$=rename] input[name=name]", MARKUP).await;
    browser.click("form[action$=rename] button").await;
    browser.shows("Saved.").await;
    for page in ["/people", "/people/1", "/log"] {
        browser.open(&format!("{board}{page}")).await;
        browser.shows(MARKUP).await;
        let taken = "return [document.title === 'taken', document.querySelector('main img') !== null]";
        assert_eq!(browser.script(taken).await, json!([false, false]), "{page}");
    }

    // The board is lost while its page is open, and found again without a hand.
    browser.open(&board).await;
    browser.shows("The door is locked").await;
    door.done(&["board", "down"]);
    browser.shows("This page comes back by itself when the board answers.").await;
    door.done(&["board", "up"]);
    browser.shows("The door is locked").await;

    // Who signs out in one tab is signed out in the other.
    browser.click("form[action='/sign-out'] button").await;
    browser.shows("Signed out").await;
    browser.client.switch_to_window(second).await.expect("the tab");
    browser.shows("Open the address that the terminal of").await;
}

/// Every page of a board, and one that is none.
const PAGES: [&str; 11] = [
    "",
    "/people",
    "/people/1",
    "/certainty",
    "/certainty/trial",
    "/log",
    "/settings",
    "/models",
    "/computers",
    "/pair",
    "/nothing",
];

/// Opens every page of a console, and returns what is wrong with each.
async fn faults(console: &mut Console, view: View, who: &str) -> Vec<String> {
    let browser = Chromium::start(view).await;
    let (address, own) = console.address();
    browser.enter(&address, &own).await;
    let board = browser.script("return document.querySelector('ul.boards a').getAttribute('href')").await;
    let board = board.as_str().expect("an address").to_owned();
    let pages = PAGES.iter().map(|page| format!("{board}{page}"));
    let scheme = if view.dark { "dark" } else { "light" };
    let mut found = Vec::new();
    for page in pages.chain(["/boards".to_owned(), "/sign-in?token=00".to_owned()]) {
        browser.open(&format!("{own}{page}")).await;
        browser.has("h1").await;
        let place = format!("{page} as {who}, {scheme}, {} pixels", view.width);
        found.extend(axe::violations(&browser).await.into_iter().map(|line| format!("{place}: {line}")));
        let wide = browser.script("return document.documentElement.scrollWidth").await;
        if wide.as_u64().is_none_or(|wide| wide > view.width.into()) {
            found.push(format!("{place}: it is {wide} pixels wide"));
        }
        // For a person who looks at them.
        if let Some(folder) = std::env::var_os("POSTERN_PICTURES") {
            let page = page.strip_prefix(&board).unwrap_or(&page).replace(['/', '?', '='], "-");
            let file = Path::new(&folder).join(format!("{}-{scheme}-{who}{page}.png", view.width));
            std::fs::write(file, browser.picture().await).expect("written");
        }
    }
    found
}

#[tokio::test]
async fn an_accessibility_checker_finds_no_violation_on_any_page() {
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
    door.done(&["rule", "Barack", "--hours", "mon-fri 08:00-18:00"]);
    door.done(&["show", &path("obama2.jpg")]);
    let (mut console, mut auditors) = (Console::of(&door), door.other("auditor"));
    let mut found = Vec::new();
    for dark in [false, true] {
        for width in [320, 1280] {
            let view = View { width, dark };
            found.extend(faults(&mut console, view, "installer").await);
            found.extend(faults(&mut auditors, view, "auditor").await);
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
