"""Who reads the digit, and what it says: choose a run and an epoch, show the answer and the stages before it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from lab.drawing import Stage
from lab.figures import probability_figure
from lab.store import Store, StoreError, open_store
from lab.ui.chart import show_figure
from lab.ui.choice import choice
from lab.ui.text import plain

if TYPE_CHECKING:
    from lab.predict import Predictor

SHIPPED_RUN = 0
"""Stands for the shipped checkpoint where a run is chosen; runs are counted from 1."""

_STYLE = """
<style>
.answer {min-height: 5.2rem; display: flex; align-items: baseline; gap: 0.8rem; line-height: 1;}
.answer b {font-size: 4.2rem; font-weight: 650; font-variant-numeric: tabular-nums;}
.guess b {opacity: 0.6;}
.answer span {font-size: 1rem; line-height: 1.35;}
.stages {display: flex; flex-wrap: wrap; gap: 0.8rem 1.4rem;}
.stages figure {margin: 0; width: 180px; display: flex; gap: 0.6rem; flex: 1 1 180px;}
.stages img, .received img {background: #000; image-rendering: pixelated; border-radius: 4px; object-fit: contain;}
.stages img {width: 72px; height: 72px; flex: none;}
.stages figcaption {font-size: 0.8rem; line-height: 1.3;}
.stages figcaption span {opacity: 0.75;}
.received img {width: 100%; max-width: 280px; aspect-ratio: 1; display: block;}
</style>
"""


@dataclass(frozen=True)
class Reader:
    """Who reads the digit: a run of the store at `url` after an epoch (None: its last); no run: the shipped network."""

    url: str
    run: int | None
    epoch: int | None

    def predictor(self) -> Predictor:
        """Its network, loaded once.

        Raises:
            StoreError: it cannot be read.
        """
        return _predictor(self.run, self.epoch, self.url, self.changed())

    def changed(self) -> float:
        """When the file of the shipped network was changed last; 0 for a run, whose epochs stay as they are."""
        from lab.predict import SHIPPED  # imports torch: when a network is wanted, not with the page

        return 0.0 if self.run or not SHIPPED.exists() else SHIPPED.stat().st_mtime


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
    return Reader(store.url, run or None, epoch)


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


@st.cache_resource(max_entries=24, show_spinner=False)
def _predictor(run: int | None, epoch: int | None, url: str, changed: float) -> Predictor:
    """Loaded once and kept; `changed` makes a replaced shipped file count as another one."""
    from lab.predict import load_predictor  # imports torch: when a network is wanted, not with the page

    return load_predictor(run, epoch, open_store(url))


def show_answer(probabilities: NDArray[np.float32], why_odd: str | None) -> None:
    """The answer large, as a guess where there is a reason why it is no digit; and the ten probabilities as bars."""
    if why_odd is not None:
        st.warning(plain(f"This does not look like one digit: {why_odd}. The network has to choose one all the same."))
    kind = "answer" if why_odd is None else "answer guess"
    st.html(f"{_STYLE}<div class='{kind}'>{answer_html(probabilities, is_guess=why_odd is not None)}</div>")
    show_figure(probability_figure(probabilities.tolist()), "probabilities")


def answer_html(probabilities: NDArray[np.float32], is_guess: bool = False) -> str:
    """The most probable digit, its probability, and the second choice where that has 1 % or more."""
    second, first = np.argsort(probabilities)[-2:]
    words = f"{'only a guess, ' if is_guess else ''}with a probability of {100 * probabilities[first]:.1f} %"
    if probabilities[second] >= 0.01:
        words += f"<br>next: {second}, {100 * probabilities[second]:.1f} %"
    return f"<b>{first}</b><span>{words}</span>"


def show_received(stage: Stage) -> None:
    """The 28x28 picture that the network gets, pixel by pixel."""
    st.html(f"{_STYLE}<div class='received'>{_img(stage)}</div>")
    st.caption("What the network receives: 28×28 pixels, prepared as MNIST was.")


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
    return f"<img alt='{escape(stage.name, True)}' src='data:image/png;base64,{data}'>"
