//! The door on Linux, which runs on this computer: what is its own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use client::Picture;
use emulator::{Board, Folder};
use fixtures::{Need, need};
use imaging::{CameraFrame, Photo};

use crate::bench::{BARACK, Bench, JOE, Ran, STRANGER, eventually, picture};

/// The kind of board is shown, and a made door has all that an emulated board has.
#[test]
fn a_door_on_linux_starts_without_an_emulator_and_says_what_it_is() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    let up = &bench.done(&["board", "up", "--machine", "linux"])[0];
    assert_eq!((up["machine"].as_str(), up["status"]["board"].as_str()), (Some("linux"), Some("linux")));
    bench.done(&["pair", "--press-button"]);
    let status = &bench.done(&["board", "status"])[0];
    assert_eq!((status["machine"].as_str(), status["status"]["hosts"].as_u64()), (Some("linux"), Some(1)));
    assert!(status["status"]["instructions"].as_u64() > Some(0));
    assert_eq!(status["status"]["secret"], "file");
    let list = bench.done(&["board", "list"]);
    assert_eq!(list[0][0]["machine"], "linux");

    bench.done(&["board", "press"]);
    eventually("the exit button opens", || bench.log().iter().any(|entry| entry["kind"] == "button"));
    bench.done(&["board", "cover", "open"]);
    eventually("the tamper switch is seen", || bench.log().iter().any(|entry| entry["reason"] == "cover"));
    bench.done(&["board", "cover", "closed"]);
    let logs = bench.done(&["board", "logs"]);
    let runs =
        logs.iter().find(|line| line["text"].as_str().is_some_and(|text| text.contains("the door runs")));
    assert!(runs.is_some_and(|line| line["uptime"].is_null() && line["level"].is_null()), "{logs:?}");
    bench.refused(&["flash", "firmware"], "updated by its package");

    let pid = status["pid"].as_i64().expect("a process");
    bench.done(&["board", "down"]);
    // A process that ended and was not waited for has an empty command line.
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    assert!(line.is_empty(), "the process is gone");
    bench.done(&["board", "up"]);
    let status = &bench.done(&["board", "status"])[0];
    assert_eq!(status["status"]["hosts"].as_u64(), Some(1), "it is the same door");
}

/// The line ends with the program that starts again, and the command goes on. The log stays: who has a number now has nothing to do
/// with who had it before.
#[test]
fn a_door_is_erased_and_paired_again_by_one_command_and_its_log_names_nobody_of_before() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    bench.done(&["pair", "--erase", "--press-button", "--label", "again"]);
    bench.done(&["flash", "models"]);
    bench.done(&["enroll", "Joe", &picture(JOE)]);
    let log = bench.log();
    let enrolled: Vec<_> = log.iter().filter(|entry| entry["kind"] == "enrolled").collect();
    let told: Vec<_> =
        enrolled.iter().map(|entry| (entry["person"].as_u64(), entry["name"].as_str())).collect();
    assert_eq!(told, [(Some(1), None), (Some(1), Some("Joe"))]);
}

/// A lost rule is given again by the same commands as any other.
#[test]
fn a_rule_that_the_board_lost_is_set_again() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    bench.done(&["enroll", "Joe", &picture(JOE)]);
    bench.done(&["suspend", "Joe"]);
    bench.done(&["board", "down"]);
    lose(&bench, 0x0300);
    bench.done(&["board", "up"]);
    let list = &bench.done(&["users"])[0];
    assert!(list["people"].as_array().expect("people").iter().all(|person| person["suspended"].is_null()));
    bench.refused(&["rule", "Joe"], "the board lost the rule of this person");
    bench.refused(&["suspend", "Joe"], "`postern rule NAME --hours HOURS --no-pin`");
    bench.refused(&["rule", "Joe", "--hours", "always"], "say that none is needed");
    bench.refused(&["rule", "Joe", "--no-pin"], "give them (--hours)");
    for name in ["Joe", "Barack"] {
        let rule = bench.done(&["rule", name, "--hours", "always", "--no-pin"]);
        assert_eq!(rule[0]["suspended"], true, "it cannot tell whether {name} was");
        bench.done(&["resume", name]);
        assert_eq!(bench.done(&["rule", name])[0]["suspended"], false);
    }
    assert!(bench.log().iter().all(|entry| entry["kind"] != "interrupted"));
}

