//! What exporters write for a few operators of their frameworks: computed as tract computes it.

mod networks;
mod oracle;

use compiler::Kind;
use networks::{Builder, samples};
use onnx::Attribute::{Float, Int, Ints, Text};
use oracle::forms::{finish, is_computed, is_refused, start, with_node};
use oracle::{cosine, float, options, tract};

/// A network that ends with a row "flat" and what `add` makes of it, called "node".
fn ended(opset: i64, add: &dyn Fn(&mut Builder)) -> Vec<u8> {
    let mut net = start(opset);
    net.conv("head", "stem", [32, 8, 3], 2, 1);
    net.say("GlobalAveragePool", "pooled", &["head"], &[]);
    net.say("Flatten", "flat", &["pooled"], &[]);
    add(&mut net);
    net.finish(&[("node", &[1, 32])])
}

/// The sum of the squares of the row, called "sum".
fn sum_of_squares(net: &mut Builder, form: &str) {
    net.file().integers("axes", &[1], &[1]);
    match form {
        "Mul" => net.say("Mul", "squares", &["flat", "flat"], &[]),
        "Pow" => {
            net.constant("two", &[], vec![2.0]);
            net.say("Pow", "squares", &["flat", "two"], &[]);
        }
        _ => {
            let attributes = [Ints("axes", &[-1]), Int("keepdims", 1)];
            return net.say("ReduceSumSquare", "sum", &["flat"], &attributes);
        }
    }
    net.say("ReduceSum", "sum", &["squares", "axes"], &[Int("keepdims", 1)]);
}

#[test]
fn a_row_divided_by_its_length_is_known_in_each_form() {
    let picture = &samples(1)[0];
    let is_dropped = |what: &str, onnx: &[u8]| {
        let ours =
            float(onnx, &options(Kind::Encoder), picture).unwrap_or_else(|error| panic!("{what}: {error}"));
        let theirs = tract(onnx, picture, false).expect("tract runs it").concat();
        assert!(cosine(&ours.concat(), &theirs) > 0.999_99, "{what}");
    };
    // As PyTorch's `normalize` is exported.
    let normalize = ended(13, &|net| {
        net.say("ReduceL2", "length", &["flat"], &[Ints("axes", &[1]), Int("keepdims", 1)]);
        net.constant("floor", &[], vec![1e-12]);
        net.say("Clip", "floored", &["length", "floor", ""], &[]);
        net.say("Shape", "shape", &["flat"], &[]);
        net.say("Expand", "wide", &["floored", "shape"], &[]);
        net.say("Div", "node", &["flat", "wide"], &[]);
    });
    is_dropped("normalize", &normalize);
    for form in ["Mul", "Pow", "ReduceSumSquare"] {
        for end in ["Sqrt", "floor", "inverse", "power"] {
            let onnx = ended(13, &|net| {
                sum_of_squares(net, form);
                net.constant("small", &[], vec![1e-10]);
                net.constant("one", &[], vec![1.0]);
                net.constant("half", &[], vec![-0.5]);
                let from = if end == "floor" { "guarded" } else { "sum" };
                match end {
                    "power" => net.say("Pow", "inverse", &["sum", "half"], &[]),
                    _ => {
                        net.say("Add", "guarded", &["sum", "small"], &[]);
                        net.say("Sqrt", "length", &[from], &[]);
                        net.say("Div", "inverse", &["one", "length"], &[]);
                    }
                }
                match end {
                    "inverse" | "power" => net.say("Mul", "node", &["flat", "inverse"], &[]),
                    _ => net.say("Div", "node", &["flat", "length"], &[]),
                }
            });
            is_dropped(&format!("{form} {end}"), &onnx);
        }
    }
    let whole = ended(13, &|net| {
        sum_of_squares(net, "Mul");
        net.say("Div", "node", &["flat", "sum"], &[]);
    });
    is_refused("the square of the length", &whole, &["\"node\"", "its own length"]);
    let squares = ended(13, &|net| net.say("Mul", "node", &["flat", "flat"], &[]));
    is_refused("squares", &squares, &["\"node\"", "embedding"]);
    let inside = with_node("Mul", &["stem"], &[], |_| ());
    is_refused("squares inside", &inside, &["\"last\"", "the length of a row"]);
}

