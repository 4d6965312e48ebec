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
    figures: dict[str, Callable[[RunSummary], float | None]] = {
        f"Last {evaluated} accuracy, %": lambda run: run.last.test_accuracy if run.last else None,
        f"Best {evaluated} accuracy, %": lambda run: run.best.test_accuracy if run.best else None,
        f"Train − {evaluated}, points": lambda run: gap(run.last),
        "Wrong of 10,000": lambda run: wrong_images(run.last) if run.last else None,
    }
    digits = (2, 2, 2, 0)
    rows = [
        Row(what=what, values=tuple(_figure(map(of, group.runs), places) for group in groups), is_result=True)
        for (what, of), places in zip(figures.items(), digits, strict=True)
    ]
    took = tuple(duration(statistics.fmean(run.training_seconds for run in group.runs)) for group in groups)
    done = tuple(f"{len(group.first.epochs)} of {group.first.config.epochs}" for group in groups)
    size = tuple(f"{group.first.parameters:,}" for group in groups)
    return [
        *rows,
        Row(what="Epochs done", values=done, is_result=True),
        Row(what="Training time", values=took, is_result=True),
        Row(what="Computed in", values=tuple(group.first.computed for group in groups), is_result=True),
        Row(what="Parameters", values=size, is_result=True),
    ]


def _figure(values: Iterable[float | None], digits: int) -> str:
    """`99.41`, or `99.41 ± 0.03 (5)`: mean ± sample standard deviation (seeds); a dash where a run has none."""
    known = list(values)
    numbers = [value for value in known if value is not None and math.isfinite(value)]
    if len(numbers) < len(known) or not numbers:
        return NOTHING
    mean = statistics.fmean(numbers)
    if len(numbers) == 1:
        return decimal(mean, digits)
    places = max(digits, 1)  # of both: whole images have a mean between them
    return f"{decimal(mean, places)} ± {decimal(spread(numbers), places)} ({len(numbers)})"
