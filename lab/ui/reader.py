"""Who reads the digit: a run and an epoch, chosen and described; and the stages that lead to what it is given."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from lab.drawing import Stage
from lab.store import Store, StoreError
from lab.ui.choice import choice
from lab.ui.state import the_store
from lab.ui.text import plain

if TYPE_CHECKING:
    from lab.predict import Predictor

SHIPPED_RUN = 0
"""Stands for the shipped checkpoint where a run is chosen; runs are counted from 1."""

SHOWN = 72
"""Pixels of a stage's picture, each way."""

_STYLE = """
<style>
.stages {display: flex; flex-wrap: wrap; gap: 0.8rem 1.4rem;}
.stages figure {margin: 0; width: 180px; display: flex; gap: 0.6rem; flex: 1 1 180px;}
.stages img {width: 72px; height: 72px; flex: none; background: #000; border-radius: 4px; object-fit: contain;}
.stages img.small {image-rendering: pixelated;}
.stages figcaption {font-size: 0.8rem; line-height: 1.3;}
.stages figcaption span {opacity: 0.75;}
</style>
"""


@dataclass(frozen=True)
class Reader:
    """Who reads the digit: a run of the store after an epoch (None: the newest); no run: the network that ships."""

    run: int | None = None
    epoch: int | None = None

    def predictor(self) -> Predictor:
        """Its network, loaded once.

        Raises:
            StoreError: it cannot be read.
        """
        from lab.predict import kept_predictor  # imports torch: when a network is wanted, not with the page

        return kept_predictor(self.run, self.epoch, the_store())


def choose_reader(store: Store, which: DeltaGenerator, when: DeltaGenerator) -> Reader:
    """The shipped checkpoint, or a run at any finished epoch."""
    runs = {run.id: run.name for run in store.runs() if store.checkpoint_epochs(run.id)}
    with which:
        run = choice(
            "reader_run",
            [SHIPPED_RUN, *runs],
            SHIPPED_RUN,
            label="Network",
            format_func=lambda number: f"Run {number}: {runs[number]}" if number else "Shipped checkpoint",
            help="Who reads the digit: the network that comes with the lab, or one that was trained here.",
        )
    epoch = _choose_epoch(store.checkpoint_epochs(run), when) if run else None
    return Reader(run or None, epoch)


def describe_reader(reader: Reader, which: DeltaGenerator, when: DeltaGenerator) -> None:
    """Which run and epoch it is, where no epoch can be chosen; or, in one sentence, why it cannot read."""
    try:
        predictor = reader.predictor()
    except StoreError as error:
        which.error(plain(str(error)))
        return
    if reader.epoch is None:
        when.caption(f"Read by {plain(predictor.description)}.")


def _choose_epoch(epochs: Sequence[int], when: DeltaGenerator) -> int | None:
    if len(epochs) < 2:
        return None
    words = "The network as it was after this epoch: an early one reads worse."
    return int(when.select_slider("Epoch", epochs, value=epochs[-1], help=words))


def show_stages(stages: Sequence[Stage]) -> None:
    """How the picture came about: one small picture a stage, with what was done."""
    figures = "".join(
        f"<figure>{_img(stage)}<figcaption><b>{number}. {escape(stage.name)}</b><br>"
        f"<span>{escape(stage.explanation)}</span></figcaption></figure>"
        for number, stage in enumerate(stages, start=1)
    )
    st.html(f"{_STYLE}<div class='stages'>{figures}</div>")


def _img(stage: Stage) -> str:
    """The stage's picture as an HTML image; values in [0, 1], ink bright."""
    pixels = np.clip(np.asarray(stage.image) * 255, 0, 255).astype(np.uint8)
    png = io.BytesIO()
    Image.fromarray(pixels).save(png, format="PNG")
    data = base64.b64encode(png.getvalue()).decode()
    size = "small" if max(pixels.shape) < SHOWN else "large"  # whose thin lines would be lost pixel by pixel
    return f"<img class='{size}' alt='{escape(stage.name, True)}' src='data:image/png;base64,{data}'>"
