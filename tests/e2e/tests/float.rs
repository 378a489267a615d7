//! Encoders in float as a door runs them: what is computed, what identity covers, what is refused.

use bytemuck::{bytes_of, bytes_of_mut, cast_slice_mut};
use door::{Engine, Fault, FloatRuntime, NetworkKind, Networks};
use engine_tract::image::{Description, write};
use engine_tract::{Error, Plan, Plans};
use nn::Model;
use nn::format::{CalibrationRecord, DIGEST, FloatRecord, Header, Kind, basis};
use onnx::{Attribute, Dimension, Writer};
use sha2::{Digest, Sha256};
use template::Template;

const SIDE: usize = 112;
const VALUES: usize = 64;

const DESCRIPTION: Description = Description {
    name: "mean",
    side: SIDE,
    dimension: VALUES,
    bgr: false,
    mean: [0.0; 3],
    scale: 1.0,
    calibration: &[],
};

/// The weight from a channel to a value.
fn weight(channel: usize, value: usize) -> f32 {
    ((channel * 31 + value * 17) % 23) as f32 - 11.0
}

/// The mean of each channel, then a fully connected layer with [`weight`]. `function` comes first, if there is one.
fn network(channels_last: bool, function: Option<&str>) -> Vec<u8> {
    let mut file = Writer::new("mean", 8, 14);
    let dims = if channels_last { [1, SIDE, SIDE, 3] } else { [1, 3, SIDE, SIDE] };
    file.input("input", &dims.map(Dimension::Fixed));
    let mut last = "input";
    if channels_last {
        file.node("Transpose", "planes", &[last], &[Attribute::Ints("perm", &[0, 3, 1, 2])]);
        last = "planes";
    }
    if let Some(function) = function {
        file.node(function, "function", &[last], &[]);
        last = "function";
    }
    file.node("GlobalAveragePool", "pooled", &[last], &[]);
    file.node("Flatten", "flat", &["pooled"], &[]);
    let weights: Vec<f32> =
        (0..3).flat_map(|channel| (0..VALUES).map(move |value| weight(channel, value))).collect();
    file.constant("w", &[3, VALUES], &weights);
    file.node("MatMul", "row", &["flat", "w"], &[]);
    file.output("row", &[1, VALUES].map(Dimension::Fixed));
    file.finish()
}

/// Bytes at a multiple of 16.
struct Aligned(Vec<u128>, usize);

impl Aligned {
    fn new(bytes: &[u8]) -> Self {
        let mut words = vec![0; bytes.len().div_ceil(16)];
        cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self(words, bytes.len())
    }

    fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.0)[..self.1]
    }

    fn model(&self) -> Model<'_> {
        Model::load(self.bytes()).expect("an image")
    }
}

fn image(onnx: &[u8], description: &Description) -> Aligned {
    Aligned::new(&write(onnx, description).expect("an image"))
}

/// The output for a picture of one colour, red first.
fn output(model: &Model, plan: &Plan, colour: [u8; 3]) -> Result<Vec<i16>, Error> {
    let mut words = vec![0u128; model.arena_len().div_ceil(16)];
    let arena: &mut [i8] = cast_slice_mut(&mut words);
    for (to, value) in model.input_mut(arena).iter_mut().zip(colour.iter().cycle()) {
        *to = (*value ^ 0x80) as i8;
    }
    plan.run(model, arena)?;
    Ok(model.read(arena, 0).iter().collect())
}

#[test]
fn pixels_become_the_input_that_the_description_says() {
    let colour = [200, 90, 17];
    for (channels_last, bgr) in [(false, false), (false, true), (true, false), (true, true)] {
        let (mean, scale) = ([100.0, 110.0, 120.0], 0.5);
        let image = image(&network(channels_last, None), &Description { bgr, mean, scale, ..DESCRIPTION });
        let model = image.model();
        let plan = Plan::load(&model).expect("it runs");
        let found = output(&model, &plan, colour).expect("an embedding");

        let pixel = |channel: usize| f32::from(colour[if bgr { 2 - channel } else { channel }]);
        let input = [0, 1, 2].map(|channel| (pixel(channel) - mean[channel]) * scale);
        let sum = |value: usize| (0..3).map(|channel| input[channel] * weight(channel, value)).sum::<f32>();
        let expected: Vec<f32> = (0..VALUES).map(sum).collect();
        let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        let expected: Vec<i32> =
            expected.iter().map(|value| (value / largest * 32_767.0).round() as i32).collect();
        for (found, expected) in found.iter().zip(&expected) {
            assert!((i32::from(*found) - expected).abs() <= 2, "{channels_last} {bgr}: {found} {expected}");
        }
        let templates = [found.iter().map(|&it| it.into()).collect(), expected]
            .map(|values: Vec<i32>| Template::normalise(values).expect("a template"));
        let differ = templates[0].values().iter().zip(templates[1].values()).filter(|(a, b)| a != b);
        assert!(differ.count() <= 1, "a template is that of the network");
    }
}

