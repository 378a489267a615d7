"""An ONNX network of Conv, PRelu, Add and Reshape as int8: for ONNX Runtime (QDQ) and for LiteRT (a .tflite file)."""
import pathlib
import tempfile

import numpy as np
import onnx
from onnx import version_converter
import onnxruntime as ort
from ai_edge_litert import schema_py_generated as tfl
import flatbuffers
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

INT8, INT32 = 9, 2


class Pictures(CalibrationDataReader):
    """Hands the pictures to ONNX Runtime's calibration, one by one."""

    def __init__(self, name, pictures):
        self.left = [{name: picture} for picture in pictures]

    def get_next(self):
        return self.left.pop() if self.left else None


def qdq(path, pictures, activations):
    """The network for ONNX Runtime: weights int8 by channel, activations uint8 (VNNI's own form) or int8."""
    # Scales by channel came with operator set 13.
    model = version_converter.convert_version(onnx.load(path), 13)
    name = model.graph.input[0].name
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / 'int8.onnx'
        quantize_static(model, out, Pictures(name, pictures), quant_format=QuantFormat.QDQ, per_channel=True,
                        activation_type=QuantType.QUInt8 if activations == 'uint8' else QuantType.QInt8,
                        weight_type=QuantType.QInt8)
        return out.read_bytes()


def ranges(model, pictures):
    """Least and largest value of each tensor over the pictures."""
    traced = onnx.ModelProto()
    traced.CopyFrom(model)
    del traced.graph.output[:]
    names = [node.output[0] for node in model.graph.node]
    traced.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in names)
    options = ort.SessionOptions()
    options.log_severity_level = 3
    session = ort.InferenceSession(traced.SerializeToString(), options)
    source = model.graph.input[0].name
    found, shapes = {source: (min(p.min() for p in pictures), max(p.max() for p in pictures))}, {source: pictures[0].shape}
    for picture in pictures:
        for name, value in zip(names, session.run(names, {source: picture})):
            low, high = found.get(name, (0.0, 0.0))
            found[name] = (min(low, value.min()), max(high, value.max()))
            shapes[name] = value.shape
    return found, shapes


class Writer:
    """Writes a .tflite file operator by operator. Tensors are NHWC."""

    def __init__(self):
        self.buffers, self.tensors, self.operators, self.codes = [tfl.BufferT()], [], [], []

    def tensor(self, shape, kind, scale=None, zero=None, axis=0, data=None):
        """Adds a tensor and gives its number. `data` makes it a constant."""
        tensor = tfl.TensorT()
        tensor.shape, tensor.type, tensor.name = list(shape), kind, f't{len(self.tensors)}'
        if scale is not None:
            scales = np.atleast_1d(scale).astype(np.float32)
            tensor.quantization = tfl.QuantizationParametersT()
            tensor.quantization.scale = scales
            tensor.quantization.zeroPoint = np.full(len(scales), zero, np.int64)
            tensor.quantization.quantizedDimension = axis
        if data is not None:
            buffer = tfl.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            tensor.buffer = len(self.buffers)
            self.buffers.append(buffer)
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def operator(self, code, inputs, output, options=None, kind=0, version=1):
        """Adds an operator with one output."""
        if (code, version) not in self.codes:
            self.codes.append((code, version))
        made = tfl.OperatorT()
        made.opcodeIndex = self.codes.index((code, version))
        made.inputs, made.outputs = inputs, [output]
        if options is not None:
            made.builtinOptions, made.builtinOptionsType = options, kind
        self.operators.append(made)

    def file(self, inputs, outputs):
        """The bytes of the file."""
        graph, model = tfl.SubGraphT(), tfl.ModelT()
        graph.tensors, graph.operators, graph.inputs, graph.outputs = self.tensors, self.operators, inputs, outputs
        model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], self.buffers, []
        for code, version in self.codes:
            made = tfl.OperatorCodeT()
            made.builtinCode, made.deprecatedBuiltinCode, made.version = code, min(code, 127), version
            model.operatorCodes.append(made)
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(model.Pack(builder), b'TFL3')
        return bytes(builder.Output())


