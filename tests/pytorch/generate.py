#!/usr/bin/python3
"""Writes reference.json: what PyTorch makes of the networks that tests/pytorch/main.rs builds.

Run it with the Python of the distribution, which the package python3-torch extends:

    apt-get install python3-torch python3-numpy python3-mpmath      # Debian 12: PyTorch 1.13
    /usr/bin/python3 tests/pytorch/generate.py

The output is committed, and the tests need no Python. Every random number comes from one seed.

All inputs are numbers that f32 holds exactly, and are written once; every result is computed, and
written, in f32 and in f64.
"""

import json
import math
import pathlib

import mpmath
import numpy
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(20)
torch.set_num_threads(1)

PRECISIONS = {"f32": torch.float32, "f64": torch.float64}
BATCH, IN, HIDDEN, OUT = 6, 5, 7, 4

ACTIVATIONS = {
    "Identity": lambda s: s * 1,
    "Relu": F.relu,
    "LeakyRelu": F.leaky_relu,
    "Elu": F.elu,
    "Selu": F.selu,
    "Gelu": F.gelu,
    "GeluTanh": lambda s: F.gelu(s, approximate="tanh"),
    "Silu": F.silu,
    "Sigmoid": torch.sigmoid,
    # PyTorch's own hardsigmoid has the derivative 1/6 of an f32, in f64 too.
    "HardSigmoid": lambda s: F.relu6(s + 3) / 6,
    "Tanh": torch.tanh,
    "HardTanh": F.hardtanh,
    "Softplus": F.softplus,
    "Softsign": F.softsign,
    "Softmax": lambda s: F.softmax(s, dim=-1),
}

# Each with the kind of target it takes.
LOSSES = {
    "MeanSquaredError": (F.mse_loss, "numbers"),
    "MeanAbsoluteError": (F.l1_loss, "numbers"),
    "Huber(1)": (F.huber_loss, "numbers"),
    "Huber(0.3)": (lambda y, t: F.huber_loss(y, t, delta=0.3), "numbers"),
    "CrossEntropy": (F.cross_entropy, "classes"),
    "CrossEntropy(0.1)": (lambda y, t: F.cross_entropy(y, t, label_smoothing=0.1), "classes"),
    "BinaryCrossEntropy": (F.binary_cross_entropy_with_logits, "probabilities"),
}


def exact(tensor):
    """Numbers that f32 holds, for use in both precisions."""
    return torch.as_tensor(tensor, dtype=torch.float32).double()


