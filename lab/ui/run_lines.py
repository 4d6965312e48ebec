"""The runs as lines of their table: what its columns are ordered by, and the words that they show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from lab.analysis import RunSummary, gap, summarize
from lab.number_words import signed, unbroken
from lab.standing import duration
from lab.store import Store
from lab.ui.run_cards import Card
from lab.ui.run_words import began_words

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Listed:
    """One line of the table: a run, or one that is there and cannot be read."""

    id: int
    name: str
    status: str
    summary: RunSummary | None = None
    problem: str = ""
    """Why it cannot be read."""


def list_runs(store: Store) -> list[Listed]:
    """All runs, newest first."""
    runs = store.runs()
    epochs = store.epochs([run.id for run in runs])
    readable = [summarize(run, epochs[run.id]) for run in runs if run.id in epochs]
    listed = [Listed(run.run, run.name, run.status, summary=run) for run in readable]
    listed += [Listed(run.id, run.name, UNREADABLE, problem=run.problem) for run in store.unreadable(epochs)]
    return sorted(listed, key=lambda run: run.id, reverse=True)


def card_of(listed: Listed) -> Card:
    """What a card says: of the result the last test accuracy, as everywhere."""
    run = listed.summary
    facts = [f"run {listed.id}", f"step {run.step}" if run and run.step else "", listed.status]
    accuracy = unbroken(f"{run.evaluated} {run.last.test_accuracy:.2f} %") if run and run.last else ""
    return Card(listed.id, listed.name, accuracy, ", ".join(filter(None, facts)))


def styled_table(runs: Sequence[Listed]) -> Styler:
    """The table as the widget wants it.

    The same runs make the same message, so that it is sent once: pandas would name each of its tables by chance.

    Some columns hold what they are ordered by and show words. Streamlit orders words by their letters, `10 min` before
    `9 s`; and its own formats know no minus sign, and no duration.
    """
    table = pd.DataFrame([plain_line(run) for run in runs])
    began = {_began(run.summary): began_words(*_times(run.summary)) for run in runs if run.summary}
    shown = {
        "Gap": _gap_words,
        "Training time": _duration_words,
        "Started": lambda time: began.get(time, ""),
        "Epochs": lambda _: "",  # of a run that cannot be read
    }
    style = table.style.set_uuid("runs").format({column: words for column, words in shown.items() if column in table})
    for planned in {run.summary.config.epochs for run in runs if run.summary}:
        rows = [place for place, run in enumerate(runs) if run.summary and run.summary.config.epochs == planned]
        style.format(f"{{:.0f}} of {planned}", subset=pd.IndexSlice[rows, ["Epochs"]])
    return style


def plain_line(listed: Listed) -> dict[str, Any]:
    """One line: what its columns are ordered by."""
    run = listed.summary
    row: dict[str, Any] = {"Run": listed.id, "Name": listed.name, "Status": listed.status}
    return row if run is None else row | _figures(run)


def _figures(run: RunSummary) -> dict[str, Any]:
    return {
        "Epochs": len(run.epochs),
        "Last, %": run.last.test_accuracy if run.last else None,
        "Best, %": run.best.test_accuracy if run.best else None,
        "Evaluated on": run.evaluated,
        "Gap": gap(run.last),
        "Parameters": run.parameters,
        "Seed": run.config.seed,
        "Training time": run.training_seconds,
        "Started": _began(run),
    }


def _began(run: RunSummary) -> pd.Timestamp:
    """When it was started or, before, queued, by this machine's clock."""
    queued, started, _ = _times(run)
    return pd.Timestamp(datetime.fromtimestamp(queued if started is None else started))


def _times(run: RunSummary) -> tuple[float, float | None, str]:
    return run.queued, run.started, run.status


def _gap_words(points: Any) -> str:
    return "" if pd.isna(points) else signed(points)


def _duration_words(seconds: Any) -> str:
    return "" if pd.isna(seconds) else duration(seconds)
