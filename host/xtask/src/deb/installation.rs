//! The package of this computer, installed, upgraded, removed and purged by its own dpkg, with all scripts of the package. The
//! root is this computer's, and what is written goes to memory: nothing of it is changed. It takes root.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use super::*;

/// What the other computer is: a layer in memory above the root. It has the parts of `/dev` that programs cannot do without,
/// neither `/run` nor a service manager.
const MAKE: &str = "mount -t tmpfs tmpfs \"$0\"; mkdir \"$0/upper\" \"$0/work\" \"$0/other\"; \
    mount -t overlay overlay -o \"lowerdir=/,upperdir=$0/upper,workdir=$0/work\" \"$0/other\"; \
    mount -t proc proc \"$0/other/proc\"; mount -t tmpfs tmpfs \"$0/other/dev\"; mount -t tmpfs tmpfs \"$0/other/run\"; \
    for each in null urandom; do touch \"$0/other/dev/$each\"; mount --bind \"/dev/$each\" \"$0/other/dev/$each\"; done; \
    echo ready; exec cat";

/// The name of its root in the folder, as in [`MAKE`].
const OTHER: &str = "other";

/// The computer, until it is dropped.
struct Computer {
    /// The process that has its mounts.
    keeper: Child,
    folder: tempfile::TempDir,
}

impl Computer {
    /// `None` where the system does not permit it.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let mut make = Command::new("unshare");
        make.args(["--mount", "sh", "-ec", MAKE]).arg(folder.path());
        let keeper = make.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut computer = Self { keeper: keeper.ok()?, folder };
        let said = computer.keeper.stdout.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line).expect("it says something or ends");
        (line == "ready\n").then_some(computer)
    }

    /// A path of the computer, as seen from here.
    fn path(&self, path: &str) -> PathBuf {
        let below = self.folder.path().join(OTHER).join(path);
        let own = Path::new("/proc").join(self.keeper.id().to_string()).join("root");
        own.join(below.strip_prefix("/").unwrap_or(&below))
    }

    fn run(&self, command: &[&str]) -> Output {
        let mut run = Command::new("nsenter");
        run.args(["--mount", "--target", &self.keeper.id().to_string(), "chroot"]);
        run.arg(self.folder.path().join(OTHER)).args(command).stdin(Stdio::null());
        run.output().expect("nsenter and chroot start")
    }

    fn done(&self, command: &[&str]) {
        let output = self.run(command);
        assert!(output.status.success(), "{command:?}: {output:?}");
    }

    /// Installs a version, with a program.
    fn install(&self, program: &[u8], version: &str) {
        let here = Architecture::of_this_computer().expect("an architecture");
        let package = package(here, program, version).expect("a package");
        fs::write(self.path("new.deb"), package.bytes().expect("bytes")).expect("written");
        // Not every computer that tests has udev, which the package needs for its rule alone.
        self.done(&["dpkg", "--force-depends", "--install", "/new.deb"]);
    }

    /// The fields of a line of `/etc/passwd` or `/etc/group`.
    fn entry(&self, list: &str, name: &str) -> Vec<String> {
        let text = fs::read_to_string(self.path(list)).expect("a list");
        let line = text.lines().find(|line| line.split(':').next() == Some(name));
        line.unwrap_or_else(|| panic!("{list} has no {name}")).split(':').map(str::to_owned).collect()
    }

    /// All paths in the layer that are called after the door.
    fn left(&self) -> Vec<PathBuf> {
        fn find(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if entry.file_name().to_string_lossy().contains("postern") {
                    found.push(path.clone());
                }
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    find(&path, found);
                }
            }
        }
        let mut found = Vec::new();
        find(&self.path("../upper"), &mut found);
        find(&self.path("run"), &mut found);
        found
    }
}

impl Drop for Computer {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}

#[test]
fn the_package_of_this_computer_is_installed_upgraded_removed_and_purged() {
    let door = workspace::target().expect("a folder").join("release/postern-door");
    if !door.is_file() {
        return eprintln!("skipped: no door was built for this computer");
    }
    let Some(computer) = Computer::new() else {
        return eprintln!("skipped: the system permits no layer above its root, root may make one");
    };
    let here = Architecture::of_this_computer().expect("an architecture");
    let program = stripped(&door, &Tools::of(here, None).expect("tools")).expect("a program");
    computer.install(&program, VERSION);

    let user = computer.entry("etc/passwd", "postern");
    assert_eq!(user[5], "/var/lib/postern-door");
    assert!(user[6].ends_with("nologin"), "{user:?}");
    for group in ["video", "gpio", "dialout", "input"] {
        let members = computer.entry("etc/group", group).swap_remove(3);
        assert!(members.split(',').any(|member| member == "postern"), "{group}: {members}");
    }
    let number: u32 = user[2].parse().expect("a number");
    for (folder, mode) in [("var/lib/postern-door", 0o700), ("run/postern-door", 0o750)] {
        let metadata = fs::metadata(computer.path(folder)).expect(folder);
        assert_eq!((metadata.uid(), metadata.mode() & 0o7777), (number, mode), "{folder}");
    }

    // The user of the door makes flash and secret, and the check names the camera that is not there.
    let check = ["setpriv", "--reuid=postern", "--regid=postern", "--init-groups", "postern-door", "--check"];
    let output = computer.run(&check);
    let [said, missing] = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said));
    assert_eq!(output.status.code(), Some(2), "{said}{missing}");
    assert!(said.contains("flash: /var/lib/postern-door/flash"), "{said}{missing}");
    assert!(missing.contains("the camera /dev/video0 cannot be used: is it plugged in?"), "{missing}");
    let secret = fs::metadata(computer.path("var/lib/postern-door/unique.key")).expect("the secret");
    assert_eq!((secret.uid(), secret.mode() & 0o7777), (number, 0o600));

    let configuration = computer.path("etc/postern/postern-door.toml");
    let ours = fs::read_to_string(&configuration).expect("it is there") + "# ours\n";
    fs::write(&configuration, &ours).expect("written");
    computer.install(&program, &format!("{VERSION}+newer"));
    assert_eq!(fs::read_to_string(&configuration).expect("it is there"), ours);
    assert_eq!(computer.entry("etc/passwd", "postern"), user, "the user has the same number");

    computer.done(&["dpkg", "--remove", "postern-door"]);
    assert!(!computer.path("usr/bin/postern-door").exists());
    for kept in
        ["var/lib/postern-door/flash", "var/lib/postern-door/unique.key", "etc/postern/postern-door.toml"]
    {
        assert!(computer.path(kept).is_file(), "{kept}");
    }
    computer.done(&["dpkg", "--purge", "postern-door"]);
    assert_eq!(computer.left(), Vec::<PathBuf>::new());
    // So that nobody gets the files of its number.
    assert_eq!(computer.entry("etc/passwd", "postern"), user);
}
