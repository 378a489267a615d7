//! What a file may say: it is computed as tract computes it, or refused with the name of the node.

mod networks;
mod oracle;

use compiler::{Error, Kind};
use networks::{Builder, samples};
use onnx::Attribute::{self, Float, Int, Ints};
use onnx::proto::DataType;
use oracle::forms::{SIDES, finish, is_computed, is_refused, scaled_stem, start, with_node};
use oracle::{cosine, float, options, tract};

#[test]
fn constants_over_width_or_height_are_refused_and_those_over_channels_computed() {
    for operator in ["Add", "Sub", "Mul", "Div", "PRelu"] {
        let with = |dims: &[i64]| {
            with_node(operator, &["k"], &[], |net| {
                let count: i64 = dims.iter().product();
                let values = net.random(count as usize, 0.4).iter().map(|x| x + 1.0).collect();
                net.constant("k", dims, values);
            })
        };
        for dims in [&[12][..], &[16, 1], &[16, 12], &[1, 1, 16, 1], &[8, 1, 12], &[1, 8, 16, 12]] {
            is_refused(operator, &with(dims), &["\"node\"", operator, "varies along"]);
        }
        for dims in [&[][..], &[1], &[8, 1, 1], &[1, 8, 1, 1], &[1, 1, 1, 1]] {
            is_computed(&format!("{operator} {dims:?}"), &with(dims));
        }
    }
    // As many columns as channels: only the place tells them apart.
    let mut net = Builder::with_input(&[1, 3, 16, 8], 13);
    scaled_stem(&mut net, "input");
    net.constant("k", &[8], vec![0.5; 8]);
    net.say("Add", "node", &["stem", "k"], &[]);
    is_refused("eight columns", &finish(net, "node", 8), &["varies along dimension 3"]);
}

#[test]
fn a_first_dimension_that_is_no_batch_is_told_from_one() {
    // As many channels as rows, so that only the place tells them apart.
    let around = |shape: &[i64], add: &dyn Fn(&mut Builder)| {
        let mut net = start(13);
        net.conv("wide", "stem", [16, 8, 3], 1, 1);
        net.file().integers("there", &[shape.len()], shape);
        net.file().integers("back", &[4], &[1, 16, SIDES[0], SIDES[1]]);
        net.say("Reshape", "rows", &["wide", "there"], &[]);
        add(&mut net);
        net.say("Reshape", "whole", &["node", "back"], &[]);
        finish(net, "whole", 16)
    };
    let with = |shape: &[i64], operator: &str, dims: &[i64]| {
        around(shape, &|net| {
            let values = net.random(dims.iter().product::<i64>() as usize, 1.0);
            net.constant("k", dims, values);
            net.say(operator, "node", &["rows", "k"], &[]);
        })
    };
    let normalized = |shape: &[i64]| {
        around(shape, &|net| {
            net.batch_norm("node", "rows", 16);
        })
    };
    let (planes, rows) = ([16, SIDES[0], SIDES[1]], [SIDES[0] * SIDES[1], 16]);
    for operator in ["Add", "Sub", "Mul", "Div", "PRelu"] {
        is_computed(operator, &with(&planes, operator, &[16, 1, 1]));
        let columns = with(&planes, operator, &[16, 1]);
        is_refused(operator, &columns, &["\"node\"", operator, "varies along dimension 1 of 3"]);
        let mixed = with(&rows, operator, &[16]);
        is_refused(operator, &mixed, &["\"node\"", operator, "no dimension of its input, [192, 16]"]);
    }
    is_refused("rows", &normalized(&planes), &["\"node\"", "BatchNormalization", "second dimension"]);
    is_refused("mixed", &normalized(&rows), &["\"node\"", "BatchNormalization", "no dimension"]);
    let leaky = around(&rows, &|net| net.say("LeakyRelu", "node", &["rows"], &[Float("alpha", 0.2)]));
    is_computed("one slope for all values", &leaky);
    let gated = |shape: &[i64], gate: &[i64]| {
        around(shape, &|net| {
            net.say("GlobalAveragePool", "squeezed", &["wide"], &[]);
            net.conv("excite", "squeezed", [16, 16, 1], 1, 1);
            net.say("Sigmoid", "gate", &["excite"], &[]);
            net.file().integers("gate.dims", &[gate.len()], gate);
            net.say("Reshape", "shaped", &["gate", "gate.dims"], &[]);
            net.say("Mul", "node", &["rows", "shaped"], &[]);
        })
    };
    is_computed("a gate of planes", &gated(&planes, &[16, 1, 1]));
    is_refused("a gate of rows", &gated(&planes, &[1, 16, 1]), &["\"node\"", "Mul"]);
    is_refused("a gate of what is mixed", &gated(&rows, &[1, 16]), &["\"node\"", "Mul", "no dimension"]);
}

