//! Forms of operators that people's networks have: each is computed as tract computes it.

mod networks;
mod oracle;

use networks::Builder;
use onnx::Attribute::{self, Float, Int, Ints, Text};
use oracle::forms::{SIDES, finish, is_computed, is_refused, scaled_stem, start, with_node};

#[test]
fn resizing_is_computed_where_it_repeats_pixels_and_refused_elsewhere() {
    let resized = |coordinates: &str, nearest: &str, by_size: bool| {
        let attributes: Vec<Attribute> =
            [("coordinate_transformation_mode", coordinates), ("nearest_mode", nearest)]
                .into_iter()
                .filter(|(_, word)| !word.is_empty())
                .map(|(name, word)| Text(name, word))
                .collect();
        let inputs: &[&str] = if by_size { &["", "", "sizes"] } else { &["", "twice"] };
        with_node("Resize", inputs, &attributes, |net| {
            net.constant("twice", &[4], vec![1.0, 1.0, 2.0, 2.0]);
            net.file().integers("sizes", &[4], &[1, 8, 32, 24]);
        })
    };
    for (coordinates, nearest) in
        [("asymmetric", "floor"), ("", ""), ("half_pixel", "round_prefer_floor"), ("pytorch_half_pixel", "")]
    {
        for by_size in [false, true] {
            is_computed(&format!("{coordinates} {nearest}"), &resized(coordinates, nearest, by_size));
        }
    }
    for (coordinates, nearest) in [
        ("", "floor"),
        ("half_pixel", "ceil"),
        ("align_corners", "floor"),
        ("asymmetric", "round_prefer_ceil"),
    ] {
        is_refused("shifted", &resized(coordinates, nearest, false), &["\"node\"", "Resize", "repeats"]);
    }
}

#[test]
fn bounds_of_a_clip_are_computed() {
    let clip = |bounds: &[(&str, f32)]| {
        let names: Vec<&str> = bounds.iter().map(|(name, _)| *name).collect();
        with_node("Clip", &names, &[], |net| {
            bounds
                .iter()
                .filter(|(name, _)| !name.is_empty())
                .for_each(|(name, x)| net.constant(name, &[], vec![*x]));
        })
    };
    is_computed("ReLU6", &clip(&[("low", 0.0), ("high", 6.0)]));
    is_computed("a narrow clip", &clip(&[("low", -0.25), ("high", 0.75)]));
    is_computed("an upper bound", &clip(&[("", 0.0), ("high", 0.5)]));
    is_computed("a lower bound", &clip(&[("low", 0.0)]));
    is_refused("crossed bounds", &clip(&[("low", 1.0), ("high", 0.0)]), &["bounds"]);
    let mut net = start(9);
    net.say("Clip", "node", &["stem"], &[Float("min", 0.0), Float("max", 0.5)]);
    is_computed("bounds as attributes", &finish(net, "node", 8));
    let mut net = start(13);
    net.say("Identity", "same", &["stem"], &[]);
    net.say("Add", "twice", &["same", "stem"], &[]);
    net.constant("low", &[], vec![0.0]);
    net.constant("high", &[], vec![1.0]);
    net.say("Clip", "node", &["twice", "low", "high"], &[]);
    is_computed("a clipped sum", &finish(net, "node", 8));
}

#[test]
fn leaky_rectifiers_and_automatic_padding_are_computed() {
    is_computed("LeakyRelu", &with_node("LeakyRelu", &[], &[Float("alpha", 0.1)], |_| ()));
    is_computed("LeakyRelu by default", &with_node("LeakyRelu", &[], &[], |_| ()));
    for word in ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"] {
        let mut net = start(13);
        let weights = net.random(8 * 8 * 6, 0.3);
        net.constant("w", &[8, 8, 3, 2], weights);
        let attributes = [Text("auto_pad", word), Ints("strides", &[2, 1])];
        net.say("Conv", "node", &["stem", "w"], &attributes);
        is_computed(word, &finish(net, "node", 8));
    }
}

