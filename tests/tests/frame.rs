//! A recognised frame costs what its two networks cost, and at most a quarter more: for finding
//! pixels, decoding boxes, aligning the face and judging its quality.

use client::Machine;
use conformance::host;
use conformance::job::Job;
use together::{conformance, frame, image};

/// Instructions of a frame from camera to template on a Cortex-M55, and of its two networks.
#[test]
fn a_frame_costs_at_most_a_quarter_more_than_its_networks() {
    let (machine, [detector, encoder]) = (Machine::An547, ["yunet", "mobilefacenet"].map(image));
    let suite = conformance(machine);
    let networks = [&detector, &encoder].map(|image| {
        let operators = host::profile(machine.map(), &suite, image).expect("the board runs");
        operators.iter().sum::<u64>()
    });
    let frame = frame("obama.jpg");
    let frame = frame.view().expect("a whole frame");
    let job = Job::Recognizer { detector: &detector, encoder: &encoder, frame: &frame };
    let compared = host::compare_job(machine.map(), &suite, &job).expect("the board runs");
    assert!(compared.equal && compared.output.contains("template ["), "{compared:?}");
    let (whole, sum) = (compared.instructions, networks.iter().sum::<u64>());
    println!("{whole} instructions, of them {networks:?} in networks");
    assert!(whole * 4 <= sum * 5, "{whole} instructions, networks {networks:?}");
}
