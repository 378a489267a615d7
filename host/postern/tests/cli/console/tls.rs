//! The console for other computers, as a program: a certificate of this run, and a browser that trusts it alone.

use std::path::Path;

use fixtures::{Need, need};

use super::client::{Browser, Console, read_until, trust};
use crate::bench::Bench;

#[test]
fn a_browser_of_another_computer_uses_the_console_over_tls() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    bench.up();
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let file = |name: &str, text: String| {
        let path = bench.state().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let certificate = file("door.pem", made.cert.pem());
    let key = file("door.key", made.signing_key.serialize_pem());
    let others_key = file("other.key", other.signing_key.serialize_pem());
    let others_certificate = bench.state().join("other.pem");
    std::fs::write(&others_certificate, other.cert.pem()).expect("written");

    let listen = ["console", "--listen", "0.0.0.0:0"];
    bench.refused(&listen, "--tls-cert");
    let mut arguments = [&listen[..], &["--tls-cert", &certificate, "--tls-key", &others_key]].concat();
    bench.refused(&arguments, "other.key");

    arguments[6] = &key;
    let mut console = Console::run(bench.command(&arguments));
    let trusted = trust(Path::new(&certificate));
    let address = console.address();
    assert!(address.starts_with("https://localhost:"), "{address}");
    let browser = Browser::signed_in(&address, Some(trusted));
    assert!(browser.cookie.starts_with("__Host-postern-"), "{}", browser.cookie);
    let mut live = browser.open("GET /b/linux/live HTTP/1.1", b"");
    read_until(&mut *live, "The door is locked");
    browser.post("/b/linux/press", "button=exit");
    read_until(&mut *live, "Open by the exit button");

    // A second browser, by the second address; who trusts another certificate hears nothing, and spends no token.
    let address = console.address();
    let stranger = trust(&others_certificate);
    let there = address.clone();
    let refused = std::thread::spawn(move || Browser::signed_in(&there, Some(stranger))).join();
    assert!(refused.is_err(), "another certificate");
    let second = Browser::signed_in(&address, Some(trust(Path::new(&certificate))));
    assert!(second.get("/b/linux").contains("The door is"));
}
