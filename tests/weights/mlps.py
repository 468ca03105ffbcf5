"""The networks of generate.py and check.py."""

from torch import nn

# Those of the crate that PyTorch has as modules; `Identity` is none.
ACTIVATIONS = {
    "Identity": None,
    "Relu": nn.ReLU,
    "LeakyRelu": nn.LeakyReLU,
    "Elu": nn.ELU,
    "Selu": nn.SELU,
    "Gelu": nn.GELU,
    "GeluTanh": lambda: nn.GELU(approximate="tanh"),
    "Silu": nn.SiLU,
    "Sigmoid": nn.Sigmoid,
    "HardSigmoid": nn.Hardsigmoid,
    "Tanh": nn.Tanh,
    "HardTanh": nn.Hardtanh,
    "Softplus": nn.Softplus,
    "Softsign": nn.Softsign,
    "Softmax": lambda: nn.Softmax(dim=-1),
}
SIZES = [5, 7, 6, 3, 8, 9]
OUT, BATCH, DEPTHS = 4, 3, range(1, 7)


def mlp(activation, depth):
    """`depth` layers, each with the activation behind it."""
    sizes = SIZES[:depth] + [OUT]
    modules = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        modules.append(nn.Linear(inputs, outputs))
        modules += [activation()] if activation else []
    return nn.Sequential(*modules)
