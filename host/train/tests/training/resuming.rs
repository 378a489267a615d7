//! A training that is killed, runs out of disk or out of numbers loses the last interval at most.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use encoder::Trainable;
use train::Error;
use train::loss::Identity;
use train::mining::Mining;
use train::run::{
    self, CHECKPOINT, End, Run, StepReport, ValidationRow, Watch, read_steps, read_validations,
};

use crate::learning::{Seen, crowd, run as once, settings, triplets};
use crate::small::Small;

fn state(encoder: &Small) -> Vec<u8> {
    let mut bytes = Vec::new();
    encoder.save(&mut bytes).unwrap();
    bytes
}

fn every_step(folder: &Path, resume: bool) -> Run<'_> {
    Run { folder, resume, interval: Duration::ZERO }
}

/// Dies in the middle of a training; the checkpoint that it had written by then is put aside.
struct Killed {
    folder: PathBuf,
    at: usize,
    steps: usize,
}

impl Watch for Killed {
    fn step(&mut self, _: &StepReport) -> ControlFlow<()> {
        self.steps += 1;
        if self.steps < self.at {
            return ControlFlow::Continue(());
        }
        // Stopping saves a checkpoint that a kill would not: the one that is there now is what a kill leaves.
        let saved = self.folder.join(CHECKPOINT);
        fs::copy(&saved, self.folder.join("left")).unwrap();
        ControlFlow::Break(())
    }

    fn validated(&mut self, _: &ValidationRow) {}
}

#[test]
fn a_killed_training_comes_to_the_same_bits() {
    let data = crowd(20);
    for identity in [triplets(Mining::DistanceWeighted), Identity::ArcFace { scale: 16.0, margin: 0.2 }] {
        let mut settings = settings(identity, 3);
        settings.augment = true;
        let [whole, killed] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let mut uninterrupted = Small::new(3);
        let mut seen = Seen::default();
        run::train(&mut uninterrupted, &data, &settings, once(whole.path()), &mut seen).unwrap();
        let total = seen.steps.len();
        // In the first epoch, at its end, and in the last one.
        for at in [2, total / 3 + 1, total - 1] {
            let folder = killed.path().join(at.to_string());
            fs::create_dir(&folder).unwrap();
            let mut first = Small::new(3);
            let mut watch = Killed { folder: folder.clone(), at, steps: 0 };
            let end = run::train(&mut first, &data, &settings, every_step(&folder, false), &mut watch);
            assert_eq!(end.unwrap(), End::Interrupted);
            fs::rename(folder.join("left"), folder.join(CHECKPOINT)).unwrap();
            // Another encoder altogether, as a new process has.
            let mut resumed = Small::new(99);
            let run = every_step(&folder, true);
            let end = run::train(&mut resumed, &data, &settings, run, &mut Seen::default());
            assert_eq!(end.unwrap(), End::Finished);
            assert_eq!(state(&resumed), state(&uninterrupted), "killed at step {at}");
            let losses = |folder: &Path| -> Vec<f64> {
                read_steps(folder).unwrap().iter().map(|row| row.loss).collect()
            };
            assert_eq!(losses(&folder), losses(whole.path()));
            assert_eq!(read_validations(&folder).unwrap(), read_validations(whole.path()).unwrap());
        }
    }
}

#[test]
fn a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint() {
    let data = crowd(20);
    let settings = settings(triplets(Mining::SemiHard), 3);
    let folder = tempfile::tempdir().unwrap();
    let mut encoder = Small::new(3);
    encoder.breaks_at = Some(4);
    let run = every_step(folder.path(), false);
    let error = run::train(&mut encoder, &data, &settings, run, &mut Seen::default()).unwrap_err();
    assert!(matches!(error, Error::NotFinite { .. }));
    let told = error.to_string();
    assert!(told.contains("--rate") && told.contains(CHECKPOINT), "{told}");
    // The checkpoint is good: a sound encoder goes on from it to the end.
    let mut sound = Small::new(3);
    let end = run::train(&mut sound, &data, &settings, every_step(folder.path(), true), &mut Seen::default());
    assert_eq!(end.unwrap(), End::Finished);
}

#[test]
fn a_full_disk_leaves_the_checkpoint_before() {
    let data = crowd(20);
    let settings = settings(triplets(Mining::SemiHard), 2);
    let folder = tempfile::tempdir().unwrap();
    let mut encoder = Small::new(3);
    encoder.full_at = Some(5);
    let run = every_step(folder.path(), false);
    let error = run::train(&mut encoder, &data, &settings, run, &mut Seen::default()).unwrap_err();
    assert!(matches!(error, Error::Write { .. }) && error.to_string().contains("--resume"), "{error}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
    let mut resumed = Small::new(3);
    run::train(&mut resumed, &data, &settings, every_step(folder.path(), true), &mut Seen::default())
        .unwrap();
    let mut whole = Small::new(3);
    let elsewhere = tempfile::tempdir().unwrap();
    run::train(&mut whole, &data, &settings, once(elsewhere.path()), &mut Seen::default()).unwrap();
    assert_eq!(state(&resumed), state(&whole));
}

#[test]
fn a_run_is_not_resumed_with_other_settings_nor_from_a_broken_file() {
    let data = crowd(20);
    let begun = settings(triplets(Mining::SemiHard), 1);
    let folder = tempfile::tempdir().unwrap();
    let mut encoder = Small::new(3);
    run::train(&mut encoder, &data, &begun, once(folder.path()), &mut Seen::default()).unwrap();
    let other = train::run::Settings { seed: 8, ..begun.clone() };
    let resume = |settings| {
        let mut encoder = Small::new(3);
        let before = state(&encoder);
        let run = every_step(folder.path(), true);
        let error = run::train(&mut encoder, &data, settings, run, &mut Seen::default()).unwrap_err();
        assert_eq!(state(&encoder), before);
        error
    };
    let error = resume(&other);
    assert!(error.to_string().contains("seed was 7 and is 8"), "{error}");
    let path = folder.path().join(CHECKPOINT);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    assert!(matches!(resume(&begun), Error::Damaged { .. }));
}
