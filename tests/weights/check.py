#!/usr/bin/env python3
"""Has PyTorch read the networks that `cargo test --test weights` wrote, and compares its outputs
with theirs: the file must be the whole state of the module, and nothing else.

    target/pytorch/bin/python tests/weights/check.py target/tmp/weights     (venv: see generate.py)
"""

import pathlib
import sys

import torch
from safetensors.torch import load_file

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mlps import ACTIVATIONS, DEPTHS, mlp

folder = pathlib.Path(sys.argv[1])
x = load_file(pathlib.Path(__file__).with_name("mlps.safetensors"))["x"]
outputs = load_file(folder / "y.safetensors")

largest = {torch.float32: 0.0, torch.float64: 0.0}
for name, activation in ACTIVATIONS.items():
    for depth in DEPTHS:
        for kind, dtype in {"f32": torch.float32, "f64": torch.float64}.items():
            net = mlp(activation, depth).to(dtype)
            state = load_file(folder / f"{name}{depth}.{kind}.safetensors")
            assert all(p.dtype == dtype for p in state.values()), name
            net.load_state_dict(state, strict=True)
            found, expected = net(x.to(dtype)).double(), outputs.pop(f"{name}{depth}.{kind}")
            difference = ((found - expected).abs() / expected.abs().clamp(min=1)).max().item()
            largest[dtype] = max(largest[dtype], difference)
            assert difference <= (2e-6 if kind == "f32" else 1e-12), (name, depth, kind, difference)
assert not outputs
print(f"PyTorch {torch.__version__} gives the same outputs: largest differences {largest}")