#[test]
fn identity_covers_file_and_preprocessing_and_neither_name_nor_thresholds() {
    let onnx = network(false, None);
    let identity = |onnx: &[u8], description: &Description| *image(onnx, description).model().identity();
    let of = identity(&onnx, &DESCRIPTION);
    let row = CalibrationRecord { one_in: 100, threshold: 9_000, estimate: 8_000, basis: basis::MEASURED };
    assert_eq!(of, identity(&onnx, &Description { name: "other", calibration: &[row], ..DESCRIPTION }));
    let others = [
        identity(&network(false, Some("Relu")), &DESCRIPTION),
        identity(&onnx, &Description { bgr: true, ..DESCRIPTION }),
        identity(&onnx, &Description { mean: [0.0, 0.0, 1.0], ..DESCRIPTION }),
        identity(&onnx, &Description { scale: 2.0, ..DESCRIPTION }),
    ];
    assert!(others.iter().all(|other| *other != of));
    let calibrated = image(&onnx, &Description { calibration: &[row], ..DESCRIPTION });
    assert_eq!(calibrated.model().calibration().collect::<Vec<_>>(), [row]);
}

/// The image with its header changed, and a digest that fits.
fn changed(image: &Aligned, change: impl Fn(&mut Header, &mut [u8])) -> Aligned {
    let mut bytes = image.bytes().to_vec();
    let (head, rest) = bytes.split_at_mut(size_of::<Header>());
    let mut header: Header = bytemuck::pod_read_unaligned(head);
    change(&mut header, rest);
    head.copy_from_slice(bytes_of(&header));
    let end = bytes.len() - DIGEST;
    let digest = Sha256::digest(&bytes[..end]);
    bytes[end..].copy_from_slice(&digest);
    Aligned::new(&bytes)
}

#[test]
fn an_image_that_contradicts_itself_is_refused() {
    let sound = image(&network(false, None), &DESCRIPTION);
    let load = |image: &Aligned| Plan::load(&image.model()).map(|_| ());
    assert_eq!(load(&sound), Ok(()));
    let place = |header: &Header| header.data.offset as usize - size_of::<Header>();
    let edit = |edit: &dyn Fn(&mut FloatRecord)| {
        changed(&sound, |header, rest| {
            let at = place(header);
            let bytes = &mut rest[at..at + size_of::<FloatRecord>()];
            let mut record: FloatRecord = bytemuck::pod_read_unaligned(bytes);
            edit(&mut record);
            bytes.copy_from_slice(bytes_of_mut(&mut record));
        })
    };
    let preprocessing = Err(Error::Inconsistent("its preprocessing"));
    assert_eq!(load(&edit(&|record| record.magic = *b"NNEF")), preprocessing);
    assert_eq!(load(&edit(&|record| record.bgr = 2)), preprocessing);
    assert_eq!(load(&edit(&|record| record.scale = f32::NAN)), preprocessing);
    assert_eq!(load(&edit(&|record| record.reserved[1] = 1)), preprocessing);
    assert_eq!(load(&edit(&|record| record.mean = [f32::MAX; 3])), Err(Error::NotANumber));
    let short = changed(&sound, |header, _| header.data.count = 8);
    assert_eq!(load(&short), Err(Error::Inconsistent("it ends before its file")));
    let cut = changed(&sound, |header, _| header.data.count /= 2);
    assert!(load(&cut).is_err());
    let wide = image(&network(false, None), &Description { dimension: 128, ..DESCRIPTION });
    assert_eq!(load(&wide), Err(Error::Inconsistent("its output")));
    let small = image(&network(false, None), &Description { side: 96, ..DESCRIPTION });
    assert_eq!(load(&small), Err(Error::Input { found: "1x3x112x112".into(), side: 96 }));
    // An int8 network is no float one, and the other way round.
    let other = changed(&sound, |header, _| header.kind = Kind::Encoder as u16);
    assert_eq!(load(&other), Err(Error::NotFloat));
    let two = changed(&sound, |header, _| header.outputs.count = 0);
    assert!(Model::load(two.bytes()).is_err(), "it has one output");
}

