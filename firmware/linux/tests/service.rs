//! What the unit of systemd rests on: signs of life, a lock that locks without its keeper, real-time priority, and a
//! check that reports all that is missing.

mod bench;

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use bench::{Bench, MADE};

#[test]
fn a_supervisor_hears_that_the_door_runs_and_that_it_is_alive() {
    let mut bench = Bench::new();
    let path = bench.path().join("notify");
    let supervisor = UnixDatagram::bind(&path).expect("bound");
    supervisor.set_read_timeout(Some(Duration::from_secs(300))).expect("set");
    bench.start_with(|command| {
        command.env("NOTIFY_SOCKET", &path);
    });
    let hear = || {
        let mut word = [0; 64];
        let length = supervisor.recv(&mut word).expect("a word");
        String::from_utf8_lossy(&word[..length]).into_owned()
    };
    let mut words: Vec<String> = (0..3).map(|_| hear()).collect();
    words.sort();
    words.dedup();
    assert_eq!(words, ["READY=1", "WATCHDOG=1"]);
    // A door that stands still gives no sign.
    let pid = bench.door().id().to_string();
    assert!(Command::new("kill").args(["-STOP", &pid]).status().expect("kill starts").success());
    supervisor.set_read_timeout(Some(Duration::from_secs(2))).expect("set");
    let mut word = [0; 64];
    while supervisor.recv(&mut word).is_ok() {}
}

/// A door with a camera that is a command, and a lock in a file.
fn a_lock() -> String {
    let camera = "[camera]\ncommand = [\"cat\"]\nformat = \"grey\"\nwidth = 64\nheight = 48\n";
    MADE.replace("[made]", &format!("{camera}\n[lines]\nlock = \"file:lock\"\n"))
}

#[test]
fn a_lock_that_was_left_open_is_locked_without_a_keeper() {
    let bench = Bench::with_config(&a_lock());
    let lock = bench.path().join("lock");
    std::fs::write(&lock, "1").expect("written");
    let output = bench.command().arg("--lock").output().expect("it starts");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(std::fs::read_to_string(&lock).expect("the line"), "0");
    let made = Bench::new();
    made.refused(&["--lock"], "flash");
}

#[test]
fn a_door_that_does_not_start_locks_what_was_left_open() {
    type Fault = fn(&Bench);
    let faults: [(&str, Fault); 4] = [
        ("unique.counter", |bench| {
            std::fs::write(bench.path().join("unique.counter"), "many").expect("written")
        }),
        ("unique.key", |bench| std::fs::write(bench.path().join("unique.key"), [1; 31]).expect("written")),
        ("unique.key", |bench| std::fs::remove_file(bench.path().join("unique.key")).expect("removed")),
        ("flash", |bench| std::fs::write(bench.flash(), "of somebody").expect("written")),
    ];
    for (what, fault) in faults {
        // No keeper of this lock ran before.
        let mut bench = Bench::new();
        bench.start();
        bench.stop();
        std::fs::write(bench.path().join("postern-door.toml"), a_lock()).expect("written");
        fault(&bench);
        let lock = bench.path().join("lock");
        std::fs::write(&lock, "1").expect("written");
        bench.refused(&[], what);
        assert_eq!(std::fs::read_to_string(&lock).expect("the line"), "0", "{what}");
    }
    let mut bench = Bench::new();
    bench.start();
    std::fs::write(bench.path().join("postern-door.toml"), a_lock()).expect("written");
    let lock = bench.path().join("lock");
    std::fs::write(&lock, "1").expect("written");
    bench.refused(&[], "another door runs");
    assert_eq!(std::fs::read_to_string(&lock).expect("the line"), "1", "it is the other door's");
}

/// Whoever looks after the door reads its log of the system: the board's own log is for those who it serves, and these are none.
#[test]
fn an_older_copy_of_the_flash_is_said_at_the_start() {
    let mut bench = Bench::new();
    bench.start();
    // It counts what is in its flash.
    bench.eventually("its flash has records", |bench| {
        let counter = std::fs::read_to_string(bench.path().join("unique.counter"));
        counter.is_ok_and(|counter| counter.lines().any(|line| !line.starts_with("0000000000")))
    });
    bench.stop();
    std::fs::write(bench.path().join("unique.counter"), "1000\n").expect("written");
    bench.start();
    bench.eventually("it is said", |bench| bench.said().contains("THIS IS AN OLDER COPY"));
    assert!(!bench.said().contains("gallery"), "one fault for one cause: {}", bench.said());
}

#[test]
fn io_and_keeper_have_real_time_priority_where_it_is_permitted_and_the_worker_has_none() {
    if !Command::new("chrt").args(["-f", "11", "true"]).output().is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: this system permits no real-time priority");
        return;
    }
    let mut bench = Bench::new();
    bench.start();
    let door = bench.door().id();
    // Name of each thread, and its real-time priority; 0 for a usual one.
    let threads = |process: u32| -> Vec<(String, String)> {
        let tasks = std::fs::read_dir(format!("/proc/{process}/task")).expect("threads");
        tasks
            .flatten()
            .map(|task| {
                let stat = std::fs::read_to_string(task.path().join("stat")).expect("its state");
                let (name, fields) = stat.rsplit_once(") ").expect("a name");
                let name = name.split_once('(').expect("a name").1.to_owned();
                (name, fields.split(' ').nth(37).expect("a priority").to_owned())
            })
            .collect()
    };
    let priority = |wanted: &str| {
        threads(door).into_iter().find(|(name, _)| name == wanted).map(|(_, priority)| priority)
    };
    bench.eventually("io has its priority", |_| priority("io").as_deref() == Some("10"));
    bench.eventually("so has what wakes it", |_| priority("clock").as_deref() == Some("10"));
    bench.eventually("the worker runs", |_| priority("worker").as_deref() == Some("0"));
    let children = std::fs::read_to_string(format!("/proc/{door}/task/{door}/children"));
    let keeper = children.expect("the system lists children").trim().parse::<u32>().expect("one child");
    assert_eq!(threads(keeper).iter().map(|(_, priority)| priority.as_str()).collect::<Vec<_>>(), ["11"]);
}

