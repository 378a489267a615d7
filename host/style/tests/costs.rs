//! The costs against numbers that PyTorch computed, and their derivatives against finite differences.
//!
//! `tools/reference.py` writes `reference.txt`.
#![forbid(unsafe_code)]

use autodiff::Shape;
use style::cost;

const SHAPE: Shape = Shape { height: 5, width: 7, channels: 6 };

/// How far a number in single precision may be off, as a share of the largest.
const TOLERANCE: f64 = 2e-5;

fn sines(step: f64, scale: f64) -> Vec<f32> {
    (0..SHAPE.len()).map(|n| ((n as f64 * step).sin() * scale) as f32).collect()
}

/// The cost of a line of the reference, and the first derivatives.
fn reference(name: &str) -> (f64, Vec<f64>) {
    let line = include_str!("reference.txt").lines().find_map(|line| line.strip_prefix(name)).expect(name);
    let mut numbers = line.split_whitespace().map(|number| number.parse::<f64>().expect("a number"));
    (numbers.next().expect("a cost"), numbers.collect())
}

/// Compares with the reference, then checks each derivative by finite differences.
fn check(name: &str, cost: impl Fn(&[f32], f64, &mut [f32]) -> f64) {
    let generated = sines(0.7, 3.0);
    let mut gradient = vec![0.0; SHAPE.len()];
    let value = cost(&generated, 1.0, &mut gradient);
    let (expected, derivatives) = reference(name);
    assert!((value - expected).abs() < TOLERANCE * expected, "{name}: {value}, expected {expected}");
    let largest = derivatives.iter().fold(0.0f64, |most, value| most.max(value.abs()));
    for (got, expected) in gradient.iter().zip(&derivatives) {
        assert!(
            (f64::from(*got) - expected).abs() < TOLERANCE * largest,
            "{name}: {got}, expected {expected}"
        );
    }
    let largest = gradient.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    let step = 1e-2;
    for place in 0..SHAPE.len() {
        let at = |by: f32| {
            let mut moved = generated.clone();
            moved[place] += by;
            cost(&moved, 1.0, &mut vec![0.0; SHAPE.len()])
        };
        let measured = (at(step) - at(-step)) / f64::from(2.0 * step);
        let off = (measured - f64::from(gradient[place])).abs();
        assert!(
            off < 2e-3 * f64::from(largest),
            "{name} at {place}: {} told, {measured} measured",
            gradient[place]
        );
    }
    // A weight scales the derivative, which is added; the cost is without it.
    let mut twice = gradient.clone();
    assert_eq!(cost(&generated, 2.0, &mut twice), value);
    for (twice, once) in twice.iter().zip(&gradient) {
        assert!((twice - 3.0 * once).abs() <= 1e-5 * largest, "{name}: {twice} for {once}");
    }
}

#[test]
fn content_cost_is_that_of_pytorch() {
    let content = sines(1.1, 2.0);
    check("content", |generated, weight, gradient| cost::content(&content, generated, weight, gradient));
}

#[test]
fn style_cost_is_that_of_pytorch() {
    let style = vec![(1.0, cost::gram(&sines(1.1, 2.0), SHAPE, None))];
    check("style", |generated, weight, gradient| {
        cost::style(&style, generated, SHAPE, None, weight, gradient)
    });
}

#[test]
fn total_variation_is_that_of_pytorch() {
    check("variation", |generated, weight, gradient| {
        cost::total_variation(generated, SHAPE, weight, gradient)
    });
}

#[test]
fn a_guide_of_ones_changes_nothing() {
    let (values, ones) = (sines(0.7, 3.0), vec![1.0; SHAPE.pixels()]);
    let style = vec![(1.0, cost::gram(&sines(1.1, 2.0), SHAPE, None))];
    let (mut plain, mut guided) = (vec![0.0; SHAPE.len()], vec![0.0; SHAPE.len()]);
    let a = cost::style(&style, &values, SHAPE, None, 1.0, &mut plain);
    let b = cost::style(&style, &values, SHAPE, Some(&ones), 1.0, &mut guided);
    assert!((a - b).abs() < 1e-6 * a);
    assert!(plain.iter().zip(&guided).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn a_guided_style_leads_back() {
    let guide: Vec<f32> = (0..SHAPE.pixels()).map(|n| (n % 5) as f32 / 4.0).collect();
    let style =
        [(0.3, 1.1), (0.7, 1.9)].map(|(share, step)| (share, cost::gram(&sines(step, 2.0), SHAPE, None)));
    let values = sines(0.7, 3.0);
    let at = |values: &[f32], gradient: &mut [f32]| {
        cost::style(&style, values, SHAPE, Some(&guide), 1.0, gradient)
    };
    let mut gradient = vec![0.0; SHAPE.len()];
    at(&values, &mut gradient);
    let largest = gradient.iter().fold(0.0f32, |most, value| most.max(value.abs()));
    for place in (0..SHAPE.len()).step_by(5) {
        let moved = |by: f32| {
            let mut moved = values.clone();
            moved[place] += by;
            at(&moved, &mut vec![0.0; SHAPE.len()])
        };
        let measured = (moved(1e-2) - moved(-1e-2)) / 2e-2;
        assert!((measured - f64::from(gradient[place])).abs() < 2e-3 * f64::from(largest));
        // What the guide leaves out is not changed.
        assert!(guide[place / SHAPE.channels] > 0.0 || gradient[place] == 0.0);
    }
}
