#!/usr/bin/env python3
"""How fast the int8 engine is on this computer beside ONNX Runtime (float, int8) and LiteRT (int8), one core each.

Usage: host_speed.py [MODEL] [ROUNDS] [IMAGE]
Runs all in turn, so that what else the machine does falls on all, and prints the ratio of a round's
least times, then the median of the rounds. Needs `pip install onnx onnxruntime ai-edge-litert sympy`,
`cargo build --release`, and the model compiled (`postern compile MODEL`). MODEL: a network of Conv, PRelu,
Add and Reshape, such as mobilefacenet. IMAGE: an image that the engine runs in place of MODEL's, such as one
compiled with --no-pruning. The outputs of each int8 network are compared with the float one's first.
"""
import json
import logging
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime as ort
from ai_edge_litert.interpreter import Interpreter

import int8_networks

logging.disable(logging.WARNING)
model = sys.argv[1] if len(sys.argv) > 1 else 'mobilefacenet'
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
image = sys.argv[3] if len(sys.argv) > 3 else model
root = pathlib.Path(__file__).resolve().parents[3]
path = str(root / f'.cache/models/{model}.onnx')


def session(network):
    """A session of ONNX Runtime on one core."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return ort.InferenceSession(network, options)


def with_onnx_runtime(network):
    """A function that runs one inference and gives its output as a float vector."""
    made = session(network)
    name = made.get_inputs()[0].name
    return lambda picture: made.run(None, {name: picture})[0].ravel()


def with_litert(network, source, output):
    """The same by LiteRT, whose XNNPACK delegate is on by default."""
    made = Interpreter(model_content=network, num_threads=1)
    made.allocate_tensors()
    into, out = made.get_input_details()[0]['index'], made.get_output_details()[0]['index']
    quantized = {}

    def run(picture):
        key = id(picture)
        if key not in quantized:
            values = np.round(picture / source[0] + source[1]).clip(-128, 127).astype(np.int8)
            quantized[key] = np.ascontiguousarray(values.transpose(0, 2, 3, 1))
        made.set_tensor(into, quantized[key])
        made.invoke()
        return (made.get_tensor(out).ravel().astype(np.float32) - output[1]) * output[0]

    return run


def least(run, picture):
    """Least nanoseconds of one inference."""
    best = float('inf')
    for _ in range(30):
        start = time.perf_counter_ns()
        run(picture)
        best = min(best, time.perf_counter_ns() - start)
    return best


def engine():
    """Least nanoseconds of one inference of the engine."""
    command = [root / 'target/release/postern', 'bench', '--on', 'host', '--model', image, '--json']
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)['cost']


def pictures(shape, count):
    """Smooth random pictures: small ones, made larger."""
    random = np.random.default_rng(1)
    small = random.random((count, 1, shape[1], shape[2] // 8, shape[3] // 8), dtype=np.float32)
    return list((small.repeat(8, axis=3).repeat(8, axis=4) * 255).astype(np.float32))


float_network = with_onnx_runtime(path)
shape = session(path).get_inputs()[0].shape
shown = pictures(shape, 8)
rivals = {f'ONNX Runtime {ort.__version__}, float': float_network}
for kind in ('uint8', 'int8'):
    rivals[f'ONNX Runtime {ort.__version__}, int8 (QDQ, activations {kind})'] = with_onnx_runtime(
        int8_networks.qdq(path, shown, kind))
for prelu in ('operator', 'sum'):
    rivals[f'LiteRT, int8 (PReLU as {prelu})'] = with_litert(*int8_networks.tflite(path, shown, prelu))

expected = float_network(shown[0])
for name, run in rivals.items():
    output = run(shown[0])
    cosine = float(output @ expected / np.linalg.norm(output) / np.linalg.norm(expected))
    print(f'{name}: cosine {cosine:.4f} to the float network')
    if not cosine > 0.9:
        raise SystemExit(f'{name} computes something else, so its time says nothing')

ratios = {name: [] for name in rivals}
for number in range(rounds):
    own = engine()
    for name, run in rivals.items():
        ratios[name].append(least(run, shown[0]) / own)
    print(f'round {number + 1} of {rounds}', flush=True)
for name, values in ratios.items():
    print(f'{statistics.median(values):.2f} times as fast as {name}')
fastest = min((statistics.median(v), name) for name, v in ratios.items() if 'int8' in name)
print(f'the fastest int8 network is that of {fastest[1]}: {fastest[0]:.2f}')