#[test]
fn means_and_pools_are_computed() {
    let mean = |opset: i64, axes: &[i64], keep: i64| {
        let mut net = start(opset);
        net.conv("head", "stem", [32, 8, 3], 2, 1);
        match opset < 18 {
            true => net.say("ReduceMean", "mean_of", &["head"], &[Ints("axes", axes), Int("keepdims", keep)]),
            false => {
                net.file().integers("axes", &[axes.len()], axes);
                net.say("ReduceMean", "mean_of", &["head", "axes"], &[Int("keepdims", keep)]);
            }
        }
        net.say("Flatten", "node", &["mean_of"], &[]);
        net.finish(&[("node", &[1, 32])])
    };
    is_computed("opset 13", &mean(13, &[2, 3], 1));
    is_computed("opset 13, without the dimensions", &mean(13, &[-1, -2], 0));
    is_computed("opset 18", &mean(18, &[2, 3], 1));
    is_refused(
        "a mean over channels",
        &mean(13, &[1], 1),
        &["\"mean_of\"", "ReduceMean", "height and width"],
    );
    is_refused("a mean over width", &mean(13, &[3], 1), &["\"mean_of\"", "ReduceMean"]);
    let pool = [Ints("kernel_shape", &[3, 2]), Ints("strides", &[2, 2])];
    is_computed("AveragePool", &with_node("AveragePool", &[], &pool, |_| ()));
    let padded = [pool[0], pool[1], Ints("pads", &[1, 1, 1, 1]), Int("count_include_pad", 1)];
    is_computed("AveragePool that counts padding", &with_node("AveragePool", &[], &padded, |_| ()));
    is_refused("padding apart", &with_node("AveragePool", &[], &padded[..3], |_| ()), &["count_include_pad"]);
}

#[test]
fn squeeze_and_excite_is_computed_in_its_forms() {
    let functions = ["Sigmoid", "HardSigmoid", "Relu", "Clip"];
    for (function, linear) in functions.into_iter().flat_map(|name| [(name, false), (name, true)]) {
        let mut net = start(13);
        net.constant("zero", &[], vec![0.0]);
        net.constant("one", &[], vec![1.0]);
        let inputs: &[&str] = if function == "Clip" { &["more", "zero", "one"] } else { &["more"] };
        net.say("GlobalAveragePool", "squeezed", &["stem"], &[]);
        let gate = match linear {
            false => {
                net.conv("less", "squeezed", [4, 8, 1], 1, 1);
                net.say("Relu", "less_relu", &["less"], &[]);
                net.conv("more", "less_relu", [8, 4, 1], 1, 1);
                net.say(function, "gate", inputs, &[]);
                "gate"
            }
            true => {
                net.say("Flatten", "flat", &["squeezed"], &[]);
                let (a, b) = (net.random(32, 0.7), net.random(32, 0.7));
                net.constant("a", &[4, 8], a);
                net.constant("b", &[8, 4], b);
                net.say("Gemm", "less", &["flat", "a"], &[Int("transB", 1)]);
                net.say("Relu", "less_relu", &["less"], &[]);
                net.say("Gemm", "more", &["less_relu", "b"], &[Int("transB", 1)]);
                net.say(function, "gate", inputs, &[]);
                net.file().integers("one_pixel", &[4], &[1, 8, 1, 1]);
                net.say("Reshape", "shaped", &["gate", "one_pixel"], &[]);
                "shaped"
            }
        };
        net.say("Mul", "node", &["stem", gate], &[]);
        is_computed(&format!("{function} {linear}"), &finish(net, "node", 8));
    }
    for (low, high) in [(-1.0, 1.0), (-6.0, 0.0)] {
        let mut net = start(13);
        net.say("GlobalAveragePool", "squeezed", &["stem"], &[]);
        net.conv("more", "squeezed", [8, 8, 1], 1, 1);
        net.constant("low", &[], vec![low]);
        net.constant("high", &[], vec![high]);
        net.say("Clip", "gate", &["more", "low", "high"], &[]);
        net.say("Mul", "node", &["stem", "gate"], &[]);
        let words = ["\"node\"", "Mul", "a Relu, or a Clip whose lower end is zero or more"];
        is_refused("a gate that can be negative", &finish(net, "node", 8), &words);
    }
}

