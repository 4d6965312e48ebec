"""What one unit sees: choose a layer and a position in its map, and find the square in a real digit."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lab.figures import map_figure
from lab.layers import LayerRow, Square, receptive_square
from lab.ui.chart import show_clickable_figure
from lab.ui.choice import choice
from lab.ui.digits import choose_test_image, show_test_digit
from lab.ui.layer_table import layer_name

LAYER, ROW, COLUMN, CLICK = "unit_layer", "unit_row", "unit_column", "unit_click"
SHOWN = "unit_layer_shown"
DIGIT = "unit_digit"


@st.fragment
def show_receptive_field(rows: Sequence[LayerRow]) -> None:
    """The chosen unit in its map, and the square of the image that it depends on."""
    controls, chosen_map, picture = st.columns([1, 1, 1.15], gap="medium")
    with controls:
        layer = _choose_layer(rows)
        unit_row, unit_column = _choose_unit(layer)
        digit = choose_test_image(DIGIT)
    with chosen_map:
        st.markdown(f"**The map of layer {layer.index}**")
        show_clickable_figure(map_figure(layer.output_shape[1], unit_row, unit_column), CLICK, _take_click)
        st.caption("Click a unit, or use the sliders.")
    square = receptive_square(layer, unit_row, unit_column)
    st.markdown(unit_words(layer, unit_row, unit_column, square))
    with picture:
        st.markdown("**What it sees of the image**")
        show_test_digit(digit, square)  # last: torch may still be being imported


def unit_words(layer: LayerRow, unit_row: int, unit_column: int, square: Square) -> str:
    """Where the unit looks, in one sentence or two; rows and columns are counted from 0."""
    height, width = square.bottom - square.top, square.right - square.left
    words = (
        f"The unit in row {unit_row}, column {unit_column} of layer {layer.index} sees rows {square.top} to "
        f"{square.bottom - 1} and columns {square.left} to {square.right - 1} of the image."
    )
    if min(height, width) < layer.receptive_field:
        words += (
            f" Its receptive field is {layer.receptive_field}×{layer.receptive_field} pixels, of which "
            f"{height}×{width} lie in the image."
        )
    return words


def _choose_layer(rows: Sequence[LayerRow]) -> LayerRow:
    numbers = [row.index for row in rows]
    number = choice(
        LAYER,
        numbers,
        min(4, numbers[-1]),
        label="Layer",
        format_func=lambda index: f"{index}. {layer_name(rows[index - 1], extras=False)}",
        help="The layer whose map is shown. The deeper the layer, the more of the image one unit sees.",
    )
    if st.session_state.get(SHOWN) != number:  # begin in the middle of a newly chosen map
        st.session_state[ROW] = st.session_state[COLUMN] = rows[number - 1].output_shape[1] // 2
        st.session_state[SHOWN] = number
    return rows[number - 1]


def _choose_unit(layer: LayerRow) -> tuple[int, int]:
    side = layer.output_shape[1]
    if side == 1:
        st.caption("This map has a single unit: row 0, column 0.")
        return 0, 0
    for name in (ROW, COLUMN):  # an edit may have made the map smaller
        st.session_state[name] = min(st.session_state.get(name, side // 2), side - 1)
    unit_row = st.slider("Row", 0, side - 1, key=ROW, help="The unit's row in the map, 0 at the top.")
    unit_column = st.slider("Column", 0, side - 1, key=COLUMN, help="The unit's column in the map, 0 at the left.")
    return unit_row, unit_column


def _take_click() -> None:
    points = st.session_state[CLICK]["selection"]["points"]
    if points:
        st.session_state[ROW], st.session_state[COLUMN] = int(points[0]["y"]), int(points[0]["x"])