#[test]
fn an_attribute_that_nobody_takes_account_of_is_refused_by_name() {
    let pool = [Ints("kernel_shape", &[2, 2]), Ints("strides", &[2, 2])];
    let with = |more: Attribute| with_node("MaxPool", &[], &[pool[0], pool[1], more], |_| ());
    is_refused("dilations", &with(Ints("dilations", &[4, 4])), &["\"node\"", "MaxPool", "dilation"]);
    is_refused("mystery", &with(Int("mystery", 1)), &["\"node\"", "MaxPool", "mystery"]);
    is_computed("dilations of one", &with(Ints("dilations", &[1, 1])));
    is_computed("ceil_mode without effect", &with(Int("ceil_mode", 1)));
    let odd = [Ints("kernel_shape", &[3, 3]), Ints("strides", &[2, 2]), Int("ceil_mode", 1)];
    is_refused("ceil_mode", &with_node("MaxPool", &[], &odd, |_| ()), &["ceil_mode"]);
    let mut net = start(13);
    net.conv("deep", "stem", [8, 8, 3], 1, 1);
    net.say("Conv", "node", &["deep", "deep.w"], &[Ints("dilations", &[2, 2])]);
    is_refused("a dilated convolution", &finish(net, "node", 8), &["\"node\"", "dilation"]);
    is_refused("an input", &with_node("Relu", &["mean"], &[], |_| ()), &["\"node\"", "input 1"]);
}

#[test]
fn an_input_that_is_read_twice_keeps_its_pixels() {
    let mut net = start(13);
    // The stem reads prepared pixels, this one pixels as they are.
    net.conv("plain", "input", [8, 3, 3], 1, 1);
    net.constant("small", &[], vec![1.0 / 200.0]);
    net.say("Mul", "shrunk", &["plain", "small"], &[]);
    net.say("Add", "both", &["stem", "shrunk"], &[]);
    is_computed("pixels read twice", &finish(net, "both", 8));
}

#[test]
fn a_value_that_is_shown_and_read_keeps_its_own_activation() {
    let mut net = start(13);
    net.say("Identity", "shown", &["stem"], &[]);
    net.say("Relu", "positive", &["shown"], &[]);
    net.say("Add", "both", &["stem", "positive"], &[]);
    is_computed("a value beside its ReLU", &finish(net, "both", 8));
}

#[test]
fn what_is_left_at_the_end_is_what_the_board_computes() {
    let ended = |operator: &str| {
        let mut net = start(13);
        net.conv("head", "stem", [32, 8, 3], 2, 1);
        net.say("GlobalAveragePool", "pooled", &["head"], &[]);
        net.say("Flatten", "flat", &["pooled"], &[]);
        net.say(operator, "node", &["flat"], &[]);
        net.finish(&[("node", &[1, 32])])
    };
    for operator in ["Sigmoid", "HardSigmoid", "Softmax"] {
        is_refused(operator, &ended(operator), &["\"node\"", "embedding"]);
        let detector = compiler::read(&ended(operator), &options(Kind::Detector));
        assert_eq!(detector.is_ok(), operator == "Sigmoid");
        let liveness = compiler::read(&ended(operator), &options(Kind::Liveness));
        assert_eq!(liveness.is_ok(), operator == "Softmax");
    }
    let detector =
        compiler::read(&ended("Relu"), &options(Kind::Detector)).expect_err("a score without a sigmoid");
    assert!(detector.to_string().contains("ends with a sigmoid"), "{detector}");
}