/// Damages the records of a key of the settings, as a bit of flash does. The first rule has 0x0300, the limits have 0x0235.
pub fn lose(bench: &Bench, key: u16) {
    let path = bench.folder().join("memory");
    let mut memory = std::fs::read(&path).expect("the memory");
    let partitions::Region { offset, len } = partitions::LINUX.settings;
    let settings = &mut memory[offset as usize..][..len as usize];
    let key = key.to_le_bytes();
    let is_record = |at: &usize| {
        // The key follows the length of a sealed record.
        let length = u16::from_le_bytes([settings[at - 4], settings[at - 3]]);
        settings[*at..*at + 2] == key && (46..=222).contains(&length)
    };
    let found: Vec<usize> = (8..settings.len() - 12).filter(is_record).collect();
    assert!(!found.is_empty());
    found.into_iter().for_each(|at| settings[at + 10] = !settings[at + 10]);
    std::fs::write(&path, memory).expect("written");
}

/// Without a name, the only board is meant.
#[test]
fn the_only_board_needs_no_name() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    let run = |arguments: &[&str]| {
        let mut command = crate::bench::postern(arguments);
        let output = command.arg("--state").arg(bench.state()).output().expect("postern starts");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    run(&["board", "up", "--machine", "linux"]);
    run(&["pair", "--press-button"]);
    run(&["board", "status"]);
    assert!(bench.folder().join("board.json").is_file(), "it has the name of its machine");
}

/// How many frames the camera sees of one picture before the next one comes.
const FRAMES: usize = 4;

