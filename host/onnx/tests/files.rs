//! Files that are written here, read again.
#![forbid(unsafe_code)]

use onnx::{Attribute, Dimension, Error, Model, Problem, Values, Window, Writer};

/// `stem -> relu -> sum <- stem`, and a node that no output depends on.
fn file() -> Vec<u8> {
    let mut file = Writer::new("test", 7, 13);
    let sides = [1, 2, 4, 5].map(Dimension::Fixed);
    file.input("input", &[Dimension::Open("pictures"), sides[1], sides[2], sides[3]]);
    file.constant("stem.w", &[3, 2, 1, 1], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    file.constant("three", &[], &[3.0]);
    let window = Window { stride: [2, 1], ..Window::POINT };
    file.node(
        "Conv",
        "stem",
        &["input", "stem.w"],
        &[Attribute::Window(&window), Attribute::Int("group", 1)],
    );
    file.node("LeakyRelu", "relu", &["stem"], &[Attribute::Float("alpha", 0.25)]);
    file.node("Add", "sum", &["relu", "stem"], &[]);
    file.node("Mul", "scaled", &["three", "sum"], &[]);
    file.node("Mystery", "aside", &["relu"], &[]);
    file.output("scaled", &sides);
    file.finish()
}

#[test]
fn nodes_come_back_with_their_attributes_and_constants() {
    let model = Model::parse(&file()).expect("it was just written");
    assert_eq!(model.input().expect("one input"), ("input", vec![None, Some(2), Some(4), Some(5)]));
    assert_eq!(model.outputs().collect::<Vec<_>>(), ["scaled"]);
    let nodes: Vec<_> = model.nodes().collect();
    let conv = nodes[0].convolution(2).expect("a convolution of two channels");
    assert_eq!((conv.outputs, conv.depth, conv.depthwise, conv.bias), (3, 2, false, None));
    assert_eq!(conv.window, Window { stride: [2, 1], ..Window::POINT });
    let (outputs, weights) = (conv.outputs, conv.weights);
    assert_eq!(weights.values[(outputs - 1) * 2], 5.0);
    assert!(matches!(nodes[0].convolution(3), Err(Problem::Unsupported(_))));
    assert_eq!(nodes[1].slopes(3).expect("slopes"), Some(vec![0.25; 3]));
    // The constant may come first, since products commute.
    assert_eq!(nodes[3].computed_operand(), Some(1));
    assert_eq!(nodes[3].arithmetic(2).expect("a product").scale, [3.0; 2]);
    assert!(nodes[2].arithmetic(2).is_err(), "both are computed");
}

#[test]
fn a_graph_has_the_nodes_that_its_values_depend_on() {
    let bytes = file();
    let model = Model::parse(&bytes).expect("it was just written");
    let names =
        |graph: &onnx::Graph| graph.nodes.iter().map(|node| node.name().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(&model.whole()), ["stem", "relu", "sum", "scaled", "aside"]);
    let graph = model.towards(&["sum"]);
    assert_eq!(names(&graph), ["stem", "relu", "sum"]);
    assert!(graph.is_read_once("relu") && graph.is_read_once("sum") && !graph.is_read_once("stem"));
    assert!(!model.whole().is_read_once("relu"), "the node aside reads it as well");
    assert_eq!(model.node("aside").map(|node| node.operator()), Some("Mystery"));
}

#[test]
fn a_value_that_is_not_computed_is_a_problem() {
    let bytes = file();
    let model = Model::parse(&bytes).expect("it was just written");
    let graph = model.whole();
    let mut values = Values::new("input", 0);
    values.set(&graph.nodes[0], 1);
    assert_eq!((values.get("stem"), values.input(&graph.nodes[1], 0)), (Some(1), Ok(1)));
    let problem = values.input(&graph.nodes[2], 0).expect_err("the activation was not set");
    assert!(problem.to_string().contains("\"relu\""), "{problem}");
    assert!(values.input(&graph.nodes[2], 2).is_err(), "there is no third input");
}

#[test]
fn files_cut_short_or_altered_are_refused_or_read_without_a_panic() {
    let bytes = file();
    assert!(matches!(Model::parse(b"not a network"), Err(Error::Message(_))));
    assert!(matches!(Model::parse(b""), Err(Error::NoGraph)));
    let read = |bytes: &[u8]| {
        let Ok(model) = Model::parse(bytes) else { return };
        let _ = model.input();
        for node in &model.whole().nodes {
            let _ = (node.convolution(2).is_ok(), node.fully_connected(2).is_ok(), node.pooling_window());
            let _ = (node.normalization(2).is_ok(), node.arithmetic(2).is_ok(), node.slopes(2).is_ok());
        }
    };
    (0..bytes.len()).for_each(|length| read(&bytes[..length]));
    for place in 0..bytes.len() {
        for change in [0x01, 0x80, 0xff] {
            let mut altered = bytes.clone();
            altered[place] ^= change;
            read(&altered);
        }
    }
}
