"""MNIST against PyTorch, one thread.

    mnist.py prepare SHARED         initial weights and the order of samples, for both
    mnist.py train DATA SHARED [64] trains as src/bin/mnist.rs does; 64: in double precision
    mnist.py compare SHARED TIMES   holds the curves against each other, prints the ratio

Nothing but this script's `train` counts as PyTorch's time, and all of it does: the interpreter, the
import, the reading of data.
"""

import json
import pathlib
import sys
import time

SIZES = (784, 128, 64, 10)
SAMPLES, TRAIN, BATCH, EPOCHS = 10_000, 8_000, 32, 10

# A curve may leave the other's by this share of the first epoch's loss. It is rounding that parts
# them: PyTorch's own curves in single and in double precision are as far apart, which `compare`
# prints and demands too.
BOUND = 2e-3


def prepare(shared):
    import numpy

    random = numpy.random.default_rng(1)
    weights = []
    for inputs, outputs in zip(SIZES, SIZES[1:]):
        bound = inputs**-0.5
        weights.append(random.uniform(-bound, bound, outputs * inputs))
        weights.append(random.uniform(-bound, bound, outputs))
    numpy.concatenate(weights).astype(numpy.float32).tofile(shared / "weights.f32")
    order = [random.permutation(TRAIN) for _ in range(EPOCHS)]
    numpy.concatenate(order).astype(numpy.uint32).tofile(shared / "order.u32")


def train(data, shared, double):
    import gzip

    import numpy
    import torch

    torch.set_num_threads(1)
    if double:
        torch.set_default_dtype(torch.float64)

    def read(name, header):
        with gzip.open(data / name) as file:
            return numpy.frombuffer(file.read(), numpy.uint8, offset=header)

    x = torch.from_numpy(read("t10k-images-idx3-ubyte.gz", 16).reshape(SAMPLES, 784) / numpy.float32(255))
    labels = torch.from_numpy(read("t10k-labels-idx1-ubyte.gz", 8).astype(numpy.int64))
    flat = torch.from_numpy(numpy.fromfile(shared / "weights.f32", numpy.float32))
    order = numpy.fromfile(shared / "order.u32", numpy.uint32).astype(numpy.int64)
    order = torch.from_numpy(order).view(EPOCHS, TRAIN // BATCH, BATCH)
    x, flat = x.to(torch.get_default_dtype()), flat.to(torch.get_default_dtype())

    layers, at = [], 0
    for inputs, outputs in zip(SIZES, SIZES[1:]):
        layer = torch.nn.Linear(inputs, outputs)
        with torch.no_grad():
            for parameter in layer.parameters():
                parameter.copy_(flat[at : at + parameter.numel()].view_as(parameter))
                at += parameter.numel()
        layers += [layer, torch.nn.ReLU()]
    net = torch.nn.Sequential(*layers[:-1])
    criterion = torch.nn.CrossEntropyLoss()
    # foreach is the quicker way here.
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, foreach=True)

    start = time.perf_counter()
    losses = []
    for epoch in order:
        total = torch.zeros((), dtype=torch.float64)
        for indices in epoch:
            optimizer.zero_grad(set_to_none=True)
            loss = criterion(net(x[indices]), labels[indices])
            loss.backward()
            optimizer.step()
            total += loss.detach()
        losses.append(total.item() / len(epoch))
    elapsed = time.perf_counter() - start

    with torch.inference_mode():
        right = (net(x[TRAIN:]).argmax(1) == labels[TRAIN:]).double().mean().item()
    name = "double" if double else "pytorch"
    result = {"losses": losses, "train": elapsed, "accuracy": right}
    (shared / f"{name}.json").write_text(json.dumps(result))


def compare(shared, times):
    results = {n: json.loads((shared / f"{n}.json").read_text()) for n in ("constgrad", "pytorch", "double")}
    ours, theirs, double = (results[n]["losses"] for n in ("constgrad", "pytorch", "double"))
    print("| epoch | constgrad | PyTorch | PyTorch in double precision |\n|---|---|---|---|")
    for epoch, row in enumerate(zip(ours, theirs, double), 1):
        print(f"| {epoch} | " + " | ".join(f"{loss:.6f}" for loss in row) + " |")

    def apart(a, b):
        return max(abs(a - b) for a, b in zip(a, b)) / theirs[0]

    gaps = apart(ours, theirs), apart(ours, double), apart(theirs, double)
    print(
        f"\nFarthest apart, in shares of the first epoch's loss: {gaps[0]:.1e}; from double precision "
        f"constgrad {gaps[1]:.1e}, PyTorch {gaps[2]:.1e}. Allowed: {BOUND:.0e}.\n"
    )

    def median(values):
        return sorted(values)[len(values) // 2]

    # TIMES: for each run a line `name seconds-of-the-process seconds-of-training`.
    runs = {}
    for line in times.read_text().splitlines():
        name, whole, training = line.split()
        runs.setdefault(name, []).append((float(whole), float(training)))
    print("| | start-up, s | training, s | all, s | right of 2,000 |\n|---|---|---|---|---|")
    total = {}
    for name, label in (("constgrad", "constgrad"), ("pytorch", "PyTorch")):
        whole = median([whole for whole, _ in runs[name]])
        training = median([training for _, training in runs[name]])
        start = median([whole - training for whole, training in runs[name]])
        total[name] = whole, training
        accuracy = 100 * results[name]["accuracy"]
        print(f"| {label} | {start:.3f} | {training:.3f} | {whole:.3f} | {accuracy:.2f} % |")
    ratios = [p / c for c, p in zip(total["constgrad"], total["pytorch"])]
    print(
        f"\nconstgrad is {ratios[0]:.1f} times quicker in all, {ratios[1]:.1f} times in training alone "
        f"(medians of {len(runs['pytorch'])} interleaved runs, one thread)."
    )
    failed = False
    if not max(gaps) <= BOUND:
        print("FAILED: the curves differ by more than rounding", file=sys.stderr)
        failed = True
    if ratios[0] < 3:
        print("FAILED: less than 3 times quicker", file=sys.stderr)
        failed = True
    sys.exit(failed)


def main():
    verb, *rest = sys.argv[1:]
    if verb == "prepare":
        prepare(pathlib.Path(rest[0]))
    elif verb == "train":
        train(pathlib.Path(rest[0]), pathlib.Path(rest[1]), rest[2:] == ["64"])
    elif verb == "compare":
        compare(pathlib.Path(rest[0]), pathlib.Path(rest[1]))
    else:
        sys.exit(__doc__)


main()
