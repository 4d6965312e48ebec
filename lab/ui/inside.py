"""A digit on its way through a network, on a page: the layers, the maps of one, and a value of one map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.config import EVALUATION_IMAGES
from lab.describe import count
from lab.figures import WRONG, signed_colours
from lab.layer_strip import strip
from lab.layer_words import layer_name
from lab.number_words import percent_words
from lab.store import Store
from lab.ui.addressed import asked, one_of, place_in, place_text, say
from lab.ui.choice import choice, kept, put
from lab.ui.digits import choose_test_image
from lab.ui.layer_maps import range_words, show_value_map
from lab.ui.navigation import go
from lab.ui.network_choice import ask_reader
from lab.ui.patience import load
from lab.ui.reader import Reader
from lab.ui.text import plain
from lab.ui.tiles import Tile, picked, show_tiles

if TYPE_CHECKING:
    from lab.probe import LayerMaps

DRAWN, SOURCE, NUMBER = "inside_drawing", "inside_source", "inside_number"
TEST, VALIDATION, DRAWING = "Test image", "Validation image", "My drawing"
ADDRESSED = {"image": TEST, "validation": VALIDATION}
"""Where an image is from, by its name in an address."""
LAYER, MAP, ROW, COLUMN = "inside_layer", "inside_map", "inside_row", "inside_column"
OF_LAYER, OF_KERNEL = "inside_of_layer", "inside_of_kernel"
STRIP, MAPS, VALUES, KERNELS = "inside_strip", "inside_maps", "inside_values", "inside_kernels"
THUMBNAIL = 52
"""Side of a layer's picture in the strip, in CSS pixels."""
LARGE = 232


@dataclass(frozen=True)
class Digit:
    """The digit that is followed: (28, 28) with bright ink in [0, 1], and what it is called."""

    image: NDArray[np.float32]
    words: str
    label: int | None = None
    """What it is; of a drawing, nobody knows."""


def look_inside(image: NDArray[np.float32], reader: Reader) -> None:
    """A button that follows a picture (28, 28), such as the one just drawn, through the network that read it."""
    label, icon = "See what each layer makes of it", ":material/account_tree:"
    st.button(label, icon=icon, on_click=_look_inside, args=(image, reader))


def _look_inside(image: NDArray[np.float32], reader: Reader) -> None:
    ask_reader(reader)
    st.session_state[DRAWN] = np.asarray(image, np.float32)
    put(SOURCE, DRAWING)
    go("inside")


def look_inside_at(number: int, evaluated: str) -> None:
    """Go and follow an image of an evaluation set through the network that is asked."""
    put(SOURCE, TEST if evaluated == "test" else VALIDATION)
    put(NUMBER, str(number))
    go("inside")


def has_validation(store: Store, reader: Reader) -> bool:
    """Whether the network was evaluated on images held out of training."""
    return reader.run is not None and store.run(reader.run).config.evaluate_on == "validation"


def choose_digit(has_validation: bool) -> Digit | None:
    """One of the test images or of those held out, or what was drawn; None where it cannot be read, which is said."""
    load("lab.mnist")  # imports torch: when a digit is wanted, not with the page
    from lab.mnist import DataError

    drawn: NDArray[np.float32] | None = st.session_state.get(DRAWN)
    _take_addressed_image(has_validation)
    sources = [TEST, *([VALIDATION] if has_validation else []), *([DRAWING] if drawn is not None else [])]
    source = choice(SOURCE, sources, TEST, label="Digit") if len(sources) > 1 else TEST
    if source == DRAWING and drawn is not None:
        _say_image(None, source)
        return Digit(drawn, "Your drawing")
    number = choose_test_image(NUMBER, source)
    _say_image(number, source)
    try:
        return _digit(number, source)
    except DataError as error:
        st.error(plain(str(error)))
        return None


def _take_addressed_image(has_validation: bool) -> None:
    numbers = one_of(range(EVALUATION_IMAGES))
    for name, source in ADDRESSED.items():
        number = asked(name, numbers if source == TEST or has_validation else lambda _: None, usual=None)
        if number is not None:
            put(SOURCE, source)
            put(NUMBER, str(number))


def _say_image(number: int | None, source: str) -> None:
    for name, of in ADDRESSED.items():
        say(name, str(number) if of == source else None, usual="0" if of == TEST else None)


def _digit(number: int, source: str) -> Digit:
    from lab.mnist import load_mnist, to_unit

    _, _, images, labels = load_mnist().split("test" if source == TEST else "validation")
    return Digit(to_unit(images[number, 0]).numpy(), f"{source} {number:,}", int(labels[number]))


def show_answer(digit: Digit, reader: Reader) -> None:
    """The digit, large, and what the network reads; the colour of what is wrong where it is wrong."""
    predictor = reader.predictor()
    probabilities = predictor(digit.image)
    answer = int(probabilities.argmax())
    what = f"{digit.words}{'' if digit.label is None else f', a {digit.label}'}"
    with st.container(horizontal=True, vertical_alignment="center"):
        pixels = (255 * predictor.given(digit.image)).round().astype(np.uint8)
        show_tiles(pixels[None], [Tile(what)], "inside_digit", size=112)
        colour = WRONG if digit.label not in (None, answer) else "inherit"
        st.html(
            f"<p>{escape(what)}, read as <b style='display:block;font-size:3rem;line-height:1.1;color:{colour}'>"
            f"{answer}</b>with {percent_words(float(probabilities[answer]))}</p>"
        )
    if predictor.config.deslant:
        st.caption("The digit is shown deslanted, as this network sees it.")
    if predictor.config.second_reading:
        st.caption(
            "This is the mean of two readings: of the digit as shown and moved by one pixel to the left. All maps and "
            "sums are of the digit as shown."
        )


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
