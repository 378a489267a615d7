//! A bench for the command line: emulated boards in a folder of their own, gone at the end.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Pictures of one person, the first of which is enrolled.
pub const BARACK: [&str; 5] =
    ["obama.jpg", "obama2.jpg", "obama3.jpg", "obama_partial_face.jpg", "obama_partial_face2.jpg"];
/// One picture of another person.
pub const JOE: &str = "biden.jpg";
/// One picture of a person who is not enrolled.
pub const STRANGER: &str = "astronaut.png";

/// One emulated board, without power at first.
pub struct Bench {
    board: &'static str,
    state: tempfile::TempDir,
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Its answers: a JSON value a line.
    pub answers: Vec<Value>,
    /// What it told people.
    pub said: String,
}

impl Ran {
    /// Its first answer; without one the test fails with what the command said.
    pub fn first(&self) -> &Value {
        self.answers.first().unwrap_or_else(|| panic!("no answer, code {}: {}", self.code, self.said))
    }
}

impl Bench {
    /// A bench for a board of that machine.
    pub fn new(board: &'static str) -> Self {
        Self { board, state: tempfile::tempdir().expect("a temporary folder") }
    }

    /// The folder of boards.
    pub fn state(&self) -> &Path {
        self.state.path()
    }

    /// The board's name, which is that of its machine.
    pub fn name(&self) -> &str {
        self.board
    }

    /// The folder that is the board.
    pub fn folder(&self) -> PathBuf {
        self.state.path().join(self.board)
    }

    /// A command line with `--json`, and this board chosen.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = postern(arguments);
        command.args(["--board", self.board, "--state"]).arg(self.state());
        command
    }

    /// Runs a command on this board.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("postern starts");
        Ran::of(arguments, &output)
    }

    /// What a command on this board tells people.
    pub fn said_to_people(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.args(arguments).args(["--board", self.board, "--state"]).arg(self.state());
        let output = command.output().expect("postern starts");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a command that must end with exit code 0.
    pub fn done(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "postern {}: {}", arguments.join(" "), ran.said);
        ran.answers
    }

    /// Runs a command that must end with exit code 2, and tell `why`.
    pub fn refused(&self, arguments: &[&str], why: &str) {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 2, "postern {}: {}", arguments.join(" "), ran.said);
        assert!(ran.said.contains(why), "{:?} does not tell {why:?}", ran.said);
    }

    /// The entries of the audit log, without the signed head that ends it.
    pub fn log(&self) -> Vec<Value> {
        let mut log = self.done(&["log"]);
        log.retain(|line| line.get("kind").is_some());
        log
    }

    /// Switches a new board on, pairs this computer with it, and gives it its models.
    pub fn install(&self) {
        self.up();
        self.done(&["flash", "models"]);
    }

    /// Switches a new board on, and pairs this computer with it.
    pub fn up(&self) {
        self.done(&["board", "up"]);
        self.done(&["pair", "--press-button"]);
    }

    /// Pairs another computer with this board by its command `pair`, as a person does: presses the button, types the code that the
    /// board shows, and holds the button.
    pub fn pair_other(&self, pair: Command) {
        let ended = self.answer_pairing(pair);
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }

    /// The same, however the command ends.
    pub fn answer_pairing(&self, mut pair: Command) -> Output {
        let mut pair = pair
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("postern starts");
        let mut typed = pair.stdin.take();
        eventually("the pairing ends", || {
            match &mut typed {
                // A press that comes too early shows nothing.
                Some(into) => {
                    let pressed = self.done(&["board", "press", "--pairing"]);
                    if let Some(code) = pressed[0]["code"].as_str() {
                        // One who ended says why below.
                        let _ = writeln!(into, "{code}");
                        typed = None;
                    }
                }
                None => drop(self.done(&["board", "press", "--pairing", "--hold"])),
            }
            pair.try_wait().expect("it runs").is_some()
        });
        pair.wait_with_output().expect("it ends")
    }

    /// Milliseconds since the board started, by its own clock, and whether its door is locked.
    pub fn uptime(&self) -> (u64, bool) {
        let status = &self.done(&["board", "status"])[0]["status"];
        (status["uptime_ms"].as_u64().expect("a time"), status["door"] == "locked")
    }

    /// The names of the people that the board knows.
    pub fn people(&self) -> Vec<String> {
        let users = self.done(&["users"]);
        let people = users[0]["people"].as_array().expect("a list of people");
        people.iter().filter_map(|person| person["name"].as_str()).map(str::to_owned).collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.command(&["board", "down"]).output();
    }
}

impl Ran {
    pub fn of(arguments: &[&str], output: &Output) -> Self {
        let line = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{arguments:?}: {error} in {line}"))
        };
        let ran = Self {
            code: output.status.code().expect("it was not killed"),
            answers: String::from_utf8_lossy(&output.stdout).lines().map(line).collect(),
            said: String::from_utf8_lossy(&output.stderr).into_owned(),
        };
        ran.fits_its_schema(arguments);
        ran
    }

    /// Each line that a test sees is as `postern json-schema` says, also that of an error.
    fn fits_its_schema(&self, arguments: &[&str]) {
        let schemas = schemas();
        let words = |count: usize| arguments.get(..count).map(|words| words.join(" "));
        let of_command = [2, 1].into_iter().filter_map(words).find_map(|command| schemas.get(&command));
        for answer in &self.answers {
            let schema = of_command.unwrap_or_else(|| panic!("{arguments:?} prints JSON without a schema"));
            if let Some(fault) = fixtures::schema::fault(schema, answer) {
                panic!("{arguments:?} printed {answer}, which is not as its schema: {fault}");
            }
        }
        if self.code == 2 {
            // Remarks may stand before it.
            let last = self.said.lines().last().unwrap_or_default();
            let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{arguments:?}: {last}"));
            assert_eq!(fixtures::schema::fault(&schemas["error"], &error), None, "{arguments:?}");
        }
    }
}

/// The schemas of all answers, by command.
pub fn schemas() -> &'static Value {
    static SCHEMAS: OnceLock<Value> = OnceLock::new();
    SCHEMAS.get_or_init(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        let output = command.arg("json-schema").output().expect("postern starts");
        serde_json::from_slice(&output.stdout).expect("schemas")
    })
}

/// The command line with `--json`.
pub fn postern(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    command.arg("--json").args(arguments);
    command
}

/// Runs a command that needs no board.
pub fn run(arguments: &[&str]) -> Ran {
    let output = postern(arguments).output().expect("postern starts");
    Ran::of(arguments, &output)
}

/// Waits until something holds, and asks again after each pause. The end is generous: on a busy machine an emulated
/// board can be ten times slower.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(900);
    while !holds() {
        assert!(Instant::now() < end, "{what}: not within 15 minutes");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A picture that setup fetched.
pub fn picture(name: &str) -> String {
    let path = fixtures::cache("pictures").join(name);
    assert!(path.is_file(), "{} is not there: run `cargo xtask setup`", path.display());
    path.display().to_string()
}
