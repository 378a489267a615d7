"""Compares the generated networks with ONNX Runtime.

    POSTERN_NETWORKS_FOLDER=FOLDER cargo test --release --test generated
    python3 host/compiler/tools/onnxruntime_outputs.py FOLDER

Needs the Python packages numpy and onnxruntime. Ends with status 1 if an output differs.
"""

import pathlib
import sys

import numpy
import onnxruntime


def main(folder):
    wrong = without = compared = 0
    onnxruntime.set_default_logger_severity(4)
    for file in sorted(folder.glob("*.onnx"), key=lambda file: int(file.stem)):
        ours = numpy.fromfile(file.with_suffix(".output"), "<f4")
        try:
            session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
            given = session.get_inputs()[0]
            picture = numpy.fromfile(file.with_suffix(".input"), "<f4").reshape(given.shape)
            theirs = session.run(None, {given.name: picture})[0].ravel()
        except Exception as error:  # What ONNX Runtime refuses has no answer to compare with.
            print(f"network {file.stem}: refused: {str(error)[:160]}")
            without += 1
            continue
        compared += 1
        off = numpy.abs(ours - theirs).max() / max(numpy.abs(theirs).max(), 1e-3)
        if ours.shape != theirs.shape or off > 2e-3:
            print(f"network {file.stem}: {off} from what ONNX Runtime computes")
            wrong += 1
    print(f"{compared} compared, {wrong} wrong, {without} refused by ONNX Runtime")
    return wrong > 0 or compared == 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
