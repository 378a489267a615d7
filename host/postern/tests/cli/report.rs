//! `postern eval` on the few pictures that the tests have.

use std::fs;
use std::path::Path;

use fixtures::{Need, need};
use imaging::Photo;

use crate::bench::{JOE, STRANGER, picture, run};
use crate::people::People;

/// Two folds of one pair of each kind, in the layout of Labeled Faces in the Wild.
fn faces(folder: &Path) {
    for (person, photos) in
        [("Barack", &["obama.jpg", "obama2.jpg", "obama3.jpg"][..]), ("Joe", &[JOE]), ("Eileen", &[STRANGER])]
    {
        fs::create_dir(folder.join(person)).expect("made");
        for (number, photo) in photos.iter().enumerate() {
            let file = format!("{person}/{person}_{:04}.jpg", number + 1);
            fs::copy(picture(photo), folder.join(file)).expect("copied");
        }
    }
    let pairs = "2\t1\nBarack\t1\t2\nBarack\t1\tJoe\t1\nBarack\t2\t3\nBarack\t3\tEileen\t1\n";
    fs::write(folder.join("pairs.txt"), pairs).expect("written");
}

fn evaluate(folder: &Path, arguments: &[&str]) -> crate::bench::Ran {
    let [images, pairs] =
        [folder.to_owned(), folder.join("pairs.txt")].map(|path| path.display().to_string());
    run(&[&["eval"], arguments, &["--images", &images, "--pairs", &pairs]].concat())
}

#[test]
fn a_report_tells_what_can_be_told_and_shows_the_worst_pairs() {
    need!(Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    faces(folder.path());
    let out = folder.path().join("page");
    let groups = folder.path().join("groups.csv");
    fs::write(&groups, "person,office\nBarack,president\nJoe,president\nEileen,astronaut\n")
        .expect("written");
    let [page, table] = [&out, &groups].map(|path| path.display().to_string());
    let ran = evaluate(
        folder.path(),
        &["report", "--encoder", "postern-128,mobilefacenet", "--groups", &table, "--out", &page],
    );
    assert_eq!(ran.code, 0, "{}", ran.said);
    let section = &ran.first()["sections"][0];
    assert_eq!(section["report"]["accuracy"]["folds"], 2);
    assert_eq!(section["identification"]["rank1"]["rate"], 1.0);
    assert_eq!(section["identification"]["rank1"]["probes"], 2);
    assert_eq!(section["groups"][1]["group"], "president");
    assert!(section["groups"][1]["false_match"].is_null(), "three pairs tell no rate");
    let worst = &section["false_matches"][0];
    assert!(worst["similarity"].as_f64().expect("a number") < 0.4);
    let text = fs::read_to_string(out.join("index.html")).expect("written");
    assert!(text.contains("too few pairs for this rate"), "seven impostors bear out no rate");
    for file in
        ["det.png", "identification.png", "sizes.png", "scores-mobilefacenet-device.png", "report.json"]
    {
        assert!(out.join(file).is_file(), "{file}");
        assert!(file.ends_with("json") || text.contains(file), "{file} is not on the page");
    }
}

#[test]
fn pictures_whose_view_the_door_refuses_are_left_out() {
    need!(Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    faces(folder.path());
    let file = folder.path().join("Barack/Barack_0003.jpg");
    let photo = Photo::open(&file).expect("it is there");
    let dark = photo.rgb().iter().map(|value| value / 8).collect();
    let dark = Photo::from_rgb(photo.width(), photo.height(), dark).expect("as many pixels");
    dark.save(&file).expect("written");
    let whole = evaluate(folder.path(), &["pairs"]).first().clone();
    let good = evaluate(folder.path(), &["pairs", "--good-views"]).first().clone();
    assert_eq!([&whole["pictures"], &good["pictures"], &good["refused"]], [5, 4, 1]);
    assert!(whole["refused"].is_null() && whole["accuracy"].is_object());
    assert!(good["accuracy"].is_null(), "the second fold has no pair of one person any more");
    // Three pairs of Barack, of which two have the dark picture; each of three with Joe and Eileen, and those with each other.
    let counts = |report: &serde_json::Value| {
        ["genuine", "impostors"].map(|kind| report["all_pairs"][kind].as_u64().expect("a count"))
    };
    assert_eq!([counts(&whole), counts(&good)], [[3, 7], [1, 5]]);
    assert_eq!(good["protocol_pairs"]["impostors"], 1);
}

#[test]
fn each_condition_has_a_line_for_each_height() {
    need!(Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    faces(folder.path());
    let images = folder.path().display().to_string();
    let sheet = folder.path().join("sheet.png");
    let ran = run(&[
        "eval",
        "conditions",
        "--images",
        &images,
        "--heights",
        "80,40",
        "--sheet",
        &sheet.display().to_string(),
    ]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let rows = &ran.answers;
    assert_eq!(rows.len(), 12);
    let count = |condition: &str, height: u64, what: &str| {
        let row = rows.iter().find(|row| row["condition"] == condition && row["height"] == height);
        row.expect("a line")[what]["count"].as_u64().expect("a count")
    };
    // Barack alone has two pictures.
    assert_eq!(["found", "passed", "recognised"].map(|what| count("plain", 80, what)), [1; 3]);
    assert_eq!(["passed", "recognised"].map(|what| count("dark", 80, what)), [0; 2]);
    assert_eq!(count("masked", 80, "found"), 1);
    assert!(Photo::open(&sheet).expect("drawn").width() >= 2 * 320);
    let high = run(&["eval", "conditions", "--images", &images, "--heights", "240"]);
    assert_eq!(high.code, 2);
    assert!(high.said.contains("does not stand in a frame of 320x240"), "{}", high.said);
}

#[test]
fn folds_held_out_count_alone() {
    need!(Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    faces(folder.path());
    let ran = evaluate(folder.path(), &["pairs", "--held-out", "2"]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let report = &ran.first();
    assert_eq!(report["pictures"], 3);
    assert_eq!(report["held_out"]["pairs"], 2);
    assert!(report["accuracy"].is_null() && report["held_out"]["threshold"].is_number());
    assert_eq!(report["all_pairs"]["genuine"], 1);
    let refused = evaluate(folder.path(), &["pairs", "--held-out", "3"]);
    assert_eq!(refused.code, 2);
    assert!(refused.said.contains("there is no fold 3 of 2"), "{}", refused.said);
}

#[test]
fn an_encoder_that_a_training_wrote_is_compared_in_float() {
    need!(Need::Cached("models"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    faces(folder.path());
    let people = People::new(&[5; 9]);
    let trained = people.run("trained", &[]);
    assert_eq!(trained.code, 0, "{}", trained.said);
    let onnx = people.out("trained/drawn.onnx").display().to_string();
    let ran = evaluate(folder.path(), &["pairs", "--float", "--encoder", &onnx]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert_eq!((&ran.first()["pictures"], &ran.first()["without_face"]), (&5.into(), &0.into()));
    let image = evaluate(folder.path(), &["pairs", "--float", "--encoder", &onnx.replace("onnx", "pstn")]);
    assert!(image.code == 2 && image.said.contains("an encoder's ONNX file"), "{}", image.said);
}
