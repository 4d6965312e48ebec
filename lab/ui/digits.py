"""Real digits on a page: some as training would see them, or one with the square that a unit sees.

Reading them needs torch. It is imported where a digit is drawn, not with the page, so that the page need not wait.
"""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.config import EVALUATION_IMAGES, ConfigError
from lab.fields import Whole
from lab.figures import digits_figure, picture_figure
from lab.layer_row import Square
from lab.ui.chart import show_figure
from lab.ui.choice import known, shown
from lab.ui.patience import load
from lab.ui.state import draft
from lab.ui.text import plain


def show_augmented_digits() -> None:
    """Ten training images as the network would see them now."""
    load("lab.augment")
    from lab.augment import augmented_examples
    from lab.deslant import as_seen
    from lab.mnist import DataError, load_mnist

    try:
        images = load_mnist().train_images[:10]
    except DataError as error:
        st.error(plain(str(error)))
        return
    config = draft().config
    examples = augmented_examples(as_seen(images, config.network), config.augmentation, seed=config.seed)
    show_figure(digits_figure(examples, height=44), "digits")


def choose_test_image(key: str, label: str = "Test image") -> int:
    """The number of an image of an evaluation set; the last one that there is, while what is typed is none."""
    numbers = Whole(label, 0, EVALUATION_IMAGES - 1, "The number of the image, from 0 to 9,999.")
    read = f"{key}_read"
    text = shown(st.text_input, key, known(key, str(st.session_state.get(read, 0))), label, help=numbers.help)
    try:
        st.session_state[read] = int(numbers.parse(label, text))
    except ConfigError as error:
        st.error(plain(str(error)))
    digit: int = st.session_state.get(read, 0)
    return digit


def show_test_digit(index: int, square: Square | None) -> NDArray[np.float32] | None:
    """A test image as the draft's network sees it, what it shows, and any square marked on it.

    Returns the image itself, (28, 28) in [0, 1]; None where it cannot be read.
    """
    load("lab.deslant")
    from lab.deslant import as_seen
    from lab.mnist import DataError, load_mnist, to_unit

    try:
        data = load_mnist()
    except DataError as error:
        st.error(plain(str(error)))
        return None
    images, network = data.test_images[[index]], draft().config.network
    seen, image = (to_unit(one)[0, 0].numpy() for one in (as_seen(images, network), images))
    show_figure(picture_figure(seen, square, height=260), "unit_picture")
    how = ", deslanted" if network.deslant else ""
    st.caption(f"Test image {index:,}, a {int(data.test_labels[index])}{how}.")
    return image
