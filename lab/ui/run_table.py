"""The table of runs and which of them are ticked: known by their ids, never by their places in it.

A browser says only which rows are ticked. So the rows mean what was drawn last, whatever has become of the runs since;
and where a run has come or gone, the table is a new one, under a new key, that begins with the same runs ticked. On a
narrow screen cards stand in its place (`lab.ui.run_cards`), and ticking one has the table begin anew in the same way.
A new table is ordered as the reader has ordered the one before it, also where he left the page meanwhile. It keeps its
height for as long as he stays, whatever comes or goes: nothing below it moves under his hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from lab.analysis import RunSummary, gap, summarize
from lab.number_words import signed, unbroken
from lab.standing import duration
from lab.store import Store
from lab.ui.run_cards import Card, show_cards, ticked_cards
from lab.ui.run_words import began_words
from lab.ui.state import tick_runs, ticked_runs
from lab.ui.table_order import Order, hear_order, heard_order, in_order

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

DRAWN, ORDER = "runs_drawn", "runs_order"
CARDS = "run_cards"
LEAST_ROWS, MOST_ROWS, SPARE_ROWS = 3, 8, 1
"""Of the table when its page is opened: those that come later than its room are scrolled to."""
ROW_HEIGHT, BORDER = 35, 3
"""Pixels of Streamlit's rows, in type between the lab's usual and its large one; of both borders."""
NAME_WIDTH = 280
"""Pixels: room for the names that the lab gives, whose ends tell them apart."""
UNREADABLE = "unreadable"
GAP_HELP = (
    "Accuracy on training images minus test (or validation) accuracy, in points, both measured in the same way after "
    "the last epoch. Well above 0 means overfitting. Empty means that the accuracy on training images was not measured."
)


@dataclass(frozen=True)
class Drawn:
    """What the table showed when it was drawn last."""

    version: int
    ids: tuple[int, ...]
    order: Order | None = None
    """What its rows came in: Streamlit does not know it, and marks no column."""
    is_reordered: bool = False
    """Whether its reader has ordered it since, which Streamlit does and marks."""
    rows: int = 0
    """For how many it has room."""
    is_next: bool = False
    """Whether it takes the place of one that is on the page, and was not drawn yet."""

    @property
    def mark(self) -> str:
        """The head of the column that we mark."""
        return self.order.head if self.order and not self.is_reordered else ""

    @property
    def key(self) -> str:
        """Of the table's widget."""
        return f"runs_table_{self.version}"


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


def choose_runs(listed: Sequence[Listed]) -> list[Listed]:
    """The table, or the cards; returns those that are ticked, in its order."""
    drawn = _drawn_for(listed)
    known = {run.id: run for run in listed}
    runs = [known[run_id] for run_id in drawn.ids]
    ticked = [place for place, run in enumerate(runs) if run.id in ticked_runs()]
    st.dataframe(
        _table(runs),
        hide_index=True,
        width="stretch",
        height=ROW_HEIGHT * (1 + drawn.rows) + BORDER,
        key=drawn.key,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": ticked}},
        placeholder="",
        column_config=_columns(drawn),
    )
    hear_order(drawn.key, drawn.mark, _take_order)
    show_cards([_card(run) for run in runs], ticked_runs(), CARDS, _tick_as_the_cards)
    return [runs[place] for place in ticked]


def _columns(drawn: Drawn) -> dict[str, Any]:
    percent = st.column_config.NumberColumn(format="%.2f")
    columns: dict[str, Any] = {
        "Last, %": percent,
        "Best, %": percent,
        "Gap": st.column_config.NumberColumn(help=GAP_HELP),
        "Started": st.column_config.Column(alignment="right"),
        "Parameters": st.column_config.NumberColumn(format="localized"),
        "Name": st.column_config.TextColumn(width=NAME_WIDTH),
    }
    if drawn.order and drawn.mark:
        marked = columns.get(drawn.order.column, st.column_config.Column())
        columns[drawn.order.column] = marked | {"label": drawn.mark}
    return columns


