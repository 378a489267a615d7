"""Measures `style` against PyTorch on this machine: time and memory of an evaluation, and the final cost.

    python3 host/style/tools/compare.py time                  # some minutes
    python3 host/style/tools/compare.py cost CONTENT STYLE    # longer

Both run in turn, in processes of their own, with as many threads as there are cores. `time` reports
the medians and the median of the ratios of neighbours; `cost` the least cost after 300 evaluations.
Needs torch, numpy, onnx and pillow, and `cargo xtask setup --style`.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
ONNX = ROOT / ".cache/models/vgg16.onnx"
MEASURE = ROOT / "target/release/examples/measure"


def torch_run(content, style, evaluations, search):
    """In a process of its own: prints what `measure` prints."""
    import torch

    import gatys

    torch.set_num_threads(os.cpu_count())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    objective = gatys.Objective(gatys.Vgg(ONNX), gatys.picture(content), gatys.picture(style))
    picture = gatys.picture(content).requires_grad_()
    optimizer = torch.optim.LBFGS(
        [picture],
        max_iter=evaluations,
        max_eval=evaluations,
        history_size=10,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn=None if search == "none" else search,
    )
    seconds, costs, last = [], [], time.perf_counter()

    def closure():
        nonlocal last
        optimizer.zero_grad()
        cost = objective(picture)
        cost.backward()
        costs.append(cost.item())
        seconds.append(time.perf_counter() - last)
        last = time.perf_counter()
        return cost

    optimizer.step(closure)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "cost": min(costs[:evaluations]), "before": before, "peak": peak}))


def child(*command):
    return json.loads(subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE).stdout)


def ours(content, style, evaluations):
    return child(MEASURE, ONNX, content, style, evaluations)


def theirs(content, style, evaluations, search="none"):
    return child(sys.executable, __file__, "torch", content, style, evaluations, search)


def prepared(path, size, folder):
    """Cut square and scaled, so that neither side has to."""
    from PIL import Image

    image = Image.open(path).convert("RGB")
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side)).resize((size, size), Image.LANCZOS)
    to = Path(folder) / f"{Path(path).stem}.png"
    image.save(to)
    return to


def measure_time(size=512, rounds=5, evaluations=6):
    from PIL import Image

    with tempfile.TemporaryDirectory() as folder:
        pictures = [Path(folder) / "content.png", Path(folder) / "style.png"]
        Image.effect_mandelbrot((size, size), (-2, -1.5, 1, 1.5), 100).convert("RGB").save(pictures[0])
        Image.effect_noise((size, size), 90).convert("RGB").save(pictures[1])
        rows = []
        for _ in range(rounds):
            pair = [theirs(*pictures, evaluations), ours(*pictures, evaluations)]
            # The first evaluations hold the preparation and the first touch of the memory.
            times = [statistics.median(run["seconds"][2:]) for run in pair]
            rows.append((*times, *(run["peak"] for run in pair), *(run["before"] for run in pair)))
            print(f"  torch {times[0]:.3f} s, style {times[1]:.3f} s, ratio {times[1] / times[0]:.2f}", flush=True)
    median = [statistics.median(column) for column in zip(*rows)]
    ratio = statistics.median(row[1] / row[0] for row in rows)
    mega = [value / 1e6 for value in median[2:]]
    print(f"evaluation at {size}x{size}, conv1_1 to conv5_1, {os.cpu_count()} threads, medians of {rounds} rounds:")
    print(f"  time    torch {median[0]:.3f} s   style {median[1]:.3f} s   ratio {ratio:.2f}")
    print(f"  memory  torch {mega[0]:.0f} MB   style {mega[1]:.0f} MB   (peak of the process)")
    print(f"          torch {mega[0] - mega[2]:.0f} MB   style {mega[1] - mega[3]:.0f} MB   (beyond the program and its libraries)")


def measure_cost(content, style, size=256, evaluations=300):
    with tempfile.TemporaryDirectory() as folder:
        pictures = [prepared(path, size, folder) for path in (content, style)]
        cost = ours(*pictures, evaluations)["cost"]
        print(f"least cost in {evaluations} evaluations at {size}x{size}, L-BFGS that remembers 10 steps:")
        print(f"  style                  {cost:.6g}")
        for search in ("none", "strong_wolfe"):
            other = theirs(*pictures, evaluations, search)["cost"]
            print(f"  torch, {search:15} {other:.6g}   style / torch {cost / other:.3f}", flush=True)


def main():
    match sys.argv[1:]:
        case ["torch", content, style, evaluations, search]:
            return torch_run(content, style, int(evaluations), search)
        case ["time", *rest]:
            job = lambda: measure_time(*map(int, rest))
        case ["cost", content, style, *rest]:
            job = lambda: measure_cost(content, style, *map(int, rest))
        case _:
            sys.exit(__doc__)
    build = ["cargo", "build", "--release", "--quiet", "--package", "style", "--example", "measure"]
    subprocess.run(build, check=True, cwd=ROOT)
    job()


main()
