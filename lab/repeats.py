"""The same config again: which run has trained it already, and which seeds are still free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from itertools import count, islice

from lab.config import RunConfig
from lab.store import ENDED, Run, is_of_this_host

UNFINISHED = ("stopped", "failed", "interrupted")
ANYWHERE = tuple(field.name for field in reversed(fields(RunConfig)) if field.name != "device")
ANY_SEED = tuple(name for name in ANYWHERE if name != "seed")
"""What makes a config, whatever its device and its seed; plain numbers first, which tell most of them apart."""


def same_run(runs: Iterable[Run], config: RunConfig) -> Run | None:
    """A run that trains, or has trained to its end, just this config; None where there is none.

    On this machine it gives the same curve to the last digit, so one that was trained here comes first, and of those
    the first of `runs`. Forks do not count: their first epochs had another.
    """
    alike = (run for run in runs if run.parent is None and run.status not in UNFINISHED)
    twins = [run for run in alike if _same(run.config, config, ANYWHERE)]
    return min(twins, key=is_of_another_machine, default=None)


def is_of_another_machine(run: Run) -> bool:
    """Whether its curve may be none of this machine's: another processor rounds otherwise, and a few digits grow."""
    return run.status in ENDED and not (run.worker and is_of_this_host(run.worker))


def free_seeds(runs: Iterable[Run], config: RunConfig, number: int, *more: RunConfig) -> tuple[int, ...]:
    """The config's seed and the next ones, as many as asked for, without those that a run of this config has.

    `more`: configs that shall have the seed too, and have not been trained with it either.
    """
    taken = {run.config.seed for run in runs if any(_same(run.config, one, ANY_SEED) for one in (config, *more))}
    last = 2**32
    return tuple(islice((seed % last for seed in count(config.seed) if seed % last not in taken), number))


def _same(one: RunConfig, other: RunConfig, names: Iterable[str]) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in names)
