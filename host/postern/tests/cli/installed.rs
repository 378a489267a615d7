//! The program away from its source tree: copied to another folder, with a data folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::bench::{STRANGER, picture};

/// A copy of the program in an empty home.
struct Installed {
    home: tempfile::TempDir,
}

impl Installed {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        fs::copy(env!("CARGO_BIN_EXE_postern"), home.path().join("postern")).expect("the program is copied");
        Self { home }
    }

    fn data(&self) -> PathBuf {
        self.home.path().join(".local/share/postern")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_in(self.home.path(), arguments)
    }

    fn run_in(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(self.home.path().join("postern"));
        command.args(arguments).current_dir(folder).env("HOME", self.home.path());
        command.env_remove("XDG_DATA_HOME").env_remove("XDG_STATE_HOME").env_remove("POSTERN_DATA");
        command.output().expect("postern starts")
    }

    /// Runs a command that must succeed, and returns its output.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "postern {}: {said}", arguments.join(" "));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a command that must fail with exit code 2 and say `why`.
    fn refused(&self, arguments: &[&str], why: &str) {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "postern {}: {said}", arguments.join(" "));
        assert!(said.contains(why), "{said:?} does not contain {why:?}");
    }

    /// Puts the files of the source tree's cache where setup puts those that it fetches.
    fn fetch(&self, folder: &str) {
        let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache").join(folder);
        fs::create_dir_all(self.data().join(folder)).expect("a folder");
        for entry in fs::read_dir(cache).expect("fetched: run `cargo xtask setup`").flatten() {
            fs::copy(entry.path(), self.data().join(folder).join(entry.file_name())).expect("copied");
        }
    }
}

#[test]
fn a_copied_program_has_its_models_and_says_what_is_missing() {
    let installed = Installed::new();
    let told = installed.done(&["inspect", "postern-128"]);
    assert!(told.contains("postern-128 (encoder)"), "{told}");
    // Its image is older than the record of what the compiler removed.
    assert!(told.contains("\nremoved        not recorded\n"), "{told}");
    assert!(installed.data().join("images/postern-128.pstn").is_file());
    installed.refused(&["compile", "yunet"], "postern setup");
    installed.refused(&["inspect", "yunet"], "postern compile yunet");
    installed.refused(&["inspect", "nobody"], "choose one of liveness, minifasnet, mobilefacenet");
    installed.refused(&["board", "up"], "postern setup --firmware");
}

/// Somebody else wrote the folder in which the user stands, or one that holds the program's folder.
#[test]
fn nothing_is_run_or_read_because_of_where_the_user_stands() {
    let installed = Installed::new();
    let evil = tempfile::tempdir().expect("a folder");
    let mark = evil.path().join("it-ran");
    let plant = |root: &Path| {
        let door = root.join("release/postern-door");
        fs::create_dir_all(root.join("release")).expect("a folder");
        fs::create_dir_all(root.join("models/postern-128")).expect("a folder");
        fs::write(&door, format!("#!/bin/sh\ntouch {}\n", mark.display())).expect("written");
        fs::set_permissions(&door, fs::Permissions::from_mode(0o755)).expect("a program");
        fs::write(root.join("models/pictures.toml"), "").expect("written");
        fs::write(root.join("models/postern-128/manifest.toml"), "evil").expect("written");
    };
    plant(&evil.path().join("target"));
    plant(evil.path());
    let inside = evil.path().join("inside");
    fs::create_dir(&inside).expect("a folder");
    // A folder such as /tmp, with the program in it.
    plant(installed.home.path());
    fs::set_permissions(installed.home.path(), fs::Permissions::from_mode(0o1777)).expect("open to all");
    for folder in [evil.path(), &inside, installed.home.path()] {
        let shown = installed.run_in(folder, &["inspect", "postern-128"]);
        assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
        let _ = installed.run_in(folder, &["board", "up", "--machine", "linux"]);
        let _ = installed.run_in(folder, &["board", "delete", "linux"]);
        assert!(!mark.exists(), "{}", folder.display());
    }
}

#[test]
fn a_copied_program_compiles_and_runs_what_setup_fetched() {
    let installed = Installed::new();
    installed.fetch("models");
    installed.fetch("pictures");
    // Every file is there with its digest, so that nothing is fetched.
    assert!(installed.done(&["setup"]).contains("ready: "));
    installed.done(&["compile", "yunet"]);
    assert!(installed.done(&["inspect", "yunet"]).contains("yunet (detector)"));
    let template = installed.done(&["embed", "--on", "host", &picture(STRANGER)]);
    assert!(template.contains(STRANGER), "{template}");
}

#[test]
fn setup_copies_firmware_from_where_it_was_built() {
    let installed = Installed::new();
    installed.fetch("models");
    installed.fetch("pictures");
    let source = installed.home.path().join("source");
    installed.refused(&["setup", "--firmware", "source"], "contains no firmware");
    let built = source.join("target/thumbv7em-none-eabihf/firmware");
    fs::create_dir_all(&built).expect("a folder");
    for name in ["an500", "loader"] {
        fs::write(built.join(name), name).expect("written");
    }
    let said = installed.done(&["setup", "--firmware", "source"]);
    assert!(said.contains("firmware of an500") && !said.contains("firmware of an547"), "{said}");
    assert_eq!(fs::read(installed.data().join("firmware/an500/loader")).expect("copied"), b"loader");
}