#[test]
fn a_last_division_by_the_length_is_dropped() {
    let ended = |floor: Option<f32>, by: &str| {
        let mut net = start(13);
        net.conv("head", "stem", [32, 8, 3], 2, 1);
        net.say("GlobalAveragePool", "pooled", &["head"], &[]);
        net.say("Flatten", "flat", &["pooled"], &[]);
        net.say("ReduceL2", "length", &["flat"], &[Ints("axes", &[1]), Int("keepdims", 1)]);
        net.constant("floor", &[], vec![floor.unwrap_or(0.0)]);
        net.say("Clip", "floored", &["length", "floor"], &[]);
        let length = if floor.is_some() { "floored" } else { "length" };
        net.say("Div", "node", &[by, length], &[]);
        net.finish(&[("node", &[1, 32])])
    };
    for (what, floor) in [("plain", None), ("with a floor", Some(1e-12))] {
        let onnx = ended(floor, "flat");
        let picture = &samples(1)[0];
        let ours = float(&onnx, &options(Kind::Encoder), picture).expect("it is supported").concat();
        let theirs = tract(&onnx, picture, false).expect("tract runs it").concat();
        assert!(cosine(&ours, &theirs) > 0.999_99, "{what}");
    }
    is_refused("a high floor", &ended(Some(2.0), "flat"), &["kept from zero"]);
    let liveness = compiler::read(&ended(None, "flat"), &options(Kind::Liveness));
    assert!(liveness.is_err(), "only templates have unit length");
}

#[test]
fn numbers_that_are_none_are_refused_with_the_name_of_the_constant() {
    for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let mut net = start(13);
        let mut weights = net.random(8 * 8, 0.5);
        weights[11] = broken;
        net.constant("poor.w", &[8, 8, 1, 1], weights);
        net.say("Conv", "node", &["stem", "poor.w"], &[]);
        is_refused("a weight", &finish(net, "node", 8), &["\"node\"", "\"poor.w\"", "place 11"]);
    }
    for broken in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for (operator, attributes) in [
            ("LeakyRelu", vec![Float("alpha", broken)]),
            ("HardSigmoid", vec![Float("alpha", broken), Float("beta", 0.5)]),
            ("HardSigmoid", vec![Float("alpha", 0.2), Float("beta", broken)]),
        ] {
            let onnx = with_node(operator, &[], &attributes, |_| ());
            is_refused(operator, &onnx, &["\"node\"", "the attribute", "place 0"]);
        }
        let slopes = with_node("PRelu", &["k"], &[], |net| {
            net.constant("k", &[8, 1, 1], vec![0.1, 0.1, broken, 0.1, 0.1, 0.1, 0.1, 0.1]);
        });
        is_refused("slopes", &slopes, &["\"node\"", "\"k\"", "place 2"]);
    }
    let zero = with_node("Div", &["k"], &[], |net| net.constant("k", &[], vec![0.0]));
    is_refused("a division by zero", &zero, &["\"node\"", "finite"]);
}

#[test]
fn a_layer_that_is_always_zero_on_the_samples_compiles() {
    let mut net = start(13);
    net.constant("dead.w", &[8, 8, 1, 1], vec![0.01; 64]);
    net.constant("dead.b", &[8], vec![-500.0; 8]);
    net.say("Conv", "deep", &["stem", "dead.w", "dead.b"], &[]);
    net.say("Relu", "dead", &["deep"], &[]);
    net.conv("after", "dead", [8, 8, 3], 1, 1);
    net.say("Add", "both", &["stem", "after"], &[]);
    is_computed("a dead ReLU", &finish(net, "both", 8));
}

