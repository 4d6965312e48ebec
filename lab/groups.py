"""Runs that stand beside each other: one by itself, or all seeds of one config as a group with a mean and a spread.

Only complete runs are grouped: a mean over runs of which some have ended early would bend where each of them ends.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from lab.analysis import RunSummary
from lab.config import RunConfig
from lab.events import Epoch


@dataclass(frozen=True, kw_only=True)
class Group:
    """A run, or several that differ in their seed only, in the order of their seeds; at least one."""

    runs: tuple[RunSummary, ...]

    @property
    def first(self) -> RunSummary:
        """The run of the lowest seed, whose config stands for all but for the seed."""
        return self.runs[0]

    @property
    def label(self) -> str:
        """In a word or two: `run 3`, `runs 3, 5, 8` or, of many, `20 seeds from run 3`.

        No two groups of a comparison have the same.
        """
        if len(self.runs) == 1:
            return f"run {self.first.run}"
        if len(self.runs) <= 3:
            return "runs " + ", ".join(str(number) for number in sorted(run.run for run in self.runs))
        return f"{len(self.runs)} seeds from run {min(run.run for run in self.runs)}"

    @property
    def short(self) -> str:
        """The label where there is little room: `run 3`, or `run 3 +19`, of a group, for its first run and the rest."""
        first = f"run {min(run.run for run in self.runs)}"
        return first if len(self.runs) == 1 else f"{first} +{len(self.runs) - 1}"

    @property
    def name(self) -> str:
        """The run's name; of a group its first one's, without the seed at its end."""
        if len(self.runs) == 1:
            return self.first.name
        return self.first.name.removesuffix(f", seed {self.first.config.seed}")

    def means(self, value: Callable[[Epoch], float]) -> list[tuple[int, float, float]]:
        """(epoch, mean, sample standard deviation) of a figure of each epoch over the runs; the spread of one is 0."""
        rows = []
        for told in zip(*(run.epochs for run in self.runs), strict=True):
            values = [value(epoch) for epoch in told]
            rows.append((told[0].epoch, statistics.fmean(values), spread(values)))
        return rows


def spread(values: Sequence[float]) -> float:
    """Sample standard deviation; 0 for a single value, NaN where one is no finite number."""
    if not all(map(math.isfinite, values)):
        return math.nan  # of which `statistics` makes an error of its own
    return statistics.stdev(values) if len(values) > 1 else 0.0


def grouped(runs: Iterable[RunSummary]) -> list[Group]:
    """A group for each config, apart from the seed and the device asked for, in the order in which the runs come.

    Forks and runs that are not complete stand by themselves, and so does one that trains a seed again: it gives the
    same curve, which would count twice. What a run was computed with is a part of its config here: engines round
    differently, and a GPU draws other masks of dropout (`lab.terms.Terms`).
    """
    found: dict[tuple[RunConfig, str, bool] | int, list[RunSummary]] = {}
    for run in runs:
        alike = (replace(run.config, seed=0, device="auto"), run.engine, run.on_gpu)
        by_itself = not run.complete or run.parent_epoch is not None  # a fork's first epochs had another config
        by_itself = by_itself or any(other.config.seed == run.config.seed for other in found.get(alike, ()))
        found.setdefault(run.run if by_itself else alike, []).append(run)
    return [Group(runs=tuple(sorted(pool, key=lambda run: run.config.seed))) for pool in found.values()]


def each(runs: Iterable[RunSummary]) -> list[Group]:
    """Every run by itself."""
    return [Group(runs=(run,)) for run in runs]
