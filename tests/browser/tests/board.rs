//! What a board has and does, as a person uses it in Chromium: its buttons, its models, its log, and a new board.

use std::process::Stdio;

use browser::chromium::{Chromium, DESK, ENTER, View};
use browser::door::{self, Console, Door};
use browser::pictures::path;
use fixtures::{Need, need};
use serde_json::{Value, json};

#[tokio::test]
async fn a_board_is_made_and_paired_with_six_digits_on_both_sides() {
    need!(Need::Browser, Need::Door);
    let door = Door::none();
    let mut console = Console::of_all(&door);
    let browser = Chromium::start(DESK).await;
    let (address, own) = console.address();
    browser.open(&address).await;
    browser.shows("There is no board yet.").await;
    browser.write("input[name=name]", door::NAME).await;
    browser.click("form.fields button.main").await;
    browser.shows("This computer is not paired with the board.").await;
    browser.open(&format!("{own}/b/{}/pair", door::NAME)).await;
    browser.click("form.fields button.main").await;
    browser.shows("Press the pairing button of the board").await;
    browser.click("form[action$=press] button.main").await;
    browser.until_list("dl.codes dd", "", 2).await;
    let codes = browser
        .script("return [...document.querySelectorAll('dl.codes dd')].map((one) => one.innerText)")
        .await;
    let digits = codes[0].as_str().expect("a code");
    assert!(digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit()), "{codes}");
    assert_eq!(codes[0], codes[1], "both sides show the same");
    browser.shows("hold the pairing button for two seconds").await;
    browser.click("form[action$=press] button.main").await;
    browser.shows("This computer is paired as installer.").await;
    browser.open(&format!("{own}/boards")).await;
    browser.shows("Switch off").await;
}

