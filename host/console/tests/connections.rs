//! Who connects and does not sign in takes neither all connections nor one for ever.

#[allow(dead_code, unused_imports, reason = "each file of tests uses a part of it")]
mod fake;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use client::protocol::{EventKind, Name};
use console::{Limits, Tls};
use fake::{Fake, House};

/// A time that no test waits for.
const LONG: Duration = Duration::from_secs(3600);

/// A time after which a test goes on.
const SHORT: Duration = Duration::from_millis(300);

/// No connection ends by itself, and there is room for all.
const PATIENT: Limits =
    Limits { connections: 100, of_one_address: 100, handshake: LONG, head: LONG, reply: LONG };

/// A console that serves until the tests end.
fn serve(limits: Limits, tls: Option<Tls>) -> SocketAddr {
    let listener = console::bind("127.0.0.1:0".parse().unwrap(), tls.is_some()).unwrap();
    let place = listener.local_addr().unwrap();
    std::thread::spawn(move || console::serve(Arc::new(House(Fake::new())), listener, tls, limits, |_| ()));
    place
}

fn tls() -> Tls {
    let made = rcgen::generate_simple_self_signed(vec!["door.example".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    Tls::read(&file("cert", made.cert.pem()), &file("key", made.signing_key.serialize_pem())).unwrap()
}

fn connect(place: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(place).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    stream
}

/// All that comes until the other end closes.
fn all(stream: &mut TcpStream) -> String {
    let (mut bytes, mut part) = (Vec::new(), [0; 4096]);
    loop {
        match stream.read(&mut part) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(&part[..count]),
            Err(error) => {
                assert!(
                    !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
                    "it is open still"
                );
                break;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn a_head_that_never_ends_is_cut_off() {
    let place = serve(Limits { head: SHORT, ..PATIENT }, None);
    let mut stream = connect(place);
    let mut drips = stream.try_clone().unwrap();
    // A line in a while, as slow as a line may be that comes at all.
    let dripping = std::thread::spawn(move || {
        let first = drips.write_all(b"GET /boards HTTP/1.1\r\n");
        let line = |_| {
            std::thread::sleep(SHORT / 10);
            drips.write_all(b"x: y\r\n")
        };
        // More lines than a test waits for.
        first.and_then(|()| (0..10_000).try_for_each(line))
    });
    assert_eq!(all(&mut stream), "");
    drop(stream);
    assert!(dripping.join().unwrap().is_err(), "nobody takes the lines");
    // So does a connection on which no request comes.
    assert_eq!(all(&mut connect(place)), "");
}

#[test]
fn a_handshake_that_never_ends_is_cut_off() {
    let place = serve(Limits { handshake: SHORT, ..PATIENT }, Some(tls()));
    assert_eq!(all(&mut connect(place)), "");
    let mut begun = connect(place);
    // A record that says it is long.
    begun.write_all(&[0x16, 3, 1, 2, 0, 1]).unwrap();
    assert_eq!(all(&mut begun), "");
}

#[test]
fn an_address_has_so_many_connections_and_no_more() {
    for limits in [Limits { of_one_address: 3, ..PATIENT }, Limits { connections: 3, ..PATIENT }] {
        let place = serve(limits, None);
        let mut held: Vec<TcpStream> = (0..3).map(|_| connect(place)).collect();
        for silent in &mut held {
            silent.write_all(b"GET").unwrap();
        }
        assert_eq!(all(&mut connect(place)), "", "the fourth is closed");
        held.pop();
        // The console has to see first that the third is gone.
        let served = (0..10_000).any(|_| {
            let mut stream = connect(place);
            let _ = stream.write_all(b"GET /boards HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
            all(&mut stream).starts_with("HTTP/1.1 401")
        });
        assert!(served, "the place is free again");
    }
}

#[test]
fn who_has_not_signed_in_has_one_request_a_connection() {
    let mut stream = connect(serve(PATIENT, None));
    let request = "GET /boards HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n";
    stream.write_all(request.repeat(2).as_bytes()).unwrap();
    let said = all(&mut stream);
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{said}");
    assert!(said.to_lowercase().contains("\r\nconnection: close\r\n"), "{said}");
    // A body without end is not waited for.
    let mut stream = connect(serve(PATIENT, None));
    let head = "POST /sign-out HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    assert!(all(&mut stream).starts_with("HTTP/1.1 401"));
}

/// What the console of the next test said.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[test]
fn a_page_that_follows_a_door_stays_connected_for_longer_than_a_head_may_take() {
    let fake = Fake::new();
    let listener = console::bind("127.0.0.1:0".parse().unwrap(), false).unwrap();
    let (place, house) = (listener.local_addr().unwrap(), Arc::new(House(fake.clone())));
    let limits = Limits { head: SHORT, ..PATIENT };
    let hear: fn(&str) = |address| SAID.lock().unwrap().push(address.to_owned());
    std::thread::spawn(move || console::serve(house, listener, None, limits, hear));
    let ask = |path: &str, cookie: &str| {
        let mut stream = connect(place);
        let head = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    // It listens before it says so.
    assert!(all(&mut ask("/boards", "")).starts_with("HTTP/1.1 401"));
    let address = SAID.lock().unwrap()[0].clone();
    let (_, token) = address.split_once("/sign-in").unwrap();
    let signed_in = all(&mut ask(&format!("/sign-in{token}"), ""));
    let (_, cookie) = signed_in.split_once("set-cookie: ").expect("a cookie");
    let mut live = ask("/b/front/live", cookie.split(';').next().unwrap());
    let mut seen = String::new();
    let mut until = |text: &str| {
        let mut part = [0; 4096];
        while !seen.contains(text) {
            let count = live.read(&mut part).unwrap();
            assert!(count > 0, "no {text} in {seen}");
            seen += &String::from_utf8_lossy(&part[..count]);
        }
    };
    until("The door is locked");
    // Longer is longer still.
    std::thread::sleep(SHORT * 4);
    let kind = EventKind::Opened { frame: 0, person: None, name: Name::new(), open_ms: 3_000 };
    fake.happens(kind, None);
    until("Open by the exit button");
}

#[test]
fn an_older_tls_than_1_3_is_refused() {
    // A greeting of TLS 1.2 as RFC 5246 has it: version, random, no session, one cipher of ECDHE and AES-GCM with each kind
    // of key, no compression; P-256 and X25519, and signatures of ECDSA and RSA with SHA-256.
    let extensions = [
        &[0, 10, 0, 6, 0, 4, 0, 29, 0, 23][..],
        &[0, 11, 0, 2, 1, 0],
        &[0, 13, 0, 8, 0, 6, 4, 3, 4, 1, 8, 4],
    ]
    .concat();
    let mut greeting = vec![3, 3];
    greeting.extend([7; 32]);
    greeting.extend([0, 0, 4, 0xC0, 0x2B, 0xC0, 0x2F, 1, 0, 0, extensions.len() as u8]);
    greeting.extend(extensions);
    let mut record = vec![0x16, 3, 1, 0, greeting.len() as u8 + 4, 1, 0, 0, greeting.len() as u8];
    record.extend(greeting);
    let mut stream = connect(serve(PATIENT, Some(tls())));
    stream.write_all(&record).unwrap();
    let mut alert = [0; 7];
    stream.read_exact(&mut alert).unwrap();
    // A fatal alert: the version of the protocol.
    assert_eq!((alert[0], &alert[5..]), (0x15, &[2, 70][..]), "{alert:?}");
}
