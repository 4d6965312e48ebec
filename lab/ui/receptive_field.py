"""What one unit sees: choose a layer and a position in its map, and find the square in a real digit."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.config import EVALUATION_IMAGES
from lab.layer_row import LayerRow, Square, receptive_square, sees_only_padding
from lab.layer_words import layer_name
from lab.network_config import NetworkConfig
from lab.store import StoreError
from lab.ui.addressed import addressed_part, asked, one_of, place_in, place_text, say
from lab.ui.choice import choice, kept, known, put, telling
from lab.ui.digits import choose_test_image, show_test_digit
from lab.ui.layer_maps import maps_of, reference_maps_of, show_value_map, untrained_maps_of
from lab.ui.network_choice import trained_reader
from lab.ui.sections import expander
from lab.ui.state import draft, the_store
from lab.ui.sum_words import show_sum
from lab.ui.text import plain
from lab.ui.tiles import picked

if TYPE_CHECKING:
    from lab.probe import LayerMaps

LAYER, MAP, ROW, COLUMN, CLICK = "unit_layer", "unit_map", "unit_row", "unit_column", "unit_click"
SHOWN = "unit_layer_shown"
DIGIT = "unit_digit"


@st.fragment
def show_receptive_field(rows: Sequence[LayerRow]) -> None:
    """The chosen unit in its map of a real digit, the square of the image that it depends on, and its value's sum.

    The address says which unit and which digit.
    """
    with addressed_part(), telling(part=True):
        _show_unit(rows)


def _show_unit(rows: Sequence[LayerRow]) -> None:
    controls, chosen_map, picture = st.columns([1, 1, 1.15], gap="medium")
    with controls:
        layer = _choose_layer(rows)
        _take_addressed_unit(layer)
        channel = _choose_map(layer)
        unit_row, unit_column = _choose_unit(layer)
        digit = _choose_digit()
    place = (channel, unit_row, unit_column)
    say("value", place_text(place), usual=place_text(_at_first(layer)))
    is_blind = sees_only_padding(layer, unit_row, unit_column)
    square = None if is_blind else receptive_square(layer, unit_row, unit_column)
    st.markdown(unit_words(layer, unit_row, unit_column, square))
    with picture:  # last, with the map: torch may still be being imported
        st.markdown("**What it sees of the image**")
        image = show_test_digit(digit, square)
    with chosen_map:
        st.markdown(f"**Map {channel} of layer {layer.index}**")
        shown = None if image is None else _show_map(layer, place, image)
    if shown is not None:
        with expander("value-sum", "The sum that made this value"):
            show_sum(shown, place)


def _maps(network: NetworkConfig, image: NDArray[np.float32]) -> tuple[list[LayerMaps] | None, str]:
    """What the layers make of the image, trained where some network of them is, and a sentence that says which."""
    reader = trained_reader(network, the_store())
    with suppress(StoreError):  # weights that cannot be read: another network stands for them
        if reader:
            name = f"run {reader.run}" if reader.run else "the ready-trained network"
            return maps_of(reader, image), f"This map is from {name}."
    if reference := reference_maps_of(network, image):
        made, name = reference
        return made, f"This map is from a run that comes with the lab ({plain(name)})."
    return untrained_maps_of(network, image), "This map is from an untrained network: its weights are still random."


def _show_map(layer: LayerRow, place: tuple[int, int, int], image: NDArray[np.float32]) -> LayerMaps | None:
    """The map that the unit stands in, of a trained network where there is one of these layers, and whose it is."""
    made, whose = _maps(draft().config.network, image)
    if made is None:
        st.caption("This network is too large to show its maps here: train it, and see them on the Inside page.")
        return None
    show_value_map(made[layer.index - 1], place, CLICK, _take_click, size=188)
    st.caption(f"{whose} Click a value, or use the sliders.")
    return made[layer.index - 1]


def unit_words(layer: LayerRow, unit_row: int, unit_column: int, square: Square | None) -> str:
    """Where the unit looks, in one sentence or two; rows and columns are counted from 0. No square: at padding only."""
    unit = f"The unit in row {unit_row}, column {unit_column} of layer {layer.index} sees"
    if square is None:
        return f"{unit} nothing of the image: only the zeros of padding lie in its window."
    height, width = square.bottom - square.top, square.right - square.left
    words = (
        f"{unit} rows {square.top} to {square.bottom - 1} and columns {square.left} to {square.right - 1} of the image."
    )
    if min(height, width) < layer.receptive_field:
        words += (
            f" Its receptive field is {layer.receptive_field}×{layer.receptive_field} pixels, of which "
            f"{height}×{width} lie in the image."
        )
    return words


def _choose_layer(rows: Sequence[LayerRow]) -> LayerRow:
    numbers = [row.index for row in rows]
    usual = min(4, numbers[-1])
    wanted = asked("layer", one_of(numbers), usual=usual)
    if wanted is not None:
        put(LAYER, wanted)
    number = choice(
        LAYER,
        numbers,
        usual,
        label="Layer",
        format_func=lambda index: f"{index}. {layer_name(rows[index - 1], extras=False)}",
        help="The layer whose map is shown. The deeper the layer, the more of the image one unit sees.",
    )
    say("layer", str(number), usual=str(usual))
    layer = rows[number - 1]
    if st.session_state.get(SHOWN) != number:  # begin in the middle of a newly chosen map
        for name, middle in zip((ROW, COLUMN), _at_first(layer)[1:], strict=True):
            put(name, middle)
        st.session_state[SHOWN] = number
    return layer


def _at_first(layer: LayerRow) -> tuple[int, ...]:
    """Map, row and column of the unit that is shown of a layer: the middle of its first map."""
    _, height, width = layer.output_shape
    return 0, height // 2, width // 2


def _take_addressed_unit(layer: LayerRow) -> None:
    wanted = asked("value", place_in(layer.output_shape), usual=_at_first(layer))
    for name, number in zip((MAP, ROW, COLUMN), wanted or (), strict=False):
        put(name, number)


def _choose_digit() -> int:
    wanted = asked("image", one_of(range(EVALUATION_IMAGES)), usual=0)
    if wanted is not None:
        put(DIGIT, str(wanted))
    number = choose_test_image(DIGIT)
    say("image", str(number), usual="0")
    return number


def _choose_map(layer: LayerRow) -> int:
    count = layer.output_shape[0]
    if count == 1:
        return 0
    return _slider("Map", MAP, count, "Which of the layer's maps is shown, counted from 0.")


def _choose_unit(layer: LayerRow) -> tuple[int, int]:
    side = layer.output_shape[1]
    if side == 1:
        st.caption("This map has a single unit: row 0, column 0.")
        return 0, 0
    unit_row = _slider("Row", ROW, side, "The unit's row in the map, 0 at the top.")
    unit_column = _slider("Column", COLUMN, side, "The unit's column in the map, 0 at the left.")
    return unit_row, unit_column


def _slider(label: str, key: str, count: int, help: str) -> int:
    """A place among `count`, counted from 0; the last one where an edit has taken the chosen one away."""
    if known(key, 0) >= count:
        put(key, count - 1)
    return kept(key, 0, st.slider, label, 0, count - 1, help=help)


def _take_click() -> None:
    _, row, column = picked(CLICK)
    put(ROW, row)
    put(COLUMN, column)
