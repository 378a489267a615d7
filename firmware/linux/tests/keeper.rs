//! The lock locks when the door is killed, when it hangs, and when its keeper is gone.

mod bench;

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bench::Bench;
use linux_door::SILENCE;

/// What the documentation promises: 1.5 s, of which the keeper takes its silence.
const _: () = assert!(SILENCE.as_millis() + 500 <= 1_500);

/// Longer than a door opens for, by its defaults.
const OPENING: Duration = Duration::from_secs(4);

fn signal(pid: u32, name: &str) {
    let done = Command::new("kill").args([name, &pid.to_string()]).status().expect("kill starts");
    assert!(done.success());
}

#[test]
fn a_door_that_is_killed_with_the_lock_open_is_locked() {
    let mut bench = Bench::new();
    bench.start();
    bench.open_lock();
    signal(bench.door().id(), "-KILL");
    bench.door().wait().expect("it ended");
    bench.eventually("the keeper locks", |bench| !bench.lock_is_open());
}

#[test]
fn a_door_that_is_stopped_with_the_lock_open_is_locked_and_stays_so() {
    let mut bench = Bench::new();
    bench.start();
    let pid = bench.door().id();
    // On a busy computer the time of the door may be over before it is stopped.
    let start = loop {
        bench.open_lock();
        signal(pid, "-STOP");
        if bench.lock_is_open() || bench.said().contains("silent") {
            break Instant::now();
        }
        signal(pid, "-CONT");
    };
    bench.eventually("the keeper locks", |bench| !bench.lock_is_open());
    // Nothing else can have locked: the door stands still.
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the door is there");
    assert_eq!(state.rsplit(") ").next().map(|rest| &rest[..1]), Some("T"), "{state}");
    assert!(bench.said().contains("the door is silent; locked"), "{}", bench.said());
    println!("locked {} ms after SIGSTOP", start.elapsed().as_millis());
    signal(pid, "-CONT");
    // The door goes on with the opening that it was stopped in, and is refused until its time is over.
    bench.eventually("the time of the opening is over", |bench| {
        assert!(!bench.lock_is_open(), "it opened again");
        start.elapsed() > OPENING
    });
    bench.open_lock();
}

#[test]
fn a_door_without_its_keeper_locks_and_ends() {
    for (word, why) in
        [("-KILL", "the keeper of the lock is gone"), ("-STOP", "the keeper of the lock does not answer")]
    {
        let mut bench = Bench::new();
        bench.start();
        let door = bench.door().id();
        let children = std::fs::read_to_string(format!("/proc/{door}/task/{door}/children"));
        let keeper = children.expect("the system lists children").trim().parse::<u32>().expect("one child");
        bench.open_lock();
        signal(keeper, word);
        let status = bench.door().wait().expect("it ends");
        assert_eq!(status.code(), Some(3), "{}", bench.said());
        assert!(bench.said().contains(why), "{}", bench.said());
        assert!(bench.said().contains("the door has locked"), "{}", bench.said());
        assert!(!bench.lock_is_open(), "nobody else is left who could lock: {}", bench.said());
    }
}

#[test]
fn a_door_that_hangs_for_long_is_killed() {
    let mut bench = Bench::new();
    bench.start();
    signal(bench.door().id(), "-STOP");
    let status = bench.door().wait().expect("it ends, and nobody here ends it");
    assert_eq!(status.signal(), Some(9), "{}", bench.said());
    assert!(!bench.lock_is_open());
}

/// A keeper over a file, and the pipe that is its door.
struct Kept {
    folder: tempfile::TempDir,
    keeper: std::process::Child,
}

impl Kept {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let line = format!("--keep=file:{}", folder.path().join("line").display());
        let keeper = Command::new(env!("CARGO_BIN_EXE_postern-door"))
            .arg(line)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut kept = Self { folder, keeper };
        assert_eq!((kept.answer(), kept.line()), (b'k', "0".to_owned()), "it locks before its first word");
        kept
    }

    fn say(&mut self, words: &[u8]) {
        self.keeper.stdin.as_mut().expect("a pipe").write_all(words).expect("it listens");
    }

    fn answer(&mut self) -> u8 {
        let mut answer = [0];
        self.keeper.stdout.as_mut().expect("a pipe").read_exact(&mut answer).expect("an answer");
        answer[0]
    }

    /// Says open until the line is. On a busy computer the keeper may find this test silent.
    fn opens(&mut self) {
        let end = Instant::now() + Duration::from_secs(300);
        loop {
            self.say(b"01");
            assert_eq!(self.answer(), b'k');
            if self.answer() == b'k' && self.line() == "1" {
                return;
            }
            assert!(Instant::now() < end, "the line stays low");
        }
    }

    fn line(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("line")).expect("the line")
    }

    fn waits_for(&self, line: &str) {
        let end = Instant::now() + Duration::from_secs(300);
        while self.line() != line {
            assert!(Instant::now() < end, "the line stays {}", self.line());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

#[test]
fn the_keeper_opens_and_locks_at_the_doors_word() {
    let mut kept = Kept::start();
    kept.opens();
    kept.say(b".0");
    assert_eq!((kept.answer(), kept.line().as_str()), (b'k', "0"));
}

#[test]
fn a_silent_door_is_locked_until_it_locks_itself_and_opens_again() {
    let mut kept = Kept::start();
    kept.opens();
    kept.waits_for("0");
    kept.say(b"....");
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(kept.line(), "0", "signs of life alone open nothing");
    kept.say(b"1");
    assert_eq!((kept.answer(), kept.line().as_str()), (b'e', "0"), "nor does the opening of before");
    kept.opens();
}

#[test]
fn the_end_of_the_pipe_locks_and_ends_the_keeper() {
    let mut kept = Kept::start();
    kept.opens();
    drop(kept.keeper.stdin.take().map(OwnedFd::from));
    assert!(kept.keeper.wait().expect("it ends").success());
    assert_eq!(kept.line(), "0");
}

#[test]
fn a_keeper_takes_no_notice_of_sigterm() {
    let mut kept = Kept::start();
    for name in ["-TERM", "-INT", "-HUP"] {
        signal(kept.keeper.id(), name);
    }
    kept.say(b"1");
    assert_eq!(kept.answer(), b'k', "it ends after the door, and never before");
}