#[test]
fn a_gate_by_a_relu_may_be_scaled() {
    let scaled = |by: f32| {
        let mut net = start(13);
        net.say("GlobalAveragePool", "squeezed", &["stem"], &[]);
        net.conv("more", "squeezed", [8, 8, 1], 1, 1);
        net.say("Relu", "positive", &["more"], &[]);
        net.constant("by", &[], vec![by]);
        net.say("Mul", "gate", &["positive", "by"], &[]);
        net.say("Mul", "node", &["stem", "gate"], &[]);
        finish(net, "node", 8)
    };
    is_computed("three times", &scaled(3.0));
    is_refused("turned", &scaled(-3.0), &["\"node\"", "Mul"]);
}

#[test]
fn constants_that_are_computed_are_folded() {
    let mut net = start(13);
    net.conv("head", "stem", [16, 8, 3], 2, 1);
    net.say("GlobalAveragePool", "pooled", &["head"], &[]);
    net.say("Shape", "shape", &["pooled"], &[]);
    net.say("Constant", "first", &[], &[Int("value_int", 0)]);
    net.say("Gather", "pictures", &["shape", "first"], &[Int("axis", 0)]);
    net.file().integers("axes", &[1], &[0]);
    net.say("Unsqueeze", "listed", &["pictures", "axes"], &[]);
    net.say("Constant", "rest", &[], &[Ints("value_ints", &[-1])]);
    net.say("Concat", "wanted", &["listed", "rest"], &[Int("axis", 0)]);
    net.say("Reshape", "flat", &["pooled", "wanted"], &[]);
    let weights = net.random(32 * 16, 0.5);
    net.constant("w", &[32, 16], weights);
    net.say("Transpose", "turned", &["w"], &[Ints("perm", &[1, 0])]);
    net.say("Constant", "half", &[], &[Float("value_float", 0.5)]);
    net.say("Mul", "halved", &["turned", "half"], &[]);
    net.say("MatMul", "node", &["flat", "halved"], &[]);
    is_computed("a transposed matrix", &net.finish(&[("node", &[1, 32])]));
    is_computed(
        "a reshape to the same dimensions",
        &with_node("Reshape", &["k"], &[], |net| {
            net.file().integers("k", &[4], &[1, 8, 16, 12]);
        }),
    );
    let mixed = with_node("Reshape", &["k"], &[], |net| net.file().integers("k", &[4], &[1, 8, 12, 16]));
    is_refused("a reshape to other dimensions", &mixed, &["dimensions [1, 8, 12, 16]"]);
}

#[test]
fn inputs_of_keras_and_batches_are_read() {
    let mut net = Builder::with_input(&[1, SIDES[0], SIDES[1], 3], 13);
    net.constant("by_channel", &[3], vec![10.0, 20.0, 30.0]);
    net.say("Sub", "less", &["input", "by_channel"], &[]);
    net.say("Transpose", "planes", &["less"], &[Ints("perm", &[0, 3, 1, 2])]);
    scaled_stem(&mut net, "planes");
    is_computed("channels last", &finish(net, "stem", 8));
    let mut net = Builder::with_input(&[8, 3, SIDES[0], SIDES[1]], 13);
    scaled_stem(&mut net, "input");
    net.conv("head", "stem", [32, 8, 3], 2, 1);
    net.say("GlobalAveragePool", "pooled", &["head"], &[]);
    net.file().integers("rows", &[2], &[8, 32]);
    net.say("Reshape", "node", &["pooled", "rows"], &[]);
    is_computed("eight pictures", &net.finish(&[("node", &[8, 32])]));
    let mut net = Builder::with_input(&[8, 3, SIDES[0], SIDES[1]], 13);
    scaled_stem(&mut net, "input");
    net.file().integers("mixed", &[2], &[4, -1]);
    net.say("Reshape", "node", &["stem", "mixed"], &[]);
    is_refused("pictures mixed", &net.finish(&[("node", &[4, 3072])]), &["mixes the 8 pictures"]);
}

