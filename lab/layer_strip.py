"""A digit on its way through a network in one row of small pictures: of every layer the map that answers most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lab.figures import signed_colours
from lab.layer_words import layer_name, shape_words, short_name
from lab.sprite import sprite

if TYPE_CHECKING:
    from lab.probe import LayerMaps

SIDE = 52
"""Of a picture, in pixels."""


@dataclass(frozen=True)
class Strip:
    """A picture a layer, each with the map that holds the layer's strongest value."""

    pictures: NDArray[np.uint8]
    """(layers, SIDE, SIDE, 3): black is 0, yellow above and blue below, brightest at the layer's strongest value."""
    words: tuple[str, ...]
    """What each shows, in full."""
    names: tuple[str, ...]
    """What stands below each."""

    def row(self) -> dict[str, Any]:
        """For a page in a browser."""
        return {"sprite": sprite(self.pictures), "words": self.words, "names": self.names}


def strip(layers: Sequence[LayerMaps]) -> Strip:
    """The row of pictures of these layers."""
    return Strip(
        np.stack([_picture(layer) for layer in layers]),
        tuple(_words(layer) for layer in layers),
        tuple(short_name(layer.row) for layer in layers),
    )


def _picture(layer: LayerMaps) -> NDArray[np.uint8]:
    strongest = layer.maps[layer.strongest()[0]]
    rows, columns = (np.arange(SIDE) * side // SIDE for side in strongest.shape)
    return signed_colours(strongest, layer.largest)[np.ix_(rows, columns)]


def _words(layer: LayerMaps) -> str:
    row = layer.row
    shape, strongest = shape_words(row.output_shape), layer.strongest()[0]
    return f"Layer {row.index}, {layer_name(row)}: {shape}; the picture shows map {strongest}"