def plain(value):
    """`value` as JSON, in the fewest digits that read back as the same number."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, torch.Tensor):
        return plain(value.detach().numpy())
    if isinstance(value, numpy.ndarray) and value.ndim > 0:
        return [plain(entry) for entry in value]
    if isinstance(value, (int, str)):
        return value
    # JSON has no infinity and no NaN.
    return float(str(value)) if math.isfinite(value) else str(value)


def in_both(compute):
    return {name: compute(dtype) for name, dtype in PRECISIONS.items()}


def learnable(parameters, dtype):
    return [p.to(dtype).clone().requires_grad_() for p in parameters]


def network(parameters, x, hidden, output):
    w1, b1, w2, b2 = parameters
    return output(F.linear(hidden(F.linear(x, w1, b1)), w2, b2))


def draw(spread):
    """A network, its inputs with this deviation, and a target of each kind for them."""
    weights = [
        exact(torch.randn(HIDDEN, IN) * 0.6),
        exact(torch.randn(HIDDEN) * 0.5),
        exact(torch.randn(OUT, HIDDEN) * 0.6),
        exact(torch.randn(OUT) * 0.5),
    ]
    probabilities = exact(torch.rand(BATCH, OUT))
    # The targets of yes-or-no questions are mostly just that.
    probabilities[0] = exact([0.0, 1.0, 1.0, 0.0])
    targets = {
        "numbers": exact(torch.randn(BATCH, OUT)),
        "classes": torch.randint(OUT, (BATCH,)),
        "probabilities": probabilities,
    }
    return {"x": exact(torch.randn(BATCH, IN) * spread), "weights": weights, "targets": targets}


# A derivative is a sum, and where its terms happen to cancel few of its digits mean anything, in
# PyTorch's result too. Networks are drawn until no number of the result is such a sum: until every
# one is within this of the exact one, relative to itself, if f32 computes it, in whatever order it
# is summed, and if each weight and input is off by as much as f32 rounds. The tests then ask for
# 1e-5, relative to the number itself.
WELL_CONDITIONED = 2e-6
ORDERS = 4
ROUNDINGS = 8

# PyTorch's 1 + erf and 1 + tanh cancel far below zero, in f32 in every network with larger inputs.
SPREADS = {"Gelu": 0.5, "GeluTanh": 0.5}
SPREAD = 1.0

draws = {"networks": 0, "drawn": 0}


def numbers(results):
    """All numbers of nested results, in one vector."""
    if isinstance(results, dict):
        results = list(results.values())
    if isinstance(results, (list, tuple)):
        return torch.cat([numbers(result) for result in results])
    return results.detach().double().flatten()


def shuffled(problem, units, samples):
    """The same network with its hidden units, and the same batch with its samples, in an order."""
    w1, b1, w2, b2 = problem["weights"]
    return {
        "x": problem["x"][samples],
        "weights": [w1[units], b1[units], w2[:, units], b2],
        "targets": {kind: target[samples] for kind, target in problem["targets"].items()},
    }


def restored(result, units, samples):
    """A result on a shuffled problem, in the order of the problem as it was."""
    units, samples = units.argsort(), samples.argsort()

    def parameters(p):
        w1, b1, w2, b2 = p
        return [w1[units], b1[units], w2[:, units], b2]

    order = {
        "loss": lambda loss: loss,
        "losses": lambda losses: losses,
        "y": lambda y: y[samples],
        "x": lambda dx: dx[samples],
        "parameters": parameters,
        "after": lambda after: {step: parameters(p) for step, p in after.items()},
    }
    return {name: order[name](value) for name, value in result.items()}


def well_conditioned(compute, spread=SPREAD):
    """What `compute` makes of the first drawn problem whose every number f32 can tell."""

    def in_order(problem, units, samples):
        result = compute(shuffled(problem, units, samples), torch.float32)
        return numbers(restored(result, units, samples))

    def rounded(problem):
        off = lambda p: p * (1 + (2 * torch.rand_like(p) - 1) * 2**-24)
        weights = [off(p) for p in problem["weights"]]
        return numbers(compute({**problem, "x": off(problem["x"]), "weights": weights}, torch.float64))

    draws["networks"] += 1
    while True:
        draws["drawn"] += 1
        problem = draw(spread)
        results = in_both(lambda dtype: compute(problem, dtype))
        if None in results.values():
            continue
        expected = numbers(results["f64"])

        def tells(found):
            # A zero, of a Relu that is off, must be one.
            return ((found - expected).abs() <= WELL_CONDITIONED * expected.abs()).all()

        if (
            tells(numbers(results["f32"]))
            and all(tells(rounded(problem)) for _ in range(ROUNDINGS))
            and all(
                tells(in_order(problem, torch.randperm(HIDDEN), torch.randperm(BATCH)))
                for _ in range(ORDERS)
            )
        ):
            return {key: problem[key] for key in ("x", "weights")}, problem["targets"], results


def passes(name, loss, kind):
    """Forward, the loss, and all of its derivatives."""
    activation = ACTIVATIONS[name]

    def compute(problem, dtype):
        *parameters, inputs = learnable([*problem["weights"], problem["x"]], dtype)
        target = problem["targets"][kind]
        target = target if kind == "classes" else target.to(dtype)
        y = network(parameters, inputs, activation, activation)
        value = loss(y, target)
        value.backward()
        gradients = [p.grad for p in parameters]
        return {"y": y, "loss": value, "parameters": gradients, "x": inputs.grad}

    problem, targets, results = well_conditioned(compute, SPREADS.get(name, SPREAD))
    return {**problem, "targets": targets[kind], **results}


SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

# Kinks, zeros, tails, infinities. PyTorch's softplus is the identity above 20, though the
# difference is still 2e-9: nothing between 20 and 25, where it is below 1e-10.
MAGNITUDES = [1e-6, 1e-3, 0.03, 0.1, 0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7]
MAGNITUDES += [8, 9, 10, 12, 14, 17, 20, 25, 32, 40, 50, 1e3, math.inf]
grid = exact([-s for s in reversed(MAGNITUDES)] + [-0.0, 0.0] + MAGNITUDES + [math.nan])

# PyTorch's 1 + erf, 1 + tanh and exp(s) - 1 cancel below zero. Curves go there: they are written
# here without, and computed in f64. Networks (see passes) are held against PyTorch's own.
STABLE = {
    "Elu": lambda s: torch.where(s > 0, s, torch.expm1(s.clamp(max=0))),
    "Selu": lambda s: SELU_SCALE * torch.where(
        s > 0, s, SELU_ALPHA * torch.expm1(s.clamp(max=0))),
    "Gelu": lambda s: s * 0.5 * torch.erfc(-s / math.sqrt(2)),
    "GeluTanh": lambda s: s * torch.sigmoid(2 * math.sqrt(2 / math.pi) * (s + 0.044715 * s**3)),
}
CURVES = [name for name in ACTIVATIONS if name != "Softmax"]


def curve(activation, dtype):
    """An elementwise activation and its derivative over the grid."""
    s = grid.to(dtype).clone().requires_grad_()
    h = activation(s)
    h.sum().backward()
    return {"h": h, "derivative": s.grad}


def best_curve(name, dtype):
    if name not in STABLE:
        return curve(ACTIVATIONS[name], dtype)
    return {key: values.to(dtype) for key, values in curve(STABLE[name], torch.float64).items()}


# Where this file writes an activation by itself it is still PyTorch's.
for name in CURVES:
    theirs = F.hardsigmoid if name == "HardSigmoid" else ACTIVATIONS[name]
    pair = best_curve(name, torch.float64), curve(theirs, torch.float64)
    for key in ("h", "derivative"):
        a, b = (results[key][~grid.isnan()] for results in pair)
        assert torch.allclose(a, b, 1e-7, 1e-7, equal_nan=True), name


SOFTMAX_LOGITS = exact([
    [0, 0, 0, 0],
    [1, 2, 3, 4],
    [-50, 0, 3, 2.5],
    [1e4, -1e4, 9999, 0],
    [-1e4, -1e4, -1e4, -9998],
    [88, 89, -104, 90],
])
SOFTMAX_G = exact(torch.randn(len(SOFTMAX_LOGITS), OUT))


def softmax(dtype):
    s = SOFTMAX_LOGITS.to(dtype).clone().requires_grad_()
    h = F.softmax(s, dim=-1)
    h.backward(SOFTMAX_G.to(dtype))
    return {"h": h, "ds": s.grad}


# Outputs and targets of single samples: ordinary, on the kinks of the losses, and extreme.
SAMPLES = {
    "numbers": (
        exact([[0.5, -1.5, 2, 0.25], [1, -1, 0, 0.75], [1e4, -1e4, 0.125, 3]]),
        exact([[0.5, -0.5, 2.5, -3], [0, 0, 0, 0.75], [-1e4, 0.5, 0.125, 2.75]]),
    ),
    "classes": (
        exact([row for row in [
            [0.5, -1.5, 2, 0.25],
            [1e4, -1e4, 0, 5],
            [1e4, 1e4, -1e4, 3],
            [-1e4, -1e4, -1e4, -9999],
            [0, 0, 0, 0],
        ] for _ in range(OUT)]),
        torch.arange(OUT).repeat(5),
    ),
    # PyTorch's loss is (1 − t) y − min(y, 0) + ..., which cancels where y is very negative and t
    # small but not 0: such a target is left out.
    "probabilities": (
        exact([
            [0.5, -1.5, 2, -3],
            [1e4, 1e4, -1e4, -1e4],
            [1e4, 1e4, -1e4, 1e4],
            [1e4, -1e4, 0, 0],
            [20, -20, 3, -0.5],
            [90, -90, 105, -105],
        ]),
        exact([
            [0, 0.25, 1, 0.75],
            [0, 0.25, 1, 0.5],
            [0.999, 1, 0, 1],
            [1, 0, 0, 1],
            [1, 0, 0.5, 0.75],
            [1, 0, 0.125, 1],
        ]),
    ),
}


def samples(dtype):
    """Each loss, and its derivative by the outputs, of each sample by itself."""
    result = {}
    for name, (loss, kind) in LOSSES.items():
        result[name] = []
        for y, target in zip(*SAMPLES[kind]):
            y = y.to(dtype)[None].clone().requires_grad_()
            target = target[None] if kind == "classes" else target.to(dtype)[None]
            value = loss(y, target)
            value.backward()
            result[name].append({"loss": value, "dy": y.grad[0]})
    return result


STEPS = 20
by_norm = (nn.utils.clip_grad_norm_, 0.5)
by_value = (nn.utils.clip_grad_value_, 0.05)
optim = torch.optim

# Name, optimizer, clipping. The defaults hide ε: some of these have one that is felt.
TRAININGS = {
    "Sgd": (lambda p: optim.SGD(p, 0.2), None),
    "Sgd, decay": (lambda p: optim.SGD(p, 0.2, weight_decay=0.1), None),
    "Sgd, momentum": (lambda p: optim.SGD(p, 0.05, momentum=0.9), None),
    "Sgd, momentum, decay": (lambda p: optim.SGD(p, 0.05, momentum=0.8, weight_decay=0.1), None),
    "Sgd, nesterov": (lambda p: optim.SGD(p, 0.05, momentum=0.9, nesterov=True), None),
    "Sgd, nesterov, decay": (
        lambda p: optim.SGD(p, 0.05, momentum=0.8, nesterov=True, weight_decay=0.1), None),
    "Adam": (lambda p: optim.Adam(p, 0.05), None),
    "Adam, decay": (lambda p: optim.Adam(p, 0.05, weight_decay=0.1), None),
    "Adam, all": (
        lambda p: optim.Adam(p, 0.05, betas=(0.8, 0.95), eps=0.01, weight_decay=0.1), None),
    "AdamW": (lambda p: optim.AdamW(p, 0.05), None),
    "AdamW, all": (
        lambda p: optim.AdamW(p, 0.05, betas=(0.8, 0.95), eps=0.01, weight_decay=0.5), None),
    "RmsProp": (lambda p: optim.RMSprop(p, 0.01), None),
    "RmsProp, decay": (lambda p: optim.RMSprop(p, 0.01, weight_decay=0.1), None),
    "RmsProp, all": (
        lambda p: optim.RMSprop(p, 0.02, alpha=0.8, eps=0.01, weight_decay=0.1), None),
    "Adagrad": (lambda p: optim.Adagrad(p, 0.1), None),
    "Adagrad, all": (lambda p: optim.Adagrad(p, 0.1, eps=0.05, weight_decay=0.1), None),
    "Sgd, clip norm": (lambda p: optim.SGD(p, 0.2), by_norm),
    "Sgd, clip value": (lambda p: optim.SGD(p, 0.2), by_value),
    "Adam, clip norm": (lambda p: optim.Adam(p, 0.05), by_norm),
}


def training(optimizer, clip):
    """The loss of each step, and the parameters after the first and after the last."""

    def compute(problem, dtype):
        parameters = learnable(problem["weights"], dtype)
        stepper = optimizer(parameters)
        inputs, target = problem["x"].to(dtype), problem["targets"]["numbers"].to(dtype)
        losses, after = [], {}
        clipped = False
        for step in range(1, STEPS + 1):
            stepper.zero_grad()
            loss = F.mse_loss(network(parameters, inputs, torch.tanh, lambda s: s), target)
            loss.backward()
            if clip:
                function, bound = clip
                before = [p.grad.clone() for p in parameters]
                function(parameters, bound)
                clipped |= any((p.grad != g).any() for p, g in zip(parameters, before))
            stepper.step()
            losses.append(loss.detach())
            if step in (1, STEPS):
                after[str(step)] = [p.detach().clone() for p in parameters]
        # A training that goes nowhere shows nothing, nor does a clip that never clips.
        shows = losses[-1] < 0.7 * losses[0] and (clipped or not clip)
        return {"losses": torch.stack(losses), "after": after} if shows else None

    problem, targets, results = well_conditioned(compute)
    return {**problem, "targets": targets["numbers"], **results}


def initialisations():
    """PyTorch's analytic deviation of each scheme, checked against what PyTorch draws."""
    init, w = nn.init, torch.empty(200, 300)
    schemes = {
        "HeUniform": lambda w: init.kaiming_uniform_(w, nonlinearity="relu"),
        "HeNormal": lambda w: init.kaiming_normal_(w, nonlinearity="relu"),
        "XavierUniform": init.xavier_uniform_,
        "XavierNormal": init.xavier_normal_,
        "LecunUniform": lambda w: init.kaiming_uniform_(w, nonlinearity="linear"),
        "LecunNormal": lambda w: init.kaiming_normal_(w, nonlinearity="linear"),
    }
    fan_in, fan_out = init._calculate_fan_in_and_fan_out(w)
    result = {}
    for name, draw in schemes.items():
        gain = init.calculate_gain("relu" if name.startswith("He") else "linear")
        fan = (fan_in + fan_out) / 2 if name.startswith("Xavier") else fan_in
        deviation = gain / math.sqrt(fan)
        result[name] = {"deviation": deviation}
        draw(w)
        assert abs(w.std().item() / deviation - 1) < 5 / math.sqrt(w.numel())
        if name.endswith("Uniform"):
            bound = math.sqrt(3) * deviation
            result[name]["bound"] = bound
            assert bound * 0.999 < w.abs().max() <= bound * (1 + 1e-6)
    return result


