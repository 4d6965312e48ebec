"""Published beside measured: the table of docs/results.md, made from the runs of a store.

Only finished runs that follow a preset to the letter count: its epochs, all training images, the test set. Of several
runs with the same preset, seed and precision the newest counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from lab.analysis import SeedSummary, summarize_seeds
from lab.config import TRAINING_IMAGES
from lab.events import Epoch
from lab.steps import STEPS, Step, published_epochs
from lab.store import Run, Store


def counts(run: Run) -> bool:
    """Whether the run is a complete, unchanged run of a preset."""
    config = run.config
    return (
        run.status == "finished"
        and run.step is not None
        and config.epochs == STEPS[run.step - 1].config.epochs
        and config.evaluate_on == "test"
        and config.training_images == TRAINING_IMAGES
    )


def results(store: Store) -> str:
    """The tables in Markdown: one line a step, then one line a run."""
    chosen: dict[tuple[int, int, str], Run] = {}
    for run in reversed(store.runs()):  # oldest first, so that the newest stays
        if counts(run):
            assert run.step is not None
            chosen[run.step, run.config.seed, run.config.precision] = run
    epochs = store.epochs([run.id for run in chosen.values()])
    runs = [chosen[key] for key in sorted(chosen) if chosen[key].id in epochs]
    if not runs:
        return "No complete run of a step is in the store yet."
    lines = _table(_STEP_HEAD, (_step_line(preset, runs, epochs) for preset in STEPS))
    return "\n".join([*lines, "", *_table(_RUN_HEAD, (_run_line(run, epochs[run.id]) for run in runs))])


_STEP_HEAD = (
    *("Step", "Published final %", "Measured final %, mean ± sd", "Published best %", "Measured best %, mean"),
    *("Published best train %", "Measured best train %, mean", "Seeds", "99.40 % in all of the last three"),
)
_RUN_HEAD = (
    *("Step", "Seed", "Final test %", "Last three epochs %", "Best test % (epoch)", "Final train %"),
    *("Seconds an epoch", "Minutes", "Precision", "Hardware"),
)


def _step_line(preset: Step, runs: list[Run], epochs: dict[int, list[Epoch]]) -> list[str]:
    mine = [(run.config.seed, epochs[run.id]) for run in runs if run.step == preset.number]
    published = published_epochs(preset.number)
    summary: SeedSummary | None = summarize_seeds(mine) if mine else None
    return [
        f"{preset.number} {preset.name}",
        f"{published[-1].test_accuracy:.2f}" if published else "-",
        _mean(summary) if summary else "-",
        f"{max(epoch.test_accuracy for epoch in published):.2f}" if published else "-",
        f"{summary.best_mean:.2f}" if summary else "-",
        f"{max(epoch.train_accuracy for epoch in published):.2f}" if published else "-",
        f"{summary.best_train_mean:.2f}" if summary else "-",
        ", ".join(map(str, summary.seeds)) if summary else "none yet",
        f"{summary.held_target} of {len(summary.seeds)}" if summary else "-",
    ]


def _mean(summary: SeedSummary) -> str:
    spread = f" ± {summary.final_spread:.2f}" if summary.final_spread is not None else ""
    return f"{summary.final_mean:.3f}{spread}"


def _run_line(run: Run, epochs: list[Epoch]) -> list[str]:
    best = max(epochs, key=lambda epoch: epoch.test_accuracy)
    seconds = [epoch.seconds for epoch in epochs]
    return [
        str(run.step),
        str(run.config.seed),
        f"{epochs[-1].test_accuracy:.2f}",
        ", ".join(f"{epoch.test_accuracy:.2f}" for epoch in epochs[-3:]),
        f"{best.test_accuracy:.2f} ({best.epoch})",
        f"{epochs[-1].train_accuracy:.2f}",
        f"{sum(seconds) / len(seconds):.0f}",
        f"{sum(seconds) / 60:.0f}",
        run.config.precision,
        run.hardware,
    ]


def _table(head: tuple[str, ...], rows: Iterable[list[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]
