//! Small ONNX networks built for the tests, with pseudo-random weights.

use tract_onnx::pb;
use tract_onnx::pb::tensor_proto::DataType;

/// A network under construction.
pub struct Builder {
    graph: pb::GraphProto,
    state: u64,
}

impl Builder {
    /// A network with one input `input` of 1 x `channels` x `height` x `width`.
    pub fn new([channels, height, width]: [i64; 3]) -> Self {
        let mut graph = pb::GraphProto { name: "test".into(), ..Default::default() };
        graph.input.push(value("input", &[1, channels, height, width]));
        Self { graph, state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// Pseudo-random numbers in -1..1, scaled.
    pub fn random(&mut self, count: usize, scale: f32) -> Vec<f32> {
        let mut step = || {
            self.state ^= self.state << 13;
            self.state ^= self.state >> 7;
            self.state ^= self.state << 17;
            (self.state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        (0..count).map(|_| step() * scale).collect()
    }

    /// A constant.
    pub fn constant(&mut self, name: &str, dims: &[i64], values: Vec<f32>) {
        self.graph.initializer.push(pb::TensorProto {
            name: name.into(),
            dims: dims.to_vec(),
            data_type: DataType::Float as i32,
            float_data: values,
            ..Default::default()
        });
    }

    /// A node; its output bears the node's name.
    pub fn node(&mut self, operator: &str, name: &str, inputs: &[&str], attributes: &[(&str, &[i64])]) {
        let attribute = |&(name, ints): &(&str, &[i64])| {
            let single = matches!(name, "group" | "transB" | "axis");
            let kind = if single {
                pb::attribute_proto::AttributeType::Int
            } else {
                pb::attribute_proto::AttributeType::Ints
            };
            pb::AttributeProto {
                name: name.into(),
                r#type: kind as i32,
                i: if single { ints[0] } else { 0 },
                ints: if single { vec![] } else { ints.to_vec() },
                ..Default::default()
            }
        };
        self.graph.node.push(pb::NodeProto {
            op_type: operator.into(),
            name: name.into(),
            input: inputs.iter().map(|i| i.to_string()).collect(),
            output: vec![name.into()],
            attribute: attributes.iter().map(attribute).collect(),
            ..Default::default()
        });
    }

    /// A convolution with random weights.
    pub fn conv(
        &mut self,
        name: &str,
        input: &str,
        [outputs, depth, kernel]: [i64; 3],
        stride: i64,
        group: i64,
    ) {
        let count = (outputs * depth * kernel * kernel) as usize;
        let weights = self.random(count, (2.0 / (depth * kernel * kernel) as f32).sqrt());
        let bias = self.random(outputs as usize, 0.2);
        self.constant(&format!("{name}.w"), &[outputs, depth, kernel, kernel], weights);
        self.constant(&format!("{name}.b"), &[outputs], bias);
        let pad = kernel / 2;
        self.node(
            "Conv",
            name,
            &[input, &format!("{name}.w"), &format!("{name}.b")],
            &[
                ("kernel_shape", &[kernel, kernel]),
                ("strides", &[stride, stride]),
                ("pads", &[pad, pad, pad, pad]),
                ("group", &[group]),
            ],
        );
    }

    /// A PReLU with random slopes, some of them negative.
    pub fn prelu(&mut self, name: &str, input: &str, channels: i64) {
        let slopes = self.random(channels as usize, 0.5);
        self.constant(&format!("{name}.s"), &[channels, 1, 1], slopes);
        self.node("PRelu", name, &[input, &format!("{name}.s")], &[]);
    }

    /// A batch norm with random statistics.
    pub fn batch_norm(&mut self, name: &str, input: &str, channels: i64) {
        let parts = [("gamma", 1.0, 0.5), ("beta", 0.0, 0.3), ("mean", 0.0, 0.3), ("variance", 1.0, 0.5)];
        for (part, centre, spread) in parts {
            let values = self.random(channels as usize, spread).iter().map(|v| v + centre).collect();
            self.constant(&format!("{name}.{part}"), &[channels], values);
        }
        let input_names: Vec<String> = parts.iter().map(|(part, ..)| format!("{name}.{part}")).collect();
        let mut inputs = vec![input];
        inputs.extend(input_names.iter().map(String::as_str));
        self.node("BatchNormalization", name, &inputs, &[]);
    }

    /// The bytes of the file, with the given outputs.
    pub fn finish(mut self, outputs: &[(&str, &[i64])]) -> Vec<u8> {
        use prost::Message;
        self.graph.output = outputs.iter().map(|(name, dims)| value(name, dims)).collect();
        let opset = pb::OperatorSetIdProto { domain: String::new(), version: 11 };
        let model = pb::ModelProto {
            ir_version: 6,
            opset_import: vec![opset],
            graph: Some(self.graph),
            ..Default::default()
        };
        model.encode_to_vec()
    }
}

/// A network with every operator of the engine: residual sum, depthwise, pooling, resize, batch
/// norms before and after activations, and a fully connected layer at its end.
pub fn everything() -> Vec<u8> {
    let mut net = Builder::new([3, 16, 12]);
    net.constant("mean", &[1], vec![127.5]);
    net.constant("scale", &[1], vec![1.0 / 128.0]);
    net.node("Sub", "centred", &["input", "mean"], &[]);
    net.node("Mul", "scaled", &["centred", "scale"], &[]);
    net.conv("stem", "scaled", [8, 3, 3], 1, 1);
    net.batch_norm("stem_bn", "stem", 8);
    net.prelu("stem_prelu", "stem_bn", 8);
    net.conv("depthwise", "stem_prelu", [8, 1, 3], 1, 8);
    net.node("Relu", "depthwise_relu", &["depthwise"], &[]);
    net.conv("project", "depthwise_relu", [8, 8, 1], 1, 1);
    net.node("Add", "residual", &["stem_prelu", "project"], &[]);
    net.node("MaxPool", "pooled", &["residual"], &[("kernel_shape", &[2, 2]), ("strides", &[2, 2])]);
    net.conv("lateral", "pooled", [8, 8, 1], 1, 1);
    net.constant("roi", &[0], vec![]);
    net.constant("twice", &[4], vec![1.0, 1.0, 2.0, 2.0]);
    net.node("Resize", "resized", &["lateral", "roi", "twice"], &[]);
    net.node("Add", "merged", &["resized", "residual"], &[]);
    net.conv("down", "merged", [16, 8, 3], 2, 1);
    net.prelu("down_prelu", "down", 16);
    net.batch_norm("late_bn", "down_prelu", 16);
    net.node("Flatten", "flat", &["late_bn"], &[]);
    let weights = net.random(10 * 16 * 8 * 6, 0.05);
    net.constant("head.w", &[10, 16 * 8 * 6], weights);
    let bias = net.random(10, 0.1);
    net.constant("head.b", &[10], bias);
    net.node("Gemm", "head", &["flat", "head.w", "head.b"], &[("transB", &[1])]);
    net.batch_norm("head_bn", "head", 10);
    net.finish(&[("head_bn", &[1, 10])])
}

/// Pictures of 16 x 12 with some structure.
pub fn samples(count: usize) -> Vec<Vec<u8>> {
    let mut noise = Builder::new([3, 16, 12]);
    let picture = |noise: Vec<f32>, phase: usize| {
        let pixel =
            |(i, n): (usize, f32)| (128.0 + 70.0 * ((i + 7 * phase) as f32 / 40.0).sin() + 50.0 * n) as u8;
        noise.into_iter().enumerate().map(pixel).collect()
    };
    (0..count).map(|phase| picture(noise.random(16 * 12 * 3, 1.0), phase)).collect()
}

fn value(name: &str, dims: &[i64]) -> pb::ValueInfoProto {
    use pb::{TensorShapeProto, TypeProto, tensor_shape_proto, type_proto};
    let dimension = |&n: &i64| tensor_shape_proto::Dimension {
        value: Some(tensor_shape_proto::dimension::Value::DimValue(n)),
        ..Default::default()
    };
    let tensor = type_proto::Tensor {
        elem_type: DataType::Float as i32,
        shape: Some(TensorShapeProto { dim: dims.iter().map(dimension).collect() }),
    };
    let kind = TypeProto { value: Some(type_proto::Value::TensorType(tensor)), ..Default::default() };
    pb::ValueInfoProto { name: name.into(), r#type: Some(kind), ..Default::default() }
}
