//! What is saved goes on as if nothing had happened, on any number of cores; what is broken is refused.
#![forbid(unsafe_code)]

use std::io::ErrorKind;

use encoder::{Embeddings, Encoder, Images, Optimizer, Rule, Spec, Trainable};

const SPEC: Spec = Spec { input: [40, 32], width: 0.25, depth: [1, 1, 1], features: 128, dimension: 24 };

fn fresh(seed: u64, rule: Option<Rule>) -> Encoder {
    let mut optimizer = Optimizer { decay: 1e-3, ..Optimizer::default() };
    optimizer.rule = rule.unwrap_or(optimizer.rule);
    Encoder::new(&SPEC, seed, optimizer).expect("it is sound")
}

fn images(seed: u64) -> Images {
    let mut random = fastrand::Rng::with_seed(seed);
    let [height, width] = SPEC.input;
    Images { height, width, pixels: (0..20 * height * width * 3).map(|_| random.u8(..)).collect() }
}

/// One step with a gradient of some numbers.
fn step(encoder: &mut Encoder, number: u64) {
    encoder.step(&images(number), 1e-3, &mut |embeddings| {
        let values = embeddings.values.iter().map(|value| value.sin()).collect();
        Some(Embeddings { values, ..*embeddings })
    });
}

fn saved(encoder: &Encoder) -> Vec<u8> {
    let mut bytes = Vec::new();
    encoder.save(&mut bytes).expect("memory takes it");
    bytes
}

#[test]
fn what_was_saved_goes_on_bit_for_bit() {
    for rule in [None, Some(Rule::Momentum { keep: 0.9 })] {
        let mut whole = fresh(1, rule);
        (0..3).for_each(|number| step(&mut whole, number));
        let bytes = saved(&whole);
        let mut resumed = fresh(2, rule);
        resumed.load(&mut &bytes[..]).expect("the structure is the same");
        assert_eq!(saved(&resumed), bytes);
        (3..6).for_each(|number| step(&mut whole, number));
        (3..6).for_each(|number| step(&mut resumed, number));
        assert_eq!(saved(&resumed), saved(&whole));
        assert_eq!(resumed.embed(&images(9)), whole.embed(&images(9)));
        assert_ne!(saved(&whole), bytes);
    }
}

#[test]
fn one_core_and_several_give_the_same_bits() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        pool.install(|| {
            let mut encoder = fresh(1, None);
            (0..3).for_each(|number| step(&mut encoder, number));
            (saved(&encoder), encoder.embed(&images(7)))
        })
    };
    let once = run(1);
    assert!(run(3) == once && run(5) == once);
}

#[test]
fn a_step_without_a_gradient_changes_nothing() {
    let mut encoder = fresh(1, None);
    step(&mut encoder, 0);
    let before = saved(&encoder);
    encoder.step(&images(1), 1e-3, &mut |_| None);
    assert_eq!(saved(&encoder), before);
}

#[test]
fn pictures_are_embedded_alike_alone_and_together() {
    let mut encoder = fresh(1, None);
    step(&mut encoder, 0);
    let all = images(3);
    let [height, width] = SPEC.input;
    let together = encoder.embed(&all);
    for (picture, row) in all.pixels.chunks_exact(height * width * 3).zip(together.rows()) {
        let one = encoder.embed(&Images { pixels: picture.to_vec(), ..all });
        assert_eq!(one.values, row);
    }
}

#[test]
fn what_is_broken_or_of_another_network_is_refused_and_changes_nothing() {
    let mut encoder = fresh(1, None);
    step(&mut encoder, 0);
    let bytes = saved(&encoder);
    let mut refuse = |bytes: &[u8], why: &str| {
        let before = saved(&encoder);
        let error = encoder.load(&mut &bytes[..]).expect_err(why);
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{why}");
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(saved(&encoder), before);
    };
    refuse(&[], "no state of training");
    refuse(&bytes[..bytes.len() - 1], "cut short or broken");
    refuse(&bytes[..20], "cut short or broken");
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    refuse(&flipped, "cut short or broken");
    let other = Encoder::new(&Spec { dimension: 25, ..SPEC }, 1, Optimizer::default()).expect("it is sound");
    refuse(&saved(&other), "another structure");
}
