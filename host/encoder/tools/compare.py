"""Measures a training step of MobileFaceNet against PyTorch on this machine: time and memory.

    python3 host/encoder/tools/compare.py [ROUNDS [PICTURES]]      # 5 rounds of 32 pictures

Both train the published network (Chen et al. 2018, 128 values) on the same kind of pictures, 112x112,
with batch norms, the triplet loss and Adam. They run in turn, in processes of their own, with as many
threads as there are cores; reported are the medians and the median of the ratios of neighbours.
Needs torch from PyPI.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
STEP = ROOT / "target/release/examples/step"
STEPS = 5


def network():
    from torch import nn

    def layer(inputs, outputs, side, stride=1, groups=1, prelu=True, pad=None):
        pad = side // 2 if pad is None else pad
        parts = [nn.Conv2d(inputs, outputs, side, stride, pad, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
        return nn.Sequential(*parts, *([nn.PReLU(outputs)] if prelu else []))

    class Bottleneck(nn.Module):
        def __init__(self, inputs, inner, outputs, stride):
            super().__init__()
            self.whole = nn.Sequential(
                layer(inputs, inner, 1),
                layer(inner, inner, 3, stride, inner),
                layer(inner, outputs, 1, prelu=False),
            )
            self.sum = stride == 1

        def forward(self, x):
            return x + self.whole(x) if self.sum else self.whole(x)

    parts = [layer(3, 64, 3, 2), layer(64, 64, 3, 1, 64)]
    inputs = 64
    for down, channels, inner, depth in [(128, 64, 128, 4), (256, 128, 256, 6), (512, 128, 256, 2)]:
        parts.append(Bottleneck(inputs, down, channels, 2))
        parts += [Bottleneck(channels, inner, channels, 1) for _ in range(depth)]
        inputs = channels
    parts += [layer(128, 512, 1), layer(512, 512, 7, groups=512, prelu=False, pad=0), layer(512, 128, 1, prelu=False)]
    return nn.Sequential(*parts, nn.Flatten())


def torch_run(pictures):
    """In a process of its own: prints what the example `step` prints."""
    import torch
    from torch.nn.functional import normalize

    torch.set_num_threads(os.cpu_count())
    torch.manual_seed(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    net = network().train()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    pixels = torch.randint(0, 256, (pictures, 3, 112, 112), dtype=torch.uint8)
    row = torch.arange(pictures)
    positive, negative = row ^ 1, (row + 2) % pictures
    seconds, losses = [], []
    for _ in range(STEPS):
        start = time.perf_counter()
        optimizer.zero_grad()
        e = normalize(net((pixels.float() - 127.5) / 128))
        near, far = (e - e[positive]).square().sum(1), (e - e[negative]).square().sum(1)
        loss = (near - far + 0.2).clamp(min=0).mean()
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        losses.append(loss.item())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    weights = sum(p.numel() for p in net.parameters())
    print(json.dumps({"seconds": seconds, "losses": losses, "before": before, "peak": peak, "weights": weights}))


def child(*command):
    return json.loads(subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE).stdout)


def compare(rounds=5, pictures=32):
    build = ["cargo", "build", "--release", "--quiet", "--package", "encoder", "--example", "step"]
    subprocess.run(build, check=True, cwd=ROOT)
    rows = []
    for _ in range(rounds):
        pair = [child(sys.executable, __file__, "torch", pictures), child(STEP, pictures, STEPS)]
        # The first step holds the first touch of the memory.
        times = [statistics.median(run["seconds"][1:]) for run in pair]
        rows.append((*times, *(run["peak"] for run in pair), *(run["before"] for run in pair)))
        print(f"  torch {times[0]:.3f} s, encoder {times[1]:.3f} s, ratio {times[1] / times[0]:.2f}", flush=True)
    median = [statistics.median(column) for column in zip(*rows)]
    ratio = statistics.median(row[1] / row[0] for row in rows)
    mega = [value / 1e6 for value in median[2:]]
    print(f"step of MobileFaceNet, {pictures} pictures, {os.cpu_count()} threads, medians of {rounds} rounds:")
    print(f"  time    torch {median[0]:.3f} s   encoder {median[1]:.3f} s   ratio {ratio:.2f}")
    print(f"  memory  torch {mega[0]:.0f} MB   encoder {mega[1]:.0f} MB   (peak of the process)")
    print(f"          torch {mega[0] - mega[2]:.0f} MB   encoder {mega[1] - mega[3]:.0f} MB   (beyond program and libraries)")


match sys.argv[1:]:
    case ["torch", pictures]:
        torch_run(int(pictures))
    case numbers if all(number.isdigit() for number in numbers):
        compare(*map(int, numbers))
    case _:
        sys.exit(__doc__)
