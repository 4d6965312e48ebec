"""Real digits on a page: some as training would see them, or one with the square that a unit sees.

Reading them needs torch. It is imported where a digit is drawn, not with the page, so that the page need not wait.
"""

from __future__ import annotations

import streamlit as st

from lab.figures import digits_figure, picture_figure
from lab.layers import Square
from lab.ui.chart import show_figure
from lab.ui.state import draft
from lab.ui.text import plain


def show_augmented_digits() -> None:
    """Ten training images as the network would see them now."""
    from lab.augment import augmented_examples
    from lab.mnist import DataError, load_mnist

    try:
        images = load_mnist().train_images[:10]
    except DataError as error:
        st.error(plain(str(error)))
        return
    config = draft().config
    examples = augmented_examples(images, config.augmentation, seed=config.seed)
    show_figure(digits_figure(examples, height=44), "digits")


def show_test_digit(index: int, square: Square) -> None:
    """A test image, what it shows, and the square marked on it."""
    from lab.mnist import DataError, load_mnist, to_unit

    try:
        data = load_mnist()
    except DataError as error:
        st.error(plain(str(error)))
        return
    show_figure(picture_figure(to_unit(data.test_images[index, 0]).numpy(), square, height=260), "unit_picture")
    st.caption(f"Test image {index:,}, a {int(data.test_labels[index])}.")
