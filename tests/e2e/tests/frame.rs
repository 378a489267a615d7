//! A recognised frame costs as much as its parts together, and little more than its two networks.

use conformance::job::Job;
use e2e::{conformance, frame, image};
use emulator::{Machine, measure};
use fixtures::{Need, need};

/// Instructions on a Cortex-M55: of a frame from camera to template, of its parts, and of its networks.
#[test]
fn a_frame_costs_at_most_three_per_cent_more_than_its_parts() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    let (machine, [detector, encoder]) = (Machine::An547, ["yunet", "mobilefacenet"].map(image));
    let suite = conformance(machine);
    let networks = [&detector, &encoder].map(|image| {
        let operators = measure::profile(machine.map(), &suite, image).expect("the board runs");
        operators.iter().sum::<u64>()
    });
    let frame = frame("obama.jpg");
    let frame = frame.view().expect("a whole frame");
    let job = Job::Recognizer { detector: &detector, encoder: &encoder, frame: &frame };
    let compared = measure::compare_job(machine.map(), &suite, &job).expect("the board runs");
    assert!(compared.equal && compared.output.contains("template ["), "{compared:?}");
    let whole = compared.instructions;
    // The last part is a step of the next frame.
    let (parts, networks) = (compared.parts[..4].iter().sum::<u64>(), networks.iter().sum::<u64>());
    println!("{whole} instructions; of the parts {:?}, of the networks {networks}", compared.parts);
    assert!(whole * 100 <= parts * 103, "{whole} instructions, parts {:?}", compared.parts);
    assert!(whole * 100 <= networks * 115, "{whole} instructions, networks {networks}");
}
