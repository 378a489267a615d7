//! Whether it learns: people that the encoder never saw are separated better than before.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use train::data::{Data, HeldOut, split};
use train::loss::{Difference, Identity, ObjectiveSettings};
use train::mining::Mining;
use train::run::{self, Run, Schedule, Settings, StepReport, ValidationRow, Watch};

use crate::small::Small;

const PICTURES: u64 = 8;

/// So many people with eight pictures each; the last ten are held out.
pub fn crowd(people: u64) -> Data {
    let crops: Vec<Vec<u8>> =
        (0..people * PICTURES).map(|at| train::drawn::face(at / PICTURES, at % PICTURES)).collect();
    let people: Vec<usize> = (0..people * PICTURES).map(|at| (at / PICTURES) as usize).collect();
    let (train, held_out) = split(&people, HeldOut::People(10), 1).unwrap();
    Data { crops: Box::new(crops), people, train, morphs: 0..0, held_out, teacher: None }
}

pub fn settings(identity: Identity, epochs: usize) -> Settings {
    Settings {
        seed: 7,
        epochs,
        people: 8,
        pictures: 4,
        schedule: Schedule { rate: 2e-3, warm_up: 0.05 },
        objective: ObjectiveSettings { identity, embedding: 0.0, relational: 0.0 },
        augment: false,
        network: "small".into(),
        data: "drawn".into(),
    }
}

pub fn triplets(mining: Mining) -> Identity {
    Identity::Triplet { alpha: 0.2, mining }
}

/// Sees everything, and breaks off behind a step.
#[derive(Default)]
pub struct Seen {
    pub steps: Vec<StepReport>,
    pub validations: Vec<ValidationRow>,
    pub stop_after: Option<usize>,
}

impl Watch for Seen {
    fn step(&mut self, report: &StepReport) -> ControlFlow<()> {
        self.steps.push(*report);
        if self.stop_after.is_some_and(|steps| self.steps.len() >= steps) {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    fn validated(&mut self, row: &ValidationRow) {
        self.validations.push(*row);
    }
}

pub fn run(folder: &Path) -> Run<'_> {
    Run { folder, resume: false, interval: Duration::from_secs(3600) }
}

fn equal_error_rate(encoder: &Small, data: &Data) -> f64 {
    let units = run::embed(encoder, data, &data.held_out, &mut |_| ()).unwrap();
    run::validate(&units, data, &data.held_out).equal_error_rate().unwrap()
}

/// The equal error rate on unseen people before and after a training.
fn before_and_after(data: &Data, identity: Identity) -> (f64, f64, Seen) {
    let folder = tempfile::tempdir().unwrap();
    let mut encoder = Small::new(3);
    let before = equal_error_rate(&encoder, data);
    let mut seen = Seen::default();
    run::train(&mut encoder, data, &settings(identity, 12), run(folder.path()), &mut seen).unwrap();
    let after = equal_error_rate(&encoder, data);
    assert_eq!(seen.validations.last().unwrap().equal_error_rate, after);
    (before, after, seen)
}

#[test]
fn unseen_people_are_told_apart_better_by_every_loss() {
    let data = crowd(50);
    let identities = [
        triplets(Mining::SemiHard),
        triplets(Mining::DistanceWeighted),
        Identity::Verification(Difference::Absolute),
        Identity::ArcFace { scale: 16.0, margin: 0.2 },
    ];
    for identity in identities {
        let (before, after, _) = before_and_after(&data, identity);
        eprintln!("{identity:?}: {before:.3} to {after:.3}");
        assert!(after < 0.8 * before, "{identity:?}: {before} to {after}");
    }
}

#[test]
fn mined_triplets_stay_active_when_random_ones_no_longer_are() {
    let data = crowd(40);
    let active = |mining| {
        let (_, _, seen) = before_and_after(&data, triplets(mining));
        let last = &seen.steps[seen.steps.len() - 20..];
        last.iter().map(|step| step.row.triplets.unwrap().active).sum::<f64>() / last.len() as f64
    };
    let (random, hard) = (active(Mining::Random), active(Mining::BatchHard));
    eprintln!("active: random {random:.3}, batch-hard {hard:.3}");
    assert!(hard > 1.5 * random, "{random} {hard}");
}

#[test]
fn a_teacher_is_followed() {
    let mut data = crowd(40);
    // The teacher is another small encoder that was trained before.
    let folder = tempfile::tempdir().unwrap();
    let mut teacher = Small::new(11);
    let identity = triplets(Mining::SemiHard);
    run::train(&mut teacher, &data, &settings(identity, 8), run(folder.path()), &mut Seen::default())
        .unwrap();
    let all: Vec<usize> = (0..data.people.len()).collect();
    data.teacher = Some(run::embed(&teacher, &data, &all, &mut |_| ()).unwrap());
    for (embedding, relational) in [(1.0, 0.0), (0.0, 1.0)] {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings(Identity::None, 10);
        settings.objective = ObjectiveSettings { identity: Identity::None, embedding, relational };
        let mut student = Small::new(3);
        let before = equal_error_rate(&student, &data);
        let mut seen = Seen::default();
        run::train(&mut student, &data, &settings, run(folder.path()), &mut seen).unwrap();
        let after = equal_error_rate(&student, &data);
        let losses: Vec<f64> = seen.steps.iter().map(|step| step.row.loss).collect();
        eprintln!(
            "{embedding} {relational}: {before:.3} to {after:.3}, loss {} to {}",
            losses[0],
            losses[losses.len() - 1]
        );
        assert!(losses[losses.len() - 1] < 0.5 * losses[0]);
        assert!(after < before);
    }
}
