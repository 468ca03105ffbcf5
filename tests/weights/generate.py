#!/usr/bin/env python3
"""Writes the files that tests/weights and tests/ui read: what PyTorch saves through safetensors.

    apt-get install python3-torch python3-venv                      # Debian 12: PyTorch 1.13
    /usr/bin/python3 -m venv --system-site-packages target/pytorch
    target/pytorch/bin/pip install safetensors
    target/pytorch/bin/python tests/weights/generate.py

The output is committed, and the tests need no Python. Every random number comes from one seed.
"""

import pathlib

import torch
from safetensors.torch import save, save_file
from torch import nn

from mlps import ACTIVATIONS, BATCH, DEPTHS, SIZES, mlp

torch.manual_seed(4)
torch.set_num_threads(1)

HERE = pathlib.Path(__file__).parent
UI = HERE.parent / "ui" / "weights"

def mlps():
    """Every activation at every depth: weights, and the outputs in f64 for the same inputs."""
    x = torch.randn(BATCH, SIZES[0])
    tensors = {"x": x}
    for name, activation in ACTIVATIONS.items():
        for depth in DEPTHS:
            net = mlp(activation, depth)
            prefix = f"{name}{depth}"
            tensors |= {f"{prefix}.{key}": p.clone() for key, p in net.state_dict().items()}
            tensors[f"y.{prefix}"] = net.double()(x.double()).detach()
    return tensors


class Named(nn.Module):
    """A network whose layers have names."""

    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(5, 7)
        self.out = nn.Linear(7, 4)

    def forward(self, x):
        return self.out(torch.tanh(self.fc1(x)))


save_file(mlps(), HERE / "mlps.safetensors")
parts = {"actor": mlp(nn.Tanh, 4), "critic": mlp(None, 2)}
save_file(nn.ModuleDict(parts).state_dict(), HERE / "parts.safetensors")
save_file(Named().state_dict(), HERE / "named.safetensors")
save_file(mlp(nn.Tanh, 3).double().state_dict(), HERE / "double.safetensors")

# Halves: random ones, the smallest, subnormal ones, the largest, zeros. PyTorch says what they are.
halves = torch.cat([torch.randn(20), torch.tensor([6e-8, -6e-8, 3e-5, 6.1e-5, -0.0, 65504])])
# The same of bfloat16, whose exponents are those of f32.
wide = torch.cat([torch.randn(20), torch.tensor([1e-40, -9.2e-41, 1.2e-38, 0.0, -0.0, 3.38e38])])
halves, wide = halves.half().reshape(2, 13), wide.bfloat16().reshape(2, 13)
save_file({"0.weight": halves, "0.bias": wide[0, :2].clone()}, HERE / "f16.safetensors")
save_file({"0.weight": wide, "0.bias": halves[0, :2].clone()}, HERE / "bf16.safetensors")
exact = {"f16": halves.double(), "bf16": wide.double()}
save_file(exact, HERE / "halves_in_f64.safetensors")


# A layer that PyTorch does not have: tests/weights/scale.rs says what is in the file.
tensor = torch.tensor
scale = {
    "0.weight": tensor([[1.0, 0, 0], [0, 1, 0]]),
    "0.bias": tensor([0.0, 0]),
    "1.a": tensor([2.0, -4]),
    "1.b": tensor([0.5, 0.25]),
    "2.weight": tensor([[1.0, 0], [0, 1], [1, 1]]),
    "2.bias": tensor([0.0, 0, 8]),
}
save_file(scale, HERE / "scale.safetensors")

# For tests/ui: a network of 4-3-2, and files that are not its own.
right = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2)).state_dict()
save_file(right, UI / "right.safetensors")
save_file(right | {"2.weight": torch.zeros(2, 4)}, UI / "shape.safetensors")
save_file({key: p for key, p in right.items() if key != "0.bias"}, UI / "missing.safetensors")
save_file(right | {"4.bias": torch.zeros(1)}, UI / "extra.safetensors")
save_file(right | {"2.bias": torch.zeros(2, dtype=torch.int64)}, UI / "dtype.safetensors")
save_file(right | {"0.weight": torch.full((3, 4), torch.nan)}, UI / "nan.safetensors")
(UI / "truncated.safetensors").write_bytes(save(right)[:-4])
