//! An access controller on the OSDP bus of a board, or of a door on Linux over a serial port: libosdp's control panel, from
//! PyPI.
//!
//! Nothing here depends on the host's pace: the controller waits for each reply (see its script), and the test waits
//! for each line that the controller reports.

use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread;

use fixtures::{Need, need};

use crate::bench::{BARACK, Bench, eventually, picture};
use crate::linux_parts::starts;

/// How often the controller may begin a secure channel.
const ATTEMPTS: &str = "1000";

/// A controller on a board's bus.
struct Controller {
    process: Child,
    /// The bus, if it is a socket.
    bus: Option<UnixStream>,
    said: Lines<BufReader<ChildStderr>>,
}

/// Runs a program at a pseudo-terminal, whose other end it reports. That end stays open, so that nobody finds it gone.
const AT_A_PORT: &str = "
import os, pty, sys, tty
ours, port = pty.openpty()
tty.setraw(port)
print('port:', os.ttyname(port), file=sys.stderr, flush=True)
os.dup2(ours, 0), os.dup2(ours, 1), os.set_inheritable(port, True)
os.execvp('python3', ['python3', *sys.argv[1:]])
";

impl Controller {
    /// Starts a controller with this key, at a socket.
    fn new(bus: &Path, key: &str) -> Self {
        let spawned = command(&[], key).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = spawned.expect("python3 starts");
        let bus = UnixStream::connect(bus).expect("the board's bus is there");
        let (input, output) = (process.stdin.take().expect("piped"), process.stdout.take().expect("piped"));
        let (hears, tells) = (bus.try_clone().expect("a bus"), bus.try_clone().expect("a bus"));
        thread::spawn(move || copy(hears, input));
        thread::spawn(move || copy(output, tells));
        Self::of(process, Some(bus))
    }

    /// Starts a controller with this key, at a serial port of its own. Returns the door's end of the cable.
    fn at_a_port(key: &str) -> (Self, String) {
        let process = command(&["-c", AT_A_PORT], key).spawn().expect("python3 starts");
        let mut controller = Self::of(process, None);
        let port = controller.says();
        let port = port.strip_prefix("port: ").expect("the port comes first").to_owned();
        (controller, port)
    }

    fn of(mut process: Child, bus: Option<UnixStream>) -> Self {
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
        if let Some(bus) = &self.bus {
            let _ = bus.shutdown(Shutdown::Both);
        }
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

/// The command of a controller with this key, behind other arguments of Python.
fn command(before: &[&str], key: &str) -> Command {
    let mut command = Command::new("python3");
    command.args(before).arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/osdp/tests/controller.py"));
    command.args([key, ATTEMPTS]).stderr(Stdio::piped());
    command
}

/// A controller with the key receives the card of a person who is admitted, and the tamper status. Leaves OSDP off.
pub fn a_controller_hears_of_the_door(bench: &Bench) {
    bench.refused(&["osdp", "--address", "127"], "must be 0 to 126");
    let answer = &bench.done(&["osdp", "--address", "5"])[0];
    let (key, secure) = (answer["key"].as_str().expect("a new key"), answer["secure"].as_bool());
    assert_eq!((key.len(), secure), (32, Some(false)));
    let controller = Controller::new(&bench.folder().join("rs485.sock"), key);
    the_controller_hears_of_the_door(bench, controller);
}

/// As above, for a door on Linux whose bus is a serial port: a USB adapter to RS-485 is one.
#[test]
fn a_controller_at_a_serial_port_hears_of_the_door() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"), Need::Python);
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    bench.done(&["settings", "--liveness", "off"]);
    let answer = &bench.done(&["osdp", "--address", "5"])[0];
    let (controller, port) = Controller::at_a_port(answer["key"].as_str().expect("a new key"));
    bench.done(&["board", "down"]);
    let listen = format!("serial:{port}:9600");
    let _door = starts(&bench.folder(), |config| config.replace("unix:rs485.sock", &listen));
    eventually("the door answers", || bench.run(&["board", "status"]).code == 0);
    the_controller_hears_of_the_door(&bench, controller);
}

fn the_controller_hears_of_the_door(bench: &Bench, mut controller: Controller) {
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