#[test]
fn samples_that_hardly_use_an_operator_give_an_image_all_the_same() {
    // Grey pictures of one value: most tensors have one value, and a range of nothing.
    for level in [0, 127, 255] {
        let grey = vec![vec![level; 16 * 12 * 3]];
        let onnx = networks::everything();
        let image = compiler::compile(&onnx, &options(Kind::Encoder), &grey, &|_, _, _| {});
        image.unwrap_or_else(|error| panic!("{level}: {error}"));
    }
    // A sum of two values that cancel, a pool of it, and a gate by it.
    let mut net = start(13);
    net.constant("minus", &[], vec![-1.0]);
    net.say("Mul", "negative", &["stem", "minus"], &[]);
    net.say("Identity", "again", &["stem"], &[]);
    net.say("Add", "nothing", &["again", "negative"], &[]);
    net.say("MaxPool", "pooled", &["nothing"], &[Ints("kernel_shape", &[2, 2])]);
    net.say("GlobalAveragePool", "squeezed", &["pooled"], &[]);
    net.conv("excite", "squeezed", [8, 8, 1], 1, 1);
    net.say("Sigmoid", "gate", &["excite"], &[]);
    net.say("Mul", "gated", &["pooled", "gate"], &[]);
    let onnx = finish(net, "gated", 8);
    compiler::compile(&onnx, &options(Kind::Encoder), &samples(4), &|_, _, _| {}).expect("it compiles");
}

#[test]
fn the_size_that_a_file_is_for_is_known() {
    let size = |dims: &[i64]| {
        let net = Builder::with_input(dims, 13);
        compiler::input_size(&net.finish(&[])).expect("an input")
    };
    assert_eq!(size(&[1, 3, 160, 150]), Some([160, 150]));
    assert_eq!(size(&[1, 160, 150, 3]), Some([160, 150]));
}

#[test]
fn integers_are_computed_as_those_of_their_type() {
    let scaled_by = |kind: DataType, operator: &str, [a, b]: [&[u8]; 2]| {
        with_node("Mul", &["factor"], &[], |net| {
            net.file().tensor("a", &[], kind, a.to_vec());
            net.file().tensor("b", &[], kind, b.to_vec());
            net.constant("small", &[], vec![1.0 / 128.0]);
            net.say(operator, "whole", &["a", "b"], &[]);
            net.say("Cast", "float", &["whole"], &[Int("to", 1)]);
            net.constant("one", &[], vec![1.0]);
            net.say("Mul", "less", &["float", "small"], &[]);
            net.say("Sub", "factor", &["less", "one"], &[]);
        })
    };
    let factor = |onnx: &[u8]| {
        onnx::Model::parse(onnx)
            .expect("a file")
            .node("node")
            .expect("it is there")
            .constant(1)
            .expect("it is known")
            .values[0]
    };
    let long = |value: i64| value.to_le_bytes();
    let int = |value: i32| value.to_le_bytes();
    for (what, onnx, whole) in [
        ("no float", scaled_by(DataType::Int64, "Sub", [&long(16_777_217), &long(16_777_216)]), 1.0),
        ("bytes wrap", scaled_by(DataType::Uint8, "Sub", [&[1], &[2]]), 255.0),
        ("32 bits wrap", scaled_by(DataType::Int32, "Mul", [&int(65_537), &int(65_536)]), 65_536.0),
        ("to zero", scaled_by(DataType::Int32, "Div", [&int(-7), &int(2)]), -3.0),
        ("without a sign", scaled_by(DataType::Uint64, "Div", [&long(-1), &long(1 << 60)]), 15.0),
    ] {
        assert_eq!(factor(&onnx), whole / 128.0 - 1.0, "{what}");
        compiler::read(&onnx, &options(Kind::Encoder)).unwrap_or_else(|error| panic!("{what}: {error}"));
    }
    let nothing = scaled_by(DataType::Int32, "Div", [&int(7), &int(0)]);
    is_refused("a division by zero", &nothing, &["\"whole\"", "integers by zero"]);
    let doubles = [&1.0f64.to_le_bytes()[..], &2.0f64.to_le_bytes()];
    is_refused("doubles", &scaled_by(DataType::Double, "Sub", doubles), &["\"whole\"", "Sub"]);
    let mut net = start(13);
    net.constant("large", &[], vec![3e9]);
    net.say("Cast", "whole", &["large"], &[Int("to", 6)]);
    net.say("Cast", "float", &["whole"], &[Int("to", 1)]);
    net.say("Add", "node", &["stem", "float"], &[]);
    is_refused("no integer of 32 bits", &finish(net, "node", 8), &["\"whole\"", "no integer of 32 bits"]);
}

