//! The console as a browser uses it, over a door on Linux: its own server, its own line, and the commands beside it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use fixtures::{Need, need};
use serde_json::Value;

use crate::bench::{BARACK, Bench, eventually, postern};

/// A console that ends with the test.
struct Console {
    child: Child,
    addresses: BufReader<ChildStdout>,
}

impl Drop for Console {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Console {
    fn of(bench: &Bench) -> Self {
        Self::run(bench.command(&["console", "--listen", "127.0.0.1:0"]))
    }

    fn run(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("postern starts");
        let addresses = BufReader::new(child.stdout.take().expect("stdout"));
        Self { child, addresses }
    }

    /// A browser that has signed in by the next address of the terminal.
    fn browser(&mut self) -> Browser {
        let mut line = String::new();
        self.addresses.read_line(&mut line).expect("an address");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        let address = line["address"].as_str().expect("an address").strip_prefix("http://").expect("http");
        let (place, token) = address.split_once('/').expect("a path");
        let mut browser = Browser { place: place.to_owned(), cookie: String::new(), token: String::new() };
        let reply = browser.get(&format!("/{token}"));
        let (_, cookie) = reply.split_once("set-cookie: ").expect("a cookie");
        browser.cookie = cookie.split(';').next().expect("a value").to_owned();
        let page = browser.get("/boards");
        let (_, token) = page.split_once("name=\"form_token\" value=\"").expect("a token");
        browser.token = token.split('"').next().expect("a value").to_owned();
        browser
    }
}

struct Browser {
    place: String,
    cookie: String,
    token: String,
}

impl Browser {
    fn open(&self, head: &str, body: &[u8]) -> TcpStream {
        let mut stream = TcpStream::connect(&self.place).expect("the console listens");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a time");
        let Self { place, cookie, .. } = self;
        let length = body.len();
        let head = format!(
            "{head}\r\nhost: {place}\r\ncookie: {cookie}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("sent");
        stream
    }

    fn read(mut stream: TcpStream) -> String {
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).expect("a reply");
        String::from_utf8_lossy(&reply).into_owned()
    }

    fn get(&self, path: &str) -> String {
        Self::read(self.open(&format!("GET {path} HTTP/1.1"), b""))
    }

    fn post(&self, path: &str, fields: &str) -> String {
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded");
        let body = format!("form_token={}&{fields}", self.token);
        self.follow(Self::read(self.open(&head, body.as_bytes())))
    }

    /// The page that answers a form.
    fn follow(&self, reply: String) -> String {
        let location = reply.split_once("\r\nlocation: ").and_then(|(_, rest)| rest.split("\r\n").next());
        location.map_or_else(|| reply.clone(), |path| self.get(path))
    }

    fn upload(&self, path: &str, name: &str, photo: &[u8]) -> String {
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=cut");
        let mut body = Vec::new();
        for (field, text) in [("form_token", self.token.as_str()), ("name", name)] {
            let part = format!("--cut\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{text}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        body.extend_from_slice(
            b"--cut\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"photo.jpg\"\r\n\r\n",
        );
        body.extend_from_slice(photo);
        body.extend_from_slice(b"\r\n--cut--\r\n");
        self.follow(Self::read(self.open(&head, &body)))
    }
}

/// Reads a stream of events until it holds `text`.
fn read_until(stream: &mut TcpStream, text: &str) {
    let (mut all, mut buffer) = (String::new(), [0; 4096]);
    while !all.contains(text) {
        let count = stream.read(&mut buffer).unwrap_or_else(|error| panic!("{error}: no {text} in {all}"));
        assert!(count > 0, "no {text} in {all}");
        all += &String::from_utf8_lossy(&buffer[..count]);
    }
}

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
        browser.get("/b/linux/pair").contains("press the pairing button again")
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
    browser.post("/b/linux/models", models);
    let again = over(&browser, "linux");
    assert_eq!(again.matches("skipped, it is there already").count(), 3, "{again}");
    // A door on Linux takes no program over its line, whoever asks.
    browser.post("/b/linux/models/firmware", "");
    assert!(over(&browser, "linux").contains("updated by its package"));

    // A computer that may do less sees no form, and the board refuses the one that it sends.
    let device = format!("unix:{}", bench.folder().join("serial.sock").display());
    let elsewhere = tempfile::tempdir().expect("a folder");
    let second = |arguments: &[&str]| {
        let mut command = postern(arguments);
        command.args(["--device", &device, "--state"]).arg(elsewhere.path());
        command
    };
    bench.done(&["keys", "invite", "operator"]);
    let mut pairing = second(&["pair", "--role", "operator"]);
    let said = std::fs::File::create(elsewhere.path().join("said")).expect("a file");
    let mut pairing = pairing.stderr(said).stdout(Stdio::null()).spawn().expect("postern starts");
    eventually("the pairing is confirmed", || {
        bench.done(&["board", "press", "--pairing"]);
        pairing.try_wait().expect("it runs").is_some()
    });
    let said = std::fs::read_to_string(elsewhere.path().join("said")).expect("what it said");
    assert!(pairing.wait().expect("it ends").success(), "{said}");
    let mut console = Console::run(second(&["console", "--listen", "127.0.0.1:0"]));
    let browser = console.browser();
    let list = browser.get("/boards");
    let (_, board) = list.split_once("href=\"/b/").expect("a board");
    let board = board.split('"').next().expect("a name");
    let page = browser.get(&format!("/b/{board}/models"));
    assert!(page.contains("This needs the role installer; this computer is operator."), "{page}");
    assert!(!page.contains("Install these models"), "{page}");
    browser.post(&format!("/b/{board}/models"), "detector=&encoder=postern-128&liveness=");
    let refused = over(&browser, board);
    assert!(refused.contains("the role of installer"), "{refused}");
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
