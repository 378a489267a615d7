//! An access controller on the bus of an emulated board: libosdp's, from PyPI.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;

use crate::bench::{BARACK, Bench, picture};

/// For how many seconds the controller waits for what it is to hear.
const PATIENCE: &str = "300";

/// A controller at a board's bus.
struct Controller {
    process: Child,
    bus: UnixStream,
    said: Lines<BufReader<ChildStderr>>,
}

impl Controller {
    /// One that has this key.
    fn new(bus: &Path, key: &str) -> Self {
        let mut process = Command::new("python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/osdp/tests/controller.py"))
            .args([key, PATIENCE])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let bus = UnixStream::connect(bus).expect("the board's bus is there");
        let (input, output) = (process.stdin.take().expect("piped"), process.stdout.take().expect("piped"));
        let (hears, tells) = (bus.try_clone().expect("a bus"), bus.try_clone().expect("a bus"));
        thread::spawn(move || pass_on(hears, input));
        thread::spawn(move || pass_on(output, tells));
        let said = BufReader::new(process.stderr.take().expect("piped")).lines();
        Self { process, bus, said }
    }

    /// The next thing it says.
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

/// Passes bytes on as they come, until either side is gone.
fn pass_on(mut from: impl Read, mut to: impl Write) {
    let mut bytes = [0; 256];
    while let Ok(read @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..read]).and_then(|()| to.flush()).is_err() {
            break;
        }
    }
}

/// A controller that was given the key hears who comes in and that the cover is opened. Ends with nobody on the bus.
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
    // Person 1 of site 0 in 34 bits, which begin at the left.
    assert_eq!(controller.says(), "card: 34 0000000080");
    bench.done(&["board", "cover", "open"]);
    assert_eq!(controller.says(), "status: 0100");
    bench.done(&["board", "cover", "closed"]);
    bench.done(&["osdp", "--off"]);
}
