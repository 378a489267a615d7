//! The liveness network from recorded crops to its errors by person, on faces that are drawn by a formula.

use std::fs;
use std::path::Path;

use fixtures::{Need, need};

use crate::bench::{Bench, run};

/// Frames of a person, living and as an attack: dark bands across the face.
fn record(folder: &Path, person: &str, frames: u64) {
    for attack in [false, true] {
        let own = folder.join(if attack { "print" } else { "live" }).join(person);
        fs::create_dir_all(&own).expect("created");
        for frame in 0..frames {
            let seed = person.parse().expect("a number");
            let mut face = train::drawn::face(seed, frame);
            let side = train::SIDE;
            if attack {
                face.chunks_exact_mut(3).enumerate().filter(|(at, _)| at / side % 12 < 6).for_each(
                    |(_, pixel)| {
                        pixel.fill(20);
                    },
                );
            }
            let photo = imaging::Photo::from_rgb(side as u32, side as u32, face).expect("whole");
            photo.save_png(own.join(format!("{person}_01_{frame}.png"))).expect("written");
        }
    }
}

#[test]
fn a_network_learns_recorded_faces_and_is_measured_by_person() {
    let folder = tempfile::tempdir().expect("a folder");
    for person in ["1", "2", "3"] {
        record(&folder.path().join("recorded"), person, 12);
    }
    let path = |name: &str| folder.path().join(name).display().to_string();
    let [recorded, out, worst, det] = ["recorded", "out", "worst.png", "det.png"].map(path);
    let train = |more: &[&str]| {
        let options = "--person 1 2 --channels 8 --rounding 4 --batch 16 --rate 0.005 \
                       --weight-simulated 0 --resume --name drawn --steps";
        let mut arguments = vec!["train-liveness", "network", "--recorded", &recorded, "--out", &out];
        arguments.extend(options.split_whitespace());
        run(&[&arguments[..], more].concat())
    };
    let trained = train(&["80"]);
    assert_eq!(trained.code, 0, "{}", trained.said);
    assert_eq!(trained.first()["steps"], 84);
    let manifest = fs::read_to_string(Path::new(&out).join("manifest.toml")).expect("written");
    assert!(manifest.contains("kind = \"liveness\"") && manifest.contains("24 recorded live"), "{manifest}");
    assert!(manifest.contains("factor = 1.000\noffset = 0.000"), "{manifest}");
    let other = train(&["81"]);
    assert!(other.code == 2 && other.said.contains("begun otherwise"), "{}", other.said);

    // Somebody who was left out gives the scale of the scores.
    let judged = train(&["80", "--judge", "3"]);
    assert_eq!(judged.code, 0, "{}", judged.said);
    assert!(judged.said.contains("scores of 3: --factor "), "{}", judged.said);
    let manifest = fs::read_to_string(Path::new(&out).join("manifest.toml")).expect("written");
    assert!(!manifest.contains("factor = 1.000"), "{manifest}");
    let nobody = train(&["80", "--judge", "9"]);
    assert!(nobody.code == 2 && nobody.said.contains("has no person"), "{}", nobody.said);

    let image = Path::new(&out).join("drawn.pstn").display().to_string();
    let eval = |more: &[&str]| {
        run(&[&["eval", "liveness", "--recorded", &recorded, "--liveness", &image], more].concat())
    };
    let ran = eval(&["--run", "4", "--worst", &worst, "--det", &det]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    let report = ran.first();
    let people: Vec<_> =
        report["frames"].as_array().expect("rows").iter().map(|row| &row["person"]).collect();
    assert_eq!(
        people,
        ["1".into(), "2".into(), "3".into(), serde_json::Value::Null].iter().collect::<Vec<_>>()
    );
    let unseen = &report["frames"][2];
    assert_eq!((&unseen["apcer"]["of"], &report["runs"][2]["bpcer"]["of"]), (&12.into(), &3.into()));
    // Bands across a face are easy to tell, also on a person who was not trained on.
    assert!(unseen["hter"].as_f64().expect("a rate") < 0.25, "{report}");
    for file in [&worst, &det] {
        assert!(fs::metadata(file).expect("drawn").len() > 5_000);
    }
    let open = eval(&["--threshold", "0", "--person", "3"]);
    assert_eq!(open.first()["frames"][0]["apcer"]["rate"], 1.0);
    assert_eq!(eval(&["--person", "nobody"]).code, 2);
}

/// The door's decision over several looks knows the scores of the networks that see the face alone.
#[test]
fn a_liveness_network_of_before_is_not_flashed() {
    need!(Need::Door, Need::Cached("images/minifasnet.pstn"));
    let bench = Bench::new("linux");
    bench.done(&["board", "up", "--machine", "linux"]);
    bench.done(&["pair", "--press-button"]);
    bench.refused(&["flash", "models", "--liveness", "minifasnet"], "sees more than the face");
}
