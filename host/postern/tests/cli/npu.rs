//! The NPU of an emulated board, which another process plays: the same templates as the processor's, and the processor where
//! the NPU fails.

use std::path::Path;

use client::Signer;
use client::protocol::ModelKind;
use compiler::image::Aligned;
use emulator::{Board, Folder};
use fixtures::{Need, need};
use npu_section::format::Header;
use serde_json::Value;

use crate::bench::{BARACK, Bench, JOE, eventually, picture, run};

/// The image of a network that is published with the source.
fn published(name: &str) -> String {
    format!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/{0}/{0}.pstn"), name)
}

/// Networks of a small door with a section for `accelerator`: each option of `flash models`, and the image. The first one is the
/// liveness network.
fn images(folder: &Path, accelerator: &str) -> Vec<String> {
    let cached = |name: &str| fixtures::cache(name).display().to_string();
    let networks = [
        ("--liveness", published("liveness")),
        ("--detector", cached("images/yunet.pstn")),
        ("--encoder", published("slim-60")),
    ];
    let mut options = Vec::new();
    for (option, image) in networks {
        let to = folder.join(format!("{accelerator}{option}.pstn")).display().to_string();
        let ran = run(&["compile", &image, "--npu", accelerator, "-o", &to]);
        assert_eq!(ran.code, 0, "{}", ran.said);
        options.extend([option.to_owned(), to]);
    }
    options
}

fn flash(bench: &Bench, images: &[String]) {
    let mut arguments = vec!["flash", "models"];
    arguments.extend(images.iter().map(String::as_str));
    bench.done(&arguments);
}

/// The template of a photograph as the board makes it.
fn template(bench: &Bench, name: &str) -> Value {
    bench.done(&["embed", &picture(name)])[0]["template"].clone()
}

/// The networks that an NPU runs, by the board's status.
fn on_npu(bench: &Bench) -> Value {
    bench.done(&["board", "status"])[0]["status"]["npu"].clone()
}

/// What the log tells of the NPU: network and reason of each entry.
fn faults(bench: &Bench) -> Vec<(String, String)> {
    let word = |entry: &Value, field: &str| entry[field].as_str().unwrap_or_default().to_owned();
    let mut log = bench.log();
    log.retain(|entry| entry["kind"] == "fault" && entry["reason"] == "npu");
    log.iter().map(|entry| (word(entry, "network"), word(entry, "npu"))).collect()
}

/// Ends the process that plays the NPU.
fn kill_the_npu(bench: &Bench) {
    let record = std::fs::read_to_string(bench.folder().join("npu.json")).expect("an NPU is played");
    let record: Value = serde_json::from_str(&record).expect("a record");
    let pid = record["pid"].as_i64().expect("a process").to_string();
    let killed = std::process::Command::new("kill").args(["-9", &pid]).status().expect("kill starts");
    assert!(killed.success(), "process {pid} is there");
}

fn opens(bench: &Bench, visitor: &str, name: &str) {
    let decision = &bench.done(&["show", &picture(visitor)])[0];
    assert_eq!((decision["door"].as_str(), decision["name"].as_str()), (Some("open"), Some(name)));
}

#[test]
fn templates_of_the_npu_and_of_the_processor_are_the_same_and_a_dead_npu_stops_nothing() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"), Need::Cached("vela"));
    let bench = Bench::new("an547");
    let images = images(bench.state(), "ethos-u55-128");
    bench.up();
    flash(&bench, &images);
    assert_eq!(on_npu(&bench), Value::Array(Vec::new()), "there is none");
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    let of_the_processor = template(&bench, BARACK[1]);

    bench.done(&["board", "down"]);
    bench.done(&["board", "up", "--npu"]);
    let all = serde_json::json!(["detector", "encoder", "liveness network"]);
    assert_eq!(on_npu(&bench), all);
    assert_eq!(template(&bench, BARACK[1]), of_the_processor);
    opens(&bench, BARACK[1], "Barack");
    bench.done(&["enroll", "Joe", &picture(JOE)]);
    assert_eq!(on_npu(&bench), all, "it ran all of them");
    assert_eq!(faults(&bench), []);

    kill_the_npu(&bench);
    bench.refused(&["board", "up", "--npu"], "`postern board down --board an547`");
    assert_eq!(bench.run(&["identify", &picture(JOE)]).code, 0, "the processor does the work");
    eventually("the log tells it", || !faults(&bench).is_empty());
    assert_eq!(on_npu(&bench), Value::Array(Vec::new()), "it is given up");
    assert_eq!(template(&bench, BARACK[1]), of_the_processor);
    opens(&bench, JOE, "Joe");
    let told = faults(&bench);
    assert_eq!(told, [("detector".to_owned(), "stuck".to_owned())], "one entry is enough");
}

