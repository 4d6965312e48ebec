"""The lab's engine beside PyTorch's own modules, network by network: milliseconds an iteration on the CPU.

    python benchmarks/paths.py [--threads 1] [--rounds 5] [--only "step 1"] [--few-layers] [--seed 12]

The seven presets, the network of the best documented anchor, and twenty drawn from what the editor can make. Both
engines train on the same images in the same order (forward, backward and SGD; nothing is augmented), in turn, in one
process. Each figure is a median: of a round's iterations, then of the rounds; a ratio is the median of the rounds'
ratios. With one thread the processor's time is taken, which nothing else on the machine adds to; else the clock's.
With `--few-layers`: the networks by which `lab.handover` was found, in step 2's batches, and none of them is left to
PyTorch; its last column says which of them are.

GFLOP/s count every multiplication of the layer table once, and their share is of a float32 product of two large
matrices.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.candidates import NETWORKS
from benchmarks.few_layers import few_layers
from lab.bench import iteration_gflop, matrix_product_gflops
from lab.config import EngineChoice, RunConfig
from lab.handover import is_left_to_pytorch
from lab.layers import ImpossibleNetwork, layer_table
from lab.network_config import LayerKind, LayerSpec, NetworkConfig, conv, linear
from lab.steps import STEPS
from lab.training_config import Augmentation, Optimizer

SEED, DRAWN = 11, 20
BATCHES = (16, 32, 64, 128)
MOST_MACS, FEWEST_MACS = 60e6 * 64, 0.1e6 * 64
"""Of a batch: from a thirtieth of step 5's to a little more than step 1's."""
WARM_UP, MEASURED = 6, 6
"""Iterations of a round; the compiled engine's first four use one thread."""


@dataclass(frozen=True)
class Round:
    """How one engine trained a network for a few iterations."""

    engine: str
    seconds: float
    """Of an iteration."""


@dataclass(frozen=True)
class Line:
    """What was measured of one network."""

    name: str
    config: RunConfig
    engine: str
    """The one that the lab takes."""
    pytorch: float
    fastest: float
    """Seconds an iteration."""
    ratio: float
    peak: float
    """GFLOP/s of a matrix product."""

    def __str__(self) -> str:
        """One line of the table."""
        speed = iteration_gflop(self.config) / self.fastest
        return (
            f"{self.name:<8} {macs(self.config) / 1e6:8.2f} {self.config.batch_size:5}  {1e3 * self.pytorch:8.2f} "
            f"{1e3 * self.fastest:8.2f}  {self.ratio:5.2f}  {speed:7.0f}  {100 * speed / self.peak:5.0f} %  "
            f"{self.engine:<8}  {words(self.config.network)}"
        )


HEAD = f"{'':8} {'M MACs':>8} {'batch':>5}  {'PyTorch':>8} {'the lab':>8}  ratio  GFLOP/s   share  engine"


# --- networks ----------------------------------------------------------------------------------------------------


def networks(seed: int = SEED) -> Iterator[tuple[str, RunConfig]]:
    """A name and a config for each, without augmentation; another seed draws others."""
    for step in STEPS:
        yield f"step {step.number}", replace(step.config, augmentation=Augmentation())
    yield "anchor", RunConfig(network=NETWORKS["anchor"], batch_size=32)
    draws = random.Random(seed)
    for number in range(1, DRAWN + 1):
        yield f"drawn {number}", drawn(draws)


def drawn(draws: random.Random) -> RunConfig:
    """A network of the editor's that can be built and does not cost too much."""
    while True:
        layers = [_layer(draws) for _ in range(draws.randint(1, 9))]
        last = draws.choice((linear(), conv(10, draws.choice((1, 3, 5)))))
        network = NetworkConfig(
            layers=(conv(_channels(draws), draws.choice((3, 5, 7))), *layers, last),
            batch_norm=draws.random() < 0.5,
            dropout=draws.choice((0.0, 0.1)),
        )
        config = RunConfig(network=network, batch_size=draws.choice(BATCHES))
        try:
            cost = macs(config) * config.batch_size
        except ImpossibleNetwork:
            continue
        if FEWEST_MACS <= cost <= MOST_MACS:
            return config


