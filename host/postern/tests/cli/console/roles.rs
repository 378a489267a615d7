//! What a page offers is what the board permits: each form of each page, as each role, offered and sent.

use fixtures::{Need, need};

use super::client::{Browser, Console};
use super::other::Other;
use crate::bench::{BARACK, Bench, eventually, picture};

/// A form: its page, what only it has there, where it goes, and what it says. What it says changes nothing, or is refused
/// for another reason, where the role is enough.
struct Form {
    page: &'static str,
    mark: &'static str,
    path: &'static str,
    fields: Fields,
}

enum Fields {
    Plain(&'static str),
    Photograph,
}

const FORMS: [Form; 11] = [
    Form { page: "/people", mark: "enctype=", path: "/people", fields: Fields::Photograph },
    Form { page: "/people/P", mark: "enctype=", path: "/people/P", fields: Fields::Photograph },
    Form {
        page: "/people/P",
        mark: "/rule\"",
        path: "/people/P/rule",
        fields: Fields::Plain("hours=always&no_pin=yes&pin=&duress_pin="),
    },
    Form {
        page: "/people/P",
        mark: "/suspend\"",
        path: "/people/P/suspend",
        fields: Fields::Plain("suspended=false"),
    },
    Form {
        page: "/people/P",
        mark: "/rename\"",
        path: "/people/P/rename",
        fields: Fields::Plain("name=Barack"),
    },
    Form {
        page: "/certainty/trial",
        mark: "data-trial",
        path: "/certainty/trial",
        fields: Fields::Photograph,
    },
    Form { page: "/certainty", mark: "Use this rate", path: "/certainty", fields: Fields::Plain("rate=3") },
    Form {
        page: "/models",
        mark: "Install these models",
        path: "/models",
        fields: Fields::Plain("detector=&encoder=slim-60&liveness="),
    },
    Form {
        page: "/computers",
        mark: "/computers/invite",
        path: "/computers/invite",
        fields: Fields::Plain("role=auditor"),
    },
    Form {
        page: "/computers",
        mark: "/computers/forget",
        path: "/computers/forget",
        fields: Fields::Plain(concat!(
            "key=",
            "0000000000000000000000000000000000000000000000000000000000000000",
            "&sure=yes"
        )),
    },
    // The last: it leaves nobody.
    Form {
        page: "/people/P",
        mark: "/remove\"",
        path: "/people/P/remove",
        fields: Fields::Plain("sure=yes"),
    },
];

/// What the board says to whose role is too low.
const TOO_LOW: &str = "this requires the role of";

/// The address of a form or a page; `P` is the number of the person.
fn address(board: &str, path: &str, person: u64) -> String {
    format!("/b/{board}{}", path.replace("/P", &format!("/{person}")))
}

/// Sends a form, and returns the page that answers it, when what it began has ended.
fn send(browser: &Browser, board: &str, form: &Form, person: u64) -> String {
    let path = address(board, form.path, person);
    let photo = std::fs::read(picture(BARACK[1])).expect("a photograph");
    let answer = match form.fields {
        Fields::Photograph => browser.upload(&path, "Somebody", &photo),
        Fields::Plain(fields) => browser.post(&path, fields),
    };
    if form.page != "/models" {
        return answer;
    }
    let models = format!("/b/{board}/models");
    eventually("the transfer ends", || !browser.get(&models).contains("data-live"));
    browser.get(&models)
}

#[test]
fn what_a_page_offers_is_what_the_board_permits_to_each_role() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    let others = ["auditor", "operator"].map(|role| (role, Other::paired(&bench, role)));
    let consoles = others.iter().map(|(role, (other, board))| (*role, other.console(), board.clone()));
    for (role, mut console, board) in consoles.chain([("installer", Console::of(&bench), "linux".to_owned())])
    {
        let browser = console.browser();
        if bench.people().is_empty() {
            bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
        }
        let person = bench.done(&["users"])[0]["people"][0]["person"].as_u64().expect("a number");
        for form in &FORMS {
            let page = browser.get(&address(&board, form.page, person));
            assert!(page.contains(&format!("this computer: {role}")), "{}: {page}", form.page);
            let is_offered = page.contains(form.mark);
            let answer = send(&browser, &board, form, person);
            let is_permitted = !answer.contains(TOO_LOW);
            assert_eq!(is_offered, is_permitted, "{} as {role}: {answer}", form.path);
        }
    }
    assert!(bench.people().is_empty(), "the installer's last form was done");
}
