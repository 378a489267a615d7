//! Both searches on functions whose least place is known.
#![forbid(unsafe_code)]

use std::ops::ControlFlow;

use style::adam::Adam;
use style::lbfgs::Lbfgs;

/// Rosenbrock's valley, whose floor is bent and least at all ones.
fn valley(x: &[f32], gradient: &mut [f32]) -> f64 {
    gradient.fill(0.0);
    let mut sum = 0.0;
    for n in 0..x.len() - 1 {
        let (a, b) = (f64::from(x[n]), f64::from(x[n + 1]));
        sum += 100.0 * (b - a * a).powi(2) + (1.0 - a).powi(2);
        gradient[n] += (-400.0 * a * (b - a * a) - 2.0 * (1.0 - a)) as f32;
        gradient[n + 1] += (200.0 * (b - a * a)) as f32;
    }
    sum
}

#[test]
fn lbfgs_follows_a_bent_valley() {
    let mut point = vec![-1.2, 1.0, -0.5, 0.8];
    let mut count = 0;
    Lbfgs { history: 10, evaluations: 200 }.minimize(&mut point, &mut |x, gradient| {
        count += 1;
        ControlFlow::Continue(valley(x, gradient))
    });
    assert!(count <= 200);
    assert!(point.iter().all(|x| (x - 1.0).abs() < 1e-2), "{point:?} after {count}");
}

#[test]
fn lbfgs_never_ends_higher_than_it_began() {
    for evaluations in 1..40 {
        let mut point = vec![-1.2, 1.0, 3.0];
        let start = valley(&point, &mut [0.0; 3]);
        Lbfgs { history: 3, evaluations }
            .minimize(&mut point, &mut |x, gradient| ControlFlow::Continue(valley(x, gradient)));
        assert!(valley(&point, &mut [0.0; 3]) <= start);
    }
}

#[test]
fn adam_descends_and_keeps_the_best() {
    let mut point = vec![40.0, -30.0];
    let mut least = f64::INFINITY;
    Adam { rate: 1.0, evaluations: 300 }.minimize(&mut point, &mut |x, gradient| {
        let value: f64 = x.iter().zip([1.0, 10.0]).map(|(x, scale)| scale * f64::from(*x).powi(2)).sum();
        (gradient[0], gradient[1]) = (2.0 * x[0], 20.0 * x[1]);
        least = value.min(least);
        ControlFlow::Continue(value)
    });
    let value = f64::from(point[0]).powi(2) + 10.0 * f64::from(point[1]).powi(2);
    assert!(value < 1.0, "{point:?}");
    assert!((value - least).abs() < 1e-6);
}

#[test]
fn breaking_off_keeps_the_last_good_point() {
    let mut point = vec![-1.2, 1.0];
    let start = valley(&point, &mut [0.0; 2]);
    let mut count = 0;
    Lbfgs { history: 5, evaluations: 100 }.minimize(&mut point, &mut |x, gradient| {
        count += 1;
        if count == 15 { ControlFlow::Break(()) } else { ControlFlow::Continue(valley(x, gradient)) }
    });
    assert_eq!(count, 15);
    assert!(valley(&point, &mut [0.0; 2]) < start);
}
