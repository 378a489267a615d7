//! A door on Linux with a camera of its own: what is said of what it sees, and who is told.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fixtures::{Need, need};
use imaging::Photo;

use crate::bench::{BARACK, Bench, JOE, eventually, picture};
use crate::linux_parts::{Door, face_of, picture_of, starts};

const WIDTH: usize = 320;
const HEIGHT: usize = 240;

/// Writes a configuration in place of that of a made door: its camera is this command.
fn with_camera(config: &str, command: &str) -> String {
    let kept = config.split("[made]").next().expect("a configuration");
    format!(
        "{kept}[camera]\ncommand = {command}\nformat = \"yuyv\"\nwidth = {WIDTH}\nheight = {HEIGHT}\n\n[lines]\nlock = \"file:lock\"\n"
    )
}

/// A door whose camera is a pipe.
fn with_a_pipe(bench: &Bench) -> (Door, std::fs::File) {
    let pipe = bench.folder().join("shots");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo starts").success());
    let command = format!("[\"cat\", \"{}\"]", pipe.display());
    let door = starts(&bench.folder(), |config| with_camera(&config, &command));
    let pipe = OpenOptions::new().write(true).open(&pipe).expect("the door reads it");
    eventually("the door answers", || bench.run(&["board", "status"]).code == 0);
    (door, pipe)
}

#[test]
fn a_check_writes_what_the_camera_sees_with_the_face_that_is_found() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"), Need::Cached("models"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["board", "down"]);
    let photo = Photo::open(picture(BARACK[0])).expect("a photograph");
    let folder = bench.folder();
    let [frames, seen] = ["frames", "seen.png"].map(|name| folder.join(name));
    let check = |folder: &Path| {
        let config = folder.join("postern-door.toml");
        let written = std::fs::read_to_string(&config).expect("the configuration");
        let command = format!("[\"cat\", \"{}\"]", frames.display());
        std::fs::write(&config, with_camera(written.split("[camera]").next().expect("text"), &command))
            .expect("written");
        let mut door = Command::new(folder.join("firmware.elf"));
        let output = door.arg("--config").arg(config).args(["--check", "--picture"]).arg(&seen).output();
        let output = output.expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    };
    let shot = picture_of(&photo, face_of(&photo), [WIDTH as u32, HEIGHT as u32], 100.0);
    std::fs::write(&frames, &shot).expect("written");
    let said = check(&folder);
    let height =
        said.split_once("a face of ").and_then(|(_, rest)| rest.split(' ').next()?.parse::<u32>().ok());
    assert!(height.is_some_and(|height| (85..=115).contains(&height)), "{said}");
    let drawn = Photo::open(&seen).expect("a PNG file");
    assert_eq!((drawn.width(), drawn.height()), (WIDTH as u32, HEIGHT as u32));
    let green = drawn.rgb().chunks_exact(3).filter(|pixel| *pixel == [0, 255, 0]).count();
    assert!((400..2_000).contains(&green), "the edges of a face: {green} pixels");

    // A picture that is one byte short passes each check, and no face is in it.
    std::fs::write(
        &frames,
        [vec![128; WIDTH * 77 + 1], shot[..shot.len() - WIDTH * 77 - 1].to_vec()].concat(),
    )
    .expect("written");
    assert!(check(&folder).contains("gives pictures"), "no program can tell");
}

#[test]
fn a_camera_that_is_dark_or_gives_nothing_is_said_by_status_and_enrolment() {
    need!(Need::Door, Need::Cached("images"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["board", "down"]);
    let (_door, mut pipe) = with_a_pipe(&bench);
    let camera = |word: &str| {
        let status = &bench.done(&["board", "status"])[0]["status"];
        (status["camera"] == word).then(|| status["camera_nothing_ms"].as_u64())
    };
    let is_over = Arc::new(AtomicBool::new(false));
    let ends = is_over.clone();
    // The pipe stays open: the camera that falls silent is not gone.
    let shown = std::thread::spawn(move || {
        while !ends.load(Ordering::Relaxed) {
            let dark = [3, 128].repeat(WIDTH * HEIGHT);
            pipe.write_all(&dark).expect("the door has the other end");
            std::thread::sleep(Duration::from_millis(50));
        }
        pipe
    });
    eventually("all is dark", || camera("dark").is_some());
    let mut enrol = bench.command(&["enroll", "Ada", "--from-camera"]);
    let mut enrol = enrol.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("postern starts");
    let said = BufReader::new(enrol.stderr.take().expect("a pipe"));
    let dark = said
        .lines()
        .map_while(Result::ok)
        .find(|line| line.contains("pictures of the door's camera are dark"));
    enrol.kill().expect("it runs");
    enrol.wait().expect("it ends");
    assert!(dark.is_some(), "the enrolment does not say that it is dark");

    is_over.store(true, Ordering::Relaxed);
    let _pipe = shown.join().expect("it shows pictures");
    eventually("nothing comes", || camera("nothing").is_some_and(|ms| ms.is_some_and(|ms| ms > 2_000)));
    let status = bench.command(&["board", "status"]);
    let plain: Vec<_> = status.get_args().filter(|word| *word != "--json").map(ToOwned::to_owned).collect();
    let output = Command::new(status.get_program()).args(plain).output().expect("postern starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("camera     GIVES NOTHING for "), "{said}");
}

#[test]
fn a_door_with_a_camera_of_its_own_says_so_to_commands_that_feed_made_parts() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["board", "down"]);
    let (door, pipe) = with_a_pipe(&bench);
    for command in [
        &["show", &picture(BARACK[0])][..],
        &["board", "press"],
        &["board", "press", "--pairing"],
        &["board", "type", "1234"],
        &["board", "door", "open"],
        &["board", "wires"],
    ] {
        bench.refused(command, "has a camera and lines of its own");
    }
    // A photograph goes over the line, as to any other device.
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    drop((door, pipe));
    // The same board with made parts takes them again.
    bench.done(&["board", "up"]);
    bench.done(&["board", "press"]);
}

#[test]
fn a_name_is_asked_before_anybody_stands_before_the_camera() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    for (command, why) in [
        (&["enroll", "Barack", "--from-camera"][..], "Barack is already enrolled"),
        (&["enroll", "Joe", "--add", "--from-camera"], "nobody named Joe is enrolled"),
        (&["enroll", "Joe", "--add", &picture(JOE)], "nobody named Joe is enrolled"),
        (&["enroll", "Joe"], "--from-camera"),
    ] {
        let ran = bench.run(command);
        assert!(ran.code == 2 && ran.said.contains(why), "{command:?}: {ran:?}");
        assert!(!ran.said.contains("Picture 1"), "{command:?}: {ran:?}");
    }
}
