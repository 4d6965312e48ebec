"""The runs of a store in summaries, and in Markdown tables beside what is published. Which count: see lab/seeds.py."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence

from lab import number_words
from lab.analysis import LAST, RunSummary, summarize
from lab.intervals import Interval
from lab.layers import total_parameters
from lab.number_words import typed
from lab.published import published_epochs, published_training
from lab.seeds import Pool, counted, pool_seeds, published_final, training_read
from lab.steps import STEPS, Step
from lab.store import Store
from lab.terms import Terms

NOTHING_YET = "No complete run of a step is in the store yet."
Column = tuple[str, Callable[[Step, Pool | None], str]]
"""A heading, and what stands under it for a step and a pool of its runs, if there is one."""


def summaries(store: Store) -> list[RunSummary]:
    """Every run of the store that can be read, newest first."""
    known = store.runs()
    epochs = store.epochs([run.id for run in known])
    return [summarize(run, epochs[run.id]) for run in known if run.id in epochs]


def results(store: Store) -> str:
    """The tables: test and training accuracy, one line a step and terms, then one line a run."""
    runs = counted(summaries(store))
    if not runs:
        return NOTHING_YET
    pools = pool_seeds(runs)
    return "\n\n".join((step_table(TEST_COLUMNS, pools), step_table(TRAINING_COLUMNS, pools), runs_table(runs)))


def step_table(columns: Sequence[Column], pools: Iterable[Pool]) -> str:
    """A line for each terms that a step was trained on; one that says so where there is none."""
    known = list(pools)
    lines = []
    for preset in STEPS:
        mine: list[Pool | None] = [pool for pool in known if pool.terms.step == preset.number]
        lines += [[cell(preset, pool) for _, cell in columns] for pool in mine or [None]]
    return table([heading for heading, _ in columns], lines)


def runs_table(runs: Iterable[tuple[Terms, RunSummary]]) -> str:
    """A line for each run that counts."""
    return table(_RUN_HEAD, (_run_line(run) for run in runs))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def figure(value: float | None) -> str:
    """An accuracy, or "-"."""
    return "-" if value is None else f"{value:.2f}"


def signed(value: float | None) -> str:
    """A difference in points, or "-"."""
    return "-" if value is None else typed(number_words.signed(value))


def between(interval: Interval | None, digits: int = 2) -> str:
    """`99.28 to 99.35`, or "-"."""
    return "-" if interval is None else f"{interval[0]:.{digits}f} to {interval[1]:.{digits}f}"


def mean_and_spread(pool: Pool) -> str:
    """`99.314 ± 0.07`: mean and sample standard deviation of the final accuracies; of one seed its own."""
    spread = f" ± {pool.final_spread:.2f}" if pool.final_spread is not None else ""
    return f"{pool.final_mean:.3f}{spread}"


def seed_words(seeds: Sequence[int]) -> str:
    """`1 to 20`, or `1, 3`."""
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))


def measured(say: Callable[[Pool], str], without: str = "-") -> Callable[[Step, Pool | None], str]:
    """A cell that is about measured runs."""
    return lambda _, pool: say(pool) if pool else without


def _published_while_training(preset: Step) -> float | None:
    epochs = published_epochs(preset.number)
    return epochs[-1].train_accuracy if epochs else None


def _published_read(preset: Step) -> float | None:
    read = published_training(preset.number)
    return read.accuracy if read else None


def _published_gap(preset: Step) -> float | None:
    """None where the training images were turned: the test images were not."""
    read, test = _published_read(preset), published_final(preset.number)
    return None if read is None or test is None or preset.config.augmentation.active else read - test


def _gap(pool: Pool) -> float | None:
    """As the pages say it of a run: training images are read unchanged, as test images are."""
    read = _mean(pool.training_read(augmented=False))
    return None if read is None else read - pool.final_mean


def _mean(values: Sequence[float] | None) -> float | None:
    return statistics.mean(values) if values else None


STEP: Column = ("Step", lambda preset, _: f"{preset.number} {preset.name}")
COMPUTED: Column = ("Computed in", measured(lambda pool: pool.terms.computed))
SEEDS: Column = ("Seeds", measured(lambda pool: seed_words(pool.seeds), "none yet"))
PARAMETERS: Column = ("Parameters", lambda preset, _: f"{total_parameters(preset.config.network):,}")
PUBLISHED: Column = ("Published final %", lambda preset, _: figure(published_final(preset.number)))
MEASURED: Column = ("Measured final %, mean ± sd", measured(mean_and_spread))
INTERVAL: Column = ("95 % interval of the mean", measured(lambda pool: between(pool.mean_interval)))
HELD: Column = (
    f"99.40 % in all of the last {LAST}",
    measured(lambda pool: f"{pool.held_target} of {len(pool.runs)}"),
)
PUBLISHED_BEST: Column = (
    "Published best %",
    lambda preset, _: figure(max((epoch.test_accuracy for epoch in published_epochs(preset.number)), default=None)),
)
MEASURED_BEST: Column = ("Measured best %, mean", measured(lambda pool: figure(pool.best_mean)))
PUBLISHED_TRAINING: Column = (
    "Published train % after training",
    lambda preset, _: figure(_published_read(preset)),
)
MEASURED_TRAINING: Column = (
    "Mean train % of the seeds after training",
    measured(lambda pool: figure(_mean(pool.training_read_as_published()))),
)

TEST_COLUMNS = (STEP, COMPUTED, SEEDS, PUBLISHED, MEASURED, INTERVAL, PUBLISHED_BEST, MEASURED_BEST, HELD)
TRAINING_COLUMNS: tuple[Column, ...] = (
    STEP,
    COMPUTED,
    SEEDS,
    PUBLISHED_TRAINING,
    MEASURED_TRAINING,
    (
        "Mean train % of the seeds after training, on unchanged images",
        measured(lambda pool: figure(_mean(pool.training_read(augmented=False)))),
    ),
    ("Published train minus test, points", lambda preset, _: signed(_published_gap(preset))),
    ("Mean train minus test of the seeds, points", measured(lambda pool: signed(_gap(pool)))),
    ("Published train % during training", lambda preset, _: figure(_published_while_training(preset))),
    ("Mean train % of the seeds during training", measured(lambda pool: figure(pool.train_mean))),
)

_RUN_HEAD = (
    "Step",
    "Seed",
    "Final test %",
    f"Last {LAST} epochs %",
    "Best test % (epoch)",
    "Final train % during training",
    "Train % after training",
    "Seconds an epoch",
    "Minutes",
    "Precision",
    "Hardware",
    "Commit",
)


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
        figure(training_read(run, augmented=run.config.augmentation.active)),
        f"{run.training_seconds / len(run.epochs):.0f}",
        f"{run.training_seconds / 60:.0f}",
        terms.precision,
        run.hardware,
        run.code_commit or "-",
    ]
