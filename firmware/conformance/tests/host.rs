//! The host computes the expected lines, and invalid jobs are rejected.

use conformance::job::{self, HEADER, Job, Status};
use conformance::suite::{Workspace, run};
use proptest::prelude::*;
use vision::{Frame, PixelFormat};

#[repr(align(16))]
struct Aligned([u8; 4096]);

#[test]
fn the_kernel_suite_gives_the_expected_lines() {
    let mut text = String::new();
    assert_eq!(run(&mut Box::new(Workspace::new()), &mut text), Ok(true));
    assert_eq!(text, include_str!("../expected/kernels.txt"));
}

#[test]
fn memory_without_a_job_is_recognised() {
    assert!(!job::is_job(&[]));
    assert!(!job::is_job(&[0xff; HEADER]));
    assert_eq!(job::read(&[0; HEADER]), None);
}

#[test]
fn an_invalid_image_is_rejected() {
    let mut memory = Aligned([0; 4096]);
    let written = job::write(&mut memory.0, &Job::Network { image: &[7; 300], input: &[1; 10] }, 64);
    assert_eq!(written, Ok(()));
    assert_eq!(job::read(&memory.0).map(|outcome| outcome.status), Some(Status::Pending));
    assert_eq!(job::run(&mut memory.0, &mut [], || 0), Status::Image);
    assert_eq!(job::read(&memory.0).map(|outcome| outcome.status), Some(Status::Image));
}

#[test]
fn a_job_that_does_not_fit_is_rejected() {
    let pixels = [0; 2 * 64 * 64];
    let frame = Frame::new(PixelFormat::Yuyv, 64, 64, &pixels).unwrap();
    let job = Job::Recognizer { detector: &[1; 16], encoder: &[2; 16], frame: &frame };
    assert_eq!(job::write(&mut [0; 4096], &job, 100), Err(Status::Room));
}

proptest! {
    #[test]
    fn no_header_makes_a_job_panic(words in prop::collection::vec(0u32..5000, HEADER / 4)) {
        let mut memory = Aligned([0; 4096]);
        for (place, word) in memory.0.chunks_exact_mut(4).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        memory.0[..4].copy_from_slice(&job::MAGIC.to_le_bytes());
        prop_assert_ne!(job::run(&mut memory.0, &mut [], || 0), Status::Done);
        let _ = job::read(&memory.0);
    }
}
