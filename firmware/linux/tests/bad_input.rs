//! What is wrong around a door is said with what to do, and the lock stays shut.

mod bench;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use bench::{Bench, MADE, refusal, with};
use host_window::window::{BOARD, BOOTS, MAGIC, MAGIC_WORD, VERSION, VERSION_WORD};
use rustix::fs::{CWD, FileType, Mode, mknodat};

#[test]
fn an_error_in_the_configuration_names_its_line() {
    let wrong = [
        (with("file = \"flash\"", "fil = \"flash\""), "line 2: unknown field `fil`"),
        (with("[made]", "[mad]"), "line 10: unknown field `mad`"),
        (with("unix:host.sock", "host.sock"), "line 8: `host.sock` is no place to listen at"),
        (with("[secret]\nfile = \"unique.key\"", ""), "missing field `secret`"),
        (with("[made]", "[made"), "line 10"),
        (with("file = \"flash\"", "file = flash"), "a text is in quotes"),
        (with("\n[made]", ""), "it names no camera"),
        (with("unique.key", "unique.counter"), "line 4: [secret] file has the name of what lies beside it"),
        (with("unique.key", "door-counter"), "line 4: [secret] file has the name of what lies beside it"),
        (with("[made]", "[made]\n[lines]\nlock = \"file:lock\""), "line 10: [made] stands for"),
        (
            real("device = \"/dev/video0\"\nformat = \"grey\"", "file:lock")
                .replace("width = 64", "width = 65"),
            "line 10: [camera] width",
        ),
        (
            real("device = \"/dev/video0\"\nformat = \"grey\"", "file:lock")
                .replace("width = 64", "width = 70000"),
            "from 2 to 4096",
        ),
        (real("device = \"/dev/video0\"\nformat = \"grey\"", ""), "[lines] has a line without a name"),
        (real("device = \"/dev/video0\"\nformat = \"grey\"", "made:unique.key"), "`made:` is no line"),
        (
            real("device = \"/dev/video0\"\nformat = \"grey\"", "GPIO17") + "exit_button = \"!GPIO17\"\n",
            "[lines] names GPIO17 twice",
        ),
        (
            with("[made]", "[bus]\nlisten = \"unix:host.sock\"\n[made]"),
            "line 10: [bus] and [host] listen at one place",
        ),
        (with("unix:host.sock", "serial:/dev/ttyUSB0:0"), "line 8: `0` is no speed"),
    ];
    for (config, why) in wrong {
        let bench = Bench::with_config(&config);
        let said = bench.refused(&[], why);
        assert!(said.contains("postern-door.toml"), "{said}");
        bench.refused(&["--check"], why);
    }
    let bench = Bench::new();
    let config = bench.path().join("postern-door.toml");
    std::fs::write(&config, b"[flash]\nfile = \"fl\xe4sh\"\n").expect("written");
    bench.refused(&[], "line 2: it is no text in UTF-8");
    std::fs::write(&config, vec![b'\n'; 1 << 20]).expect("written");
    bench.refused(&[], "it is far too long");
    std::fs::remove_file(&config).expect("removed");
    bench.refused(&[], "name yours by `--config FILE`");
    let nowhere = Bench::with_config(&with("file = \"flash\"", "file = \"folder/flash\""));
    nowhere.refused(&[], "folder/flash: its folder is not there: make it");
}