#[test]
fn an_npu_that_the_section_is_not_for_is_told_and_the_processor_does_the_work() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"), Need::Cached("vela"));
    let bench = Bench::new("an547");
    let images = images(bench.state(), "ethos-u55-128");
    bench.done(&["board", "up", "--npu", "ethos-u55-256"]);
    bench.done(&["pair", "--press-button"]);
    flash(&bench, &images);
    assert_eq!(on_npu(&bench), Value::Array(Vec::new()));
    eventually("the log tells it", || faults(&bench).iter().any(|(_, why)| why == "other-npu"));
    let on_host = run(&["embed", &picture(JOE), "--on", "host", "--encoder", &images[5]]);
    assert_eq!(on_host.code, 0, "{}", on_host.said);
    assert_eq!(template(&bench, JOE), on_host.first()["template"]);
    bench.refused(&["board", "up", "--npu"], "is up without this NPU");
}

/// A detector with another section, in a file.
fn with_section(images: &[String], name: &str, change: impl FnOnce(&mut Header, &mut Vec<u8>)) -> String {
    let from = &images[images.iter().position(|it| it == "--detector").expect("a detector") + 1];
    let file = std::fs::read(from).expect("an image");
    let aligned = Aligned::new(&file);
    let model = nn::Model::load(aligned.bytes()).expect("an image");
    let mut section = model.npu().expect("a section").to_vec();
    let (head, _) = section.split_at_mut(size_of::<Header>());
    let mut header: Header = bytemuck::pod_read_unaligned(head);
    change(&mut header, &mut section);
    section[..size_of::<Header>()].copy_from_slice(bytemuck::bytes_of(&header));
    let to = format!("{from}.{name}");
    std::fs::write(&to, compiler::image::with_npu(&file, &section).expect("an image")).expect("written");
    to
}

/// Installs a detector as a host does that checks nothing.
fn install(bench: &Bench, image: &str) {
    let folder = Folder::new(Some(bench.state()), "an547").expect("a name");
    let board = Board::open(folder).expect("the board is up");
    let signer = Signer::load(&Signer::path(bench.state())).expect("a key file");
    let image = std::fs::read(image).expect("an image");
    let mut device = board.connect().expect("connected");
    let installed =
        device.install_model(ModelKind::Detector, &image, &signer.expect("a key"), &mut |_, _| ());
    installed.expect("the board takes any image that its processor runs");
}

