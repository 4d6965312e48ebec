"""The replayed logs: what is kept of them (benchmarks/replayed.csv), and how they stand beside the published ones."""

from __future__ import annotations

import csv
import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.config import TRAINING_IMAGES
from lab.published import published_epochs, published_training
from lab.report import figure, table

KEPT = Path(__file__).parent / "replayed.csv"


@dataclass(frozen=True, kw_only=True)
class ReplayedEpoch:
    """An epoch's line, measured as the published log measures; in the CSV a line has these columns."""

    step: int
    masks: str
    """Of dropout: the GPU that would have drawn them so, or the seed of others; empty in steps 1 and 2."""
    epoch: int
    last_batch_loss: float
    train_correct: int
    """Of 60,000, counted while training."""
    test_loss: float
    test_correct: int
    """Of 10,000."""
    seconds: float
    evaluated_train_correct: int | None = None
    """Of 60,000 in evaluation mode (rotated in steps 4 and 5), after the last of fifteen epochs only."""
    evaluated_train_loss: float | None = None
    torch: str
    """Its version, and the GPU, if one computed: some round convolutions to TF32's ten binary digits."""


def keep(line: ReplayedEpoch, path: Path = KEPT) -> None:
    """Add a line to what is kept."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [column.name for column in fields(ReplayedEpoch)], lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(asdict(line))


def kept(path: Path = KEPT) -> list[ReplayedEpoch]:
    """What is kept, by step, masks of dropout and epoch; of one that was replayed again the newest counts."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        lines = [_line(row) for row in csv.DictReader(file)]
    newest = {(line.step, line.masks, line.epoch): line for line in lines}
    return [newest[key] for key in sorted(newest)]


def _line(row: dict[str, str]) -> ReplayedEpoch:
    def optional(name: str) -> str | None:
        return row[name] or None

    correct, loss = map(optional, ("evaluated_train_correct", "evaluated_train_loss"))
    return ReplayedEpoch(
        step=int(row["step"]),
        masks=row["masks"],
        epoch=int(row["epoch"]),
        last_batch_loss=float(row["last_batch_loss"]),
        train_correct=int(row["train_correct"]),
        test_loss=float(row["test_loss"]),
        test_correct=int(row["test_correct"]),
        seconds=float(row["seconds"]),
        evaluated_train_correct=None if correct is None else int(correct),
        evaluated_train_loss=None if loss is None else float(loss),
        torch=row["torch"],
    )


def replays(replayed: Sequence[ReplayedEpoch]) -> str:
    """Each whole replay beside the published log; one that was broken off is left out."""
    groups = [list(lines) for _, lines in groupby(replayed, key=lambda line: (line.step, line.masks))]
    whole = [lines for lines in groups if len(lines) == len(published_epochs(lines[0].step))]
    return "\n\n".join(_replay(lines) for lines in whole) or "No whole replay is kept yet."


_REPLAY_HEAD = (
    "Epoch",
    "Training %: published",
    "replayed",
    "Last batch's loss: published",
    "replayed",
    "Test %: published",
    "replayed",
    "Test loss: published",
    "replayed",
)


def _replay(lines: Sequence[ReplayedEpoch]) -> str:
    number, masks = lines[0].step, lines[0].masks
    drawn = f"with seed {masks}" if masks.isdecimal() else f"as on a GPU of the kind {masks}"
    title = f"**Step {number}" + (f", dropout drawn {drawn}" if masks else "") + f" (PyTorch {lines[0].torch}).**"
    pairs = list(zip(lines, published_epochs(number), strict=True))
    training = [100 * line.train_correct / TRAINING_IMAGES - published.train_accuracy for line, published in pairs]
    test = [line.test_correct / 100 - published.test_accuracy for line, published in pairs]
    told = [
        f"{title} Training accuracy lies within {max(map(abs, training)):.2f} points of the published one in all "
        f"{len(pairs)} epochs (on average {statistics.mean(training):+.3f}), test accuracy within "
        f"{max(map(abs, test)):.2f} ({statistics.mean(test):+.3f}). The logarithm of the last batch's loss correlates "
        f"with the published one's by {_together(lines, number):.2f}."
    ]
    trained, last = published_training(number), lines[-1]
    if trained and last.evaluated_train_correct is not None:
        told.append(
            f"In the end {last.evaluated_train_correct:,} training images are read right with a loss of "
            f"{last.evaluated_train_loss:.4f}; published: {trained.correct:,}, {trained.loss:.4f}."
        )
    rows = [
        (
            f"{line.epoch}",
            figure(published.train_accuracy),
            figure(100 * line.train_correct / TRAINING_IMAGES),
            f"{published.last_batch_loss:.4f}",
            f"{line.last_batch_loss:.4f}",
            figure(published.test_accuracy),
            figure(line.test_correct / 100),
            f"{published.test_loss:.4f}",
            f"{line.test_loss:.4f}",
        )
        for line, published in pairs
    ]
    return " ".join(told) + "\n\n" + table(_REPLAY_HEAD, rows)


def _together(lines: Sequence[ReplayedEpoch], number: int) -> float:
    published = [math.log(epoch.last_batch_loss) for epoch in published_epochs(number)[: len(lines)]]
    return statistics.correlation(published, [math.log(line.last_batch_loss) for line in lines])
