//! The console as a browser uses it, over a door on Linux: its own server, its own line, and the commands beside it.

mod client;
mod other;
mod roles;
mod tls;

use fixtures::{Need, need};

use crate::bench::{BARACK, Bench, eventually, picture};
use crate::linux::before_the_camera;
use client::{Browser, Console, read_until};
use other::Other;

#[test]
fn a_browser_pairs_a_door_opens_it_loses_it_and_finds_it_again() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    bench.done(&["board", "up"]);
    let mut console = Console::of(&bench);
    let browser = console.browser();
    assert!(browser.get("/b/linux").contains("not paired with the board"));

    let told = &bench.done(&["board", "status"])[0]["status"];
    assert_eq!(
        (told["board"].as_str(), told.get("door"), told.get("far_one_in")),
        (Some("linux"), None, None)
    );
    browser.post("/b/linux/pair", "role=installer");
    eventually("the board waits", || browser.get("/b/linux/pair").contains("Press the pairing button of"));
    browser.post("/b/linux/pair/press", "");
    eventually("both codes are shown", || browser.get("/b/linux/pair").matches("<dd>").count() == 2);
    eventually("the button counts", || {
        browser.get("/b/linux/pair").contains("hold the pairing button for two seconds")
    });
    browser.post("/b/linux/pair/press", "");
    eventually("it is paired", || browser.get("/b/linux/pair").contains("paired as installer"));

    let mut live = browser.open("GET /b/linux/live HTTP/1.1", b"");
    read_until(&mut live, "The door is locked");
    // Another program uses the line in turns with the console.
    assert!(bench.people().is_empty());
    browser.post("/b/linux/press", "button=exit");
    read_until(&mut live, "Open by the exit button");
    bench.done(&["board", "down"]);
    for (path, fields) in [("/b/linux/press", "button=exit"), ("/b/linux/type", "pin=4711")] {
        let refused = browser.post(path, fields);
        assert!(refused.contains("board linux is not up"), "{path}: {refused}");
    }
    bench.refused(&["board", "press"], "is not up");
    bench.refused(&["board", "type", "1"], "is not up");
    read_until(&mut live, "comes back by itself");
    bench.done(&["board", "up"]);
    read_until(&mut live, "The door is locked");

    let whole = browser.post("/b/linux/log/verify", "");
    assert!(whole.contains("none changed"), "{whole}");
    let file = bench.state().join("log.jsonl");
    let export = browser.get("/b/linux/log/export");
    let (_, lines) = export.split_once("\r\n\r\n").expect("a body");
    let lines: Vec<&str> = lines.lines().filter(|line| line.starts_with('{')).collect();
    std::fs::write(&file, lines.join("\n")).expect("written");
    bench.done(&["log", "verify", &file.to_string_lossy()]);
}

#[test]
fn a_browser_enrols_with_the_checks_of_the_command() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    let mut console = Console::of(&bench);
    let browser = console.browser();
    let photo =
        |name: &str| std::fs::read(fixtures::cache(&format!("pictures/{name}"))).expect("a photograph");
    let enrolled = browser.upload("/b/linux/people", "Barack", &photo(BARACK[0]));
    assert!(enrolled.contains("Barack is enrolled from photo.jpg (template 1)."), "{enrolled}");
    assert_eq!(bench.people(), ["Barack"]);

    let twice = browser.upload("/b/linux/people", "Somebody", &photo(BARACK[1]));
    assert!(twice.contains("Barack") && twice.contains("role=\"alert\""), "{twice}");
    assert!(twice.contains("Somebody is enrolled already") && twice.contains("people/new/0"), "{twice}");
    let shown = browser.get("/b/linux/people/new/0");
    assert!(shown.contains("content-type: image/png"), "{shown}");
    let none = browser.upload("/b/linux/people", "Nobody", b"no picture");
    assert!(none.contains("photo.jpg") && none.contains("role=\"alert\""), "{none}");
    assert_eq!(bench.people(), ["Barack"]);

    let rule = "hours=mon-fri+08%3A00-18%3A00&pin=4711&duress_pin=";
    assert!(browser.post("/b/linux/people/1/rule", rule).contains("Saved."));
    let kept = browser.post("/b/linux/people/1/rule", "hours=always&pin=&duress_pin=");
    assert!(kept.contains("known to the board alone"), "{kept}");
    let rule = &bench.done(&["rule", "Barack"])[0];
    assert_eq!((rule["hours"].as_str(), rule["pin"].as_bool()), (Some("mon-fri 08:00-18:00"), Some(true)));
    // The page tells zone and clock with the remarks of the command.
    let page = browser.get("/b/linux/people/1");
    assert!(page.contains("Zone of the board") && page.contains("<dd>UTC</dd>"), "{page}");
    for remark in bench.run(&["rule", "Barack"]).said.lines() {
        assert!(page.contains(remark.trim()), "{remark}: {page}");
    }
    assert!(page.contains("this computer: installer"), "{page}");
    let with_duress = "hours=always&pin=4711&duress_pin=4712";
    assert!(browser.post("/b/linux/people/1/rule", with_duress).contains("Saved."));
    let kept = browser.post("/b/linux/people/1/rule", "hours=always&pin=4711&duress_pin=");
    assert!(kept.contains("the duress PIN of Barack is known to the board alone"), "{kept}");
    assert_eq!(bench.done(&["rule", "Barack"])[0]["duress_pin"].as_bool(), Some(true));
    let ended = browser.post("/b/linux/people/1/rule", "hours=always&pin=4711&no_duress_pin=yes");
    assert!(ended.contains("Saved."), "{ended}");
    assert_eq!(bench.done(&["rule", "Barack"])[0]["duress_pin"].as_bool(), Some(false));
    let certainty = browser.get("/b/linux/certainty?rate=3");
    assert!(certainty.contains("This is measured") || certainty.contains("This is modelled"), "{certainty}");
}