#[test]
fn each_bad_section_is_in_the_log_and_the_processor_does_the_work() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"), Need::Cached("vela"));
    let bench = Bench::new("an547");
    let images = images(bench.state(), "ethos-u55-128");
    bench.done(&["board", "up", "--npu"]);
    bench.done(&["pair", "--press-button"]);
    flash(&bench, &images);
    let good = template(&bench, JOE);
    assert_eq!(on_npu(&bench), serde_json::json!(["detector", "encoder", "liveness network"]));
    assert_eq!(faults(&bench), []);

    let truncated = |_: &mut Header, section: &mut Vec<u8>| section.truncate(section.len() - 16);
    let newer_format = |header: &mut Header, _: &mut Vec<u8>| header.version += 1;
    let newer = |header: &mut Header, _: &mut Vec<u8>| header.id += 1 << 28;
    let other_config = |header: &mut Header, _: &mut Vec<u8>| header.config += 0x100;
    let large = |header: &mut Header, _: &mut Vec<u8>| header.scratch = 64 << 20;
    let refused = [
        ("truncated", with_section(&images, "truncated", truncated), "section"),
        ("of a newer format", with_section(&images, "format", newer_format), "section"),
        ("of a newer architecture", with_section(&images, "architecture", newer), "section"),
        ("of an unknown configuration", with_section(&images, "config", other_config), "section"),
        ("with a large scratch", with_section(&images, "large", large), "no-room"),
    ];
    for (what, image, word) in refused {
        let before = faults(&bench).len();
        if word == "section" {
            bench.refused(&["flash", "models", "--detector", &image], "compile it again with --npu");
        }
        install(&bench, &image);
        assert_eq!(
            on_npu(&bench),
            serde_json::json!(["encoder", "liveness network"]),
            "a section {what} does not run"
        );
        assert_eq!(template(&bench, JOE), good, "the processor does the work of a section {what}");
        let told = faults(&bench).split_off(before);
        assert!(!told.is_empty(), "a section {what} is told");
        assert!(told.iter().all(|it| *it == ("detector".to_owned(), word.to_owned())), "{what}: {told:?}");
    }

    // Weights decide no address, so only the NPU sees that they are none.
    let weights = |header: &mut Header, section: &mut Vec<u8>| {
        let start = header.data as usize;
        section[start..start + header.data_bytes as usize].fill(0xff);
    };
    let before = faults(&bench).len();
    bench.done(&["flash", "models", "--detector", &with_section(&images, "weights", weights)]);
    assert_eq!(template(&bench, JOE), good, "the processor does the work within the frame");
    let stopped = ("detector".to_owned(), "stopped".to_owned());
    assert_eq!(faults(&bench).split_off(before).first(), Some(&stopped));
    let log = std::fs::read_to_string(bench.folder().join("npu.log")).expect("a log");
    assert!(log.contains("the weights do not decode"), "{log}");
}

#[test]
fn only_an_an547_has_an_npu_and_its_name_must_be_known() {
    let bench = Bench::new("an500");
    bench.refused(&["board", "up", "--npu"], "has no NPU");
    bench.refused(&["board", "up", "--npu", "ethos-u85"], "there is no NPU `ethos-u85`");
    assert!(!bench.folder().exists(), "no board is left of it");
}

/// A door on Linux has no NPU: it loads such images, and its processor runs them.
#[test]
fn a_door_on_linux_loads_images_with_a_section_and_ignores_it() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"), Need::Cached("vela"));
    let bench = Bench::new("linux");
    let images = images(bench.state(), "ethos-u55-128");
    bench.done(&["board", "up", "--machine", "linux"]);
    let large = images[1].clone();
    bench.done(&["pair", "--press-button"]);
    let said = bench.run(&["flash", "models", "--liveness", &large]);
    assert_eq!(said.code, 0, "{}", said.said);
    assert!(said.said.contains("the section for one is left out"), "{}", said.said);
    flash(&bench, &images);
    let again = bench.done(&["flash", "models", "--liveness", &large]);
    assert_eq!(again[0]["unchanged"], true, "{again:?}");
    assert_eq!(on_npu(&bench), Value::Array(Vec::new()));
    bench.done(&["enroll", "Joe", &picture(JOE)]);
    opens(&bench, JOE, "Joe");
    assert_eq!(faults(&bench), []);
    bench.refused(&["board", "up", "--npu"], "has no NPU");
}

#[test]
fn estimates_of_processor_and_npu_stand_side_by_side() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("vela"));
    let folder = tempfile::tempdir().expect("a folder");
    let images = images(folder.path(), "ethos-u55-128");
    let without = published("liveness");
    let (with, without) = (&images[5], &without);
    let compared = run(&["bench", "--npu", with, without]);
    assert_eq!(compared.code, 0, "{}", compared.said);
    let section = run(&["inspect", with]).first()["npu"].clone();
    let [on_both, alone] = [0, 1].map(|row| &compared.first()["networks"][row]);
    assert_eq!((&on_both["npu"], &on_both["accelerator"]), (&section["cycles"], &section["accelerator"]));
    assert!(on_both["processor_low"].as_u64() > on_both["npu"].as_u64(), "{on_both}");
    let together = &compared.first()["together"];
    assert!(together["npu"].is_null() && together["processor_low"].as_u64() > on_both["npu"].as_u64());
    assert_eq!((&alone["npu"], alone["processor_low"].as_u64() > Some(0)), (&Value::Null, true));
    let here = run(&["bench", "--on", "host", "--npu", with]);
    assert!(here.code == 2 && here.said.contains("--on an547"), "{}", here.said);
}
