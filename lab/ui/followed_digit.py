"""The digit that is followed through a network: of the test images, of those held out, or drawn; and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.config import EVALUATION_IMAGES
from lab.figures import WRONG
from lab.number_words import percent_words
from lab.store import Store
from lab.ui.addressed import asked, one_of, say
from lab.ui.choice import choice, put
from lab.ui.digits import choose_test_image
from lab.ui.navigation import go
from lab.ui.network_choice import ask_reader
from lab.ui.patience import load
from lab.ui.reader import Reader
from lab.ui.text import plain
from lab.ui.tiles import Tile, show_tiles

DRAWN, SOURCE, NUMBER = "inside_drawing", "inside_source", "inside_number"
TEST, VALIDATION, DRAWING = "Test image", "Validation image", "My drawing"
ADDRESSED = {"image": TEST, "validation": VALIDATION}
"""Where an image is from, by its name in an address."""


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
        st.caption(
            "The digit is shown deslanted, as this network sees it: its rows are shifted so that it stands upright."
        )
    if predictor.config.second_reading:
        st.caption(
            "This is the mean of two readings: of the digit as shown and moved by one pixel to the left. All maps and "
            "sums are of the digit as shown."
        )
