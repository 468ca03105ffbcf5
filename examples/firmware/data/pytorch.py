#!/usr/bin/env python3
"""Trains the network of src/bin/pytorch.rs with PyTorch and saves it, with what it says of the
digits held out.

    apt-get install python3-torch python3-numpy python3-venv        # Debian 12: PyTorch 1.13
    /usr/bin/python3 -m venv --system-site-packages target/pytorch
    target/pytorch/bin/pip install safetensors
    target/pytorch/bin/python examples/firmware/data/pytorch.py
"""

import pathlib

import numpy
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
torch.set_num_threads(1)

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent.parent / "data"


def table(path):
    return torch.from_numpy(numpy.loadtxt(path, delimiter=",", dtype=numpy.float32))


held_out = table(HERE / "held_out.csv")
# All but the digits held out.
seen = {tuple(row.tolist()) for row in held_out}
train = [row for row in table(DATA / "digits.csv") if tuple(row.tolist()) not in seen]
train = torch.stack(train)
x, labels = train[:, :64] / 16, train[:, 64].long()

net = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3)
for epoch in range(30):
    for batch in torch.randperm(len(x)).split(32):
        optimizer.zero_grad()
        F.cross_entropy(net(x[batch]), labels[batch]).backward()
        optimizer.step()

logits = net(held_out[:, :64] / 16).detach()
right = (logits.argmax(1) == held_out[:, 64]).sum()
print(f"{right} of {len(held_out)} read rightly")
save_file(net.state_dict(), DATA / "pytorch.safetensors")
save_file({"logits": logits}, HERE / "pytorch_logits.safetensors")
