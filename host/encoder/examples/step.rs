//! Times training steps of MobileFaceNet, for `tools/compare.py`.
//!
//! `step PICTURES STEPS` prints the seconds of each step and the greatest memory of the process in
//! bytes, as JSON.

use std::time::Instant;

use encoder::{Embeddings, Encoder, Images, Optimizer, Spec, Trainable};

/// By how much the negative must be further away than the positive.
const MARGIN: f32 = 0.2;

fn main() {
    let mut numbers = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let (Some(Ok(count)), Some(Ok(steps))) = (numbers.next(), numbers.next()) else {
        eprintln!("usage: step PICTURES STEPS");
        std::process::exit(2);
    };
    let spec = Spec::default();
    let mut encoder = Encoder::new(&spec, 1, Optimizer::default()).expect("the published network");
    let mut random = fastrand::Rng::with_seed(1);
    let [height, width] = spec.input;
    let pixels = (0..count * height * width * 3).map(|_| random.u8(..)).collect();
    let images = Images { height, width, pixels };
    let before = memory();
    let mut seconds = Vec::new();
    let mut losses = Vec::new();
    for _ in 0..steps {
        let start = Instant::now();
        encoder.step(&images, 1e-3, &mut |embeddings| {
            let (loss, gradient) = triplet(embeddings);
            losses.push(loss);
            Some(gradient)
        });
        seconds.push(start.elapsed().as_secs_f64());
    }
    println!(
        "{{\"seconds\": {seconds:?}, \"losses\": {losses:?}, \"before\": {before}, \"peak\": {}}}",
        memory()
    );
}

/// The mean triplet loss where neighbours are one person, and its gradient by the embeddings.
fn triplet(embeddings: &Embeddings) -> (f32, Embeddings) {
    let lengths: Vec<f32> = embeddings.rows().map(|row| dot(row, row).sqrt().max(1e-12)).collect();
    let unit: Vec<Vec<f32>> = embeddings
        .rows()
        .zip(&lengths)
        .map(|(row, length)| row.iter().map(|x| x / length).collect())
        .collect();
    let count = unit.len();
    let mut by_unit = vec![vec![0.0; embeddings.dimension]; count];
    let mut loss = 0.0;
    for a in 0..count {
        let (p, n) = ((a ^ 1) % count, (a + 2) % count);
        let distance = |b: usize| unit[a].iter().zip(&unit[b]).map(|(x, y)| (x - y) * (x - y)).sum::<f32>();
        let excess = distance(p) - distance(n) + MARGIN;
        if excess <= 0.0 {
            continue;
        }
        loss += excess / count as f32;
        for i in 0..embeddings.dimension {
            let scale = 2.0 / count as f32;
            by_unit[a][i] += scale * (unit[n][i] - unit[p][i]);
            by_unit[p][i] -= scale * (unit[a][i] - unit[p][i]);
            by_unit[n][i] += scale * (unit[a][i] - unit[n][i]);
        }
    }
    let mut values = Vec::with_capacity(embeddings.values.len());
    for ((by_unit, unit), length) in by_unit.iter().zip(&unit).zip(&lengths) {
        let along = dot(by_unit, unit);
        values.extend(by_unit.iter().zip(unit).map(|(g, u)| (g - along * u) / length));
    }
    (loss, Embeddings { values, ..*embeddings })
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The greatest memory of this process so far, in bytes; 0 where the system does not tell.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).map_or(0, |kilo| kilo * 1024)
}