/// A pipe would wait for its other end, with the lock as it is.
#[test]
fn a_pipe_or_a_lost_link_at_the_place_of_a_file_is_refused() {
    for (name, why) in [
        ("postern-door.toml", "it is a pipe, and must be a file"),
        ("unique.key", "it is a pipe, and must be a file"),
        ("unique.counter", "it is a pipe, and must be a file"),
        ("flash", "it is neither a partition nor a file"),
    ] {
        let bench = Bench::new();
        let path = bench.path().join(name);
        let _ = std::fs::remove_file(&path);
        mknodat(CWD, &path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a pipe");
        bench.refused(&[], why);
        bench.refused(&["--check"], why);
    }
    let bench = Bench::with_config(&(MADE.to_owned() + "entropy = \"entropy\"\n"));
    let pipe = bench.path().join("entropy");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::from_raw_mode(0o600), 0).expect("a pipe");
    bench.refused(&[], "it is a pipe, and must be a file");
    for name in ["postern-door.toml", "unique.key"] {
        let bench = Bench::new();
        let path = bench.path().join(name);
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink("/of-nobody/file", &path).expect("a link");
        bench.refused(&[], "it is a link, and what it names is not there");
        assert!(path.is_symlink(), "it stays");
    }
}

/// Whoever tries a camera without GPIO lines can press its buttons, and who has none is told before they wait for a press.
#[test]
fn a_trial_without_gpio_has_buttons_in_files_and_one_without_a_pairing_button_is_told() {
    let camera = "command = [\"sh\", \"-c\", \"while :; do head -c 3072 /dev/zero; sleep 1; done\"]\nformat = \"grey\"";
    let bench = Bench::with_config(&real(camera, "file:lock"));
    let output = bench.command().arg("--check").output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("no computer can be paired"), "{output:?}");

    let buttons = "exit_button = \"file:exit\"\npairing_button = \"file:pair\"\n";
    let mut bench = Bench::with_config(&(real(camera, "file:lock") + buttons));
    let output = bench.command().arg("--check").output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && !said.contains("paired"), "{output:?}");
    bench.start();
    let is = |file: &str| std::fs::read_to_string(bench.path().join(file)).expect("it is there");
    assert_eq!(is("lock"), "0");
    std::fs::write(bench.path().join("exit"), "1\n").expect("written");
    bench.eventually("the exit button opens", |_| is("lock") == "1");
    std::fs::write(bench.path().join("exit"), "0\n").expect("written");
    for line in ["ready = \"file:ready\"\n", "contact = \"!file:contact\"\n"] {
        Bench::with_config(&(real(camera, "file:lock") + line))
            .refused(&["--check"], "`file:` stands for the lock");
    }
}

/// What root makes in the folder of the door's user, that user cannot read.
#[test]
fn a_check_by_root_makes_nothing_of_its_own_beside_a_door_of_somebody_else() {
    let bench = Bench::new();
    if std::os::unix::fs::chown(bench.path(), Some(65_534), None).is_err() {
        eprintln!("skipped: only root gives a folder away");
        return;
    }
    let said = bench.refused(&["--check"], "postern-door --check`");
    assert!(said.contains("sudo -u nobody"), "{said}");
    assert!(!bench.path().join("unique.key").exists() && !bench.flash().exists());
    // And whoever is not the owner is told who is, and how to change that.
    std::fs::write(bench.path().join("unique.key"), [7; 32]).expect("written");
    std::fs::set_permissions(bench.path().join("unique.key"), PermissionsExt::from_mode(0o600)).expect("set");
    let output = bench.command().uid(65_534).output();
    if let Ok(output) = output {
        let said = refusal(&output, "unique.key belongs to root, and this program runs as nobody");
        assert!(said.contains("sudo chown nobody"), "{said}");
    }
}

/// The configuration of a door with a camera and a lock.
fn real(camera: &str, lock: &str) -> String {
    let size = "width = 64\nheight = 48";
    MADE.replace("[made]", &format!("[camera]\n{camera}\n{size}\n\n[lines]\nlock = \"{lock}\"\n"))
}

