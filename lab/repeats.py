"""The same config again: which run has trained it already, and which seeds are still free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import count, islice

from lab.config import RunConfig
from lab.store import Run

UNFINISHED = ("stopped", "failed", "interrupted")


def same_run(runs: Iterable[Run], config: RunConfig) -> Run | None:
    """The first of `runs` that trains, or has trained to its end, just this config; None where there is none.

    On one kind of device it gives the same curve to the last digit. Forks do not count: their first epochs had another.
    """
    alike = (run for run in runs if run.parent is None and run.status not in UNFINISHED)
    return next((run for run in alike if _anywhere(run.config) == _anywhere(config)), None)


def free_seeds(runs: Iterable[Run], config: RunConfig, number: int) -> tuple[int, ...]:
    """The config's seed and the next ones, as many as asked for, without those that a run of this config has."""
    seedless = replace(_anywhere(config), seed=0)
    taken = {run.config.seed for run in runs if replace(_anywhere(run.config), seed=0) == seedless}
    last = 2**32
    return tuple(islice((seed % last for seed in count(config.seed) if seed % last not in taken), number))


def _anywhere(config: RunConfig) -> RunConfig:
    return replace(config, device="auto")
