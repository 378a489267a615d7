//! Files that are written here, read again.
#![forbid(unsafe_code)]

use onnx::{Attribute, Axis, Dimension, Error, Model, Problem, Values, Window, Writer};

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
    let conv = nodes[0].convolution(2, None).expect("a convolution of two channels");
    assert_eq!((conv.outputs, conv.depth, conv.depthwise), (3, 2, false));
    assert!(conv.bias.is_none());
    assert_eq!(conv.window, Window { stride: [2, 1], ..Window::POINT });
    assert_eq!(conv.filters()[(conv.outputs - 1) * 2], 5.0);
    assert!(matches!(nodes[0].convolution(3, None), Err(Problem::Invalid(_))));
    assert_eq!(nodes[1].slopes(Axis::of_map(3)).expect("slopes"), Some(vec![0.25; 3]));
    // The constant may come first, since products commute.
    assert_eq!(nodes[3].computed_operand(), Some(1));
    assert_eq!(nodes[3].arithmetic(Axis::of_map(2)).expect("a product").scale, [3.0; 2]);
    assert!(nodes[2].arithmetic(Axis::of_map(2)).is_err(), "both are computed");
}

#[test]
fn what_a_node_says_and_nobody_asked_for_is_named() {
    let mut file = Writer::new("test", 7, 13);
    file.input("input", &[1, 2, 4, 5].map(Dimension::Fixed));
    file.constant("w", &[2, 2, 1, 1], &[1.0; 4]);
    let strange = Attribute::Int("strange", 1);
    let group = Attribute::Int("group", 1);
    file.node("Conv", "said", &["input", "w"], &[group, strange]);
    file.node("Conv", "typed", &["input", "w"], &[Attribute::Float("group", 2.0)]);
    file.node("Relu", "more", &["input", "w"], &[]);
    file.node("Conv", "plain", &["input", "w"], &[group]);
    let bytes = file.finish();
    let model = Model::parse(&bytes).expect("it was just written");
    for (node, said) in model.nodes().zip(["strange", "group", "input 1, \"w\"", ""]) {
        node.input(0);
        if node.operator() == "Conv" {
            node.convolution(2, None).expect("a convolution of two channels");
        }
        match node.finish() {
            Ok(()) => assert_eq!(node.name(), "plain"),
            Err(problem) => assert!(problem.to_string().contains(said), "{}: {problem}", node.name()),
        }
    }
}

