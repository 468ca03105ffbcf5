"""Runs the models that `cargo test --features onnx --test export` wrote, in ONNX Runtime, and holds
their outputs against those of the crate.

    python3 -m venv target/onnxruntime
    target/onnxruntime/bin/pip install onnxruntime==1.32.0 numpy
    target/onnxruntime/bin/python tests/export/onnx.py target/tmp/onnx

Every model is run on all samples at once, and on one alone. The largest difference allowed is 1e-6
of max(1, |y|) in single precision, and 1e-12 in double.

In double precision ONNX Runtime has no Erf, so that it does not run the exact Gelu. That it still
refuses these models is asked for, so that the day it runs them is not missed.
"""

import pathlib
import sys

import numpy
import onnxruntime

MOST = {"float": 1e-6, "double": 1e-12}
# Those with a Gelu, or with a Φ of their own.
WITHOUT_KERNEL = {"gelu_f64", "far_gelu_f64", "parts_f64", "far_parts_f64"}


def run(folder, name, number, inputs, outputs):
    """The largest error of a model, in units of max(1, |y|)."""
    session = onnxruntime.InferenceSession(
        folder / f"{name}.onnx", providers=["CPUExecutionProvider"]
    )
    [x_info], [y_info] = session.get_inputs(), session.get_outputs()
    assert (x_info.name, x_info.shape, x_info.type) == ("x", ["batch", inputs], f"tensor({number})")
    assert (y_info.name, y_info.shape, y_info.type) == ("y", ["batch", outputs], f"tensor({number})")

    dtype = {"float": numpy.float32, "double": numpy.float64}[number]
    x = numpy.fromfile(folder / f"{name}.x", dtype).reshape(-1, inputs)
    y = numpy.fromfile(folder / f"{name}.y", dtype).reshape(-1, outputs)
    assert len(x) == len(y) > 1
    error = 0.0
    for rows in slice(None), slice(0, 1):
        [found] = session.run(["y"], {"x": x[rows]})
        assert found.shape == y[rows].shape and found.dtype == dtype
        differences = numpy.abs(found.astype(float) - y[rows]) / numpy.maximum(1, numpy.abs(y[rows]))
        assert not numpy.isnan(differences).any(), name
        error = max(error, differences.max())
    return error


def main():
    folder = pathlib.Path(sys.argv[1])
    worst = {"float": 0.0, "double": 0.0}
    models = [line.split() for line in (folder / "list.txt").read_text().splitlines()]
    for name, number, inputs, outputs in models:
        try:
            error = run(folder, name, number, int(inputs), int(outputs))
        except onnxruntime.capi.onnxruntime_pybind11_state.NotImplemented as missing:
            if name not in WITHOUT_KERNEL or "Erf" not in str(missing):
                sys.exit(f"{name}: {missing}")
            continue
        if name in WITHOUT_KERNEL:
            sys.exit(f"{name} runs now: take it out of the list of those that do not")
        if error > MOST[number]:
            sys.exit(f"{name}: differs by {error:.1e}, at most {MOST[number]} allowed")
        worst[number] = max(worst[number], error)
    if len(models) < 40:
        sys.exit(f"{len(models)} models found, at least 40 expected")
    print(
        f"ONNX Runtime {onnxruntime.__version__}: {len(models) - len(WITHOUT_KERNEL)} models agree, "
        f"to {worst['float']:.1e} in single and {worst['double']:.1e} in double precision; "
        f"{len(WITHOUT_KERNEL)} of double precision need an Erf that it does not have"
    )


main()
