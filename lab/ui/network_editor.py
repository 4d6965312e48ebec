"""The network of the draft: start from a step, switch batch norm and dropout, and edit the layers in a table.

`st.data_editor` remembers a user's edits as changes to the frame it was given. So the frame stays the same while one
edits, and a new one, under a new key, is made when the table of the draft is no longer what the editor shows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from lab.editing import COLUMNS, Row, Rows, ends_linear, with_linear_last
from lab.fields import Choice, about, number
from lab.network_config import LayerSpec
from lab.steps import STEPS, matching_step, step
from lab.ui.choice import choice, known, shown
from lab.ui.draft import STEP_RULE
from lab.ui.fields import field, slider
from lab.ui.present import presenting
from lab.ui.state import draft, set_draft
from lab.ui.table_size import see_table_size
from lab.ui.text import plain
from lab.ui.undo import forget_earlier, undo_button

SHEET, PRESET, PLACE = "layer_sheet", "layers_preset", "insert_before"
AT_THE_END = 0
"""Stands for the place behind the last layer where others are named by the layer before which they are."""

NEW_LAYER: Row = {"kind": "conv", "channels": 10, "kernel": 1, "stride": 1, "padding": 0}
"""What the table's own + appends: possible after the class scores, whatever is left of the map. A linear layer stays
the last (see `lab.editing.with_linear_last`).
"""
INSERTED_LAYER: Row = {"kind": "conv", "channels": 16, "kernel": 3, "stride": 1, "padding": 1}
"""Possible before any layer: it keeps the size of its map."""
WIDTHS = {"channels": 93, "kernel": 82, "stride": 76, "padding": 86}
NUMBER_WIDTH, KIND_WIDTH = 38, 98
LARGER = 4 / 3
"""Of pixels, while pages are shown large: its type by the usual one."""
HEAD_AND_PLUS = 2
"""Rows of the table that are no layers: its head, and the one that appends."""


@dataclass
class Sheet:
    """One frame that the editor was given, and what has become of it."""

    version: int
    frame: pd.DataFrame
    rows: Rows
    """What the editor shows now, possible or not."""
    drawn: bool = False
    worn: bool = False
    """Whether another is to take its place."""

    @property
    def numbered(self) -> bool:
        """Whether its numbers count the layers: an appended row has none, a removed one leaves a gap."""
        return len(self.frame) == len(self.rows)

    @property
    def key(self) -> str:
        """Of the editor's widget."""
        return f"layer_sheet_{self.version}"


def edit_layers() -> None:
    """The editable table; what is typed becomes the draft, or the draft's problem when it cannot be built."""
    sheet = _sheet()
    rows, sheet.drawn = ask_rows(sheet), True
    see_table_size(sheet.key, len(rows) + HEAD_AND_PLUS, partial(_wear, sheet))
    typed, sheet.rows = sheet.rows, rows
    if rows != typed:
        set_draft(draft().with_rows(with_linear_last(rows, typed)))
    if draft().table != rows:  # an empty cell has taken its usual value, or a row its place: show what is used
        st.rerun()
    if (
        len(rows) <= len(typed) and not sheet.numbered
    ):  # a row just appended may be being typed into: numbered after that
        sheet.worn = True
        st.rerun()


def _wear(sheet: Sheet) -> None:
    sheet.worn = True


def show_problem() -> None:
    """Why the table's network cannot be built, and the way back; nothing when it can."""
    problem = draft().rows_problem
    if problem is None:
        return
    st.error(plain(problem))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Below is the last network that works. Correct the table before you train.")
        st.button("Go back to it", on_click=_discard, help="Discards the changes that do not work.")


def ask_rows(sheet: Sheet) -> Rows:
    """Show the table and return the rows as they stand; an empty cell is None.

    Numbers are typed as text: what is no whole number is shown as it was typed and explained, not turned into one.
    """
    kinds = about(LayerSpec)["kind"]
    assert isinstance(kinds, Choice)
    words, times = kinds.words, LARGER if presenting() else 1
    edited = st.data_editor(
        sheet.frame,
        key=sheet.key,
        num_rows="dynamic",
        hide_index=False,
        placeholder="",
        width="stretch",
        column_config={
            "_index": st.column_config.NumberColumn(
                "No.", width=round(times * NUMBER_WIDTH), help="The layer's number."
            ),
            "kind": st.column_config.SelectboxColumn(
                kinds.label,
                options=list(kinds.options),
                format_func=lambda kind: words.get(str(kind), str(kind)),
                required=True,
                default=NEW_LAYER["kind"],
                width=round(times * KIND_WIDTH),
                help=kinds.help,
            ),
            **{name: _number_column(name, round(times * width)) for name, width in WIDTHS.items()},
        },
    )
    return [_row(record) for record in edited.to_dict("records")]