#[test]
fn nodes_of_constants_are_computed_when_a_file_is_read() {
    let mut file = Writer::new("test", 7, 13);
    file.input("input", &[1, 6].map(Dimension::Fixed));
    file.constant("w", &[2, 3], &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    file.node("Transpose", "turned", &["w"], &[Attribute::Ints("perm", &[1, 0])]);
    file.node("Constant", "half", &[], &[Attribute::Float("value_float", 0.5)]);
    file.node("Mul", "halved", &["turned", "half"], &[]);
    file.integers("shape", &[2], &[2, -1]);
    file.node("Reshape", "shaped", &["halved", "shape"], &[]);
    file.tensor("bytes", &[2, 2], onnx::proto::DataType::Int8, vec![1, 255, 3, 4]);
    file.constant("scales", &[2], &[0.5, 2.0]);
    file.node("DequantizeLinear", "real", &["bytes", "scales"], &[Attribute::Int("axis", 0)]);
    file.node("Mystery", "reads", &["shaped", "real", "input"], &[]);
    let bytes = file.finish();
    let model = Model::parse(&bytes).expect("it was just written");
    let node = model.nodes().next().expect("one node is left");
    assert_eq!((node.name(), model.nodes().count()), ("reads", 1));
    let shaped = node.constant(0).expect("it is known");
    assert_eq!((&shaped.dims[..], &shaped.values[..]), (&[2, 3][..], &[0.5, 2.0, 1.0, 2.5, 1.5, 3.0][..]));
    assert_eq!(node.constant(1).expect("it is known").values, [0.5, -0.5, 6.0, 8.0]);
}

#[test]
fn a_value_that_is_shown_in_another_form_is_read_as_often_as_its_source() {
    let mut file = Writer::new("test", 7, 13);
    file.input("input", &[1, 6].map(Dimension::Fixed));
    file.node("Relu", "a", &["input"], &[]);
    file.node("Identity", "shown", &["a"], &[]);
    file.node("Relu", "b", &["shown"], &[]);
    file.node("Add", "c", &["a", "b"], &[]);
    let bytes = file.finish();
    let graph = Model::parse(&bytes).expect("it was just written");
    let graph = graph.whole();
    assert!(graph.is_read_once("b") && !graph.is_read_once("a") && !graph.is_read_once("shown"));
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
            let _ = (
                node.convolution(2, None).is_ok(),
                node.fully_connected(2).is_ok(),
                node.pooling_window(None),
            );
            let _ = (
                node.normalization(2).is_ok(),
                node.arithmetic(Axis::of_map(2)).is_ok(),
                node.slopes(Axis::of_map(2)).is_ok(),
            );
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

#[test]
fn weights_in_a_file_beside_the_network_are_read_and_no_others() {
    use onnx::proto;
    use prost::Message;
    let folder = std::env::temp_dir().join(format!("postern-onnx-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let values: Vec<u8> = [0.0f32, 1.5, -2.0].iter().flat_map(|value| value.to_le_bytes()).collect();
    std::fs::write(folder.join("weights.bin"), values).expect("a file");
    let read = |location: &str, offset: &str| {
        let entry = |key: &str, value: &str| proto::Entry { key: key.into(), value: value.into() };
        let external_data = vec![entry("location", location), entry("offset", offset), entry("length", "8")];
        let tensor = proto::Tensor {
            name: "w".into(),
            dims: vec![2],
            data_type: proto::DataType::Float as i32,
            external_data,
            data_location: 1,
            ..Default::default()
        };
        let graph = proto::Graph { initializer: vec![tensor], ..Default::default() };
        let path = folder.join("network.onnx");
        let file = proto::Model { graph: Some(graph), ..Default::default() };
        std::fs::write(&path, file.encode_to_vec()).expect("a file");
        Model::read_file(&path)
    };
    let bytes = read("weights.bin", "4").expect("the file is there");
    let file = proto::Model::decode(&bytes[..]).expect("it was just written");
    let tensor = &file.graph.expect("a graph").initializer[0];
    assert_eq!(tensor.raw_data, [1.5f32, -2.0].map(f32::to_le_bytes).concat());
    assert_eq!(tensor.data_location, 0);
    for (location, offset, words) in [
        ("weights.bin", "8", "ends before its values"),
        ("weights.bin", "x", "offset"),
        ("none.bin", "0", "none.bin"),
        ("../weights.bin", "0", "not in the folder"),
        ("/etc/hostname", "0", "not in the folder"),
    ] {
        let error = read(location, offset).expect_err(words).to_string();
        assert!(error.contains(words), "{error}");
    }
    std::fs::remove_dir_all(&folder).expect("it was made here");
}

#[test]
fn a_filter_of_a_group_has_zeros_for_the_channels_of_the_others() {
    let mut file = Writer::new("test", 7, 13);
    file.input("input", &[1, 4, 3, 3].map(Dimension::Fixed));
    file.constant("w", &[2, 2, 1, 1], &[1.0, 2.0, 3.0, 4.0]);
    file.node("Conv", "conv", &["input", "w"], &[Attribute::Int("group", 2)]);
    let bytes = file.finish();
    let model = Model::parse(&bytes).expect("it was just written");
    let node = model.node("conv").expect("it is there");
    let conv = node.convolution(4, None).expect("it has two groups");
    assert_eq!((conv.depth, conv.depthwise), (4, false));
    assert_eq!(conv.filters(), [1.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 4.0]);
}