#[test]
fn a_camera_or_a_line_that_cannot_be_had_is_said_with_what_to_do() {
    let command = "command = [\"of-nobody\"]\nformat = \"grey\"";
    let absent = "device = \"/dev/v4l/by-id/of-nobody\"\nformat = \"yuyv\"";
    let wrong = [
        (real(command, "file:lock"), "is the program installed"),
        (real(absent, "file:lock"), "is it plugged in?"),
        (
            real("device = \"/dev/null\"\nformat = \"yuyv\"", "file:lock"),
            "it is no camera that gives pictures",
        ),
        (real(absent, "line of nobody"), "gpioinfo"),
        (real("format = \"grey\"", "file:lock"), "needs either device or command"),
        (real("command = [\"cat\"]\nformat = \"mjpg\"", "file:lock"), "a command cannot give mjpg"),
        (real("command = []\nformat = \"grey\"", "file:lock"), "names no program"),
        (real(absent, "file:lock").replace("width = 64", "width = 65"), "width is even"),
        (real(absent, "file:lock") + "[made]\n", "[made] stands for [camera] and [lines]"),
        (real(absent, "file:lock").replace("[lines]\nlock = \"file:lock\"", ""), "it names no lock"),
        (real(absent, "file:lock").replace("yuyv", "h264"), "line 12: unknown variant `h264`"),
    ];
    for (config, why) in wrong {
        Bench::with_config(&config).refused(&[], why);
    }
}

#[test]
fn a_keypad_that_cannot_be_had_is_said_with_what_to_do() {
    let made = |keypad: &str| format!("{MADE}\n[keypad]\n{keypad}\n");
    let matrix =
        |rows: &str, more: &str| made(&format!("rows = {rows}\ncolumns = [\"c0\", \"c1\", \"c2\"]\n{more}"));
    let rows = "[\"r0\", \"r1\", \"r2\", \"r3\"]";
    let wrong = [
        (made("device = \"/dev/input/by-id/of-nobody\""), "ls /dev/input/by-id"),
        (made("device = \"/dev/null\""), "it is no keypad of the kernel"),
        (made("device = \"file:of-nobody\""), "of-nobody cannot be used"),
        (matrix(rows, ""), "the line r0 cannot be had"),
        (made(""), "line 12: [keypad] needs either device, or rows and columns"),
        (
            made("device = \"a\"\nrows = [\"b\"]"),
            "line 12: [keypad] needs either device, or rows and columns",
        ),
        (made("devise = \"a\""), "line 13: unknown field `devise`"),
        (matrix("[]", ""), "line 12: [keypad] has 1 to 8 rows and columns"),
        (matrix("[\"r0\", \"r1\"]", ""), "line 12: [keypad] keys must have 2 rows of 3 keys"),
        (matrix("[\"r0\", \"r1\", \"r2\", \"c1\"]", ""), "line 12: [keypad] names the line c1 twice"),
        (matrix("[\"!r0\", \"r1\", \"r2\", \"r3\"]", ""), "line 12: [keypad] rows and columns have no `!`"),
        (matrix(rows, "keys = [\"123\", \"456\", \"789\", \"x0#\"]"), "line 12: [keypad] keys has `x`"),
        (matrix(rows, "keys = [\"123\", \"456\", \"789\", \"*00\"]"), "line 12: [keypad] keys lacks `#`"),
    ];
    for (config, why) in wrong {
        let bench = Bench::with_config(&config);
        bench.refused(&[], why);
        bench.refused(&["--check"], why);
    }
}

#[test]
fn a_door_without_its_camera_leaves_the_lock_locked() {
    let bench = Bench::with_config(&real("command = [\"of-nobody\"]\nformat = \"grey\"", "file:lock"));
    bench.refused(&[], "is the program installed");
    bench.eventually("the keeper locks", |bench| {
        std::fs::read(bench.path().join("lock")).is_ok_and(|line| line == b"0")
    });
}

#[test]
fn a_door_with_the_pictures_of_a_command_starts() {
    let command = "command = [\"sh\", \"-c\", \"while :; do head -c 3072 /dev/zero; sleep 1; done\"]\nformat = \"grey\"";
    let mut bench = Bench::with_config(&real(command, "file:lock"));
    bench.start();
    bench.eventually("it says that it is dark", |bench| bench.said().contains("all pictures are dark"));
}

