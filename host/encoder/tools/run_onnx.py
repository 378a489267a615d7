"""Runs an ONNX encoder by ONNX Runtime: `run_onnx.py MODEL COUNT HEIGHT WIDTH < PIXELS > EMBEDDINGS`.

Pixels are COUNT x HEIGHT x WIDTH x 3 bytes, red first; embeddings 4-byte floats. Needs onnxruntime
from PyPI, which `cargo xtask setup` puts where the test that calls this looks for it.
"""

import sys

import numpy
import onnxruntime

model, *sizes = sys.argv[1:]
pixels = numpy.frombuffer(sys.stdin.buffer.read(), numpy.uint8).reshape(*map(int, sizes), 3)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
feed = {session.get_inputs()[0].name: pixels.transpose(0, 3, 1, 2).astype(numpy.float32)}
sys.stdout.buffer.write(session.run(None, feed)[0].astype(numpy.float32).tobytes())