#[test]
fn a_trial_compares_who_is_before_the_doors_own_camera_and_says_if_nobody_is() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    let mut console = Console::of(&bench);
    let browser = console.browser();
    let look = "/b/linux/certainty/trial/look";
    let compared = || bench.log().iter().filter(|entry| entry["kind"] == "compared").count();
    let before = compared();
    let nobody = browser.look(look);
    assert!(nobody.contains("\"over\":false") && nobody.contains("delivers no image"), "{nobody}");
    before_the_camera(&bench, &[Some(BARACK[1])], || {
        eventually("a look matches", || browser.look(look).contains("A match: Barack."));
    });
    assert!(compared() > before, "each look is in the log");
}

#[test]
fn a_browser_flashes_models_as_the_command_does_and_no_other_role_can() {
    need!(Need::Door, Need::Cached("images"));
    let bench = Bench::new("linux");
    bench.up();
    let mut console = Console::of(&bench);
    let browser = console.browser();
    let page = browser.get("/b/linux/models");
    assert!(page.contains("There are no models yet") && page.contains("updated by its package"), "{page}");
    let over = |browser: &Browser, board: &str| {
        let page = format!("/b/{board}/models");
        eventually("the transfer ends", || !browser.get(&page).contains("data-live"));
        browser.get(&page)
    };
    let models = "detector=yunet&encoder=slim-60&liveness=liveness";
    browser.post("/b/linux/models", models);
    let done = over(&browser, "linux");
    assert!(done.contains("Done.") && done.matches("class=\"state up\"").count() == 3, "{done}");
    let installed = bench.done(&["board", "status"])[0]["status"]["models"].to_string();
    assert!(["yunet", "slim-60", "liveness"].iter().all(|name| installed.contains(name)), "{installed}");
    // The log says what was there before: the usual encoder was not, so there is nothing to go back to yet.
    assert!(done.contains("no other model that was active before"), "{done}");
    browser.post("/b/linux/models", models);
    let again = over(&browser, "linux");
    assert_eq!(again.matches("skipped, it is there already").count(), 3, "{again}");
    browser.post("/b/linux/models", "detector=&encoder=postern-128&liveness=");
    let other = over(&browser, "linux");
    assert!(other.contains("Back to slim-60"), "{other}");
    browser.post("/b/linux/models", "encoder=slim-60");
    assert!(over(&browser, "linux").contains("Back to postern-128"));
    // A door on Linux takes no program over its line, whoever asks.
    browser.post("/b/linux/models/firmware", "");
    assert!(over(&browser, "linux").contains("updated by its package"));

    // A computer that may do less sees no form, and the board refuses the one that it sends.
    let (operator, board) = Other::paired(&bench, "operator");
    let board = board.as_str();
    let mut console = operator.console();
    let browser = console.browser();
    let page = browser.get(&format!("/b/{board}/models"));
    assert!(page.contains("This needs the role installer; this computer is operator."), "{page}");
    assert!(!page.contains("Install these models"), "{page}");
    browser.post(&format!("/b/{board}/models"), "detector=&encoder=postern-128&liveness=");
    let refused = over(&browser, board);
    assert!(refused.contains("the role of installer"), "{refused}");
}

#[test]
fn two_consoles_at_once_show_the_same_door_and_have_their_forms_done_in_turns() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    bench.up();
    let mut consoles = [(); 2].map(|()| Console::of(&bench));
    let browsers = consoles.each_mut().map(Console::browser);
    let mut lives = browsers.each_ref().map(|browser| browser.open("GET /b/linux/live HTTP/1.1", b""));
    lives.iter_mut().for_each(|live| read_until(&mut **live, "The door is locked"));
    for browser in &browsers {
        browser.post("/b/linux/press", "button=exit");
        lives.iter_mut().for_each(|live| read_until(&mut **live, "Open by the exit button"));
        lives.iter_mut().for_each(|live| read_until(&mut **live, "The door is locked"));
    }
    // Both send forms at the same time: each is done, and none is lost to the other's session.
    std::thread::scope(|scope| {
        for browser in &browsers {
            scope.spawn(|| {
                for _ in 0..5 {
                    let invited = browser.post("/b/linux/computers/invite", "role=auditor");
                    assert!(invited.contains("may pair one more computer"), "{invited}");
                }
            });
        }
    });
}

#[test]
fn a_damaged_board_takes_the_others_out_of_no_list() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    bench.done(&["board", "up"]);
    let damaged = bench.state().join("damaged");
    std::fs::create_dir_all(&damaged).expect("a folder");
    std::fs::write(damaged.join("board.json"), "{").expect("written");
    let list = bench.done(&["board", "list"]);
    let list = list[0].as_array().expect("an array");
    assert_eq!((&list[0]["name"], &list[1]["name"]), (&"damaged".into(), &"linux".into()));
    assert!(list[0]["damaged"].as_str().is_some_and(|what| what.contains("board.json")), "{list:?}");
    assert!(list[1]["damaged"].is_null() && list[1]["pid"].is_number(), "{list:?}");
}
