//! A training as a user runs it: on people who are drawn by a formula, killed, resumed, and refused.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use fixtures::{Need, need};

use crate::bench::run;
use crate::people::{People, start};

/// Steps that the log tells of.
fn steps(out: &Path) -> usize {
    fs::read_to_string(out.join("log.csv")).map_or(0, |log| log.lines().count().saturating_sub(1))
}

/// Waits for steps in the log, with a generous end for a busy machine.
fn wait_for_steps(out: &Path, count: usize) {
    let end = Instant::now() + Duration::from_secs(900);
    while steps(out) < count {
        assert!(Instant::now() < end, "not {count} steps within 15 minutes");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// How often a training is started again that ended before it could be stopped.
const TRIES: usize = 20;

/// Starts a training into the folder `out` and kills it after some steps in the log of `part`.
fn kill_midway(out: &Path, part: &Path, count: usize, start: impl Fn() -> Child) {
    for _ in 0..TRIES {
        let mut training = start();
        wait_for_steps(part, count);
        training.kill().expect("killed");
        if !training.wait().expect("ended").success() {
            return;
        }
        fs::remove_dir_all(out).expect("removed");
    }
    panic!("{TRIES} trainings ended before they could be killed");
}

/// Kills a training, resumes it and interrupts it with Ctrl-C, so that it can be resumed once more.
fn kill_and_interrupt(people: &People, name: &str) {
    let out = people.out(name);
    for _ in 0..TRIES {
        kill_midway(&out, &out, 5, || people.start(name, &[]));
        let again = people.run(name, &[]);
        assert!(again.code == 2 && again.said.contains("--resume"), "{}", again.said);
        let before = steps(&out);
        let mut training = people.start(name, &["--resume"]);
        wait_for_steps(&out, before + 5);
        let signal = Command::new("kill").args(["-INT", &training.id().to_string()]).status();
        assert!(signal.expect("kill runs").success());
        match training.wait().expect("ended").code() {
            Some(0) => fs::remove_dir_all(&out).expect("removed"),
            code => return assert_eq!(code, Some(2)),
        }
    }
    panic!("{TRIES} trainings ended before they could be interrupted");
}

#[test]
fn a_training_that_is_killed_and_interrupted_comes_to_the_same_image() {
    let people = People::new(&[4; 8]);
    let whole = people.run("whole", &[]);
    assert_eq!(whole.code, 0, "{}", whole.said);
    kill_and_interrupt(&people, "broken");
    let resumed = people.run("broken", &["--resume"]);
    assert_eq!(resumed.code, 0, "{}", resumed.said);
    for file in ["checkpoint.pstntrain", "drawn.onnx", "drawn.pstn", "validation.csv"] {
        let read = |out: &str| fs::read(people.out(out).join(file)).expect("written");
        assert!(read("whole") == read("broken"), "{file} differs");
    }
    let out = people.out("broken");
    for plot in ["loss.png", "distances.png", "det.png", "map.png", "manifest.toml"] {
        assert!(out.join(plot).is_file(), "{plot}");
    }
    assert_eq!(steps(&out), steps(&people.out("whole")));
    assert!(resumed.first()["int8"]["equal_error_rate"].is_number());
    let inspected = run(&["inspect", &out.join("drawn.pstn").display().to_string()]);
    assert_eq!(inspected.code, 0, "{}", inspected.said);
}

#[test]
fn a_smaller_embedding_begins_where_the_larger_one_ended_and_resumes() {
    let people = People::new(&[9; 11]);
    let larger = people.run("larger", &[]);
    assert_eq!(larger.code, 0, "{}", larger.said);
    let path = |name: &str| people.out(name).display().to_string();
    let arguments = |out: &str, more: &str| -> Vec<String> {
        let [folder, onnx, faces] = ["people", "larger/drawn.onnx", "faces"].map(path);
        let options = "--held-out 3 --dimension 64 --rate 1e-4 --epochs 6 -p 4 -k 2 --checkpoint-every 0";
        let given = ["train", &folder, "--aligned", "--from", &onnx, "--cache", &faces, "--name", "smaller"];
        let given = given.into_iter().chain(["--out", out]).map(String::from);
        given.chain(options.split(' ').chain(more.split_whitespace()).map(String::from)).collect()
    };
    let smaller = |out: &str, more: &str| {
        let all = arguments(&path(out), more);
        run(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let whole = smaller("whole", "");
    assert_eq!(whole.code, 0, "{}", whole.said);
    let rate = |report: &serde_json::Value| report["equal_error_rate"].as_f64().expect("a rate");
    let (ended, began) = (rate(&larger.first()["float"]), rate(&whole.first()["before"]));
    assert!((began - ended).abs() < 0.02, "{began} of 64 values, {ended} of 128");

    let all = arguments(&path("broken"), "");
    kill_midway(&people.out("broken"), &people.out("broken"), 5, || start(&all));
    let resumed = smaller("broken", "--resume");
    assert_eq!(resumed.code, 0, "{}", resumed.said);
    let read = |out: &str| fs::read(people.out(out).join("checkpoint.pstntrain")).expect("written");
    assert!(read("whole") == read("broken"), "the weights differ");

    fs::remove_dir_all(people.of(0)).expect("removed");
    for person in 1..11 {
        (6..9).for_each(|n| fs::remove_file(people.of(person).join(format!("{n}.png"))).expect("removed"));
    }
    let few = smaller("few", "");
    assert!(few.code == 2 && few.said.contains("principal components"), "{}", few.said);
}

#[test]
fn a_slimmer_network_learns_rounding_from_more_people_and_resumes() {
    let people = People::new(&[5; 9]);
    let path = |name: &str| people.out(name).display().to_string();
    let arguments = |out: &str, more: &str| -> Vec<String> {
        let given = ["train", &path("people"), "--aligned", "--cache", &path("faces"), "--out", &path(out)];
        let options = "--held-out 3 -p 4 -k 2 --checkpoint-every 0 --name";
        let all = given.into_iter().chain(options.split(' ')).chain([out]).chain(more.split_whitespace());
        all.map(String::from).collect()
    };
    let train = |out: &str, more: &str| {
        let all = arguments(out, more);
        run(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let wide = train("wide", "--input 64 --width 0.5 --depth 0,1,0 --features 64 --epochs 2");
    assert_eq!(wide.code, 0, "{}", wide.said);
    let cost = |ran: &crate::bench::Ran| ran.first()["multiply_adds"].as_f64().expect("a number");
    let half = cost(&wide) / 2e6;
    let options = format!(
        "--from {} --multiply-adds {half} --morphs 20 --epochs 2 --rounding 3 --rate 1e-4",
        path("wide/wide.onnx")
    );
    let slim = train("slim", &options);
    assert_eq!(slim.code, 0, "{}", slim.said);
    assert!(cost(&slim) <= half * 1e6 && cost(&slim) > 0.7e6 * half, "{} of {half} M", cost(&slim));
    assert!(slim.said.contains("100 of people between these"), "{}", slim.said);
    let manifest = fs::read_to_string(people.out("slim/manifest.toml")).expect("written");
    assert!(manifest.contains("width = 64"), "{manifest}");

    // Killed in the second part, it comes to the same weights, and to the same image.
    fs::create_dir(people.out("broken")).expect("created");
    let all = arguments("broken", &options);
    kill_midway(&people.out("broken"), &people.out("broken/rounding"), 3, || start(&all));
    let resumed = train("broken", &format!("{options} --resume"));
    assert_eq!(resumed.code, 0, "{}", resumed.said);
    for file in ["checkpoint.pstntrain", "rounding/checkpoint.pstntrain"] {
        let read = |out: &str| fs::read(people.out(out).join(file)).expect("written");
        assert!(read("slim") == read("broken"), "{file} differs");
    }
    let figures = |ran: &crate::bench::Ran| ran.first()["int8"].clone();
    assert_eq!(figures(&slim), figures(&resumed));

    let few = train("few", &options.replace(&format!("{half}"), "0.01"));
    assert!(few.code == 2 && few.said.contains("multiply-adds are too few"), "{}", few.said);
    let weights = train("arc", "--loss arcface --rounding 1");
    assert!(weights.code == 2 && weights.said.contains("--rounding restarts the loss"), "{}", weights.said);
}

#[test]
fn faces_without_names_teach_through_a_teacher_alone() {
    let people = People::new(&[5; 9]);
    let path = |name: &str| people.out(name).display().to_string();
    let larger = people.run("larger", &[]);
    assert_eq!(larger.code, 0, "{}", larger.said);
    fs::create_dir(people.out("strangers")).expect("created");
    for number in 0..12 {
        let face = train::drawn::face(100 + number, 0);
        let photo = imaging::Photo::from_rgb(train::SIDE as u32, train::SIDE as u32, face).expect("whole");
        photo.save_png(people.out("strangers").join(format!("{number}.png"))).expect("written");
    }
    let [folder, faces, onnx, strangers] = ["people", "faces", "larger/drawn.onnx", "strangers"].map(path);
    let given = ["distill", &folder, "--aligned", "--cache", &faces, "--from", &onnx, "--teacher", &onnx];
    let options = "--held-out 3 -p 4 -k 1 --epochs 2 --rate 1e-4 --revive --unlabelled";
    let distill = |out: &str, more: &[&str]| {
        let all = given.into_iter().chain(options.split(' ')).chain([strangers.as_str()]);
        let out = path(out);
        run(&all.chain(["--out", &out]).chain(more.iter().copied()).collect::<Vec<_>>())
    };
    let taught = distill("taught", &[]);
    assert_eq!(taught.code, 0, "{}", taught.said);
    assert!(taught.said.contains("12 faces without names"), "{}", taught.said);
    assert!(
        taught.said.contains("42 pictures to train on") && taught.said.contains("15 of others"),
        "{}",
        taught.said
    );
    assert!(taught.said.contains("0 dead channels"), "{}", taught.said);
    let manifest = fs::read_to_string(people.out("taught/manifest.toml")).expect("written");
    assert!(manifest.contains("57 pictures") && manifest.contains("dead channels drawn again"), "{manifest}");

    let weights = |out: &str| fs::read(people.out(out).join("people-distilled.onnx")).expect("written");
    let trained = weights("taught");
    let mixed = distill("taught", &["--resume", "--keep-start", "0.5"]);
    assert_eq!(mixed.code, 0, "{}", mixed.said);
    let kept = distill("kept", &["--keep-start", "0.5"]);
    assert_eq!(kept.code, 0, "{}", kept.said);
    assert!(weights("taught") == weights("kept"), "a training that ends again has the same start");
    assert!(weights("kept") != trained, "something of the start was kept");
    let norms = distill("norms", &["--keep-start", "0.5", "--batch-norm"]);
    assert!(norms.code == 2 && norms.said.contains("cannot be used with"), "{}", norms.said);

    let relu = distill("relu", &["--relu"]);
    assert_eq!(relu.code, 0, "{}", relu.said);
    let manifest = fs::read_to_string(people.out("relu/manifest.toml")).expect("written");
    assert!(manifest.contains("PReLUs made ReLUs"), "{manifest}");
    let has = |onnx: &[u8], operator: &[u8]| onnx.windows(operator.len()).any(|bytes| bytes == operator);
    assert!(has(&trained, b"PRelu") && !has(&weights("relu"), b"PRelu") && has(&weights("relu"), b"Relu"));

    let named = distill("named", &["--loss", "triplet"]);
    assert!(named.code == 2 && named.said.contains("have no names"), "{}", named.said);
    fs::remove_dir_all(people.out("strangers")).expect("removed");
    fs::create_dir(people.out("strangers")).expect("created");
    let none = distill("none", &[]);
    assert!(none.code == 2 && none.said.contains("has no pictures"), "{}", none.said);
}

#[test]
fn thresholds_are_found_on_ones_own_people_and_written_into_the_image() {
    need!(Need::Cached("images"));
    let people = People::new(&[5; 24]);
    let path = |name: &str| people.out(name).display().to_string();
    let calibrate = |folder: &People, more: &[&str]| {
        let folder = [folder.out("people"), folder.out("faces")].map(|path| path.display().to_string());
        run(&[&["calibrate", &folder[0], "--aligned", "--cache", &folder[1]], more].concat())
    };
    let image = path("own.pstn");
    let first = calibrate(&people, &["--output", &image]);
    assert_eq!(first.code, 0, "{}", first.said);
    assert_eq!(first.first()["comparisons"], 120 * 119 / 2 - 24 * 10);
    let points = |ran: &crate::bench::Ran, field: &str| -> Vec<f64> {
        let points = ran.first()["points"].as_array().expect("a table");
        points.iter().map(|point| point[field].as_f64().expect("a threshold")).collect()
    };
    let found = points(&first, "threshold");
    assert!(found.is_sorted() && found != points(&first, "before"), "{found:?}");
    let again = calibrate(&people, &["--encoder", &image]);
    assert_eq!(points(&again, "before"), found, "{}", again.said);
    assert_eq!(run(&["inspect", &image]).code, 0);

    let few = calibrate(&People::new(&[3; 4]), &[]);
    assert!(few.code == 2 && few.said.contains("a thousand comparisons"), "{}", few.said);
    let one = calibrate(&People::new(&[5]), &[]);
    assert!(one.code == 2 && one.said.contains("one person only"), "{}", one.said);
    let detector = calibrate(&people, &["--encoder", "yunet"]);
    assert!(detector.code == 2 && detector.said.contains("no encoder"), "{}", detector.said);
}

#[test]
fn strangers_are_compared_within_their_groups() {
    need!(Need::Cached("images"));
    let folder = tempfile::tempdir().expect("a folder");
    let strangers = folder.path().join("strangers");
    fs::create_dir(&strangers).expect("created");
    for number in 0..120 {
        let face = train::drawn::face(number, 0);
        let photo = imaging::Photo::from_rgb(train::SIDE as u32, train::SIDE as u32, face).expect("whole");
        let name = format!("{number:05}-{}-{}-x.png", 10 + number, number % 2);
        photo.save_png(strangers.join(name)).expect("written");
    }
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (strangers, plot, table) = (path("strangers"), path("groups.png"), path("groups.csv"));
    let calibrate =
        |more: &[&str]| run(&[&["calibrate", "--strangers", &strangers, "--groups"], more].concat());
    let named = calibrate(&["names", "--plot", &plot]);
    assert_eq!(named.code, 0, "{}", named.said);
    let groups = named.first()["groups"].as_array().expect("groups").clone();
    let people: Vec<(&str, u64)> = groups
        .iter()
        .filter_map(|group| Some((group["group"].as_str()?, group["people"].as_u64()?)))
        .collect();
    let expected = [
        ("18 to 29", 12),
        ("30 to 44", 15),
        ("45 to 59", 15),
        ("60 and over", 70),
        ("under 18", 8),
        ("female", 60),
        ("male", 60),
    ];
    assert_eq!(people, expected, "{}", named.said);
    assert!(Path::new(&plot).is_file());
    let again = calibrate(&["names", "--plot", &plot]);
    assert!(again.code == 2 && again.said.contains("--force"), "{}", again.said);
    fs::write(&table, "picture,side\n00000-10-0-x.png,left,right\n").expect("written");
    let odd = calibrate(&[&table]);
    assert!(odd.code == 2 && odd.said.contains("line 2") && odd.said.contains("groups.csv"), "{}", odd.said);
}

#[test]
fn an_encoder_that_was_trained_here_needs_no_compiling() {
    for name in ["postern-128", "slim-60"] {
        let inspected = run(&["inspect", name]);
        assert_eq!(inspected.code, 0, "{}", inspected.said);
        let compiled = run(&["compile", name]);
        assert!(compiled.code == 2 && compiled.said.contains("an image only"), "{}", compiled.said);
    }
}

#[test]
fn people_that_nothing_can_be_learned_from_are_refused_before_any_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let people = folder.path().join("people");
    fs::create_dir(&people).expect("created");
    let empty = run(&["train", &people.display().to_string()]);
    assert!(empty.code == 2 && empty.said.contains("a folder a person"), "{}", empty.said);
    People::new(&[4]).refused(&[], "four at least");
    People::new(&[1; 8]).refused(&[], "only one picture");
    People::new(&[4, 1, 1, 1, 1]).refused(&[], "two pictures or more");
    People::new(&[4; 8]).refused(&["--loss", "none"], "--teacher");
    People::new(&[4; 8]).refused(&["--rate", "0"], "--rate");
}

#[test]
fn odd_pictures_are_told_by_name() {
    need!(Need::Cached("images"));
    let people = People::new(&[3; 6]);
    fs::write(people.of(0).join("broken.jpg"), "this is no picture").expect("written");
    fs::copy(people.of(1).join("0.png"), people.of(2).join("copy.png")).expect("copied");
    let sheet = people.out("sheet.png").display().to_string();
    let ran = people.run("out", &["--show-augmentation", &sheet]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(ran.said.contains("copy.png") && ran.said.contains("whose it is"), "{}", ran.said);
    let skipped = fs::read_to_string(people.out("out").join("skipped.csv")).expect("written");
    assert!(skipped.contains("broken.jpg") && skipped.lines().count() == 4, "{skipped}");
    assert!(Path::new(&sheet).is_file());
    // Drawn faces are none to the detector, or are: grey is none to anybody.
    let grey = People::new(&[0; 4]);
    for person in 0..4 {
        let photo = imaging::Photo::from_rgb(200, 200, vec![90 + person; 120_000]).expect("whole");
        photo.save_png(grey.of(person.into()).join("grey.png")).expect("written");
    }
    let folder = grey.out("people").display().to_string();
    let out = grey.out("out").display().to_string();
    let ran = run(&["train", &folder, "--out", &out, "--cache", &grey.out("faces").display().to_string()]);
    assert!(ran.code == 2 && ran.said.contains("--aligned") && ran.said.contains("grey.png"), "{}", ran.said);
}
