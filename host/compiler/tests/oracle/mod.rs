//! What a file should give: the float graph of the compiler and its image in the engine, beside tract.
#![allow(dead_code, reason = "each test uses some of it")]

pub mod forms;

use bytemuck::cast_slice_mut;
use compiler::image::Aligned;
use compiler::{Error, Kind, Method, Options, Preprocessing};
use tract_onnx::prelude::*;

/// Options for a network that takes pixels as they are.
pub fn options(kind: Kind) -> Options {
    Options {
        name: "test".into(),
        kind,
        preprocessing: Preprocessing { bgr: false, mean: 0.0, scale: 1.0 },
        input_size: None,
        method: Method::default(),
        calibration: Vec::new(),
    }
}

/// The outputs of tract for a picture, red, green, blue, as the file wants its pixels, and for each picture of its batch;
/// an error is tract's own.
pub fn tract(onnx: &[u8], picture: &[u8], bgr: bool) -> TractResult<Vec<Vec<f32>>> {
    let file = onnx::Model::parse(onnx)?;
    let (_, dims) = file.input()?;
    let sides: Vec<usize> = dims.iter().map(|side| side.unwrap_or(1)).collect();
    let last = sides[3] == 3 && sides[1] != 3;
    let width = if last { sides[2] } else { sides[3] };
    let pixel = |c: usize, y: usize, x: usize| {
        let channel = if bgr { 2 - c } else { c };
        f32::from(picture[(y * width + x) * 3 + channel])
    };
    let shape = (sides[0], sides[1], sides[2], sides[3]);
    let input = tract_ndarray::Array4::from_shape_fn(shape, |(_, a, b, c)| match last {
        true => pixel(c, a, b),
        false => pixel(a, b, c),
    });
    let model = tract_onnx::onnx()
        .with_ignore_output_shapes(true)
        .with_ignore_value_info(true)
        .model_for_read(&mut &onnx[..])?
        .with_input_fact(0, f32::fact(&sides).into())?;
    let model = model.into_optimized()?.into_runnable()?;
    let outputs = model.run(tvec!(input.into_tensor().into()))?;
    let values =
        outputs.iter().map(|output| Ok(output.to_plain_array_view::<f32>()?.iter().copied().collect()));
    values.collect()
}

/// The outputs of the compiler's float graph.
pub fn float(onnx: &[u8], options: &Options, picture: &[u8]) -> Result<Vec<Vec<f32>>, Error> {
    let graph = compiler::read(onnx, options)?;
    Ok(compiler::float::run(&graph, picture, |_, _, _| {}))
}

/// The outputs of a compiled image for a picture, one after the other, as real numbers.
pub fn integer(image: &[u8], picture: &[u8]) -> Vec<f32> {
    let image = Aligned::new(image);
    let model = nn::Model::load(image.bytes()).expect("a fresh image");
    let mut blocks = vec![0u128; model.arena_len().div_ceil(16)];
    let arena: &mut [i8] = cast_slice_mut(&mut blocks);
    for (to, pixel) in model.input_mut(arena).iter_mut().zip(picture) {
        *to = (pixel ^ 0x80) as i8;
    }
    model.run(arena).expect("the arena has the size it asks for");
    let output = |index: usize| {
        let scale = (-f32::from(model.output(index).expect("an output").frac_bits)).exp2();
        model.read(arena, index).iter().map(move |value| f32::from(value) * scale).collect::<Vec<_>>()
    };
    (0..model.output_count()).flat_map(output).collect()
}

/// The cosine between two rows.
pub fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt().max(f32::MIN_POSITIVE)
}

/// The greatest difference, as a share of the greatest value of the second row.
pub fn difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    let greatest = b.iter().fold(1e-3f32, |greatest, value| greatest.max(value.abs()));
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / greatest
}
