"""The lab beside what a user would pick instead: Keras 3 on torch, Lightning and fastai, and the published recipe.

    python benchmarks/peers.py [--json] [--device cpu|cuda|mps] [--iterations N]

Trains step 5 with each in turn, five rounds over, every one in a process of its own, start-up left out; prints the
medians. benchmarks/requirements-peers.txt says how to install the frameworks; one that is not installed is left out.

Nothing that needs torch is imported until it is used: each contender's process reads this file first, and Keras has to
be told of its backend before it loads it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.bench import CONFIG, LAB, PUBLISHED, Lab, Speed, ratio, speed
from lab.contender import Apart, interleave
from lab.layers import total_parameters

if TYPE_CHECKING:
    from benchmarks.frameworks.peer import Peer

ROUNDS = 5


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What a run of the benchmark found."""

    device: str
    device_name: str
    rounds: int
    iterations: int
    speeds: dict[str, Speed]
    ratios: dict[str, float]
    """Iterations a second of the lab over those of each contender: the median of the rounds' ratios."""
    missing: list[str]
    """The frameworks that are not installed."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    chosen = parse(arguments)
    known = frameworks()
    present = [peer for peer in known if find_spec(peer.package)]
    found = compare(chosen.device, chosen.iterations, present, [peer.name for peer in known if peer not in present])
    print(json.dumps(asdict(found), indent=2) if chosen.json else table(found))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line with a device of this machine and the number of iterations; one sentence where it is wrong."""
    from lab.device import DeviceUnavailable, resolve_device
    from lab.published_recipe import WARM_UP

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="default: the fastest")
    parser.add_argument("--iterations", type=int, help="iterations a round; default 40 on the CPU, 470 elsewhere")
    chosen = parser.parse_args(arguments)
    try:
        chosen.device = resolve_device(chosen.device)
    except DeviceUnavailable as error:
        parser.error(str(error))
    if chosen.iterations is None:
        chosen.iterations = 40 if chosen.device == "cpu" else 470
    most = CONFIG.training_images // CONFIG.batch_size - WARM_UP
    if not 1 <= chosen.iterations <= most:
        parser.error(f"--iterations must be from 1 to {most}, an epoch less the warm-up.")
    return chosen


def frameworks() -> tuple[type[Peer], ...]:
    """Every framework that the lab can be compared with, installed or not."""
    from benchmarks.frameworks.on_fastai import Fastai
    from benchmarks.frameworks.on_keras import Keras
    from benchmarks.frameworks.on_lightning import Lightning

    return Keras, Lightning, Fastai


def compare(device: str, iterations: int, peers: Sequence[type[Peer]], missing: list[str]) -> Comparison:
    """Measure the published recipe, the lab and each of `peers` in turn."""
    from lab.device import device_name
    from lab.mnist import write_uncompressed
    from lab.published_recipe import PublishedRecipe

    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        write_uncompressed(folder)
        contenders = {
            PUBLISHED: stack.enter_context(Apart(PublishedRecipe, folder, device)),
            LAB: stack.enter_context(Apart(Lab, device)),
            **{peer.name: stack.enter_context(Apart(peer, folder, device)) for peer in peers},
        }
        rounds = interleave(contenders, iterations, ROUNDS)
        for peer in peers:
            check(peer.name, *contenders[peer.name].ask("evidence"))
        speeds = {name: speed(contender, rounds[name], device) for name, contender in contenders.items()}
    return Comparison(
        device=device,
        device_name=device_name(device),
        rounds=ROUNDS,
        iterations=iterations,
        speeds=speeds,
        ratios={name: ratio(found, rounds[LAB]) for name, found in rounds.items()},
        missing=missing,
    )


def check(name: str, parameters: int, losses: Sequence[float]) -> None:
    """Refuse the figures of a framework that trains another network, or one that does not learn.

    Raises:
        RuntimeError: it does.
    """
    expected = total_parameters(CONFIG.network)
    if parameters != expected:
        raise RuntimeError(f"{name} trains {parameters:,} parameters, not the {expected:,} of step 5.")
    if not losses[-1] < losses[0]:
        raise RuntimeError(f"{name} does not learn: its training loss went from {losses[0]:.2f} to {losses[-1]:.2f}.")


def table(found: Comparison) -> str:
    """For people: a line for each contender, and one for each framework that is missing."""
    lines = [
        f"Step 5 on {found.device_name}: medians of {found.rounds} rounds of {found.iterations} iterations",
        f"{'':16}  {'iterations/s':>12}  {'s an epoch':>10}  {'peak MB':>7}  {'lab / it':>8}  how",
    ]
    for name, it in found.speeds.items():
        figures = f"{it.iterations_per_second:12.1f}  {it.epoch_seconds:10.1f}  {it.peak_memory_mb:7.0f}"
        lines.append(f"{name:16}  {figures}  {found.ratios[name]:8.2f}  {it.how}")
    return "\n".join([*lines, *absences(found.missing)])


def absences(missing: Sequence[str]) -> list[str]:
    """A sentence for each framework that is not installed."""
    return [f"{name} is not installed: see benchmarks/requirements-peers.txt." for name in missing]


if __name__ == "__main__":
    main()
