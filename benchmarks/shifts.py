"""What test-time augmentation is worth: an image read as it is and moved by a pixel, the scores averaged.

    python benchmarks/shifts.py runs/search.sqlite3 "threes, tail, mild, averaging 0.998"

Reads the images held out of training with the last weights of every finished run of a candidate, or of several, in a
store that `benchmarks/select_beyond.py` has made; nothing is read from the test set.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.mnist import load_mnist
from lab.predict import Predictor, load_predictor
from lab.probe import scores_of
from lab.report import table
from lab.store import Store, file_url, open_store

Shift = tuple[int, int]
"""Rows down and columns to the right."""

HERE, LEFT, RIGHT, UP, DOWN = (0, 0), (0, -1), (0, 1), (-1, 0), (1, 0)
SETS: Mapping[str, tuple[Shift, ...]] = {
    "as it is": (HERE,),
    "as it is, left": (HERE, LEFT),
    "as it is, right": (HERE, RIGHT),
    "as it is, up": (HERE, UP),
    "as it is, down": (HERE, DOWN),
    "left, right": (LEFT, RIGHT),
    "as it is, left, right": (HERE, LEFT, RIGHT),
    "as it is, up, down": (HERE, UP, DOWN),
    "left, right, up, down": (LEFT, RIGHT, UP, DOWN),
    "as it is, left, right, up, down": (HERE, LEFT, RIGHT, UP, DOWN),
    "all nine": tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1)),
}
"""The readings whose scores are averaged, by what they are called here."""


def moved(images: Tensor, shift: Shift) -> Tensor:
    """`images` (N, 1, H, W), moved by at most one pixel each way; what comes in is 0."""
    (down, right), (height, width) = shift, images.shape[-2:]
    return F.pad(images, (1, 1, 1, 1))[..., 1 - down : 1 - down + height, 1 - right : 1 - right + width].contiguous()


def accuracies(predictor: Predictor, images: Tensor, labels: Tensor) -> dict[str, float]:
    """In percent, of each of `SETS`."""
    shifts = {shift for shifts in SETS.values() for shift in shifts}
    scores = {shift: scores_of(predictor, moved(images, shift)) for shift in shifts}
    found = {}
    for name, chosen in SETS.items():
        answers = sum(scores[shift] for shift in chosen[1:]) + scores[chosen[0]]
        found[name] = 100 * (answers.argmax(1) == labels).double().mean().item()
    return found


def measured(store: Store, candidates: Sequence[str]) -> Iterator[dict[str, float]]:
    """Of each finished run of these candidates; its images must be those held out of training."""
    _, _, images, labels = load_mnist().split("validation")
    for run in store.runs():
        chosen = run.name.rpartition(", seed ")[0] in candidates and run.config.evaluate_on == "validation"
        if chosen and run.status == "finished" and not run.config.network.second_reading:
            yield accuracies(load_predictor(run.id, store=store), images, labels)


def compared(found: Sequence[Mapping[str, float]]) -> str:
    """A line for each of `SETS`: the mean, and what it gains in the worst run, on average and in the best one."""
    rows = []
    for name, shifts in SETS.items():
        gains = [one[name] - one["as it is"] for one in found]
        mean = statistics.mean(one[name] for one in found)
        told = f"{min(gains):+.2f}, {statistics.mean(gains):+.3f}, {max(gains):+.2f}"
        rows.append((name, f"{len(shifts)}", f"{mean:.3f}", told))
    return table(("Readings", "How many", f"Mean of {len(found)} runs, %", "Gain: least, mean, most"), rows)


def main(arguments: Sequence[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=Path, metavar="STORE", help="a SQLite file")
    parser.add_argument("candidates", nargs="+", metavar="CANDIDATE")
    told = parser.parse_args(arguments)
    if not told.store.exists():
        parser.error(f"there is no store {told.store}: benchmarks/select_beyond.py makes one.")
    found = list(measured(open_store(file_url(told.store.resolve())), told.candidates))
    print(compared(found) if found else "The store holds no finished run of these that was read on held-out images.")


if __name__ == "__main__":
    main(sys.argv[1:])
