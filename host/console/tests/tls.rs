//! A console that other computers reach: only with TLS, by the names of its certificate.

#[allow(dead_code, unused_imports, reason = "each file of tests uses a part of it")]
mod fake;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use console::{Limits, Tls};
use fake::{Fake, House};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A certificate for `door.example` and its key, made at this run.
struct Made {
    folder: tempfile::TempDir,
    roots: RootCertStore,
}

impl Made {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["door.example".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        Self { folder, roots }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tls(&self) -> Tls {
        Tls::read(&self.file("cert.pem"), &self.file("key.pem")).unwrap()
    }

    /// Asks by the name of the certificate, and reads the whole reply.
    fn ask(&self, place: SocketAddr, request: &str) -> String {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(self.roots.clone()).with_no_client_auth();
        let name = ServerName::try_from("door.example").unwrap();
        let session = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(session, connect(place));
        stream.write_all(request.as_bytes()).unwrap();
        let mut reply = Vec::new();
        // The server closes the connection as HTTP/1 permits it.
        let _ = stream.read_to_end(&mut reply);
        String::from_utf8_lossy(&reply).into_owned()
    }
}

fn connect(place: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(place).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    stream
}

/// What the console said, so that a test reads the address.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn hear(address: &str) {
    SAID.lock().unwrap().push(address.to_owned());
}

#[test]
fn a_console_for_other_computers_speaks_tls_alone_and_marks_its_cookies() {
    let made = Made::new();
    let listener = console::bind("0.0.0.0:0".parse().unwrap(), true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let place = SocketAddr::from(([127, 0, 0, 1], port));
    let (tls, boards) = (made.tls(), Arc::new(House(Fake::new())));
    std::thread::spawn(move || console::serve(boards, listener, Some(tls), Limits::default(), hear));
    // Whoever connects and says nothing holds up nobody.
    let silent: Vec<TcpStream> = (0..3).map(|_| connect(place)).collect();
    let ask = |path: &str, head: &str| {
        made.ask(place, &format!("GET {path} HTTP/1.1\r\n{head}connection: close\r\n\r\n"))
    };
    let host = format!("host: door.example:{port}\r\n");
    assert!(ask("/boards", &host).starts_with("HTTP/1.1 401"));
    let address = SAID.lock().unwrap()[0].clone();
    let token =
        address.strip_prefix(&format!("https://door.example:{port}")).expect("the certificate's name");
    let reply = ask(token, &host);
    let (_, cookie) = reply.split_once("set-cookie: ").expect("a cookie");
    let cookie = cookie.split("\r\n").next().unwrap();
    assert!(cookie.starts_with(&format!("__Host-postern-{port}=")), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{cookie}");
    let cookie = format!("cookie: {}\r\n", cookie.split(';').next().unwrap());
    let page = ask("/boards", &format!("{host}{cookie}"));
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("front"), "{page}");
    // A name that the certificate does not have was made to point here.
    let foreign = ask("/boards", &format!("host: evil.example:{port}\r\n{cookie}"));
    assert!(foreign.starts_with("HTTP/1.1 421"), "{foreign}");
    // A form of the same page without TLS is one of another origin.
    let form = |origin: &str| {
        let head = format!("{host}{cookie}origin: {origin}://door.example:{port}\r\ncontent-length: 0\r\n");
        made.ask(place, &format!("POST /sign-out HTTP/1.1\r\n{head}connection: close\r\n\r\n"))
    };
    assert!(form("http").contains("sent by another page"));
    assert!(!form("https").contains("sent by another page"));
    let mut plain = connect(place);
    plain.write_all(format!("GET /boards HTTP/1.1\r\n{host}\r\n").as_bytes()).unwrap();
    let mut reply = Vec::new();
    let _ = plain.read_to_end(&mut reply);
    assert!(!String::from_utf8_lossy(&reply).contains("HTTP/1.1"), "nothing is said without TLS");
    drop(silent);
}

#[test]
fn a_certificate_or_a_key_that_does_not_fit_is_said_with_its_file() {
    let (made, other) = (Made::new(), Made::new());
    let nothing = made.file("nothing.pem");
    std::fs::write(made.file("empty.pem"), "").unwrap();
    for (certificate, key, file) in [
        (nothing.clone(), made.file("key.pem"), "nothing.pem"),
        (made.file("empty.pem"), made.file("key.pem"), "empty.pem"),
        (made.file("key.pem"), made.file("key.pem"), "key.pem"),
        (made.file("cert.pem"), nothing, "nothing.pem"),
        (made.file("cert.pem"), made.file("cert.pem"), "cert.pem"),
        (made.file("cert.pem"), other.file("key.pem"), "key.pem"),
    ] {
        let Err(error) = Tls::read(&certificate, &key) else { panic!("{file} is taken") };
        assert!(error.to_string().contains(file), "{error}");
    }
    let Err(error) = Tls::read(&made.file("cert.pem"), &other.file("key.pem")) else { panic!("it is taken") };
    assert!(error.to_string().contains("it belongs to another certificate"), "{error}");
}

#[test]
fn a_certificate_that_names_no_host_and_files_that_are_not_there_are_refused() {
    let made = Made::new();
    let nameless = rcgen::generate_simple_self_signed(Vec::<String>::new()).unwrap();
    std::fs::write(made.file("nameless.pem"), nameless.cert.pem()).unwrap();
    std::fs::write(made.file("nameless.key"), nameless.signing_key.serialize_pem()).unwrap();
    let refused = |certificate, key| {
        Tls::read(&made.file(certificate), &made.file(key)).err().expect("it is refused").to_string()
    };
    let said = refused("nameless.pem", "nameless.key");
    assert!(said.contains("nameless.pem") && said.contains("subjectAltName"), "{said}");
    let said = refused("nowhere.pem", "key.pem");
    assert!(said.contains("nowhere.pem") && said.contains("there is no such file"), "{said}");
    let said = refused("cert.pem", "nowhere.pem");
    assert!(said.contains("nowhere.pem") && said.contains("there is no such file"), "{said}");
}