#[test]
fn a_check_says_that_all_is_there_and_starts_nothing() {
    let bench = Bench::new();
    let output = bench.command().arg("--check").output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("the door can start"), "{output:?}");
    assert!(bench.flash().is_file() && bench.path().join("unique.key").is_file());
    let mut bench = bench;
    bench.start();
    bench.refused(&["--check"], "another door runs on");
}

#[test]
fn two_doors_on_one_flash_are_refused() {
    let mut bench = Bench::new();
    bench.start();
    bench.refused(&[], "another door runs on");
    bench.open_lock();
}

/// A backup that is brought back, or a flash that moves to another disk, is the door. A second door on a copy is none.
#[test]
fn a_copy_of_a_flash_stands_in_its_place_and_does_not_run_beside_it() {
    let mut bench = Bench::new();
    bench.start();
    let config = bench.path().join("postern-door.toml");
    let other = with("file = \"flash\"", "file = \"copy\"").replace("host.sock", "other.sock");
    std::fs::copy(bench.flash(), bench.path().join("copy")).expect("copied");
    std::fs::write(&config, other).expect("written");
    for arguments in [&["--check"][..], &[]] {
        let said = bench.refused(arguments, "unique.counter: end it first");
        assert!(said.contains("A copy of a flash may stand in its place"), "{said}");
    }
    bench.stop();
    std::fs::rename(bench.flash(), bench.path().join("away")).expect("renamed");
    bench.start();
}

#[test]
fn a_socket_that_somebody_listens_at_is_refused_and_a_stale_one_is_not() {
    let mut bench = Bench::new();
    let path = bench.path().join("host.sock");
    let other = std::os::unix::net::UnixListener::bind(&path).expect("bound");
    bench.refused(&[], "another program is there");
    drop(other);
    assert!(path.exists());
    bench.start();
}

/// A slip of the pen in one line of the configuration must cost no file: the secret and the flash lie beside it.
#[test]
fn a_file_at_the_place_of_a_socket_or_a_lock_stays_as_it_is() {
    let camera = "command = [\"sh\", \"-c\", \"while :; do head -c 3072 /dev/zero; sleep 1; done\"]\nformat = \"grey\"";
    for file in ["unique.key", "flash", "letters", "postern-door.toml", "link", "folder"] {
        let taken = "stays as it is";
        let wrong = [
            (with("unix:host.sock", &format!("unix:{file}")), taken),
            (real(camera, &format!("file:{file}")), if file == "folder" { "folder" } else { taken }),
        ];
        for (config, why) in wrong {
            let mut bench = Bench::new();
            bench.start();
            bench.stop();
            std::fs::write(bench.path().join("letters"), "0, dear Ann").expect("written");
            std::os::unix::fs::symlink("letters", bench.path().join("link")).expect("a link");
            std::fs::create_dir(bench.path().join("folder")).expect("a folder");
            std::fs::write(bench.path().join("postern-door.toml"), &config).expect("written");
            let path = bench.path().join(file);
            // A door that opens its flash counts that, and a made one has its pins before the partitions.
            let own = if config.contains("[made]") { 0..1 << 20 } else { BOOTS..BOOTS + 4 };
            let read = || {
                let mut bytes = std::fs::read(&path).ok()?;
                (file == "flash").then(|| bytes[own.clone()].fill(0));
                Some(bytes)
            };
            let before = read();
            for arguments in [&["--check"][..], &[]] {
                bench.refused(arguments, why);
                assert!(path.symlink_metadata().is_ok(), "{file} is gone");
                assert!(read() == before, "{file} was written: {config}");
            }
            if why == taken && config.contains("[lines]") {
                bench.refused(&["--lock"], why);
                assert!(read() == before, "{file} was written: {config}");
            }
        }
    }
}