def tflite(path, pictures, prelu):
    """The network for LiteRT. `prelu`: 'operator', or 'sum' of operators for which XNNPACK has int8 kernels."""
    model = onnx.shape_inference.infer_shapes(onnx.load(path))
    found, shapes = ranges(model, pictures)
    constants = {w.name: onnx.numpy_helper.to_array(w) for w in model.graph.initializer}
    writer, number, quantum = Writer(), {}, {}

    def activation(name):
        low, high = min(found[name][0], 0.0), max(found[name][1], 0.0)
        scale = float(high - low) / 255 or 1.0
        zero = int(np.clip(round(-128 - low / scale), -128, 127))
        shape = shapes[name]
        number[name] = writer.tensor([shape[0], *shape[2:], shape[1]] if len(shape) == 4 else shape, INT8, scale, zero)
        quantum[name] = (scale, zero)
        return number[name]

    source = model.graph.input[0].name
    activation(source)
    for node in model.graph.node:
        name = node.input[0]
        if node.op_type == 'Conv':
            convolution(writer, node, constants, number, quantum, shapes, activation)
        elif node.op_type == 'PRelu':
            slopes = constants[node.input[1]].reshape(1, 1, -1)
            scale = np.abs(slopes).max() / 127 or 1.0
            alpha = writer.tensor(slopes.shape, INT8, scale, 0, data=np.round(slopes / scale).astype(np.int8))
            x, y = number[name], activation(node.output[0])
            if prelu == 'operator':
                writer.operator(tfl.BuiltinOperator.PRELU, [x, alpha], y)
                continue
            # r = max(x, 0); y = r + slope * (x - r)
            low, high = min(found[name][0], 0.0), max(found[name][1], 0.0)
            like = writer.tensors[x].shape
            above = writer.tensor(like, INT8, *quantum[name])
            below = writer.tensor(like, INT8, float(high - low) / 255, 127)
            bent = writer.tensor(like, INT8, *quantum[node.output[0]])
            writer.operator(tfl.BuiltinOperator.RELU, [x], above, version=2)
            writer.operator(tfl.BuiltinOperator.SUB, [x, above], below, tfl.SubOptionsT(), tfl.BuiltinOptions.SubOptions, 2)
            writer.operator(tfl.BuiltinOperator.MUL, [below, alpha], bent, tfl.MulOptionsT(), tfl.BuiltinOptions.MulOptions, 2)
            writer.operator(tfl.BuiltinOperator.ADD, [above, bent], y, tfl.AddOptionsT(), tfl.BuiltinOptions.AddOptions, 2)
        elif node.op_type == 'Add':
            inputs = [number[i] for i in node.input]
            writer.operator(tfl.BuiltinOperator.ADD, inputs, activation(node.output[0]), tfl.AddOptionsT(),
                            tfl.BuiltinOptions.AddOptions, 2)
        elif node.op_type == 'Reshape':
            found[node.output[0]] = found[name]
            options = tfl.ReshapeOptionsT()
            options.newShape = list(shapes[node.output[0]])
            writer.operator(tfl.BuiltinOperator.RESHAPE, [number[name]], activation(node.output[0]), options,
                            tfl.BuiltinOptions.ReshapeOptions)
        else:
            raise SystemExit(f'{path} has the operator {node.op_type}; this tool knows Conv, PRelu, Add and Reshape')
    output = model.graph.output[0].name
    return writer.file([number[source]], [number[output]]), quantum[source], quantum[output]


def convolution(writer, node, constants, number, quantum, shapes, activation):
    """A convolution, or a depthwise one, with its border as an operator of its own where the stride is not 1."""
    name = node.input[0]
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    weights, bias = constants[node.input[1]], constants[node.input[2]]
    strides, pads = attributes.get('strides', [1, 1]), attributes.get('pads', [0, 0, 0, 0])
    depthwise = attributes.get('group', 1) > 1
    assert not depthwise or weights.shape[1] == 1
    x, (scale, zero) = number[name], quantum[name]
    same = strides == [1, 1] and pads == [(k - 1) // 2 for k in weights.shape[2:]] * 2
    if any(pads) and not same:
        n, c, h, w = shapes[name]
        border = np.array([[0, 0], [pads[0], pads[2]], [pads[1], pads[3]], [0, 0]], np.int32)
        padded = writer.tensor([n, h + pads[0] + pads[2], w + pads[1] + pads[3], c], INT8, scale, zero)
        writer.operator(tfl.BuiltinOperator.PAD, [x, writer.tensor(border.shape, INT32, data=border)], padded,
                        tfl.PadOptionsT(), tfl.BuiltinOptions.PadOptions)
        x = padded
    steps = np.maximum(np.abs(weights).max(axis=(1, 2, 3)), 1e-6) / 127
    rounded = np.round(weights / steps[:, None, None, None]).astype(np.int8)
    rounded = rounded.transpose(1, 2, 3, 0) if depthwise else rounded.transpose(0, 2, 3, 1)
    filters = writer.tensor(rounded.shape, INT8, steps, 0, 3 if depthwise else 0, rounded)
    biases = writer.tensor(bias.shape, INT32, scale * steps, 0, data=np.round(bias / (scale * steps)).astype(np.int32))
    options = tfl.DepthwiseConv2DOptionsT() if depthwise else tfl.Conv2DOptionsT()
    options.padding = tfl.Padding.SAME if same else tfl.Padding.VALID
    options.strideH, options.strideW = strides
    if depthwise:
        options.depthMultiplier = 1
    kind = tfl.BuiltinOptions.DepthwiseConv2DOptions if depthwise else tfl.BuiltinOptions.Conv2DOptions
    code = tfl.BuiltinOperator.DEPTHWISE_CONV_2D if depthwise else tfl.BuiltinOperator.CONV_2D
    writer.operator(code, [x, filters, biases], activation(node.output[0]), options, kind, 3)