#[test]
fn a_gate_that_is_expanded_is_a_gate() {
    let expanded = |turned: bool, by: &[i64]| {
        let mut net = start(13);
        net.say("ReduceMean", "squeezed", &["stem"], &[Ints("axes", &[2, 3]), Int("keepdims", 0)]);
        let weights = net.random(64, 0.7);
        net.constant("a", &[8, 8], weights);
        net.say("Gemm", "excite", &["squeezed", "a"], &[Int("transB", 1)]);
        net.say("Sigmoid", "gate", &["excite"], &[]);
        net.file().integers("shape", &[4], &[1, 8, 1, 1]);
        net.say("Reshape", "shaped", &["gate", "shape"], &[]);
        match by {
            [] => net.say("Shape", "whole", &["stem"], &[]),
            by => net.file().integers("whole", &[by.len()], by),
        }
        net.say("Expand", "wide", &["shaped", "whole"], &[]);
        net.say("Mul", "node", if turned { &["wide", "stem"] } else { &["stem", "wide"] }, &[]);
        finish(net, "node", 8)
    };
    is_computed("expand_as", &expanded(false, &[]));
    is_computed("expand_as, turned", &expanded(true, &[]));
    is_computed("an expansion of some sides", &expanded(false, &[1, 1, 16, 12]));
    let mut net = start(13);
    net.say("GlobalAveragePool", "squeezed", &["stem"], &[]);
    net.say("Shape", "whole", &["stem"], &[]);
    net.say("Expand", "wide", &["squeezed", "whole"], &[]);
    net.say("Add", "node", &["stem", "wide"], &[]);
    is_refused("a sum with a mean", &finish(net, "node", 8), &["\"node\"", "Expand"]);
}

#[test]
fn scales_of_some_axes_double_a_map() {
    let resized = |axes: &[i64], scales: Vec<f32>| {
        let mut net = start(18);
        net.constant("twice", &[scales.len() as i64], scales);
        net.say(
            "Resize",
            "node",
            &["stem", "", "twice"],
            &[Ints("axes", axes), Text("nearest_mode", "round_prefer_floor")],
        );
        finish(net, "node", 8)
    };
    let by = |axes: &[i64], scales: Vec<f32>| compiler::read(&resized(axes, scales), &options(Kind::Encoder));
    // Tract knows no such axes: the same network without them is the reference.
    let mut net = start(18);
    net.constant("twice", &[4], vec![1.0, 1.0, 2.0, 2.0]);
    net.say("Resize", "node", &["stem", "", "twice"], &[Text("nearest_mode", "round_prefer_floor")]);
    let picture = &samples(1)[0];
    let all = float(&finish(net, "node", 8), &options(Kind::Encoder), picture).expect("it is supported");
    for (axes, scales) in
        [(&[2, 3][..], vec![2.0, 2.0]), (&[-1, -2], vec![2.0, 2.0]), (&[3, 1, 2], vec![2.0, 1.0, 2.0])]
    {
        let graph = by(axes, scales).unwrap_or_else(|error| panic!("{axes:?}: {error}"));
        assert_eq!(compiler::float::run(&graph, picture, |_, _, _| {}), all, "{axes:?}");
    }
    for (axes, scales) in [(&[1, 2][..], vec![2.0, 2.0]), (&[2], vec![2.0]), (&[2, 3], vec![2.0, 1.0])] {
        assert!(by(axes, scales).is_err(), "{axes:?}");
    }
}

#[test]
fn a_padding_as_pytorch_exports_it_is_computed() {
    let mut net = start(13);
    net.file().integers("four", &[1], &[4]);
    net.file().integers("pads", &[4], &[1, 2, 1, 0]);
    net.say("ConstantOfShape", "zeros", &["four"], &[]);
    net.say("Cast", "whole", &["zeros"], &[Int("to", 7)]);
    net.say("Concat", "all", &["pads", "whole"], &[Int("axis", 0)]);
    net.file().integers("pairs", &[2], &[-1, 2]);
    net.say("Reshape", "table", &["all", "pairs"], &[]);
    for (name, value) in [("axis", 0), ("start", -1), ("stop", i64::MIN + 1), ("step", -1)] {
        net.file().integers(name, &[1], &[value]);
    }
    net.say("Slice", "turned", &["table", "start", "stop", "axis", "step"], &[]);
    net.say("Transpose", "rows", &["turned"], &[Ints("perm", &[1, 0])]);
    net.file().integers("flat_list", &[1], &[-1]);
    net.say("Reshape", "list", &["rows", "flat_list"], &[]);
    net.say("Cast", "longs", &["list"], &[Int("to", 7)]);
    net.say("Pad", "node", &["stem", "longs", ""], &[Text("mode", "constant")]);
    is_computed("F.pad", &finish(net, "node", 8));
}

