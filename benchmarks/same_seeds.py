"""The same seeds computed otherwise, seed by seed: on another processor, and with products of bfloat16.

Beside the reference runs stand runs of the same recipes that are not in their database: earlier ones, in
benchmarks/earlier_runs.csv, whose database is in this project's history; and those in bfloat16, in
benchmarks/bfloat16_runs.csv, which `python -m lab train --step 5 --precision bfloat16` trains again.
"""

from __future__ import annotations

import csv
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.config import EVALUATION_IMAGES
from lab.published import TARGET_ACCURACY
from lab.report import table
from lab.seeds import Pool, main_pool
from lab.steps import STEPS

EARLIER = Path(__file__).parent / "earlier_runs.csv"
IN_BFLOAT16 = Path(__file__).parent / "bfloat16_runs.csv"
NOTHING = "No seed is kept that was computed otherwise."
TOLD = 5
"""The step whose runs are also told together: the one with the most seeds."""


@dataclass(frozen=True, kw_only=True)
class OtherRun:
    """A run of a step's recipe that is not among the reference runs; in the CSV a line has these columns."""

    step: int
    seed: int
    test_correct: int
    """Of 10,000, after the last epoch."""
    hardware: str
    commit: str

    @property
    def final(self) -> float:
        """Percent."""
        return 100 * self.test_correct / EVALUATION_IMAGES


def kept(path: Path) -> list[OtherRun]:
    """What is kept of them in a CSV."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            OtherRun(
                step=int(row["step"]),
                seed=int(row["seed"]),
                test_correct=int(row["test_correct"]),
                hardware=row["hardware"],
                commit=row["commit"],
            )
            for row in csv.DictReader(file)
        ]


Finals = Sequence[tuple[float, float]]
"""Of the seeds that two computations have, the final accuracy of either."""


def processors(pools: Sequence[Pool], earlier: Sequence[OtherRun]) -> str:
    """A row a step with the seeds that were trained on both, and what the most of them come to together."""
    pairs = _pairs(pools, earlier)
    told = _side_by_side("Intel Xeon", "AMD EPYC", pairs)
    return "\n\n".join([told, *_together(pairs.get(TOLD, ()))])


def precisions(pools: Sequence[Pool], in_bfloat16: Sequence[OtherRun]) -> str:
    """A row a step with the seeds that were trained in both."""
    pairs = _pairs(pools, in_bfloat16)
    turned = {number: [(own, other) for other, own in finals] for number, finals in pairs.items()}
    return _side_by_side("float32", "bfloat16", turned)


def _side_by_side(first: str, second: str, pairs: Mapping[int, Finals]) -> str:
    if not pairs:
        return NOTHING
    heads = ("Step", "Seeds", f"{first}, mean ± sd", f"{second}, mean ± sd", "Paired difference")
    return table(heads, [_row(number, finals) for number, finals in pairs.items()])


def _pairs(pools: Sequence[Pool], others: Sequence[OtherRun]) -> dict[int, Finals]:
    """By step, where there are any: the final accuracies of the other run and of the reference run."""
    found = {}
    for preset in STEPS:
        pool = main_pool(pools, preset.number)
        other = {run.seed: run.final for run in others if run.step == preset.number}
        own = dict(zip(pool.seeds, pool.finals, strict=True)) if pool else {}
        found[preset.number] = [(other[seed], own[seed]) for seed in sorted(set(other) & set(own))]
    return {number: finals for number, finals in found.items() if finals}


def _row(number: int, finals: Finals) -> tuple[str, ...]:
    differences = [second - first for first, second in finals]
    error = f" ± {statistics.stdev(differences) / len(finals) ** 0.5:.3f}" if len(finals) > 1 else ""
    first, second = zip(*finals, strict=True)
    return f"{number}", f"{len(finals)}", _spread(first), _spread(second), f"{statistics.mean(differences):+.3f}{error}"


def _spread(finals: Sequence[float]) -> str:
    return f"{statistics.mean(finals):.3f} ± {statistics.stdev(finals):.3f}" if len(finals) > 1 else f"{finals[0]:.2f}"


def _together(finals: Finals) -> list[str]:
    both = [final for pair in finals for final in pair]
    if not both:
        return []
    reached = sum(final >= TARGET_ACCURACY for final in both)
    return [
        f"Of the {len(both)} runs of step {TOLD} together {reached} end at {TARGET_ACCURACY:.2f} % or better, and "
        f"their mean is {statistics.mean(both):.3f} %."
    ]
