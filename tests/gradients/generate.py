#!/usr/bin/env python3
"""Writes networks.rs: random network types, the gradients of which main.rs checks.

Run `python3 tests/gradients/generate.py` after a change. The same seed writes the same file.
"""

import random
from pathlib import Path

TYPES = 108
DEPTHS = range(1, 7)
# How many of a number of layers go into the left half of a pair.
NESTINGS = [
    lambda layers: 1,
    lambda layers: layers - 1,
    lambda layers: layers // 2,
    lambda layers: rng.randint(1, layers - 1),
]
ACTIVATIONS = (
    "Identity Relu LeakyRelu Elu Selu Gelu GeluTanh Silu Sigmoid HardSigmoid Tanh HardTanh "
    "Softplus Softsign Softmax"
).split()
# Few, so that the compiler makes the passes of a layer once for many networks; the small ones more often,
# because every parameter is looked at.
WIDTHS = [1, 1, 2, 2, 2, 2, 3, 3, 3, 6, 6, 6, 9, 9, 17, 32]
BATCHES = [1, 5]
LOSSES = [
    "MeanSquaredError",
    "MeanAbsoluteError",
    "Huber::new(0.3)",
    "CrossEntropy::new()",
    "CrossEntropy::new().label_smoothing(0.1)",
    "BinaryCrossEntropy",
]

rng = random.Random(6)


def shuffled(values):
    """Each value as often as any other."""
    while True:
        yield from rng.sample(values, len(values))


def nest(layers, left):
    if len(layers) == 1:
        return layers[0]
    middle = left(len(layers))
    return f"({nest(layers[:middle], left)}, {nest(layers[middle:], left)})"


def case(depth, left, activations, loss):
    # The probability of the only class is 1, whatever the weights: nothing to differentiate.
    least = [2 if name == "Softmax" else 1 for name in activations]
    if loss.startswith("CrossEntropy"):
        least[-1] = 2
    widths = [rng.choice([width for width in WIDTHS if width >= least]) for least in [1, *least]]
    layers = [f"D<{i}, {o}, {name}>" for i, o, name in zip(widths, widths[1:], activations)]
    return f"        case::<{nest(layers, left)}, _, {rng.choice(BATCHES)}>({loss}),\n"


depths, nestings, losses = shuffled(list(DEPTHS)), shuffled(NESTINGS), shuffled(LOSSES)
activations = shuffled(ACTIVATIONS)
cases = [
    case(depth, next(nestings), [next(activations) for _ in range(depth)], next(losses))
    for depth, _ in zip(depths, range(TYPES))
]

Path(__file__).with_name("networks.rs").write_text(
    f"""\
//! Random network types. Written by generate.py: change that, not this.

use constgrad::*;

use crate::problem::{{Case, case}};

type D<const IN: usize, const OUT: usize, Act> = Dense<IN, OUT, Act, f64>;

#[rustfmt::skip]
pub fn networks() -> [Box<dyn Case>; {TYPES}] {{
    [
{"".join(cases)}    ]
}}
"""
)