def _drawn_for(listed: Sequence[Listed]) -> Drawn:
    """Take over what was ticked in the table as it was drawn last; returns the table for these runs."""
    drawn: Drawn = st.session_state.setdefault(DRAWN, Drawn(0, ()))
    _take_ticks(drawn)
    ids = {run.id for run in listed}
    tick_runs(tuple(ticked for ticked in ticked_runs() if ticked in ids))
    is_there = drawn.key in st.session_state  # not when the page was left
    if not is_there or drawn.ids != _ids(listed, drawn.order):
        order = st.session_state.get(ORDER)
        rows = drawn.rows if is_there or drawn.is_next else _room_for(len(listed))
        drawn = st.session_state[DRAWN] = Drawn(drawn.version + 1, _ids(listed, order), order, rows=rows)
    return drawn


def _room_for(runs: int) -> int:
    return min(max(runs + SPARE_ROWS, LEAST_ROWS), MOST_ROWS)


def _ids(listed: Sequence[Listed], order: Order | None) -> tuple[int, ...]:
    """The runs as they stand in a new table."""
    return tuple(run.id for run in in_order(listed, order, _row))


def _take_ticks(drawn: Drawn) -> None:
    if drawn.key in st.session_state:
        rows = st.session_state[drawn.key]["selection"]["rows"]
        tick_runs(tuple(drawn.ids[row] for row in rows if row < len(drawn.ids)))


def _take_order() -> None:
    """Take over how the table was ordered; where Streamlit cannot show that, it begins anew.

    What a table came in Streamlit does not know: a click on the column that we mark orders it as if by a first click,
    and after a third one on another the rows stand as they came.
    """
    drawn: Drawn = st.session_state[DRAWN]
    order = heard_order()
    is_on_mark = (
        drawn.order is not None and bool(drawn.mark) and order is not None and order.column == drawn.order.column
    )
    if drawn.order and is_on_mark:
        order = drawn.order.clicked
    st.session_state[ORDER] = order
    if is_on_mark or (drawn.order and not order):
        _take_ticks(drawn)
        st.session_state[DRAWN] = _next(drawn)
    else:
        st.session_state[DRAWN] = replace(drawn, is_reordered=True)


def _tick_as_the_cards() -> None:
    """Take over what was ticked by a card; the table begins anew with it."""
    drawn: Drawn = st.session_state[DRAWN]
    tick_runs(ticked_cards(CARDS))
    st.session_state[DRAWN] = _next(drawn)


def _next(drawn: Drawn) -> Drawn:
    """The table of the same runs that is drawn in its place."""
    return Drawn(drawn.version + 1, drawn.ids, rows=drawn.rows, is_next=True)


def _card(listed: Listed) -> Card:
    """What a card says: of the result the last test accuracy, as everywhere."""
    run = listed.summary
    facts = [f"run {listed.id}", f"step {run.step}" if run and run.step else "", listed.status]
    accuracy = unbroken(f"{run.evaluated} {run.last.test_accuracy:.2f} %") if run and run.last else ""
    return Card(listed.id, listed.name, accuracy, ", ".join(filter(None, facts)))


def _table(runs: Sequence[Listed]) -> Styler:
    """The table as the widget wants it.

    Some columns hold what they are ordered by and show words. Streamlit orders words by their letters, `10 min` before
    `9 s`; and its own formats know no minus sign, and no duration.
    """
    table = pd.DataFrame([_row(run) for run in runs])
    began = {_began(run.summary): began_words(*_times(run.summary)) for run in runs if run.summary}
    shown = {
        "Gap": _gap_words,
        "Training time": _duration_words,
        "Started": lambda time: began.get(time, ""),
        "Epochs": lambda _: "",  # of a run that cannot be read
    }
    style = table.style.format({column: words for column, words in shown.items() if column in table})
    for planned in {run.summary.config.epochs for run in runs if run.summary}:
        rows = [place for place, run in enumerate(runs) if run.summary and run.summary.config.epochs == planned]
        style.format(f"{{:.0f}} of {planned}", subset=pd.IndexSlice[rows, ["Epochs"]])
    return style


def _row(listed: Listed) -> dict[str, Any]:
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