/// Sets a flag when it goes.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does something while these pictures are before the door's camera, one after the other and again; `None` is an empty scene.
pub fn before_the_camera<T>(bench: &Bench, pictures: &[Option<&str>], work: impl FnOnce() -> T) -> T {
    let grey = Photo::from_rgb(320, 240, vec![0x80; 320 * 240 * 3]).expect("a grey picture");
    let frame = |name: &Option<&str>| match name {
        Some(name) => Photo::open(Path::new(&picture(name))).expect("a photograph"),
        None => grey.clone(),
    };
    let frames: Vec<CameraFrame> =
        pictures.iter().map(|name| frame(name).to_frame(vision::PixelFormat::Yuyv)).collect();
    let folder = Folder::new(Some(bench.state()), "linux").expect("a name");
    let camera = Board::open(folder).and_then(|board| board.camera(None)).expect("a camera");
    let is_over = AtomicBool::new(false);
    let looks_on = |sequence| {
        while !is_over.load(Ordering::Relaxed) {
            if camera.is_taken(sequence).expect("the board's memory") {
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    };
    let show = || {
        for frame in frames.iter().cycle() {
            let picture = Picture {
                width: frame.width as u16,
                height: frame.height as u16,
                format: client::protocol::PixelFormat::Yuyv,
                data: &frame.bytes,
            };
            let mut sequence = camera.show(&picture).expect("it fits");
            for _ in 1..FRAMES {
                if !looks_on(sequence) {
                    return camera.withdraw().expect("the board's memory");
                }
                sequence = camera.hold().expect("the board's memory");
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(show);
        // Also where it panics: the pictures would never end.
        let _end = End(&is_over);
        work()
    })
}

/// Runs a command whose output goes to a file that takes nothing, or to a pipe that nobody reads.
fn unread(bench: &Bench, arguments: &[&str], to: Stdio) -> (Option<i32>, String) {
    let mut command = bench.command(arguments);
    let ran = command.stdout(to).stderr(Stdio::piped()).output().expect("postern starts");
    (ran.status.code(), String::from_utf8_lossy(&ran.stderr).into_owned())
}

/// A pipe whose reader is gone.
fn broken() -> Stdio {
    std::io::pipe().expect("a pipe").1.into()
}

#[test]
fn a_reader_that_goes_away_changes_no_answer_and_no_enrolment() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    let barack = BARACK.map(picture);
    let enroll = ["enroll", "Barack", &barack[0], &barack[1]];
    assert_eq!(unread(&bench, &enroll, broken()), (Some(0), String::new()));
    let templates = |name: &str| {
        let users = &bench.done(&["users"])[0]["people"];
        let people = users.as_array().expect("people").iter();
        people.filter(|person| person["name"] == name).map(|person| person["templates"].as_u64()).next()
    };
    assert_eq!(templates("Barack"), Some(Some(2)), "all of it");
    let known = unread(&bench, &["identify", &barack[2]], broken());
    let stranger = unread(&bench, &["identify", &picture(STRANGER)], broken());
    assert_eq!((known.0, stranger.0), (Some(0), Some(1)));
    assert_eq!(unread(&bench, &["verify", "Barack", &picture(STRANGER)], broken()).0, Some(1));

    // A disc that is full is a fault, and what the board was asked for before is whole.
    let full = || Stdio::from(std::fs::File::options().write(true).open("/dev/full").expect("a full disc"));
    let (code, said) = unread(&bench, &["enroll", "Joe", &picture(JOE)], full());
    assert!(code == Some(2) && said.contains("No space left"), "{said}");
    let (code, _) = unread(&bench, &["enroll", "--add", "Barack", &barack[2]], full());
    assert_eq!((code, templates("Barack"), templates("Joe")), (Some(2), Some(Some(3)), Some(Some(1))));

    // The board's end of the line is no reader of ours.
    let mut enrolling = bench.command(&["enroll", "Eileen", "--from-camera"]);
    let enrolling = enrolling.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("postern starts");
    eventually("it waits for the line", || bench.log().iter().any(|entry| entry["kind"] == "paused"));
    bench.done(&["board", "down"]);
    let ended = enrolling.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code() == Some(2) && said.contains("error"), "{said}");
}

#[test]
fn a_person_is_enrolled_before_the_doors_own_camera_with_all_pictures_or_none() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    let barack = [Some(BARACK[0]), None, Some(BARACK[1]), Some(BARACK[2])];
    let ran = before_the_camera(&bench, &barack, || bench.run(&["enroll", "Barack", "--from-camera"]));
    assert_eq!(ran.code, 0, "{}", ran.said);
    for guidance in ["Picture 1 of 3: look at the door's camera.", "No face", "Picture 3 of 3"] {
        assert!(ran.said.contains(guidance), "{guidance}: {}", ran.said);
    }
    let templates: Vec<_> = ran.answers.iter().map(|answer| answer["templates"].as_u64()).collect();
    assert_eq!(templates, [Some(1), Some(2), Some(3)]);
    assert!(ran.answers.iter().all(|answer| answer["photo"].is_null()), "{:?}", ran.answers);
    let known = bench.run(&["identify", &picture(BARACK[0])]);
    assert_eq!(known.code, 0, "{}", known.said);

    let another = [Some(JOE), Some(STRANGER)];
    let ran = before_the_camera(&bench, &another, || bench.run(&["enroll", "Joe", "--from-camera"]));
    assert_eq!(ran.code, 2, "{}", ran.said);
    assert!(ran.said.contains("nothing of this command is kept: Joe is not enrolled"), "{}", ran.said);
    assert_eq!(bench.people(), ["Barack"]);

    // A second picture never comes, and somebody presses Ctrl-C.
    let arguments = ["enroll", "Joe", "--from-camera"];
    let pauses = || bench.log().iter().filter(|entry| entry["kind"] == "paused").count();
    let before = pauses();
    let ran = before_the_camera(&bench, &[Some(JOE)], || {
        let mut enrolling = bench.command(&arguments);
        let child = enrolling.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.expect("postern starts");
        eventually("one picture is enrolled", || bench.people() == ["Barack", "Joe"]);
        // Nobody else may use up the pause while it waits: one is renewed before the one before it ends.
        eventually("the door is paused again", || pauses() > before + 2);
        assert!(child.try_wait().expect("it runs").is_none(), "the pause of its end is none of them");
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(kill.expect("kill starts").success());
        Ran::of(&arguments, &child.wait_with_output().expect("it ends"))
    });
    assert_eq!(ran.code, 2, "{}", ran.said);
    assert!(ran.said.contains("nothing of this command is kept"), "{}", ran.said);
    assert_eq!(bench.people(), ["Barack"]);
    bench.refused(&["enroll", "Joe", &picture(JOE), "--from-camera"], "cannot be used with");
}
