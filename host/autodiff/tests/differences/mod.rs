//! Gradients against what moving a number either way does to a loss.

use fastrand::Rng;

/// Numbers in -1..1.
pub fn random(rng: &mut Rng, count: usize) -> Vec<f32> {
    (0..count).map(|_| rng.f32() * 2.0 - 1.0).collect()
}

/// The sum of products.
pub fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

/// Compares some of `gradient` with what moving `x` by `step` either way does to `loss`, to half a percent of
/// the largest.
pub fn check(name: &str, x: &[f32], gradient: &[f32], step: f32, loss: &dyn Fn(&[f32]) -> f64) {
    let largest = gradient.iter().fold(0f32, |most, g| most.max(g.abs()));
    assert!(largest > 0.0, "{name}: the gradient is nothing");
    let how = Differences { step, tolerance: 5e-3 * largest, places: 60 };
    check_as(name, x, gradient, &how, loss);
}

/// How differences are taken.
pub struct Differences {
    /// By how much a number is moved.
    pub step: f32,
    /// How far the gradient may be off.
    pub tolerance: f32,
    /// How many numbers are moved, at the most.
    pub places: usize,
}

/// The same, with the differences taken as `how` says.
pub fn check_as(name: &str, x: &[f32], gradient: &[f32], how: &Differences, loss: &dyn Fn(&[f32]) -> f64) {
    assert_eq!(x.len(), gradient.len(), "{name}");
    let Differences { step, tolerance, places } = *how;
    let stride = x.len().div_ceil(places);
    for place in (0..x.len()).step_by(stride) {
        let at = |offset: f32| {
            let mut x = x.to_vec();
            x[place] += offset;
            loss(&x)
        };
        let expected = (at(step) - at(-step)) / f64::from(2.0 * step);
        let distance = (expected - f64::from(gradient[place])).abs();
        let found = gradient[place];
        assert!(distance < f64::from(tolerance), "{name} at {place}: {found}, differences say {expected}");
    }
}