#[test]
fn weights_that_are_computed_of_constants_are_folded() {
    let of = |add: &dyn Fn(&mut Builder)| {
        let mut net = start(13);
        let weights = net.random(64, 0.5);
        net.constant("raw", &[8, 8], weights);
        add(&mut net);
        net.file().integers("kernel", &[4], &[8, 8, 1, 1]);
        net.say("Reshape", "filters", &["made", "kernel"], &[]);
        net.say("Conv", "node", &["stem", "filters"], &[]);
        finish(net, "node", 8)
    };
    is_computed("Relu", &of(&|net| net.say("Relu", "made", &["raw"], &[])));
    is_computed("MatMul", &of(&|net| net.say("MatMul", "made", &["raw", "raw"], &[])));
    is_computed("Exp", &of(&|net| net.say("Exp", "made", &["raw"], &[])));
    is_computed(
        "a weight norm",
        &of(&|net| {
            net.say("ReduceL2", "lengths", &["raw"], &[Ints("axes", &[1]), Int("keepdims", 1)]);
            net.say("Shape", "shape", &["raw"], &[]);
            net.say("Expand", "wide", &["lengths", "shape"], &[]);
            net.say("Div", "made", &["raw", "wide"], &[]);
        }),
    );
    is_computed(
        "Pad and Slice",
        &of(&|net| {
            net.file().integers("around", &[4], &[1, 0, 1, 2]);
            net.say("Pad", "larger", &["raw", "around"], &[]);
            net.file().integers("from", &[2], &[0, 1]);
            net.file().integers("to", &[2], &[8, 9]);
            net.say("Slice", "made", &["larger", "from", "to"], &[]);
        }),
    );
    let bytes = of(&|net| {
        net.file().integers("large", &[1], &[258]);
        net.say("Cast", "byte", &["large"], &[Int("to", 2)]);
        net.say("Cast", "two", &["byte"], &[Int("to", 1)]);
        net.say("Mul", "made", &["raw", "two"], &[]);
    });
    is_computed("a byte that wraps", &bytes);
    let mut net = start(13);
    net.say("Shape", "sides", &["stem"], &[Int("start", 1), Int("end", 2)]);
    net.say("Cast", "eight", &["sides"], &[Int("to", 1)]);
    net.say("Mul", "node", &["stem", "eight"], &[]);
    is_refused(
        "a factor of a shape",
        &finish(net, "node", 8),
        &["\"node\"", "\"eight\"", "dimensions of a value"],
    );
    let unknown = of(&|net| net.say("Erf", "made", &["raw"], &[]));
    is_refused("an operator of constants that is not known", &unknown, &["\"made\"", "Erf", "constants"]);
    let constant = with_node("Add", &["k"], &[], |net| net.constant("k", &[], vec![1.0]));
    assert!(compiler::read(&constant, &options(Kind::Encoder)).is_ok());
    let mut net = start(13);
    net.constant("map", &[1, 8, 4, 4], vec![0.5; 128]);
    net.say("LeakyRelu", "node", &["map"], &[Float("alpha", 0.1)]);
    is_refused("a map that is a constant", &finish(net, "node", 8), &["\"node\"", "constants"]);
}

#[test]
fn a_weight_that_is_far_too_large_is_named() {
    let mut net = start(13);
    net.conv("deep", "stem", [8, 8, 3], 1, 1);
    let mut weights = net.random(64, 0.5);
    weights[9] = 1e30;
    net.constant("huge", &[8, 8, 1, 1], weights);
    net.say("Conv", "node", &["deep", "huge"], &[]);
    let result =
        compiler::compile(&finish(net, "node", 8), &options(Kind::Encoder), &samples(4), &|_, _, _| {});
    let error = result.expect_err("no 8 bits hold it").to_string();
    assert!(
        error.contains("\"node\"") && error.contains("too large") && !error.contains("report"),
        "{error}"
    );
}