/// One error for one cause, and it is that of the keeper, who opens the line.
#[test]
fn a_lock_that_is_not_there_is_said_once() {
    let bench =
        Bench::with_config(&real("command = [\"cat\", \"/dev/zero\"]\nformat = \"grey\"", "no such line"));
    let said = bench.refused(&["--check"], "its keeper has said why");
    assert_eq!(said.matches("no such line").count(), 2, "{said}");
    assert!(!said.contains("buffer"), "{said}");
}

#[test]
fn a_flash_of_another_kind_of_board_is_refused_and_stays_as_it_is() {
    for (board, is) in
        [(547u32, "that of an an547"), (500, "that of an an500"), (7, "that of a board with the number 7")]
    {
        let bench = Bench::new();
        std::fs::File::create(bench.flash()).and_then(|file| file.set_len(16 << 20)).expect("a file");
        bench.write(MAGIC_WORD, &MAGIC.to_le_bytes());
        bench.write(VERSION_WORD, &VERSION.to_le_bytes());
        bench.write(BOARD, &board.to_le_bytes());
        let before = std::fs::read(bench.flash()).expect("the flash");
        bench.refused(&[], is);
        assert!(before == std::fs::read(bench.flash()).expect("the flash"), "it was changed");
    }
}

#[test]
fn a_flash_is_said_to_be_cut_off_or_too_long_as_it_is() {
    let mut bench = Bench::new();
    bench.start();
    bench.stop();
    let file = std::fs::OpenOptions::new().write(true).open(bench.flash()).expect("the flash");
    let whole = file.metadata().expect("its length").len();
    for (length, is) in [(whole - 1, "was cut off"), (whole + 7, "too long: 7 bytes were written behind")] {
        file.set_len(length).expect("set");
        bench.refused(&[], is);
    }
}

#[test]
fn a_file_with_something_else_in_it_is_not_made_a_flash() {
    let bench = Bench::new();
    std::fs::write(bench.flash(), "letters of ours").expect("written");
    bench.refused(&[], "name another file under [flash]");
    assert_eq!(std::fs::read(bench.flash()).expect("it is there"), b"letters of ours");
    let picture = vec![0x5a; 38 << 20];
    std::fs::write(bench.flash(), &picture).expect("written");
    bench.refused(&[], "a file with something else in it");
}

/// Runs a door with its folder on a disk of its own, in a name space where no root is needed. `None` where the system does
/// not permit that.
fn on_a_disk(bench: &Bench, before: &str, options: &str) -> Option<std::process::Output> {
    let permitted = Command::new("unshare").args(["-rm", "true"]).output();
    if !permitted.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: the system permits no mount in a name space of one's own");
        return None;
    }
    let config = bench.path().join("postern-door.toml");
    let (folder, door) = (bench.path().display(), env!("CARGO_BIN_EXE_postern-door"));
    let script = format!(
        "cp {config} /tmp/.$$ && mount -t tmpfs -o size={before} tmpfs {folder} && cp /tmp/.$$ {config} && rm /tmp/.$$ && \
         {{ {options} }} && exec {door} --config {config}",
        config = config.display()
    );
    Some(Command::new("unshare").args(["-rm", "sh", "-ec", &script]).output().expect("it starts"))
}

#[test]
fn a_full_disk_is_said_before_the_door_runs() {
    let bench = Bench::new();
    if let Some(output) = on_a_disk(&bench, "4m", "true;") {
        refusal(&output, "is full: the flash needs 57 MiB");
    }
}

#[test]
fn a_disk_that_is_read_only_is_said_with_what_to_do() {
    let bench = Bench::new();
    let options = format!(
        "head -c 32 /dev/urandom > {0}/unique.key; chmod 600 {0}/unique.key; touch {0}/flash; \
                           mount -o remount,ro {0};",
        bench.path().display()
    );
    if let Some(output) = on_a_disk(&bench, "64m", &options) {
        refusal(&output, "mount the disk for writing");
    }
}
