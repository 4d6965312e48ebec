"""What the layers of a network make of a digit, for pages: computed once, and one map large with its values."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.figures import signed_colours
from lab.layers import total_macs
from lab.network_config import IMAGE_SIZE, NetworkConfig
from lab.ui.reader import Reader
from lab.ui.tiles import Tile, show_tiles

if TYPE_CHECKING:
    from lab.predict import Predictor
    from lab.probe import LayerMaps

MOST_MACS = 300_000_000
"""Of an untrained network that is computed for a look at its maps: half a second on one thread."""


def maps_of(reader: Reader, image: NDArray[Any]) -> list[LayerMaps]:
    """What every layer makes of a picture (28, 28).

    Raises:
        StoreError: the network cannot be read.
    """
    found: list[LayerMaps] = _maps_of(reader.run, reader.epoch, reader.url, reader.changed(), _pixels(image), reader)
    return found


@st.cache_resource(max_entries=4, show_spinner=False)
def _maps_of(run: int | None, epoch: int | None, url: str, changed: float, pixels: bytes, _reader: Reader) -> Any:
    from lab.probe import layer_maps  # imports torch: when a network is asked, not with the page

    return layer_maps(_reader.predictor(), _image(pixels))


def reference_maps_of(network: NetworkConfig, image: NDArray[Any]) -> tuple[list[LayerMaps], str] | None:
    """The same of a reference run that has just these layers, and its name; None: none has."""
    from lab.readers import reference_reader

    predictor = reference_reader(network)
    return (_maps_with(predictor, _pixels(image)), predictor.description) if predictor else None


@lru_cache(maxsize=4)
def _maps_with(predictor: Predictor, pixels: bytes) -> list[LayerMaps]:
    from lab.probe import layer_maps

    return layer_maps(predictor, _image(pixels))


def untrained_maps_of(network: NetworkConfig, image: NDArray[Any]) -> list[LayerMaps] | None:
    """The same of a network that has learned nothing; None where that would take too long."""
    return None if total_macs(network) > MOST_MACS else _untrained_maps_of(network, _pixels(image))


@lru_cache(maxsize=4)
def _untrained_maps_of(network: NetworkConfig, pixels: bytes) -> list[LayerMaps]:
    from lab.probe import layer_maps, untrained

    return layer_maps(untrained(network), _image(pixels))


def _pixels(image: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(image, np.float32).tobytes()


def _image(pixels: bytes) -> NDArray[np.float32]:
    return np.frombuffer(pixels, np.float32).reshape(IMAGE_SIZE, IMAGE_SIZE)


def show_value_map(
    layer: LayerMaps, place: tuple[int, int, int], key: str, on_pick: Callable[[], None], size: int
) -> None:
    """One map of a layer, large, the value at `place` (map, row, column) marked; a click chooses another."""
    from lab.probe import number

    values = layer.maps[place[0]]
    marked = number(values[place[1:]])
    about = f"Map {place[0]} of layer {layer.row.index}, {range_words(values)}; the marked value is {marked}"
    colours = signed_colours(values[None], layer.largest)
    show_tiles(colours, [Tile(about)], key, size, "value", on_pick, chosen=0, unit=place[1:])


def range_words(values: NDArray[np.float64]) -> str:
    """`values from 0.000 to 2.310`."""
    from lab.probe import number

    return f"values from {number(values.min())} to {number(values.max())}"
