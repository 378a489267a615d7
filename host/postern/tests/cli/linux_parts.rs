//! A door on Linux with one part that is not made: a USB keypad, or a camera with more pixels than the door's frame.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fixtures::{Need, need};
use imaging::Photo;
use models::Manifest;
use reference::{Detector, Rgb};
use vision::rgb_to_yuv;

use crate::bench::{BARACK, Bench, eventually, picture};

/// Ends the door when the test ends.
pub struct Door(Child);

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

/// Starts the program of a door that was down, with another configuration. As `postern board up` does, it notes the process, so
/// that the other commands find it.
pub fn starts(folder: &Path, change: impl FnOnce(String) -> String) -> Door {
    let config = folder.join("postern-door.toml");
    let written = std::fs::read_to_string(&config).expect("the configuration");
    std::fs::write(&config, change(written)).expect("written");
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
    let keypad = format!("[keypad]\ndevice = \"file:{}\"\n", pipe.display());
    let _door = starts(&bench.folder(), |config| config + &keypad);
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

/// The place of the face in a photograph: left, top, width, height.
pub fn face_of(photo: &Photo) -> [f32; 4] {
    let [width, height] = [photo.width(), photo.height()].map(|side| side as usize);
    let manifest = Manifest::read(models::DETECTOR).expect("the manifest");
    let detector = Detector::open(&manifest).expect("the published network");
    let faces = detector.detect(Rgb { width, height, pixels: photo.rgb() }).expect("it runs");
    reference::nearest_centre(&faces, width, height).expect("a face").area
}

/// A picture of a camera, as YUYV, in which the face of `photo` is so many pixels high.
pub fn picture_of(photo: &Photo, face: [f32; 4], size: [u32; 2], height: f64) -> Vec<u8> {
    let scale = height / f64::from(face[3]);
    let corner = [0, 1].map(|axis: usize| {
        let middle = f64::from(face[axis] + face[axis + 2] / 2.0) * scale;
        (f64::from(size[axis]) / 2.0 - middle).round() as i64
    });
    let scene = photo.placed(size, scale, corner);
    let pairs = scene.rgb().chunks_exact(6).flat_map(|pair| {
        let [[left, u, v], [right, ..]] = [0, 3].map(|at| rgb_to_yuv([pair[at], pair[at + 1], pair[at + 2]]));
        [left, u, right, v]
    });
    pairs.collect()
}

/// Stops a door for longer than it may do nothing, which is a second.
fn stands_still(door: u32) {
    let signal = |name: &str| {
        let sent = Command::new("kill").args([name, &door.to_string()]).status();
        assert!(sent.expect("kill starts").success());
    };
    signal("-STOP");
    std::thread::sleep(Duration::from_millis(1_500));
    signal("-CONT");
}

/// Nobody else can have stepped before a photograph, so a host need not send it again.
#[test]
fn a_photograph_of_a_host_counts_though_the_door_stood_still() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    let pid = std::fs::read_to_string(bench.folder().join("emulator.pid")).expect("the process of the door");
    let door = pid.trim().parse().expect("a number");
    stands_still(door);
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    stands_still(door);
    bench.done(&["verify", "Barack", &picture(BARACK[1])]);
}

/// Where the last sight of somebody known is from before a stop, somebody else may stand there after it. So the count of pictures
/// that agree begins again, though the person is still known to be the same.
#[test]
fn a_door_that_stood_still_opens_by_no_picture_of_before() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"), Need::Cached("models"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    bench.done(&["settings", "--liveness", "off", "--agreement", "3"]);
    bench.done(&["board", "down"]);
    let photo = Photo::open(picture(BARACK[1])).expect("a photograph");
    let shot = picture_of(&photo, face_of(&photo), [320, 240], 100.0);

    // The camera gives a picture when this test has one.
    let pipe = bench.folder().join("shots");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts").success());
    let camera = format!(
        "[camera]\ncommand = [\"cat\", \"{}\"]\nformat = \"yuyv\"\nwidth = 320\nheight = 240\n\n[lines]\nlock = \"file:lock\"\n",
        pipe.display()
    );
    let door = starts(&bench.folder(), |config| {
        config.split("[made]").next().expect("a configuration").to_owned() + &camera
    });
    let mut pipe = OpenOptions::new().write(true).open(&pipe).expect("the door reads it");
    eventually("the door answers", || bench.run(&["board", "status"]).code == 0);
    let admitted = || bench.log().iter().any(|entry| entry["kind"] == "admitted");
    let looked =
        || bench.done(&["board", "status"])[0]["status"]["camera_sequence"].as_u64().expect("a number");
    // What the status counts was looked at, and decided about.
    let mut look = || {
        let before = looked();
        pipe.write_all(&shot).expect("the door has the other end");
        let end = Instant::now() + Duration::from_secs(3);
        while looked() == before && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(50));
        }
        looked() > before
    };
    let mut looks = 0;
    while looks < 2 {
        looks += u32::from(look());
    }
    assert!(!admitted(), "two agree, and three are needed");
    stands_still(door.0.id());
    let mut after = 0;
    while !admitted() {
        after += u32::from(look());
        assert!(after < 100, "it never opens again");
    }
    assert!(after >= 3, "it opened at picture {after} after the stop");
}

/// The face is 26 pixels high in the frame of either camera, which is too little to know it by.
#[test]
fn a_camera_with_more_pixels_knows_a_face_that_is_too_small_in_the_frame() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"), Need::Cached("models"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    bench.done(&["settings", "--liveness", "off"]);
    bench.done(&["board", "down"]);
    let photo = Photo::open(picture(BARACK[1])).expect("a photograph");
    let face = face_of(&photo);

    let looks = |size: [u32; 2], height: f64| {
        let frames = bench.folder().join("picture");
        std::fs::write(&frames, picture_of(&photo, face, size, height)).expect("written");
        let script = format!("while :; do cat '{}'; sleep 0.2; done", frames.display());
        let camera = format!(
            "[camera]\ncommand = [\"sh\", \"-c\", \"{script}\"]\nformat = \"yuyv\"\nwidth = {}\nheight = {}\n\n[lines]\nlock = \"file:lock\"\n",
            size[0], size[1]
        );
        let door = starts(&bench.folder(), |config| {
            let kept = config.split("[made]").next().and_then(|kept| kept.split("[camera]").next());
            kept.expect("a configuration").to_owned() + &camera
        });
        eventually("the door answers", || bench.run(&["board", "status"]).code == 0);
        door
    };
    let admitted = || bench.log().iter().filter(|entry| entry["kind"] == "admitted").count();
    let door = looks([320, 240], 26.0);
    eventually("it looks at some pictures", || {
        bench.done(&["board", "status"])[0]["status"]["camera_sequence"].as_u64() > Some(8)
    });
    assert_eq!(admitted(), 0, "the face has too few pixels");
    drop(door);
    let _door = looks([640, 480], 52.0);
    eventually("the door opens", || admitted() > 0);
}

#[test]
fn a_board_keeps_its_program_when_it_is_given_another_one_that_is_no_door() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    bench.done(&["board", "down"]);
    for other in ["/etc/passwd", "/bin/true", "/of-nobody"] {
        let up = ["board", "up", "--machine", "linux", "--firmware", other];
        bench.refused(&up, &format!("{other} is not the program of a door"));
    }
    bench.done(&["board", "up", "--machine", "linux"]);
}