#[test]
fn an_output_may_be_read_inside_and_written_by_any_operator() {
    let mut net = start(13);
    net.conv("head", "stem", [32, 8, 3], 2, 1);
    net.say("MaxPool", "pooled", &["head"], &[Ints("kernel_shape", &[8, 6])]);
    net.say("Flatten", "node", &["pooled"], &[]);
    is_computed("a pool at the end", &net.finish(&[("node", &[1, 32])]));
    let mut net = start(13);
    net.say("GlobalAveragePool", "pooled", &["stem"], &[]);
    net.say("Flatten", "early", &["pooled"], &[]);
    let weights = net.random(64, 0.5);
    net.constant("w", &[8, 8], weights);
    net.say("Gemm", "late", &["early", "w"], &[]);
    is_computed("two outputs", &net.finish(&[("early", &[1, 8]), ("late", &[1, 8])]));
}

#[test]
fn functions_of_each_value_are_tables() {
    is_computed("HardSwish", &with_node("HardSwish", &[], &[], |_| ()));
    is_computed("Sigmoid", &with_node("Sigmoid", &[], &[], |_| ()));
    is_computed("HardSigmoid", &with_node("HardSigmoid", &[], &[Float("alpha", 0.3)], |_| ()));
    for function in ["Sigmoid", "HardSigmoid"] {
        let mut net = start(13);
        net.say(function, "gate", &["stem"], &[]);
        net.say("Mul", "node", &["gate", "stem"], &[]);
        is_computed(function, &finish(net, "node", 8));
    }
    for last in [false, true] {
        let mut net = start(13);
        for (name, x) in [("three", 3.0), ("zero", 0.0), ("six", 6.0)] {
            net.constant(name, &[], vec![x]);
        }
        net.say("Add", "line", &["stem", "three"], &[]);
        net.say("Clip", "clip", &["line", "zero", "six"], &[]);
        match last {
            true => {
                net.say("Mul", "product", &["stem", "clip"], &[]);
                net.say("Div", "node", &["product", "six"], &[]);
            }
            false => {
                net.say("Div", "share", &["clip", "six"], &[]);
                net.say("Mul", "node", &["stem", "share"], &[]);
            }
        }
        let onnx = finish(net, "node", 8);
        is_computed("a hard swish as four nodes", &onnx);
        let graph = compiler::read(&onnx, &oracle::options(compiler::Kind::Encoder)).expect("it compiles");
        let tables =
            graph.nodes.iter().filter(|node| matches!(node.operator, compiler::graph::Operator::Table(_)));
        assert_eq!((tables.count(), graph.nodes.len()), (1, 5), "one table, and nothing left of its parts");
    }
    let mut net = start(13);
    net.conv("other", "stem", [8, 8, 3], 1, 1);
    net.say("Mul", "node", &["stem", "other"], &[]);
    is_refused(
        "a product of two values",
        &finish(net, "node", 8),
        &["\"node\"", "Mul", "one value a channel"],
    );
}

#[test]
fn groups_of_channels_are_computed() {
    for (filters, groups) in [(8, 2), (8, 4), (16, 8), (4, 2)] {
        let mut net = start(13);
        net.conv("node", "stem", [filters, 8 / groups, 3], 1, groups);
        is_computed(&format!("{groups} groups for {filters} filters"), &finish(net, "node", filters));
    }
    let mut net = start(13);
    net.conv("node", "stem", [9, 4, 3], 1, 2);
    is_refused("nine filters of two groups", &finish(net, "node", 9), &["\"node\"", "2 groups"]);
}

