"""A digit's way through a network in one row: of every layer the map that answers most, and what it is."""

import numpy as np
import pytest

from lab.figures import signed_colours
from lab.layer_strip import SIDE, strip
from lab.layers import layer_table
from lab.mnist import Mnist
from lab.predict import load_predictor
from lab.probe import LayerMaps, layer_maps


@pytest.fixture(scope="module")
def layers(mnist: Mnist) -> list[LayerMaps]:
    return layer_maps(load_predictor(), mnist.test_images[0, 0].numpy() / 255)


def test_each_layer_is_the_map_with_its_strongest_value_brightest_there(layers: list[LayerMaps]) -> None:
    drawn = strip(layers)
    assert drawn.pictures.shape == (len(layers), SIDE, SIDE, 3)
    for layer, picture in zip(layers, drawn.pictures, strict=True):
        channel, row, column = layer.strongest()
        values = layer.maps[channel]
        at = (-(-row * SIDE // values.shape[0]), -(-column * SIDE // values.shape[1]))  # the first pixel of the value
        assert np.array_equal(picture[at], signed_colours(values[row, column], abs(values[row, column])))
        assert picture.max() == picture[at].max()


def test_each_is_named_by_number_and_kind_and_described_in_full(layers: list[LayerMaps]) -> None:
    drawn = strip(layers)
    rows = layer_table(load_predictor().config)
    assert drawn.names[:3] == ("1. conv", "2. conv", "3. max")
    for row, layer, words in zip(rows, layers, drawn.words, strict=True):
        assert words.startswith(f"Layer {row.index}, ")
        assert words.endswith(f"{'×'.join(map(str, row.output_shape))}; the picture shows map {layer.strongest()[0]}")


def test_what_a_browser_is_sent_has_a_name_for_every_picture(layers: list[LayerMaps]) -> None:
    row = strip(layers).row()
    assert len(row["names"]) == len(row["words"]) == len(layers)
    assert row["sprite"].startswith("data:image/png;base64,")