#[test]
fn values_that_no_memory_holds_are_refused() {
    for sides in [[1 << 40, 1], [1 << 31, 1 << 31], [usize::MAX, 2], [1 << 20, 1 << 20], [0, 12]] {
        let mut options = options(Kind::Encoder);
        options.input_size = Some(sides);
        let onnx = with_node("Relu", &[], &[], |_| ());
        let error = compiler::read(&onnx, &options).expect_err("it is refused").to_string();
        assert!(error.contains("\"input\"") && error.contains("too large or empty"), "{error}");
    }
    let mut net = start(13);
    net.constant("twice", &[4], vec![1.0, 1.0, 2.0, 2.0]);
    let names: Vec<String> = (0..14).map(|at| format!("resized{at}")).collect();
    let mut last = "stem";
    for name in &names {
        net.say("Resize", name, &[last, "", "twice"], &[]);
        last = name;
    }
    is_refused("a map of 3 G values", &finish(net, last, 8), &["too large or empty"]);
}

#[test]
fn an_image_that_tells_nobody_apart_is_not_faithful() {
    let (options, samples) = (options(Kind::Encoder), samples(8));
    let fidelity = |factor: f32, offset: f32| {
        let mut net = start(13);
        net.conv("last", "stem", [64, 8, 3], 2, 1);
        net.say("GlobalAveragePool", "pooled", &["last"], &[]);
        net.say("Flatten", "flat", &["pooled"], &[]);
        net.constant("factor", &[], vec![factor]);
        let offsets = net.random(64, offset);
        net.constant("offset", &[64], offsets);
        net.say("Mul", "less", &["flat", "factor"], &[]);
        net.say("Add", "node", &["less", "offset"], &[]);
        let onnx = net.finish(&[("node", &[1, 64])]);
        let image = compiler::compile(&onnx, &options, &samples, &|_, _, _| {}).expect("it compiles");
        compiler::fidelity(&onnx, &options, &image, &samples, &|_, _, _| {}).expect("it runs")
    };
    let plain = fidelity(1.0, 0.0);
    assert!(plain.is_sound() && plain.cosine_apart > Some(0.9), "{plain}");
    let zero = fidelity(0.0, 0.0);
    assert!(!zero.is_sound() && zero.is_constant && zero.cosine == Some([0.0, 0.0]), "{zero}");
    assert!(zero.to_string().contains("from node \"less\" on"), "{zero}");
    let same = fidelity(0.0, 1.0);
    assert!(!same.is_sound() && same.is_constant, "{same}");
    assert!(same.to_string().contains("do not depend on the picture"), "{same}");
    // Every template is that of the constant.
    let alike = fidelity(1e-3, 50.0);
    assert!(!alike.is_sound() && alike.cosine.is_some_and(|[least, _]| least > 0.99), "{alike}");
}

#[test]
fn an_image_of_another_network_is_not_faithful() {
    let options = options(Kind::Encoder);
    let samples = samples(8);
    let onnx = with_node("Relu", &[], &[], |_| ());
    let image = compiler::compile(&onnx, &options, &samples, &|_, _, _| {}).expect("it compiles");
    let good = compiler::fidelity(&onnx, &options, &image, &samples, &|_, _, _| {}).expect("it runs");
    assert!(good.is_sound() && good.samples == 8, "{good}");
    let mut net = Builder::with_input(&[1, 3, SIDES[0], SIDES[1]], 13);
    // Other weights from here on.
    net.random(5, 1.0);
    scaled_stem(&mut net, "input");
    net.say("Relu", "node", &["stem"], &[]);
    let other = finish(net, "node", 8);
    let bad = compiler::fidelity(&other, &options, &image, &samples, &|_, _, _| {}).expect("it runs");
    assert!(!bad.is_sound(), "{bad}");
    assert!(good.to_string().starts_with("cosine to the float network "), "{good}");
    assert!(matches!(
        compiler::fidelity(&onnx, &options, b"PSTN", &samples, &|_, _, _| {}),
        Err(Error::Refused(_))
    ));
}