#[test]
fn a_check_reports_all_that_is_missing_at_once() {
    let config = MADE.replace(
        "[made]",
        "[camera]\ndevice = \"/dev/of-nobody\"\nformat = \"grey\"\nwidth = 64\nheight = 48\n\n[lines]\n\
         lock = \"file:lock\"\nexit_button = \"no such line\"\ncontact = \"/dev/null:3\"\n",
    );
    let config = config.replace("unix:host.sock", "serial:/dev/of-nobody:9600");
    let bench = Bench::with_config(&config);
    let said = bench.refused(&["--check"], "the camera /dev/of-nobody cannot be used: is it plugged in?");
    for missing in [
        "no such line",
        "/dev/null:3",
        "cannot listen at serial:/dev/of-nobody:9600: is the adapter plugged in?",
    ] {
        assert!(said.contains(missing), "{said:?} does not say {missing:?}");
    }
    assert_eq!(said.lines().count(), 4, "{said}");
}

#[test]
fn a_check_names_devices_whose_number_may_change() {
    let bench = Bench::with_config(&a_lock().replace("[lines]", "[lines]\ncontact = \"/dev/gpiochip99:3\""));
    let output = bench.command().arg("--check").output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("/dev/gpiochip99:3: its number may be another device's"), "{output:?}");
    assert_eq!(said.matches("its number").count(), 1, "{said}");
}

#[test]
fn a_check_says_what_the_camera_gives() {
    let with = |command: &str| {
        let section = format!(
            "[camera]\ncommand = {command}\nformat = \"grey\"\nwidth = 64\nheight = 48\n\n[lines]\nlock = \"file:lock\"\n"
        );
        Bench::with_config(&MADE.replace("[made]", &section))
    };
    let dark = with("[\"sh\", \"-c\", \"while :; do head -c 3072 /dev/zero; sleep 1; done\"]");
    let output = dark.command().arg("--check").output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(
        said.contains("used as 64x48, mean brightness 0 of 255: too dark to recognise anybody"),
        "{said}"
    );
    with("[\"true\"]").refused(&["--check"], "it ended without a picture: run it in a terminal to see why");
}

#[test]
fn a_camera_command_ends_with_the_door_however_the_door_ends() {
    // A loop of the shell, which goes on when a program in it cannot write. It tells its process first.
    let section = "[camera]\ncommand = [\"sh\", \"-c\", \"echo $$ >&2; while :; do head -c 3072 /dev/zero; sleep 0.05; \
                   done\"]\nformat = \"grey\"\nwidth = 64\nheight = 48\n\n[lines]\nlock = \"file:lock\"\n";
    let config = MADE.replace("[made]", section);
    let process = |said: &str| said.lines().find_map(|line| line.parse::<u32>().ok());
    let mut bench = Bench::with_config(&config);
    bench.start();
    bench.eventually("the camera says its process", |bench| process(&bench.said()).is_some());
    let killed = process(&bench.said()).expect("its process");
    assert!(runs(killed), "the test looks at the wrong process");
    bench.stop();
    bench.eventually("the camera of a killed door ends", |_| !runs(killed));

    let checked = Bench::with_config(&config);
    let said = std::fs::File::create(checked.path().join("said")).expect("a file");
    let status = checked.command().arg("--check").stderr(said).status().expect("it starts");
    assert!(status.success(), "{}", checked.said());
    let camera = process(&checked.said()).expect("its process");
    checked.eventually("the camera of a check ends", |_| !runs(camera));
}

/// Whether a process runs. One that ended and was not asked for its status does not.
fn runs(process: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, state)| !state.starts_with('Z')))
}

#[test]
fn the_door_asks_the_computer_for_no_date_so_one_in_1970_changes_nothing() {
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut sources = 0;
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            sources += 1;
            // What `[clock]` permits.
            if path.ends_with("src/date.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("a source");
            for asks in ["SystemTime", "UNIX_EPOCH", "ClockId::Realtime", "CLOCK_REALTIME"] {
                assert!(!text.contains(asks), "{} asks for the date", path.display());
            }
        }
    }
    assert!(sources > 20, "{sources} sources");
}

#[test]
fn a_camera_that_ends_while_the_door_runs_is_said_once_with_what_to_do() {
    let section = "[camera]\ncommand = [\"true\"]\nformat = \"grey\"\nwidth = 64\nheight = 48\n\n[lines]\nlock = \"file:lock\"\n";
    let mut bench = Bench::with_config(&MADE.replace("[made]", section));
    bench.start();
    bench.eventually("it says so", |bench| bench.said().contains("run it in a terminal to see why"));
}
