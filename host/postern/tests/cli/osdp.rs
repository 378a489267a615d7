//! An access controller on the OSDP bus of an emulated board: libosdp's control panel, from PyPI.
//!
//! Nothing here depends on the host's pace: the controller waits for each reply (see its script), and the test waits
//! for each line that the controller reports.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;

use crate::bench::{BARACK, Bench, picture};

/// How often the controller may begin a secure channel.
const ATTEMPTS: &str = "1000";

/// A controller on a board's bus.
struct Controller {
    process: Child,
    bus: UnixStream,
    said: Lines<BufReader<ChildStderr>>,
}

impl Controller {
    /// Starts a controller with this key.
    fn new(bus: &Path, key: &str) -> Self {
        let mut process = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/osdp/tests/controller.py"))
            .args([key, ATTEMPTS])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let bus = UnixStream::connect(bus).expect("the board's bus is there");
        let (input, output) = (process.stdin.take().expect("piped"), process.stdout.take().expect("piped"));
        let (hears, tells) = (bus.try_clone().expect("a bus"), bus.try_clone().expect("a bus"));
        thread::spawn(move || copy(hears, input));
        thread::spawn(move || copy(output, tells));
        let said = BufReader::new(process.stderr.take().expect("piped")).lines();
        Self { process, bus, said }
    }

    /// Waits for the next line that it reports.
    fn says(&mut self) -> String {
        self.said.next().expect("it says more").expect("it can be read")
    }
}

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = self.bus.shutdown(Shutdown::Both);
    }
}

/// Copies bytes as they arrive, until one side closes.
fn copy(mut from: impl Read, mut to: impl Write) {
    let mut bytes = [0; 256];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..read]).and_then(|()| to.flush()).is_err() {
            break;
        }
    }
}

/// A controller with the key receives the card of a person who is admitted, and the tamper status. Leaves OSDP off.
pub fn a_controller_hears_of_the_door(bench: &Bench) {
    bench.refused(&["osdp", "--address", "127"], "must be 0 to 126");
    let answer = &bench.done(&["osdp", "--address", "5"])[0];
    let (key, secure) = (answer["key"].as_str().expect("a new key"), answer["secure"].as_bool());
    assert_eq!((key.len(), secure), (32, Some(false)));
    let mut controller = Controller::new(&bench.folder().join("rs485.sock"), key);
    assert_eq!(controller.says(), "secure: True");
    let identity = controller.says();
    assert!(identity.starts_with("identity: 1 0 0x"), "{identity}");
    assert_eq!(controller.says(), "lamp: True");
    let answer = &bench.done(&["osdp"])[0];
    assert_eq!((answer["address"].as_u64(), answer["secure"].as_bool()), (Some(5), Some(true)));
    assert!(answer["key"].is_null(), "it is shown once");

    assert_eq!(bench.run(&["show", &picture(BARACK[1])]).code, 0);
    // Person 1 of facility 0 in 34 bits, left-aligned.
    assert_eq!(controller.says(), "card: 34 0000000080");
    bench.done(&["board", "cover", "open"]);
    assert_eq!(controller.says(), "status: 0100");
    bench.done(&["board", "cover", "closed"]);
    bench.done(&["osdp", "--off"]);
}
