//! A device, polled by libosdp's controller from PyPI.
#![forbid(unsafe_code)]

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{ChildStderr, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fixtures::{Need, need};
use osdp::{Card, Device, Door, Identity, KEY, Receiver};

/// Packets before the cover opens: more than the handshake has.
const TAMPERED_AFTER: u64 = 20;

/// A door that admitted one person, and whose cover opens after [`TAMPERED_AFTER`] packets.
struct Passed {
    packets: u64,
    card: Option<Card>,
}

impl Door for Passed {
    fn random(&mut self) -> [u8; 8] {
        self.packets.to_le_bytes()
    }

    fn tampered(&mut self) -> bool {
        self.packets > TAMPERED_AFTER
    }

    fn card(&mut self) -> Option<Card> {
        self.card.take()
    }
}

/// Runs the controller with a key against a device with the key 00 01 02 and so on, which answers after `delay`. The
/// controller begins a secure channel at most `attempts` times. Returns the lines that it reported.
fn controlled(key: &str, attempts: &str, delay: Duration) -> Vec<String> {
    let mut child = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/controller.py"))
        .args([key, attempts])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let said = child.stderr.take().expect("it is piped");
    let said = thread::spawn(|| listen(said));
    let (mut line, mut back) = (child.stdout.take().expect("piped"), child.stdin.take().expect("piped"));
    let identity = Identity { vendor: [1, 2, 3], model: [4, 5], serial: 0x0102_0304, firmware: [1, 2, 3] };
    let mut device =
        Device::new(5, core::array::from_fn::<u8, KEY, _>(|n| n as u8), identity).expect("a key");
    let start = Instant::now();
    let mut receiver = Receiver::new();
    let mut door = Passed { packets: 0, card: Some(Card { bits: 0x2ab_cdef, length: 26 }) };
    let mut byte = [0];
    while line.read(&mut byte).is_ok_and(|read| read == 1) {
        let Some(packet) = receiver.push(byte[0]) else { continue };
        door.packets += 1;
        thread::sleep(delay);
        if let Some(reply) = device.answer(packet, start.elapsed().as_millis() as u64, &mut door) {
            // The controller may have ended.
            let _ = back.write_all(reply).and_then(|()| back.flush());
        }
    }
    child.wait().expect("it ends");
    said.join().expect("it listens")
}

fn listen(said: ChildStderr) -> Vec<String> {
    BufReader::new(said).lines().map_while(Result::ok).collect()
}

const REPORTED: [&str; 6] = [
    "secure: True",
    "identity: 4 5 0x1020304",
    "lamp: True",
    "card: 26 aaf37bc0",
    "status: 0100",
    "secure: True",
];

#[test]
fn the_controller_opens_a_channel_and_receives_a_card_and_the_tamper_status() {
    need!(Need::Python);
    assert_eq!(controlled("000102030405060708090a0b0c0d0e0f", "100", Duration::ZERO), REPORTED);
}

/// libosdp gives a reply 200 ms. A device on a busy machine needs longer, and the channel must last.
#[test]
fn the_controller_waits_for_a_device_on_a_busy_machine() {
    need!(Need::Python);
    let delay = Duration::from_millis(300);
    assert_eq!(controlled("000102030405060708090a0b0c0d0e0f", "1", delay), REPORTED);
}

#[test]
fn the_controller_opens_no_channel_with_another_key() {
    need!(Need::Python);
    assert_eq!(controlled("ff0102030405060708090a0b0c0d0e0f", "3", Duration::ZERO), ["secure: False"]);
}