#[test]
fn padding_by_zeros_is_computed_and_any_other_refused() {
    let padded = |pads: &[i64], mode: &str, value: f32, conv: bool| {
        let mut net = start(13);
        net.file().integers("pads", &[8], pads);
        net.constant("value", &[], vec![value]);
        net.say("Pad", "node", &["stem", "pads", "value"], &[Text("mode", mode)]);
        if conv {
            let weights = net.random(8 * 8 * 9, 0.2);
            net.constant("w", &[8, 8, 3, 3], weights);
            net.say("Conv", "after", &["node", "w"], &[Ints("strides", &[2, 2])]);
            return finish(net, "after", 8);
        }
        net.say("MaxPool", "after", &["node"], &[Ints("kernel_shape", &[2, 2])]);
        finish(net, "after", 8)
    };
    for pads in [[0, 0, 0, 0, 0, 0, 1, 1], [0, 0, 1, 1, 0, 0, 1, 1], [0, 0, 2, 0, 0, 0, 3, 1], [0; 8]] {
        for conv in [false, true] {
            is_computed(&format!("{pads:?} {conv}"), &padded(&pads, "constant", 0.0, conv));
        }
    }
    // What is between the padding and the convolution is done to what is padded.
    let mut net = start(13);
    net.file().integers("pads", &[8], &[0, 0, 1, 1, 0, 0, 1, 1]);
    net.say("Pad", "padded", &["stem", "pads"], &[]);
    net.say("LeakyRelu", "node", &["padded"], &[Float("alpha", -0.5)]);
    is_computed("a function of what is padded", &finish(net, "node", 8));
    // What a convolution can pad by itself costs nothing.
    let graph = compiler::read(
        &padded(&[0, 0, 0, 0, 0, 0, 1, 1], "constant", 0.0, true),
        &oracle::options(compiler::Kind::Encoder),
    );
    assert_eq!(graph.expect("it compiles").nodes.len(), 5);
    let around = [0, 0, 1, 1, 0, 0, 1, 1];
    is_refused("reflect", &padded(&around, "reflect", 0.0, true), &["\"node\"", "Pad", "mode reflect"]);
    is_refused("ones", &padded(&around, "constant", 1.0, true), &["\"node\"", "zeros"]);
    is_refused("less", &padded(&[0, 0, -1, 0, 0, 0, 0, 0], "constant", 0.0, true), &["negative"]);
    is_refused("channels", &padded(&[0, 1, 0, 0, 0, 0, 0, 0], "constant", 0.0, true), &["height and width"]);
}

#[test]
fn a_negative_factor_is_not_moved_past_what_compares_values() {
    let pool = [Ints("kernel_shape", &[3, 3]), Ints("pads", &[1, 1, 1, 1])];
    let prepared: [(&str, &str, f32, f32); 3] = [
        ("Mul", "Sub", -1.0 / 64.0, 127.5),
        ("Div", "Sub", -64.0, 100.0),
        ("Mul", "Add", -1.0 / 64.0, -90.0),
    ];
    for (scaled, shifted, by, mean) in prepared {
        for (operator, attributes) in
            [("MaxPool", &pool[..]), ("Relu", &[]), ("LeakyRelu", &[Float("alpha", 0.1)]), ("HardSwish", &[])]
        {
            let mut net = Builder::with_input(&[1, 3, SIDES[0], SIDES[1]], 14);
            net.constant("mean", &[], vec![mean]);
            net.constant("by", &[], vec![by]);
            net.say(shifted, "centred", &["input", "mean"], &[]);
            net.say(scaled, "negative", &["centred", "by"], &[]);
            net.say(operator, "node", &["negative"], attributes);
            is_computed(&format!("{scaled} {shifted} {operator}"), &finish(net, "node", 3));
        }
    }
    let mut options = oracle::options(compiler::Kind::Encoder);
    options.preprocessing.scale = -1.0;
    let error =
        compiler::read(&with_node("Relu", &[], &[], |_| ()), &options).expect_err("a factor below zero");
    assert!(error.to_string().contains("the factor positive"), "{error}");
}

#[test]
fn a_channel_that_is_made_zero_after_a_padding_stays_zero() {
    let mut net = start(13);
    net.file().integers("pads", &[8], &[0, 0, 1, 1, 0, 0, 1, 1]);
    net.say("Pad", "padded", &["stem", "pads"], &[]);
    net.constant("some", &[8, 1, 1], vec![1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0]);
    net.say("Mul", "node", &["padded", "some"], &[]);
    is_computed("two channels of zeros", &finish(net, "node", 8));
}
