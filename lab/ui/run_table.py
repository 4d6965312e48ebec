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
from typing import Any

import streamlit as st

from lab.ui.run_cards import show_cards, ticked_cards
from lab.ui.run_lines import Listed, card_of, plain_line, styled_table
from lab.ui.state import tick_runs, ticked_runs
from lab.ui.table_order import Order, hear_order, heard_order, in_order

DRAWN, ORDER = "runs_drawn", "runs_order"
CARDS = "run_cards"
LEAST_ROWS, MOST_ROWS, SPARE_ROWS = 3, 8, 1
"""Of the table when its page is opened: those that come later than its room are scrolled to."""
ROW_HEIGHT, BORDER = 35, 3
"""Pixels of Streamlit's rows, in type between the lab's usual and its large one; of both borders."""
NAME_WIDTH = 280
"""Pixels: room for the names that the lab gives, whose ends tell them apart."""
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
    begins_with: tuple[int, ...] = ()
    """The places that are ticked in it at first. They stay what they were: a table whose message is the same at every
    click is not sent anew."""
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


def choose_runs(listed: Sequence[Listed]) -> list[Listed]:
    """The table, or the cards; returns those that are ticked, in its order."""
    drawn = _drawn_for(listed)
    known = {run.id: run for run in listed}
    runs = [known[run_id] for run_id in drawn.ids]
    ticked = _places(drawn.ids)
    st.dataframe(
        styled_table(runs),
        hide_index=True,
        width="stretch",
        height=ROW_HEIGHT * (1 + drawn.rows) + BORDER,
        key=drawn.key,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": list(drawn.begins_with)}},
        placeholder="",
        column_config=_columns(drawn),
    )
    hear_order(drawn.key, drawn.mark, _take_order)
    show_cards([card_of(run) for run in runs], ticked_runs(), CARDS, _tick_as_the_cards)
    return [runs[place] for place in ticked]


def _places(ids: Sequence[int]) -> tuple[int, ...]:
    """Where in a table of these runs those stand that are ticked."""
    ticked = set(ticked_runs())
    return tuple(place for place, run_id in enumerate(ids) if run_id in ticked)


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
        runs = _ids(listed, order)
        drawn = st.session_state[DRAWN] = Drawn(drawn.version + 1, runs, order, rows=rows, begins_with=_places(runs))
    return drawn


def _room_for(runs: int) -> int:
    return min(max(runs + SPARE_ROWS, LEAST_ROWS), MOST_ROWS)


def _ids(listed: Sequence[Listed], order: Order | None) -> tuple[int, ...]:
    """The runs as they stand in a new table."""
    return tuple(run.id for run in in_order(listed, order, plain_line))


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
