"""Makes lab/data/digit_shapes.safetensors, by which the lab says what does not look like one digit.

    python benchmarks/odd_fit.py     # a few minutes

Fitted on the training images 1 to 20,000: the shapes of the ten digits, and, with the images 30,001 to 50,000, a small
network that tells digits from pairs of them, from `benchmarks.scribbles.anything` and from letters of matplotlib's
fonts. How far is too far is chosen on the images 20,001 to 30,000.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch import nn
from torch.nn.functional import cross_entropy

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.drawing import middle_line
from benchmarks.letters import FITTED as LETTERS_FITTED
from benchmarks.letters import fitted_letter
from benchmarks.scribbles import anything
from benchmarks.shapes import Rng, Strokes, by_hand, turned
from lab.drawing import SHAPES, distances, doubts, edges, forget_shapes, normalize_strokes
from lab.mnist import load_mnist, to_unit

Images = NDArray[np.float32]
Numbers = NDArray[Any]

FITTED, CHOSEN, MORE = slice(0, 20_000), slice(20_000, 30_000), slice(30_000, 50_000)
COMPONENTS, ROUNDED = 60, 0.02
"""Kept of the edges; share of a sphere in each covariance."""
FALSE_ALARMS = 0.0027
"""Of the images that the limits are chosen on, beyond each of the two."""
REDRAWN, PAIRS, DOODLES, LETTERS, PRINTED = 5_000, 4_000, 20_000, 5_000, 2_000
"""How many are drawn of each; printed are digits of the letters' fonts."""
HIDDEN, EPOCHS, BATCH, STEP, DECAY, NOISE = 96, 8, 512, 6e-3, 0.05, 0.15
"""Of the small network: units, then how it is trained; the noise is added to edges of spread 1."""


def fit() -> None:
    """Make the file."""
    rng, data = np.random.default_rng(0), load_mnist()
    images, labels = to_unit(data.train_images[:, 0]).numpy(), data.train_labels.numpy()
    features, others = edges_in_turn(images[FITTED]), edges_in_turn(images[CHOSEN])
    held = digit_shapes(features, labels[FITTED])
    more = edges_in_turn(images[MORE])
    lines = on_every_core(middle_line, np.concatenate([images[FITTED], images[MORE]])[:: 40_000 // REDRAWN])
    redrawn = drawn(lines)
    unsteady = drawn([turned(line, rng) for line in lines])
    printed = drawn([turned(fitted_letter("0123456789", rng), rng) for _ in range(PRINTED)])
    pairs = drawn([pair(lines, rng) for _ in range(PAIRS)])
    doodles = drawn([by_hand(anything(rng), rng) for _ in range(DOODLES)])
    letters = drawn([turned(fitted_letter(LETTERS_FITTED, rng), rng) for _ in range(LETTERS)])
    digits = np.concatenate([features, more, redrawn, unsteady, printed])
    held |= small_network([digits, pairs, np.concatenate([doodles, letters])], held["mean"])
    held |= {"scale": np.array([0, 1]), "most_odds": np.zeros(1)}  # unscaled, to see what is usual
    save(held)
    away, odds = distances(others), doubts(others) - 1
    held["scale"] = np.array([away.min(), np.quantile(away, 1 - FALSE_ALARMS)])
    held["most_odds"] = np.quantile(odds, [1 - FALSE_ALARMS])
    save(held)


def save(held: dict[str, Numbers]) -> None:
    """Write the numbers, and have them read anew."""
    save_file({name: np.ascontiguousarray(values, dtype=np.float32) for name, values in held.items()}, SHAPES)
    forget_shapes()


def drawn(drawings: list[Strokes]) -> Images:
    """The edges of drawings."""
    return edges_in_turn(np.stack(on_every_core(normalize_strokes, drawings)))


def edges_in_turn(images: Images) -> Images:
    """Of many images, a few at a time."""
    return np.concatenate(
        on_every_core(edges, [images[start : start + 500] for start in range(0, len(images), 500)], 1)
    )


def on_every_core(function: Callable[[Any], Any], values: Iterable[Any], at_once: int = 100) -> list[Any]:
    """What it makes of each, in order."""
    with Pool() as pool:
        return pool.map(function, values, at_once)


def digit_shapes(features: Images, labels: NDArray[np.int64]) -> dict[str, Numbers]:
    """A Gaussian of each digit's edges, in their principal components; see `lab.drawing.likeness`."""
    mean = features.mean(axis=0)
    components = np.linalg.eigh(np.cov((features - mean).T))[1][:, -COMPONENTS:]
    parts = ((features - mean) @ components).astype(np.float64)
    means, roots, volumes = [], [], []
    for digit in range(10):
        of_digit = parts[labels == digit]
        covariance = np.cov(of_digit.T)
        sphere = np.trace(covariance) / COMPONENTS * np.eye(COMPONENTS)
        covariance = (1 - ROUNDED) * covariance + ROUNDED * sphere
        means.append(of_digit.mean(axis=0))
        roots.append(np.linalg.cholesky(np.linalg.inv(covariance)))
        volumes.append(np.linalg.slogdet(covariance)[1])
    shapes = {"mean": mean, "components": components, "means": means, "roots": roots, "volumes": volumes}
    return {name: np.asarray(values) for name, values in shapes.items()}


def pair(lines: list[Strokes], rng: Rng) -> Strokes:
    """Two digits of about one size, up to a quarter of it apart, or overlapping by up to a fifth."""
    left, right = (lines[i] for i in rng.integers(0, len(lines), 2))
    left, right = ([stroke * size for stroke in one] for one, size in ((left, rng.uniform(0.8, 1.2)), (right, 1)))
    touching = np.concatenate(left)[:, 0].max() - np.concatenate(right)[:, 0].min()
    shift = np.array([touching + rng.uniform(-0.2, 0.25), rng.uniform(-0.15, 0.15)])
    return [*left, *(stroke + shift for stroke in right)]


def small_network(kinds: list[Images], mean: Numbers) -> dict[str, Numbers]:
    """What tells the three kinds of edges apart, in the order of `lab.drawing.kinds`."""
    torch.manual_seed(0)
    spread = kinds[0].std(axis=0).mean()
    inputs = torch.from_numpy((np.concatenate(kinds) - mean) / spread).float()
    wanted = torch.repeat_interleave(torch.arange(3), torch.tensor([len(kind) for kind in kinds]))
    hidden, last = nn.Linear(inputs.shape[1], HIDDEN), nn.Linear(HIDDEN, 3)
    network: Callable[[torch.Tensor], torch.Tensor] = nn.Sequential(hidden, nn.ReLU(), last)
    weights = [*hidden.parameters(), *last.parameters()]
    optimizer = torch.optim.AdamW(weights, weight_decay=DECAY)
    steps = len(inputs) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, STEP, EPOCHS * steps)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(inputs))[: steps * BATCH].reshape(steps, BATCH):
            noisy = inputs[batch] + NOISE * torch.randn(BATCH, inputs.shape[1])
            loss = cross_entropy(network(noisy), wanted[batch])
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
            schedule.step()
    matrices = {"hidden": hidden.weight.T, "hidden_bias": hidden.bias, "last": last.weight.T, "last_bias": last.bias}
    return {"spread": np.array([spread])} | {name: values.detach().numpy() for name, values in matrices.items()}


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    fit()
