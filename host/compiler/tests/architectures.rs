//! Public architectures, small and with random weights, through the compiler and the engine, against tract.

mod networks;
mod oracle;

use compiler::Kind;
use networks::architectures::{SIDES, all};
use oracle::{cosine, float, integer, options, tract};

/// The least cosine of the engine's output to tract's.
const LEAST: f32 = 0.98;

/// The same of all outputs without their mean over the pictures.
const LEAST_APART: f32 = 0.95;

/// All rows of one kind, without their mean.
fn apart(rows: &[[Vec<f32>; 2]], which: usize) -> Vec<f32> {
    let length = rows[0][which].len();
    let mean = |at: usize| rows.iter().map(|row| row[which][at]).sum::<f32>() / rows.len() as f32;
    let means: Vec<f32> = (0..length).map(mean).collect();
    rows.iter().flat_map(|row| row[which].iter().zip(&means).map(|(x, mean)| x - mean)).collect()
}

/// Pictures with structure: blobs, edges and some noise.
fn pictures(count: usize) -> Vec<Vec<u8>> {
    let [height, width] = SIDES.map(|side| side as usize);
    (0..count)
        .map(|seed| {
            let mut random = fastrand::Rng::with_seed(seed as u64);
            let mut wave = || [random.f32() * 0.4, random.f32() * 0.4, random.f32() * 6.0];
            let waves = [wave(), wave(), wave()];
            let mut noise = fastrand::Rng::with_seed(seed as u64 + 1000);
            let value = move |at: usize| {
                let (y, x, c) = (at / 3 / width, at / 3 % width, at % 3);
                let [dy, dx, phase] = waves[c];
                let smooth = (y as f32 * dy + x as f32 * dx + phase).sin();
                (128.0 + 90.0 * smooth + 30.0 * (noise.f32() - 0.5)) as u8
            };
            (0..height * width * 3).map(value).collect()
        })
        .collect()
}

#[test]
fn public_architectures_compile_and_the_engine_follows_tract() {
    let options = options(Kind::Encoder);
    let samples = pictures(24);
    for (name, onnx) in all() {
        let image = compiler::compile(&onnx, &options, &samples, &|_, _, _| {});
        let image = image.unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut least = 1f32;
        let mut rows: Vec<[Vec<f32>; 2]> = Vec::new();
        for picture in &pictures(36)[24..] {
            let theirs = tract(&onnx, picture, false).unwrap_or_else(|error| panic!("{name}: {error:#}"));
            let ours = float(&onnx, &options, picture).expect("it was compiled");
            // A last division by the length is left out.
            let close = cosine(&ours[0], &theirs[0]);
            assert!(close > 0.9999, "{name}: the float graph has a cosine of {close}");
            let image = integer(&image, picture);
            least = least.min(cosine(&image, &theirs[0]));
            rows.push([image, ours.concat()]);
        }
        // What all pictures have in common makes any two rows alike; the rest tells pictures apart.
        let [image, theirs] = [0, 1].map(|which| apart(&rows, which));
        let told = cosine(&image, &theirs);
        println!("{name}: {least}, without what pictures have in common {told}");
        assert!(least >= LEAST, "{name}: the image has a cosine of {least}");
        assert!(told >= LEAST_APART, "{name}: without what pictures have in common a cosine of {told}");
    }
}