def show_network_controls() -> None:
    """Start from a step, batch norm, dropout and biases."""
    preset = matching_step(draft().config) if draft().rows is None else None
    shown(
        st.selectbox,
        PRESET,
        preset.number if preset else None,
        "Start from",
        options=[preset.number for preset in STEPS],
        format_func=lambda number: f"{number}. {step(number).name}",
        placeholder="Your own settings: none of the seven steps",
        on_change=_start_from,
        help=f"Takes the layers of a step, and how it is trained. {STEP_RULE}",
    )
    left, right = st.columns([1, 1.4], vertical_alignment="center")
    with left:
        field("network.batch_norm")
    with right:
        slider("network.dropout")
    field("network.bias")


def show_insert() -> None:
    """Put a layer between two others, which the table itself cannot: it appends at the end only.

    Before a linear layer is before the global average pooling, which the layer table counts and the editor does not.
    """
    layers, last_is_linear = len(draft().table), ends_linear(draft().table)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        places = [*range(1, layers + 1), *([] if last_is_linear else [AT_THE_END])]
        place = choice(
            PLACE,
            places,
            places[0],
            label="Insert before layer",
            format_func=lambda place: f"{place}" if place else "at the end",
            width=150,
            help="The new layer is a 3×3 convolution with padding 1 and 16 channels: it keeps the size of the map."
            + ("" if last_is_linear else " At the end it has the 10 channels of the class scores."),
        )
        st.button(
            "Insert a layer",
            on_click=_insert,
            args=(places, place),
            help="Adds a convolution at this place. To remove layers, tick them at the left edge and press Delete.",
        )
        undo_button()


def _number_column(name: str, width: int) -> Any:
    stated = number(LayerSpec, name)
    default = str(NEW_LAYER[name])
    return st.column_config.TextColumn(
        stated.label, default=default, width=width, help=stated.help, alignment="right", max_chars=20
    )


def _sheet() -> Sheet:
    sheet: Sheet | None = st.session_state.get(SHEET)
    left = sheet is not None and sheet.drawn and sheet.key not in st.session_state  # the widget has forgotten the edits
    if sheet is None or left:
        forget_earlier()
    if sheet is None or left or sheet.worn or sheet.rows != draft().table:
        rows = draft().table
        cells = [{name: None if row[name] is None else str(row[name]) for name in COLUMNS} for row in rows]
        numbers = pd.RangeIndex(1, len(cells) + 1)
        frame = pd.DataFrame(cells, columns=list(COLUMNS), index=numbers, dtype="string")
        sheet = st.session_state[SHEET] = Sheet(sheet.version + 1 if sheet else 1, frame, rows)
    return sheet


def _row(record: dict[Any, Any]) -> Row:
    """A line of the editor: whole numbers as such, anything else as it was typed, an empty cell as None."""
    return {name: _cell(record[name]) for name in COLUMNS}


def _cell(value: Any) -> Any:
    text = "" if pd.isna(value) else str(value).strip()
    return int(text) if re.fullmatch(r"-?[0-9]{1,19}", text) else text or None


def _start_from() -> None:
    number = st.session_state[PRESET]
    if number is not None:
        set_draft(draft().with_step(number))


def _discard() -> None:
    set_draft(draft().without_rows())


def _insert(places: Sequence[int], drawn: int) -> None:
    chosen = known(PLACE, drawn)  # maybe since the page was drawn
    place = chosen if chosen in places else drawn
    rows = [dict(row) for row in draft().table]
    rows.insert(place - 1 if place else len(rows), dict(INSERTED_LAYER if place else NEW_LAYER))
    set_draft(draft().with_rows(rows))