def normal_cdf():
    """Φ, correctly rounded: for tests/functions.rs. No s here has a short square."""
    mpmath.mp.prec = 200
    points = [k / 7 for k in range(-7 * 40, 7 * 10 + 1)] + [1e-8, -1e-8, 1e-300, -1e-300]
    return [[s, float(mpmath.ncdf(s))] for s in points]


reference = {
    "torch": torch.__version__,
    "passes": {
        name: {loss: passes(name, *how) for loss, how in LOSSES.items()} for name in ACTIVATIONS
    },
    "grid": grid,
    "curves": {name: in_both(lambda dtype: best_curve(name, dtype)) for name in CURVES},
    "softmax": {"s": SOFTMAX_LOGITS, "g": SOFTMAX_G, **in_both(softmax)},
    "samples": {
        kind: {"y": y, "targets": target} for kind, (y, target) in SAMPLES.items()
    } | in_both(samples),
    "trainings": {name: training(*how) for name, how in TRAININGS.items()},
    "initialisations": initialisations(),
    "normal_cdf": normal_cdf(),
    "draws": draws,
}

def text(value, levels=2):
    """JSON without spaces, the outer levels line by line."""
    if levels == 0 or not isinstance(value, dict):
        return json.dumps(value, allow_nan=False, separators=(",", ":"))
    entries = (f"{json.dumps(key)}:{text(entry, levels - 1)}" for key, entry in value.items())
    return "{\n" + ",\n".join(entries) + "\n}"


pathlib.Path(__file__).with_name("reference.json").write_text(text(plain(reference)) + "\n")