#[tokio::test]
async fn a_door_is_used_by_the_keyboard_alone() {
    need!(Need::Browser, Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let door = Door::paired();
    door.done(&["flash", "models"]);
    door.done(&["enroll", "Barack", &path("obama.jpg")]);
    door.done(&["settings", "--pin-time", "60"]);
    let mut console = Console::of(&door);
    let browser = Chromium::start(DESK).await;
    let board = browser.sign_in(&mut console).await;
    browser.open(&format!("{board}/people/1")).await;
    browser.tab_to("input[name=pin]", "4711").await;
    browser.tab_to("input[name=no_pin]", " ").await;
    browser.tab_to("form[action$=rule] button.main", ENTER).await;
    browser.shows("Saved.").await;
    browser.open(&board.replace("/b/linux", "/boards")).await;
    // The first stop leads past the menu.
    browser.tab_to("a.skip", ENTER).await;
    browser.tab_to("ul.boards a", ENTER).await;
    browser.shows("The door is locked").await;
    browser.tab_to("form[action$=press] button", ENTER).await;
    browser.shows("Open by the exit button").await;
    browser.tab_to("form[action$=contact] button[value=open]", ENTER).await;
    browser.shows("door leaf open").await;
    browser.tab_to("form[action$=contact] button[value=closed]", ENTER).await;
    browser.shows("door leaf closed").await;
    // The keys of the keypad write the PIN that the door asks for.
    let mut show = door.command(&["show", &path("obama2.jpg")]);
    let mut show = show.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("postern starts");
    browser.shows("Barack is recognised, and the door waits 60 s for their PIN").await;
    for digit in [4, 7, 1, 1] {
        browser.tab_to(&format!(".keys button:nth-child({digit})"), ENTER).await;
    }
    browser.tab_to("form.keypad button.main", ENTER).await;
    browser.shows("Open for Barack").await;
    show.wait().expect("it ends");
    browser.tab_to("nav a[href$=settings]", ENTER).await;
    browser.tab_to("input[name=agreement]", "").await;
    browser.tab_to("main form button.main", ENTER).await;
    browser.shows("Saved.").await;
}

#[tokio::test]
async fn a_board_goes_back_to_the_model_of_before_and_says_it_while_it_goes() {
    need!(Need::Browser, Need::Door, Need::Cached("images"));
    let door = Door::paired();
    door.done(&["flash", "models"]);
    let mut console = Console::of(&door);
    let browser = Chromium::start(DESK).await;
    let board = browser.sign_in(&mut console).await;
    browser.open(&format!("{board}/models")).await;
    browser.shows("The log knows no other model that was active before.").await;
    let choose = "document.querySelector('select[name=encoder]').value = 'slim-60'";
    browser.script(choose).await;
    browser.click("form.fields button.main").await;
    browser.shows("Done.").await;
    browser.shows("Back to postern-128").await;
    browser.click("form:has(input[type=hidden][value=postern-128]) button").await;
    browser.shows("Back to slim-60").await;
    browser.until_list("ul.flash li", "postern-128", 1).await;
    browser.until_list("ul.flash li", "active", 1).await;
    assert!(door.done(&["board", "status"]).contains("postern-128"));
}

#[tokio::test]
async fn the_log_is_filtered_verified_and_exported_as_a_file() {
    need!(Need::Browser, Need::Door);
    let door = Door::paired();
    let mut console = Console::of(&door);
    let browser = Chromium::start(DESK).await;
    let board = browser.sign_in(&mut console).await;
    browser.open(&format!("{board}/log")).await;
    browser.until_list("ol.log li", "booted", 1).await;
    browser.script("document.querySelector('select[name=kind]').value = 'paired'").await;
    browser.click("form.row button").await;
    browser.until_list("ol.log li", "booted", 0).await;
    browser.until_list("ol.log li", "paired", 1).await;
    browser.click("form[action$=verify] button").await;
    browser.shows("none changed, and none missing between.").await;
    let link = "const reply = await fetch(document.querySelector('a[download]').href);
        return [reply.headers.get('content-disposition'), await reply.text()];";
    let file = browser.script_async(link).await;
    assert_eq!(file[0], json!("attachment; filename=\"log.jsonl\""));
    let lines: Vec<Value> = file[1]
        .as_str()
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let exported = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(exported.path(), file[1].as_str().expect("text")).expect("written");
    assert!(lines.len() > 2 && lines.iter().any(|line| line["kind"] == "paired"), "{file}");
    door.done(&["log", "verify", &exported.path().display().to_string()]);
}

#[tokio::test]
async fn two_consoles_at_once_show_the_same_door() {
    need!(Need::Browser, Need::Door);
    let door = Door::paired();
    let mut consoles = [(); 2].map(|()| Console::of(&door));
    let browsers = [Chromium::start(DESK).await, Chromium::start(DESK).await];
    for (browser, console) in browsers.iter().zip(&mut consoles) {
        let board = browser.sign_in(console).await;
        browser.open(&board).await;
        browser.shows("The door is locked").await;
    }
    let count = "return [...document.querySelectorAll('#events li')].filter((one) => one.innerText.includes('Locked')).length";
    let before = browsers[0].script(count).await.as_u64().expect("a number") as usize;
    for (presses, browser) in browsers.iter().enumerate() {
        browser.click("form[action$=press] button").await;
        for browser in &browsers {
            browser.until_list("#events li", "Open by the exit button", presses + 1).await;
            // An open door is not opened again.
            browser.until_list("#events li", "Locked", before + presses + 1).await;
        }
    }
}

#[tokio::test]
async fn nothing_moves_for_who_wants_less_motion_and_nothing_is_asked_of_others() {
    need!(Need::Browser, Need::Door);
    let door = Door::paired();
    let mut console = Console::of(&door);
    let seconds = "return getComputedStyle(document.querySelector('footer button')).transitionDuration";
    for (flags, expected) in [(&["--force-prefers-reduced-motion".to_owned()][..], "0s"), (&[], "0.15s")] {
        let browser = Chromium::start_with(View { width: 320, dark: false }, flags).await;
        let board = browser.sign_in(&mut console).await;
        browser.open(&board).await;
        browser.shows("The door is locked").await;
        let found = browser.script(seconds).await;
        assert!(found.as_str().is_some_and(|found| found.starts_with(expected)), "{found}");
        let asked = "return performance.getEntriesByType('resource').map((one) => new URL(one.name).origin)
            .filter((origin) => origin !== location.origin)";
        assert_eq!(browser.script(asked).await, json!([]), "everything comes from the console");
    }
}