def _layer(draws: random.Random) -> LayerSpec:
    """Two of three are convolutions; their kernels are small ones, as people's are, or any up to 28."""
    kernel = draws.choice((1, 2, 3, 3, 3, 3, 5, 7, draws.randint(1, 28)))
    if draws.random() < 2 / 3:
        padding = draws.choice((0, 0, kernel // 2, draws.randint(0, 14)))
        stride = draws.choice((1, 1, 1, 1, draws.randint(1, 4)))
        return conv(_channels(draws), kernel, padding=min(padding, 14), stride=stride)
    kinds: tuple[LayerKind, ...] = ("max_pool", "max_pool", "average_pool")
    kind = draws.choice(kinds)
    window = draws.choice((2, 2, 3))
    return LayerSpec(kind=kind, kernel=window, stride=draws.choice((2, 2, 1)), padding=draws.choice((0, 0, 1)))


def _channels(draws: random.Random) -> int:
    """From 1 to 1024: as many between 8 and 16 as between 512 and 1024."""
    return round(2 ** draws.uniform(0, 10))


def macs(config: RunConfig) -> int:
    """Multiply-accumulates of an image, forward.

    Raises:
        lab.layers.ImpossibleNetwork: see `lab.layers.layer_table`.
    """
    return sum(row.macs for row in layer_table(config.network))


def words(network: NetworkConfig) -> str:
    """A network in a few letters: `10c3 max2 64c3p1s2 linear, batch norm`."""
    names = {"conv": "c", "max_pool": "max", "average_pool": "avg"}

    def layer(one: LayerSpec) -> str:
        if one.kind == "linear":
            return "linear"
        padding, stride = f"p{one.padding}" if one.padding else "", f"s{one.stride}" if one.stride > 1 else ""
        return f"{one.channels or ''}{names[one.kind]}{one.kernel}{padding}{stride}"

    return " ".join(map(layer, network.layers)) + (", batch norm" if network.batch_norm else "")


# --- measuring ---------------------------------------------------------------------------------------------------


def train_for_a_while(config: RunConfig, engine: EngineChoice, clock: Callable[[], float]) -> Round:
    """The median of the iterations after the first few."""
    from lab.events import Started, Window
    from lab.mnist import load_mnist
    from lab.training import WINDOWS_PER_EPOCH, train

    config = replace(
        config,
        device="cpu",
        engine=engine,
        optimizer=Optimizer(learning_rate=1e-6),  # any network's loss stays finite
        epochs=1,
        training_images=WINDOWS_PER_EPOCH * config.batch_size,  # a window is an iteration
    )
    name, ends = "", []
    for event in train(config, load_mnist("cpu")):
        if isinstance(event, Started):
            name = event.engine
        elif isinstance(event, Window):
            ends.append(clock())
            if len(ends) > WARM_UP + MEASURED:
                break  # before the evaluation
        else:
            raise RuntimeError(f"{words(config.network)}: {event}")
    seconds = [end - begun for begun, end in zip(ends[WARM_UP:], ends[WARM_UP + 1 :], strict=False)]
    return Round(name, statistics.median(seconds))


def measure(name: str, config: RunConfig, rounds: int, clock: Callable[[], float]) -> Line:
    """Both engines in turn, and the matrix product beside them."""
    pairs, peaks = [], []
    for _ in range(rounds):
        pairs.append((train_for_a_while(config, "pytorch", clock), train_for_a_while(config, "fastest", clock)))
        peaks.append(matrix_product_gflops("cpu", clock))
    engine = pairs[0][1].engine
    pytorch, fastest = (statistics.median(one.seconds for one in column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one.seconds / other.seconds for one, other in pairs)
    return Line(name, config, engine, pytorch, fastest, ratio, statistics.median(peaks))


def main() -> int:
    """Prints a line for each network, then the lowest ratio of those that the lab does not leave to PyTorch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, help="threads of both (default: as many as PyTorch takes)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--few-layers", action="store_true", help="other networks, none of them left to PyTorch")
    parser.add_argument("--seed", type=int, default=SEED, help="other drawn networks")
    parser.add_argument("--only", default="", help="networks whose name begins so")
    chosen = parser.parse_args()
    known = list(few_layers() if chosen.few_layers else networks(chosen.seed))
    asked = [(name, config) for name, config in known if name.startswith(chosen.only)]
    if not asked:
        parser.error(f"no network's name begins with {chosen.only!r}: {', '.join(name for name, _ in known)}.")
    import torch

    from lab.device import device_name, prepare_training_thread

    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    prepare_training_thread()
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    print(f"{device_name('cpu')}; milliseconds an iteration\n{HEAD}", flush=True)
    lowest = math.inf
    if chosen.few_layers:
        patch("lab.memory.is_left_to_pytorch", return_value=False).start()
    for name, config in asked:
        line = measure(name, config, chosen.rounds, clock)
        lowest = lowest if line.engine == "PyTorch" else min(lowest, line.ratio)
        print(line, "-> PyTorch" * (chosen.few_layers and is_left_to_pytorch(config.network)), flush=True)
    if lowest < math.inf:
        print(f"The lowest ratio where the lab does not leave it to PyTorch: {lowest:.2f}")
    return int(lowest < 1)


if __name__ == "__main__":
    sys.exit(main())
