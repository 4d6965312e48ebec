"""The network of the draft: start from a step, switch batch norm and dropout, and edit the layers in a table.

`st.data_editor` remembers a user's edits as changes to the frame it was given. So the frame stays the same while one
edits, and a new one, under a new key, is made when the draft was changed from elsewhere or the page is entered again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import streamlit as st

from lab.config import LayerSpec
from lab.editing import COLUMNS, editable_rows, network_from_rows
from lab.layers import ImpossibleNetwork
from lab.steps import STEPS, matching_step, step
from lab.ui.fields import field
from lab.ui.state import draft, draft_problem, set_draft, set_draft_problem, take_preset

SHEET, PRESET = "layer_sheet", "layers_preset"
Rows = list[dict[str, Any]]

NEW_LAYER = {"kind": "conv", "channels": 10, "kernel": 1, "stride": 1, "padding": 0}
"""What the table's own + appends: possible after the class scores, whatever is left of the map."""
INSERTED_LAYER = {"kind": "conv", "channels": 16, "kernel": 3, "stride": 1, "padding": 1}
"""Possible anywhere: it keeps the size of its map."""
KIND_WORDS = {"conv": "conv", "max_pool": "max pool", "average_pool": "average pool"}


@dataclass
class Sheet:
    """One frame that the table was given, and what has become of it."""

    version: int
    frame: pd.DataFrame
    layers: tuple[LayerSpec, ...]
    """The draft's layers when they were last compared with the table."""
    typed: Rows
    """What the table shows now, possible or not."""
    problem: str | None = None
    shown: bool = False

    @property
    def key(self) -> str:
        """Of the table's widget."""
        return f"layer_sheet_{self.version}"


def edit_layers() -> None:
    """The editable table; what is typed becomes the draft, or the draft's problem when it cannot be built."""
    sheet = _sheet()
    sheet.typed, sheet.shown = ask_rows(sheet), True
    try:
        network = network_from_rows(sheet.typed, draft().network)
    except ImpossibleNetwork as error:
        sheet.problem = str(error)
        set_draft_problem(sheet.problem)
        return
    if network.layers != draft().network.layers:
        set_draft(replace(draft(), network=network))
    elif sheet.problem is not None and draft_problem() == sheet.problem:
        set_draft(draft())  # typed back to what it was: nothing is wrong any more
    sheet.layers, sheet.problem = network.layers, None


def show_problem() -> None:
    """Why the table's network cannot be built, and the way back; nothing when it can."""
    sheet: Sheet = st.session_state[SHEET]
    if sheet.problem is None:
        return
    st.error(sheet.problem)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Below is the last network that works. Training waits until the table can be built.")
        st.button("Go back to it", on_click=_discard, help="Drops what was typed since and cannot be built.")


def ask_rows(sheet: Sheet) -> Rows:
    """Show the table and return the rows as they stand; an empty cell is None."""
    edited = st.data_editor(
        sheet.frame,
        key=sheet.key,
        num_rows="dynamic",
        hide_index=True,
        placeholder="",
        width="stretch",
        column_config={
            "kind": st.column_config.SelectboxColumn(
                "kind",
                options=list(KIND_WORDS),
                format_func=KIND_WORDS.get,
                required=True,
                default=NEW_LAYER["kind"],
                width=98,
                help="conv learns its kernels; pooling shrinks the map by its largest or its mean value.",
            ),
            "channels": _number("channels", 96, "How many maps a convolution makes. Leave empty for pooling."),
            "kernel": _number("kernel", 82, "Side of the square window, in pixels of the map that it reads."),
            "stride": _number("stride", 76, "How far the window moves: 2 halves the map."),
            "padding": _number("padding", 86, "Rows and columns of zeros added on each side of the map."),
        },
    )
    return _rows(edited)


def show_network_controls() -> None:
    """Start from a step, batch norm and dropout."""
    sheet: Sheet | None = st.session_state.get(SHEET)
    preset = matching_step(draft()) if sheet is None or sheet.problem is None else None
    st.session_state[PRESET] = preset.number if preset else None
    st.selectbox(
        "Start from",
        [preset.number for preset in STEPS],
        key=PRESET,
        index=None,
        format_func=lambda number: f"{number}. {step(number).name}",
        placeholder="Your own: none of the six presets",
        on_change=_start_from,
        help="Takes over the whole recipe of a step: its layers, and how it is trained.",
    )
    left, right = st.columns([1, 1.4], vertical_alignment="center")
    with left:
        field(
            *(st.toggle, "Batch norm", "network", "batch_norm"),
            help="After every convolution but the last: brings each map to mean 0 and spread 1 over the batch, then "
            "scales and shifts it by two parameters that are learned.",
        )
    with right:
        field(
            *(st.slider, "Dropout rate", "network", "dropout"),
            min_value=0.0,
            max_value=0.9,
            step=0.01,
            help="After every pooling, while training: this share of the values is set to zero at random.",
        )


def show_insert() -> None:
    """Put a layer between two others, which the table itself cannot: it appends at the end only."""
    sheet: Sheet = st.session_state[SHEET]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        place = st.selectbox(
            "Insert before layer",
            range(1, max(1, len(sheet.typed)) + 1),  # into an empty table, as its first
            width=150,
            help="The new layer is a 3×3 convolution with padding 1 and 16 channels: it keeps the size of the map.",
        )
        st.button(
            "Insert a layer",
            on_click=_insert,
            args=(place,),
            help="Adds a convolution at this place. To remove layers, tick them at the left edge and press Delete.",
        )


def _number(name: str, width: int, words: str) -> Any:
    return st.column_config.NumberColumn(name, step=1, default=NEW_LAYER[name], width=width, help=words)


def _sheet() -> Sheet:
    sheet: Sheet | None = st.session_state.get(SHEET)
    if sheet is None or sheet.layers != draft().network.layers:
        return _new_sheet(editable_rows(draft().network))
    if sheet.shown and sheet.key not in st.session_state:  # the page was left: the widget has forgotten the edits
        still_wrong = sheet.problem is not None and draft_problem() == sheet.problem
        return _new_sheet(sheet.typed if still_wrong else editable_rows(draft().network))
    return sheet


def _new_sheet(rows: Rows) -> Sheet:
    version = st.session_state.get("layer_sheet_version", 0) + 1
    st.session_state["layer_sheet_version"] = version
    numbers = dict.fromkeys(COLUMNS[1:], "Int64")  # whole numbers that may be missing
    frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(numbers)
    sheet = Sheet(version, frame, draft().network.layers, rows)
    st.session_state[SHEET] = sheet
    return sheet


def _rows(frame: pd.DataFrame) -> Rows:
    plain = frame.astype(object)
    rows: Rows = plain.where(frame.notna(), None).to_dict("records")
    return rows


def _start_from() -> None:
    """The step's recipe; seed, and where and how it computes, stay as the user set them."""
    number = st.session_state[PRESET]
    if number is not None:
        take_preset(number)
        st.session_state.pop(SHEET, None)  # also when the layers are the same: what was typed is dropped


def _discard() -> None:
    set_draft(draft())
    st.session_state.pop(SHEET, None)


def _insert(place: int) -> None:
    rows = list(st.session_state[SHEET].typed)
    rows.insert(place - 1, dict(INSERTED_LAYER))
    _new_sheet(rows)
