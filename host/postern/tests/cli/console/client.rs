//! A console that ends with its test, and a browser that speaks to it over a line of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::bench::Bench;

/// A console that ends with the test.
pub struct Console {
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
    pub fn of(bench: &Bench) -> Self {
        Self::run(bench.command(&["console", "--listen", "127.0.0.1:0"]))
    }

    pub fn run(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("postern starts");
        let addresses = BufReader::new(child.stdout.take().expect("stdout"));
        Self { child, addresses }
    }

    /// The next address of the terminal.
    pub fn address(&mut self) -> String {
        let mut line = String::new();
        self.addresses.read_line(&mut line).expect("an address");
        let line: Value = serde_json::from_str(&line).expect("JSON");
        line["address"].as_str().expect("an address").to_owned()
    }

    /// A browser that has signed in by the next address of the terminal.
    pub fn browser(&mut self) -> Browser {
        Browser::signed_in(&self.address(), None)
    }
}

/// A browser.
pub struct Browser {
    place: String,
    pub cookie: String,
    token: String,
    trust: Option<Arc<ClientConfig>>,
}

/// A line to a console, with TLS or without.
pub trait Line: Read + Write {}

impl<T: Read + Write> Line for T {}

/// What trusts the certificate of a file.
pub fn trust(certificate: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate).expect("a certificate")).expect("trusted");
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().expect("versions");
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}

impl Browser {
    /// A browser that has signed in by an address; over TLS if it says what it trusts.
    pub fn signed_in(address: &str, trust: Option<Arc<ClientConfig>>) -> Self {
        let (scheme, rest) = address.split_once("://").expect("a scheme");
        assert_eq!(scheme, if trust.is_some() { "https" } else { "http" });
        let (place, token) = rest.split_once('/').expect("a path");
        let mut browser =
            Self { place: place.to_owned(), cookie: String::new(), token: String::new(), trust };
        let reply = browser.get(&format!("/{token}"));
        let (_, cookie) = reply.split_once("set-cookie: ").expect("a cookie");
        browser.cookie = cookie.split(';').next().expect("a value").to_owned();
        let page = browser.get("/boards");
        let (_, token) = page.split_once("name=\"form_token\" value=\"").expect("a token");
        browser.token = token.split('"').next().expect("a value").to_owned();
        browser
    }

    /// Sends a request, and returns the line on which the reply comes.
    pub fn open(&self, head: &str, body: &[u8]) -> Box<dyn Line> {
        let stream = TcpStream::connect(&self.place).expect("the console listens");
        stream.set_read_timeout(Some(Duration::from_secs(120))).expect("a time");
        let mut stream: Box<dyn Line> = match &self.trust {
            None => Box::new(stream),
            Some(trust) => {
                let (name, _) = self.place.rsplit_once(':').expect("a port");
                let name = ServerName::try_from(name.to_owned()).expect("a name");
                let session = ClientConnection::new(trust.clone(), name).expect("a session");
                Box::new(StreamOwned::new(session, stream))
            }
        };
        let Self { place, cookie, .. } = self;
        let length = body.len();
        let head = format!(
            "{head}\r\nhost: {place}\r\ncookie: {cookie}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("sent");
        stream
    }

    fn read(mut stream: Box<dyn Line>) -> String {
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).expect("a reply");
        String::from_utf8_lossy(&reply).into_owned()
    }

    pub fn get(&self, path: &str) -> String {
        Self::read(self.open(&format!("GET {path} HTTP/1.1"), b""))
    }

    pub fn post(&self, path: &str, fields: &str) -> String {
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded");
        let body = format!("form_token={}&{fields}", self.token);
        self.follow(Self::read(self.open(&head, body.as_bytes())))
    }

    /// The page that answers a form.
    pub fn follow(&self, reply: String) -> String {
        let location = reply.split_once("\r\nlocation: ").and_then(|(_, rest)| rest.split("\r\n").next());
        location.map_or_else(|| reply.clone(), |path| self.get(path))
    }

    /// Sends the form of a trial without a picture, as the script does, and returns what the page would show.
    pub fn look(&self, path: &str) -> String {
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: multipart/form-data; boundary=cut");
        let token = &self.token;
        let body = format!(
            "--cut\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\n{token}\r\n--cut--\r\n"
        );
        Self::read(self.open(&head, body.as_bytes()))
    }

    pub fn upload(&self, path: &str, name: &str, photo: &[u8]) -> String {
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
pub fn read_until(stream: &mut dyn Line, text: &str) {
    let (mut all, mut buffer) = (String::new(), [0; 4096]);
    while !all.contains(text) {
        let count = stream.read(&mut buffer).unwrap_or_else(|error| panic!("{error}: no {text} in {all}"));
        assert!(count > 0, "no {text} in {all}");
        all += &String::from_utf8_lossy(&buffer[..count]);
    }
}
