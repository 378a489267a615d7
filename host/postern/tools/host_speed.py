#!/usr/bin/env python3
"""How fast the int8 engine is on this computer beside ONNX Runtime's float network, one core each.

Usage: host_speed.py [MODEL] [ROUNDS]
Runs both in turn, so that what else the machine does falls on both, and prints the ratio of a round's
least times, then the median of the rounds. Needs onnxruntime and numpy, `cargo build --release`, and
the model compiled (`postern compile MODEL`).
"""
import json
import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np
import onnxruntime as ort

model = sys.argv[1] if len(sys.argv) > 1 else 'mobilefacenet'
rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
root = pathlib.Path(__file__).resolve().parents[3]
options = ort.SessionOptions()
options.log_severity_level = 3
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(str(root / f'.cache/models/{model}.onnx'), options)
source = session.get_inputs()[0]
picture = np.random.default_rng(1).random(source.shape, dtype=np.float32)


def runtime():
    """Least nanoseconds of one inference of ONNX Runtime."""
    least = float('inf')
    for _ in range(30):
        start = time.perf_counter_ns()
        session.run(None, {source.name: picture})
        least = min(least, time.perf_counter_ns() - start)
    return least


def engine():
    """Least nanoseconds of one inference of the engine."""
    command = [root / 'target/release/postern', 'bench', '--on', 'host', '--model', model, '--json']
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)['cost']


ratios = []
for number in range(rounds):
    ratios.append(runtime() / engine())
    print(f'round {number + 1}: {ratios[-1]:.2f} times as fast as ONNX Runtime {ort.__version__}')
print(f'median {statistics.median(ratios):.2f}')
