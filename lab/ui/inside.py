"""The layers that a digit goes through, the maps of one, and a value of one map; a click chooses among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.describe import count
from lab.figures import signed_colours
from lab.layer_strip import strip
from lab.layer_words import layer_name
from lab.ui.addressed import asked, one_of, place_in, place_text, say
from lab.ui.choice import choice, kept, put
from lab.ui.layer_maps import range_words, show_value_map
from lab.ui.tiles import Tile, picked, show_tiles

if TYPE_CHECKING:
    from lab.probe import LayerMaps

LAYER, MAP, ROW, COLUMN = "inside_layer", "inside_map", "inside_row", "inside_column"
OF_LAYER, OF_KERNEL = "inside_of_layer", "inside_of_kernel"
STRIP, MAPS, VALUES, KERNELS = "inside_strip", "inside_maps", "inside_values", "inside_kernels"
THUMBNAIL = 52
"""Side of a layer's picture in the strip, in CSS pixels."""
LARGE = 232


# --- which value -----------------------------------------------------------------------------------------------------


def choose_layer(layers: Sequence[LayerMaps]) -> LayerMaps:
    """One of the layers; at first the first."""
    numbers = [layer.row.index for layer in layers]
    wanted = asked("layer", one_of(numbers), usual=1)
    if wanted is not None:
        put(LAYER, wanted)
    number = choice(
        LAYER,
        numbers,
        1,
        label="Layer",
        format_func=lambda index: f"{index}. {layer_name(layers[index - 1].row)}",
        help="The layer whose maps are shown.",
    )
    say("layer", str(number), usual="1")
    return layers[number - 1]


def choose_value(layer: LayerMaps) -> tuple[int, int, int]:
    """Map, row and column; in a layer that was just chosen, its strongest value, or that of the kernel's map."""
    named = (MAP, ROW, COLUMN)
    shape = layer.maps.shape
    usual: tuple[int, ...] = layer.strongest()
    wanted = asked("value", place_in(shape), usual=usual)
    if wanted is None and st.session_state.get(OF_LAYER) != (layer.row.index, shape):
        wanted = layer.strongest(st.session_state.pop(OF_KERNEL, None))
    st.session_state[OF_LAYER] = (layer.row.index, shape)
    for name, number in zip(named, wanted or (), strict=False):
        put(name, number)
    place = []
    with st.container(horizontal=True):
        for name, label, size in zip(named, ("Map", "Row", "Column"), shape, strict=True):
            words, most = f"From 0 to {size - 1}.", max(1, size - 1)
            number = kept(name, 0, st.number_input, label, 0, most, disabled=size == 1, help=words, width=98)
            place.append(min(int(number), size - 1))
    say("value", place_text(place), usual=place_text(usual))
    return place[0], place[1], place[2]


def _take_layer() -> None:
    put(LAYER, picked(STRIP)[0] + 1)


def _take_map() -> None:
    put(MAP, picked(MAPS)[0])


def _take_kernel() -> None:
    put(MAP, picked(KERNELS)[0])
    if st.session_state[LAYER] != 1:
        st.session_state[OF_KERNEL] = st.session_state[MAP]
        put(LAYER, 1)


def _take_value() -> None:
    _, row, column = picked(VALUES)
    put(ROW, row)
    put(COLUMN, column)


# --- pictures --------------------------------------------------------------------------------------------------------


def show_strip(layers: Sequence[LayerMaps], chosen: LayerMaps) -> None:
    """Of each layer the map with its strongest value; a click chooses the layer."""
    drawn = strip(layers)
    tiles = [Tile(words, name) for words, name in zip(drawn.words, drawn.names, strict=True)]
    index = layers.index(chosen)
    show_tiles(drawn.pictures, tiles, STRIP, THUMBNAIL, picks="picture", on_pick=_take_layer, chosen=index)


def show_maps(layer: LayerMaps, layers: Sequence[LayerMaps], place: tuple[int, int, int]) -> None:
    """All maps of the layer, and the chosen one large: a click on a value shows its sum."""
    st.caption(
        "Black is 0, yellow is positive, blue is negative. Click a map to see it large. Click a value in the large "
        "map to see its sum. You can also use the arrow keys; with Shift they move from value to value."
    )
    many = len(layer.maps)
    is_last = layer is layers[-1]
    gallery, large = st.columns([1.35, 1], gap="medium")
    with gallery:
        st.markdown(f"**{_the(many, 'score' if is_last else 'map')} of layer {layer.row.index}**")
        tiles = [_map_tile(values, channel, is_last) for channel, values in enumerate(layer.maps)]
        with st.container(height=LARGE + 30 if many > 32 else "content", border=False):
            colours = signed_colours(layer.maps, layer.largest)
            show_tiles(colours, tiles, MAPS, _tile_size(layer), "picture", _take_map, chosen=place[0])
    with large:
        st.markdown(f"**Map {place[0]}**")
        show_value_map(layer, place, VALUES, _take_value, LARGE)


def _the(number: int, what: str) -> str:
    """`The 8 maps`, `The only map`."""
    return f"The only {what}" if number == 1 else f"The {count(number, what)}"


def _tile_size(layer: LayerMaps) -> int:
    """In CSS pixels, so that most layers are seen at once."""
    many, height, _ = layer.maps.shape
    if many > 32:
        return 44
    return 56 if height == 1 else 64 if many > 10 else 84


def _map_tile(values: NDArray[np.float64], channel: int, is_last: bool) -> Tile:
    from lab.probe import number

    if values.size == 1:
        name = f"{'score of ' if is_last else 'map '}{channel}"
        return Tile(f"{name}: {number(values.item())}", name, note=number(values.item()))
    return Tile(f"Map {channel}, {range_words(values)}")


def show_kernels(first: LayerMaps, chosen: LayerMaps, place: tuple[int, int, int]) -> None:
    """The kernels of the first layer, which read the image itself; nothing where it has none."""
    kernels = first.kernels
    if kernels is None:
        return
    side = kernels.shape[-1]
    st.header(f"{_the(len(kernels), 'kernel')} of the first layer", anchor=False)
    st.caption(
        f"Each kernel has {side}×{side} weights. Yellow weights are positive, blue ones are negative. A kernel gives "
        "its largest values where the image looks like it. Click a kernel to see its map."
    )
    largest = float(np.abs(kernels).max())
    tiles = [Tile(f"Kernel {number}: {range_words(kernel)}") for number, kernel in enumerate(kernels)]
    marked = place[0] if chosen.row.index == 1 else None
    show_tiles(signed_colours(kernels[:, 0], largest), tiles, KERNELS, 40, "picture", _take_kernel, chosen=marked)
