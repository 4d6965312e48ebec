"""The runs of a store in summaries, and published beside measured: the table of docs/results.md.

Only complete runs on a step's own terms count: its epochs, all training images, the test set (`lab.analysis.Terms`).
Seeds are pooled on equal terms only, precision and engine included; of several runs with equal terms and seed the
newest counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.analysis import LAST, RunSummary, Terms, summarize
from lab.describe import StepSummary, summarize_step
from lab.steps import STEPS
from lab.store import Store


@dataclass(frozen=True, kw_only=True)
class SeedSummary:
    """Runs on equal terms with different seeds: means and the sample standard deviation, in percent."""

    terms: Terms
    seeds: tuple[int, ...]
    final_mean: float
    final_spread: float | None
    """None for a single seed."""
    best_mean: float
    best_train_mean: float
    held_target: int
    """How many runs were at 99.40 % or better in each of the last three epochs."""


def counted(runs: Iterable[RunSummary]) -> list[tuple[Terms, RunSummary]]:
    """The runs that count, by step and seed, float32 first."""
    newest = {}
    for run in sorted(runs, key=lambda run: run.run):
        if run.terms is not None and run.terms.as_published and run.complete:
            newest[run.terms, run.config.seed] = run

    def place(pair: tuple[Terms, RunSummary]) -> tuple[int, int, bool, str]:
        terms, run = pair
        return terms.step, run.config.seed, terms.precision != "float32", terms.engine

    return sorted(((terms, run) for (terms, _), run in newest.items()), key=place)


def pool_seeds(runs: Iterable[tuple[Terms, RunSummary]]) -> list[SeedSummary]:
    """A summary for each terms, the one of the most seeds first among those of a step."""
    pools: dict[Terms, list[RunSummary]] = {}
    for terms, run in runs:
        pools.setdefault(terms, []).append(run)
    return [_pool(terms, pool) for terms, pool in sorted(pools.items(), key=lambda item: (item[0].step, -len(item[1])))]


def _pool(terms: Terms, runs: Sequence[RunSummary]) -> SeedSummary:
    finals = [run.epochs[-1].test_accuracy for run in runs]
    return SeedSummary(
        terms=terms,
        seeds=tuple(run.config.seed for run in runs),
        final_mean=statistics.mean(finals),
        final_spread=statistics.stdev(finals) if len(finals) > 1 else None,
        best_mean=statistics.mean(max(epoch.test_accuracy for epoch in run.epochs) for run in runs),
        best_train_mean=statistics.mean(max(epoch.train_accuracy for epoch in run.epochs) for run in runs),
        held_target=sum(run.held_target for run in runs),
    )


def summaries(store: Store) -> list[RunSummary]:
    """Every run of the store that can be read, newest first."""
    known = store.runs()
    epochs = store.epochs([run.id for run in known])
    return [summarize(run, epochs[run.id]) for run in known if run.id in epochs]


def results(store: Store) -> str:
    """The tables in Markdown: one line a step and terms, then one line a run."""
    runs = counted(summaries(store))
    if not runs:
        return "No complete run of a step is in the store yet."
    pools = pool_seeds(runs)
    lines = [line for preset in STEPS for line in _step_lines(summarize_step(preset), pools)]
    return "\n".join([*_table(_STEP_HEAD, lines), "", *_table(_RUN_HEAD, (_run_line(run) for run in runs))])


_STEP_HEAD = (
    "Step",
    "Published final %",
    "Measured final %, mean ± sd",
    "Published best %",
    "Measured best %, mean",
    "Published best train %",
    "Measured best train %, mean",
    "Computed in",
    "Seeds",
    "99.40 % in all of the last three",
)
_RUN_HEAD = (
    "Step",
    "Seed",
    "Final test %",
    "Last three epochs %",
    "Best test % (epoch)",
    "Final train %",
    "Seconds an epoch",
    "Minutes",
    "Precision",
    "Hardware",
)


def _step_lines(step: StepSummary, pools: Iterable[SeedSummary]) -> list[list[str]]:
    """A line for each terms that the step was trained on; one that says so where there is none."""
    mine = [pool for pool in pools if pool.terms.step == step.preset.number]
    return [_step_line(step, pool) for pool in mine] or [_step_line(step, None)]


def _step_line(step: StepSummary, pool: SeedSummary | None) -> list[str]:
    return [
        f"{step.preset.number} {step.preset.name}",
        _figure(step.published_final),
        _mean(pool) if pool else "-",
        _figure(step.published_best),
        _figure(pool.best_mean if pool else None),
        _figure(step.published_best_train),
        _figure(pool.best_train_mean if pool else None),
        pool.terms.computed if pool else "-",
        ", ".join(map(str, pool.seeds)) if pool else "none yet",
        f"{pool.held_target} of {len(pool.seeds)}" if pool else "-",
    ]


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _mean(pool: SeedSummary) -> str:
    spread = f" ± {pool.final_spread:.2f}" if pool.final_spread is not None else ""
    return f"{pool.final_mean:.3f}{spread}"


def _run_line(pair: tuple[Terms, RunSummary]) -> list[str]:
    terms, run = pair
    assert run.best is not None
    last = run.epochs[-1]
    return [
        str(terms.step),
        str(run.config.seed),
        f"{last.test_accuracy:.2f}",
        ", ".join(f"{epoch.test_accuracy:.2f}" for epoch in run.epochs[-LAST:]),
        f"{run.best.test_accuracy:.2f} ({run.best.epoch})",
        f"{last.train_accuracy:.2f}",
        f"{run.training_seconds / len(run.epochs):.0f}",
        f"{run.training_seconds / 60:.0f}",
        terms.precision,
        run.hardware,
    ]


def _table(head: tuple[str, ...], rows: Iterable[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]
