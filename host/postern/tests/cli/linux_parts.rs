//! A PIN on a USB keypad, at a door on Linux whose camera and pins are made.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use fixtures::{Need, need};

use crate::bench::{BARACK, Bench, eventually, picture};

/// Ends the door when the test ends.
struct Door(Child);

impl Drop for Door {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The kernel's codes of the digits on the block of digits, and of its enter key.
const BLOCK: [u16; 10] = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73];
const ENTER: u16 = 96;

/// Presses keys: for each one, the kernel's events when it goes down and up.
fn types(pipe: &mut File, digits: &str) {
    let codes = digits.bytes().map(|digit| BLOCK[usize::from(digit - b'0')]).chain([ENTER]);
    for code in codes {
        for (kind, code, value) in [(1u16, code, 1i32), (0, 0, 0), (1, code, 0), (0, 0, 0)] {
            let mut event = vec![0; 2 * size_of::<usize>()];
            event.extend(kind.to_ne_bytes());
            event.extend(code.to_ne_bytes());
            event.extend(value.to_ne_bytes());
            pipe.write_all(&event).expect("the door has the other end");
        }
    }
}

/// Starts the program of a door that was down, with a keypad added to its configuration. As `postern board up` does, it
/// notes the process, so that the other commands find it.
fn starts_with_a_keypad(folder: &Path, pipe: &Path) -> Door {
    let config = folder.join("postern-door.toml");
    let mut file = OpenOptions::new().append(true).open(&config).expect("the configuration");
    writeln!(file, "[keypad]\ndevice = \"file:{}\"", pipe.display()).expect("written");
    let said = File::create(folder.join("emulator.log")).expect("a file");
    let door = Command::new(folder.join("firmware.elf"))
        .arg("--config")
        .arg(config)
        .stdin(Stdio::null())
        .stderr(said)
        .current_dir(folder)
        .spawn()
        .expect("it starts");
    std::fs::write(folder.join("emulator.pid"), door.id().to_string()).expect("written");
    Door(door)
}

#[test]
fn a_pin_that_is_typed_on_a_usb_keypad_opens_the_door() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    bench.done(&["settings", "--liveness", "off", "--pin-time", "120"]);
    let mut rule = bench.command(&["rule", "Barack", "--pin"]);
    let mut rule = rule.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("postern starts");
    rule.stdin.take().expect("a pipe").write_all(b"2468\n").expect("read");
    assert!(rule.wait().expect("it ends").success());
    bench.done(&["board", "down"]);

    let pipe = bench.folder().join("keys");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts").success());
    let _door = starts_with_a_keypad(&bench.folder(), &pipe);
    eventually("the door answers", || bench.run(&["board", "status"]).code == 0);
    let mut keypad = OpenOptions::new().write(true).open(&pipe).expect("the door reads it");
    assert_eq!(bench.run(&["show", &picture(BARACK[1])]).code, 1, "a face is not enough");
    let told = |kind: &str| bench.log().iter().filter(|entry| entry["kind"] == kind).count();
    types(&mut keypad, "1357");
    eventually("another PIN is refused", || bench.log().iter().any(|entry| entry["reason"] == "wrong-pin"));
    assert_eq!(told("admitted"), 0);
    assert_eq!(bench.run(&["show", &picture(BARACK[1])]).code, 1, "a face is not enough");
    types(&mut keypad, "2468");
    eventually("the PIN opens", || told("admitted") == 1);
}
