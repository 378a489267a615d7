//! The program that drives a browser: chromedriver.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::json;

/// How often the driver is started until it has a port.
const STARTS: usize = 5;

/// How long a browser may take to end.
const FAREWELL: Duration = Duration::from_secs(20);

/// The program that drives a browser.
pub struct Driver {
    child: Child,
    /// Its port.
    pub port: u16,
    /// The session of its browser, once there is one.
    pub session: String,
    /// The folder of its browser, which ends with it.
    pub profile: tempfile::TempDir,
}

impl Driver {
    /// Starts the program, and once more where it did not get a port.
    ///
    /// # Panics
    /// It does not start.
    pub fn new() -> Self {
        (0..STARTS).find_map(|_| Self::start()).expect("chromedriver says its port")
    }

    /// Starts the program, on a port that it finds itself. `None`: it ended before it said its port, as it does where what it
    /// found for IPv4 is taken for IPv6.
    fn start() -> Option<Self> {
        let profile = tempfile::tempdir().expect("a folder");
        let mut driver = Command::new("chromedriver");
        driver.arg("--port=0").env("TMPDIR", profile.path()).stdout(Stdio::piped());
        let mut child = driver.spawn().expect("chromedriver is a program");
        let mut said = BufReader::new(child.stdout.take().expect("stdout")).lines().map_while(Result::ok);
        let started = said
            .by_ref()
            .inspect(|line| eprintln!("{line}"))
            .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
        let Some(port) = started else {
            child.wait().expect("it ends");
            return None;
        };
        // What it says later must not fill the pipe.
        std::thread::spawn(move || said.for_each(drop));
        Some(Self { child, port, session: String::new(), profile })
    }

    /// Sends a request about the browser's session, and waits until it is answered.
    fn send(&self, method: &str, path: &str, body: &str) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(FAREWELL))?;
        let (session, port, length) = (&self.session, self.port, body.len());
        write!(
            stream,
            "{method} /session/{session}{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )?;
        stream.read(&mut [0; 64]).map(drop)
    }

    /// Makes the window another one, which no command of WebDriver does where a device is emulated.
    pub fn resize(&self, width: u32, height: u32) -> std::io::Result<()> {
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let body = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": params });
        self.send("POST", "/goog/cdp/execute", &body.to_string())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A driver that is killed leaves its browser behind: so the session is ended first.
        let _ = self.send("DELETE", "", "");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