#[test]
fn nothing_but_tract_runs_it() {
    let image = image(&network(false, None), &DESCRIPTION);
    let model = image.model();
    let mut words = vec![0u128; model.arena_len().div_ceil(16)];
    assert_eq!(model.run(cast_slice_mut(&mut words)), Err(nn::Error::Float));
}

/// tract as a door has it.
#[derive(Default)]
struct Float(Plans);

impl FloatRuntime for Float {
    const IS_THERE: bool = true;

    fn load(&mut self, model: &Model<'_>) -> Result<(), Fault> {
        self.0.load(model).map_err(Fault::new)
    }

    fn run(&mut self, model: &Model<'_>, arena: &mut [i8]) -> Result<(), Fault> {
        self.0.run(model, arena).map_err(Fault::new)
    }
}

#[test]
fn a_board_without_tract_refuses_an_encoder_in_float() {
    let image = image(&network(false, None), &DESCRIPTION);
    let mut arena = vec![0u128; 1 << 16];
    let arena: &mut [i8] = cast_slice_mut(&mut arena);
    let load = |engine: &mut dyn FnMut(NetworkKind) -> Result<(), Fault>, kind| {
        engine(kind).map_err(|Fault(reason)| reason.as_str().to_owned())
    };
    let mut bare = Networks::new(&mut arena[..]);
    let refused = load(&mut |kind| bare.load(kind, image.bytes()).map(|_| ()), NetworkKind::Encoder);
    assert_eq!(refused, Err("a float encoder: it needs a door with tract".to_owned()));
    let mut with = Networks::new(arena).with_float(Float::default());
    let mut load = |kind| load(&mut |kind| with.load(kind, image.bytes()).map(|_| ()), kind);
    assert_eq!(load(NetworkKind::Encoder), Ok(()));
    assert_eq!(load(NetworkKind::Detector), Err("it is no detector".to_owned()));
}

/// A runtime that must not be asked.
struct Never;

impl FloatRuntime for Never {
    const IS_THERE: bool = true;

    fn load(&mut self, _: &Model<'_>) -> Result<(), Fault> {
        panic!("it was run")
    }

    fn run(&mut self, _: &Model<'_>, _: &mut [i8]) -> Result<(), Fault> {
        panic!("it was run")
    }
}

/// tract takes memory by the size of the input: what no door would run is refused before.
#[test]
fn an_image_that_no_door_runs_is_not_given_to_tract() {
    let sound = image(&network(false, None), &DESCRIPTION);
    let small = image(&network(false, None), &Description { side: 20, ..DESCRIPTION });
    for (image, bytes) in [(&sound, 1 << 10), (&small, 1 << 20)] {
        let mut arena = vec![0u128; bytes / 16];
        let mut engine = Networks::new(cast_slice_mut(&mut arena)).with_float(Never);
        assert!(engine.load(NetworkKind::Encoder, image.bytes()).is_err());
    }
}

/// What is no number for one face alone makes no template of it.
#[test]
fn a_face_whose_embedding_is_no_number_has_no_template() {
    let image = image(&network(false, Some("Log")), &DESCRIPTION);
    let model = image.model();
    let plan = Plan::load(&model).expect("grey has a logarithm");
    assert!(output(&model, &plan, [128, 7, 255]).is_ok());
    assert_eq!(output(&model, &plan, [128, 0, 255]), Err(Error::NotANumber));
    // All channels are 1, whose logarithm is 0.
    assert_eq!(output(&model, &plan, [1; 3]), Err(Error::Zeros));
}

#[test]
fn the_last_two_networks_are_kept() {
    let onnx = network(false, None);
    let images = [1.0, 2.0, 3.0].map(|scale| image(&onnx, &Description { scale, ..DESCRIPTION }));
    let models = images.each_ref().map(Aligned::model);
    let mut plans = Plans::default();
    let mut words = vec![0u128; models[0].arena_len().div_ceil(16)];
    let arena: &mut [i8] = cast_slice_mut(&mut words);
    for model in [0, 1, 0, 2].map(|place| &models[place]) {
        plans.load(model).expect("it runs");
        models[0].input_mut(arena).fill(9);
        plans.run(model, arena).expect("it was loaded");
    }
    models[0].input_mut(arena).fill(9);
    assert_eq!(plans.run(&models[1], arena), Err(Error::NotLoaded), "it was the oldest");
    plans.run(&models[0], arena).expect("it was used since");
}
