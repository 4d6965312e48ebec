"""The same seeds on another processor: the reference runs beside earlier ones of the same recipes, seed by seed.

What is kept of the earlier ones is in benchmarks/earlier_runs.csv; their database is in this project's history.
"""

from __future__ import annotations

import csv
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from lab.config import EVALUATION_IMAGES
from lab.published import TARGET_ACCURACY
from lab.report import table
from lab.seeds import Pool, main_pool
from lab.steps import STEPS

KEPT = Path(__file__).parent / "earlier_runs.csv"
NOTHING = "No seed is kept from another processor."
TOLD = 5
"""The step whose runs are also told together: the one with the most seeds."""


@dataclass(frozen=True, kw_only=True)
class EarlierRun:
    """A run of a step's recipe that the reference runs have replaced; in the CSV a line has these columns."""

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


def kept(path: Path = KEPT) -> list[EarlierRun]:
    """What is kept of them."""
    with path.open(newline="", encoding="utf-8") as file:
        return [
            EarlierRun(
                step=int(row["step"]),
                seed=int(row["seed"]),
                test_correct=int(row["test_correct"]),
                hardware=row["hardware"],
                commit=row["commit"],
            )
            for row in csv.DictReader(file)
        ]


def processors(pools: Sequence[Pool], earlier: Sequence[EarlierRun]) -> str:
    """A row a step with the seeds that were trained on both, and what the most of them come to together."""
    pairs = {preset.number: _pairs(main_pool(pools, preset.number), preset.number, earlier) for preset in STEPS}
    rows = [_row(number, finals) for number, finals in pairs.items() if finals]
    if not rows:
        return NOTHING
    told = table(("Step", "Seeds", "Intel Xeon, mean ± sd", "AMD EPYC, mean ± sd", "Paired difference"), rows)
    return "\n\n".join([told, *_together(pairs[TOLD])])


def _pairs(pool: Pool | None, number: int, earlier: Sequence[EarlierRun]) -> list[tuple[float, float]]:
    """The final accuracies of the seeds that both have: the earlier one, and the reference run's."""
    then = {run.seed: run.final for run in earlier if run.step == number}
    now = dict(zip(pool.seeds, pool.finals, strict=True)) if pool else {}
    return [(then[seed], now[seed]) for seed in sorted(set(then) & set(now))]


def _row(number: int, finals: Sequence[tuple[float, float]]) -> tuple[str, ...]:
    differences = [now - then for then, now in finals]
    error = f" ± {statistics.stdev(differences) / len(finals) ** 0.5:.3f}" if len(finals) > 1 else ""
    then, now = zip(*finals, strict=True)
    return f"{number}", f"{len(finals)}", _spread(then), _spread(now), f"{statistics.mean(differences):+.3f}{error}"


def _spread(finals: Sequence[float]) -> str:
    return f"{statistics.mean(finals):.3f} ± {statistics.stdev(finals):.3f}" if len(finals) > 1 else f"{finals[0]:.2f}"


def _together(finals: Sequence[tuple[float, float]]) -> list[str]:
    both = [final for pair in finals for final in pair]
    if not both:
        return []
    reached = sum(final >= TARGET_ACCURACY for final in both)
    return [
        f"Of the {len(both)} runs of step {TOLD} together {reached} end at {TARGET_ACCURACY:.2f} % or better, and "
        f"their mean is {statistics.mean(both):.3f} %."
    ]
