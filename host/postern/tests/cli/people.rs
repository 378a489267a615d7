//! People who are drawn by a formula, and trainings of the smallest network on them.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use crate::bench::{postern, run};

/// A folder of drawn people, with a picture more or less of each.
pub struct People {
    folder: tempfile::TempDir,
}

impl People {
    /// Draws so many pictures of each.
    pub fn new(pictures: &[usize]) -> Self {
        let people = Self { folder: tempfile::tempdir().expect("a folder") };
        for (person, &count) in pictures.iter().enumerate() {
            fs::create_dir_all(people.of(person)).expect("created");
            for picture in 0..count {
                let face = train::drawn::face(person as u64, picture as u64);
                let side = train::SIDE as u32;
                let photo = imaging::Photo::from_rgb(side, side, face).expect("whole");
                photo.save_png(people.of(person).join(format!("{picture}.png"))).expect("written");
            }
        }
        people
    }

    /// The folder of a person.
    pub fn of(&self, person: usize) -> PathBuf {
        self.folder.path().join(format!("people/{person}"))
    }

    /// A path beside the people.
    pub fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The arguments of a training of the smallest network on these people, into a folder of that name.
    pub fn arguments(&self, out: &str) -> Vec<String> {
        let path = |name: &str| self.out(name).display().to_string();
        let mut arguments =
            ["train", &path("people"), "--aligned", "--out", &path(out)].map(String::from).to_vec();
        arguments.extend(["--name", "drawn", "--cache", &path("faces")].map(String::from));
        let small = "--held-out 3 --epochs 30 --width 0.1 --depth 0,0,0 --features 64 -p 4 -k 2";
        arguments.extend(small.split(' ').map(String::from));
        arguments.extend(["--checkpoint-every", "0"].map(String::from));
        arguments
    }

    /// Runs it to its end.
    pub fn run(&self, out: &str, more: &[&str]) -> crate::bench::Ran {
        let arguments = self.arguments(out);
        let all: Vec<&str> = arguments.iter().map(String::as_str).chain(more.iter().copied()).collect();
        run(&all)
    }

    /// It is refused, and says why.
    pub fn refused(&self, more: &[&str], why: &str) {
        let ran = self.run("out", more);
        assert_eq!(ran.code, 2, "{}", ran.said);
        assert!(ran.said.contains(why), "{:?} does not tell {why:?}", ran.said);
    }

    /// Starts it.
    pub fn start(&self, out: &str, more: &[&str]) -> Child {
        let more = more.iter().map(|argument| argument.to_string());
        start(&self.arguments(out).into_iter().chain(more).collect::<Vec<_>>())
    }
}

/// Starts a training whose output nobody reads.
pub fn start(arguments: &[String]) -> Child {
    let mut command = postern(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    command.stderr(Stdio::null()).stdout(Stdio::null()).spawn().expect("postern starts")
}
