"""Runs or groups of seeds side by side: a row for each result and setting, a column for each of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from lab.analysis import RunSummary, gap, wrong_images
from lab.describe import describe_config
from lab.groups import Group, spread
from lab.number_words import decimal
from lab.standing import duration

NOTHING = "–"
FORKED = "Forked from another run after epoch"


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one line says of each group."""

    what: str
    values: tuple[str, ...]
    is_result: bool

    @property
    def differs(self) -> bool:
        """Whether not all say the same."""
        return len(set(self.values)) > 1


def comparison(groups: Sequence[Group], differences_only: bool = False) -> list[Row]:
    """Results first, then the settings that differ, then the rest; without it where only differences are asked for."""
    configs = [_settings(group) for group in groups]
    if any(group.first.parent_epoch is not None for group in groups):  # whose settings are not those of all its epochs
        configs = [{FORKED: _forked(group)} | config for group, config in zip(groups, configs, strict=True)]
    names = configs[0] if groups else ()
    rows = [Row(what=name, values=tuple(config[name] for config in configs), is_result=False) for name in names]
    rows.sort(key=lambda row: not row.differs)
    return [row for row in (*_results(groups), *rows) if row.differs or not differences_only]


def table(groups: Sequence[Group], rows: Iterable[Row]) -> list[dict[str, str]]:
    """The rows as a table with a column for each group, called by its label."""
    labels = [group.label[0].upper() + group.label[1:] for group in groups]
    return [{"": row.what} | dict(zip(labels, row.values, strict=True)) for row in rows]


def _settings(group: Group) -> dict[str, str]:
    return dict(describe_config(group.first.config)) | {"Seed": _seeds(group)}


def _forked(group: Group) -> str:
    return NOTHING if group.first.parent_epoch is None else str(group.first.parent_epoch)


def _seeds(group: Group) -> str:
    return ", ".join(str(run.config.seed) for run in group.runs)


def _results(groups: Sequence[Group]) -> list[Row]:
    if not groups:
        return []
    sets = {group.first.evaluated for group in groups}
    evaluated = sets.pop() if len(sets) == 1 else "evaluation"
    told: dict[str, Callable[[Group], str]] = {
        f"Last {evaluated} accuracy, %": _figure(lambda run: run.last.test_accuracy if run.last else None, 2),
        f"Best {evaluated} accuracy, %": _figure(lambda run: run.best.test_accuracy if run.best else None, 2),
        f"Train − {evaluated}, points": _figure(lambda run: gap(run.last), 2),
        "Wrong of 10,000": _figure(lambda run: wrong_images(run.last) if run.last else None, 0),
        "Epochs done": lambda group: f"{len(group.first.epochs)} of {group.first.config.epochs}",
        "Training time": lambda group: duration(statistics.fmean(run.training_seconds for run in group.runs)),
        "Computed in": lambda group: group.first.computed,
        "Parameters": lambda group: f"{group.first.parameters:,}",
    }
    return [Row(what=what, values=tuple(map(of, groups)), is_result=True) for what, of in told.items()]


def _figure(of: Callable[[RunSummary], float | None], digits: int) -> Callable[[Group], str]:
    """What is said of a group's runs of which each has such a figure."""
    return lambda group: _mean_and_spread([of(run) for run in group.runs], digits)


def _mean_and_spread(known: Sequence[float | None], digits: int) -> str:
    """`99.41`, or `99.41 ± 0.03 (5)`: mean ± sample standard deviation (seeds); a dash where a run has none."""
    numbers = [value for value in known if value is not None and math.isfinite(value)]
    if len(numbers) < len(known) or not numbers:
        return NOTHING
    mean = statistics.fmean(numbers)
    if len(numbers) == 1:
        return decimal(mean, digits)
    places = max(digits, 1)  # of both: whole images have a mean between them
    return f"{decimal(mean, places)} ± {decimal(spread(numbers), places)} ({len(numbers)})"
