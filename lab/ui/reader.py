"""Who reads the digit: a run and an epoch, chosen and described; and the stages that lead to what it is given."""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from lab.drawing import Stage
from lab.layer_words import short_name
from lab.layers import ImpossibleNetwork, layer_table
from lab.run_number import run_number
from lab.steps import step
from lab.store import ENDED, Run, Store, StoreError, open_store, without_an_epoch
from lab.ui.addressed import asked, is_new, is_there, notes, one_of, say
from lab.ui.choice import choice, is_chosen_anew, lost, put
from lab.ui.state import RUN
from lab.ui.text import plain

if TYPE_CHECKING:
    from lab.predict import Predictor

SHIPPED_RUN = 0
"""Stands for the network that ships where a run is chosen; runs are counted from 1."""
SHIPPED_STEP = 6
READER, FOLLOWED = "reader_run", "followed_run"
NOW = 0
"""Stands for a run's newest weights where an epoch is chosen."""
FOLLOWS = {
    "queued": "This network waits for its turn to train. Keep a digit, and watch its bars change as soon as it trains.",
    "running": "This network reads while it trains: keep a digit, and watch its bars change.",
    "paused": "The training of this network is paused. Keep a digit, and watch its bars change when it trains again.",
}
"""What is said of a network that has not trained to its end, by the status of its run."""
DESLANTED = "Upright", "The rows are shifted so that the digit stands upright: this network reads deslanted digits."
"""The stage that only some networks have, and what was done."""
SHOWN = 72
"""Pixels of a stage's picture, each way."""

_STYLE = """
<style>
.stages {display: flex; flex-wrap: wrap; gap: 0.8rem 1.4rem;}
.stages figure {margin: 0; width: 180px; display: flex; gap: 0.6rem; flex: 1 1 180px;}
.stages img {width: 72px; height: 72px; padding: 3px; flex: none; background: #000; border-radius: 4px;
  object-fit: contain;}
.stages img.small {image-rendering: pixelated;}
.stages figcaption {font-size: 0.8rem; line-height: 1.3;} .stages figcaption span {opacity: 0.75;}
</style>
"""


@dataclass(frozen=True)
class Reader:
    """Who reads: a run of the store at `url` after an epoch (None: the newest there is); no run: what ships."""

    url: str
    run: int | None = None
    epoch: int | None = None
    status: str = ""
    """Of the run, as the page says it, where its newest weights read and it has not ended."""

    def predictor(self) -> Predictor:
        """Its network, loaded once.

        Raises:
            StoreError: it cannot be read.
        """
        from lab.readers import reader  # imports torch: when a network is wanted, not with the page

        return reader(self.run, self.epoch, open_store(self.url))

    def stages(self, stages: Sequence[Stage]) -> list[Stage]:
        """The stages of a drawing, and what this network makes of the last of them before it reads it."""
        with suppress(StoreError):  # which `describe_reader` explains
            predictor = self.predictor()
            if predictor.config.deslant:
                return [*stages, Stage(*DESLANTED, predictor.given(stages[-1].image))]
        return list(stages)

    def has_weights_kept(self) -> bool:
        """Whether it can be asked anew, and then says the same: not so a run before its first epoch has ended."""
        return self.run is None or bool(open_store(self.url).checkpoint_epochs(self.run))

    def layers(self) -> list[str]:
        """What stands below the picture of each of its layers."""
        try:
            config = open_store(self.url).run(self.run).config if self.run else step(SHIPPED_STEP).config
            return [short_name(row) for row in layer_table(config.network)]
        except (StoreError, ImpossibleNetwork):  # which `describe_reader` explains
            return []

    def changed(self) -> float:
        """When the file of the shipped network was changed last; 0 for a run, whose epochs stay as they are."""
        from lab.predict import SHIPPED  # imports torch: when a network is wanted, not with the page

        return 0.0 if self.run or not SHIPPED.exists() else SHIPPED.stat().st_mtime


def choose_reader(store: Store, which: DeltaGenerator, when: DeltaGenerator) -> Reader:
    """The network that ships, a run at any finished epoch, or one that trains as it is by now."""
    epochs = store.checkpoint_epochs_of_all()
    runs = {run.id: run for run in store.runs() if run.id in epochs or run.status not in ENDED}
    _follow_what_is_watched(runs)
    with which:
        say_which_is_gone(store, READER, runs)
        follow_address(READER, runs, store)
        chosen = choice(
            READER,
            [SHIPPED_RUN, *runs],
            SHIPPED_RUN,
            label="Network",
            format_func=lambda number: _called(runs[number]) if number else "Ready-trained network",
            help="The network that reads the digit: the ready-trained one, or one that you train or have trained here.",
        )
    say("run", str(chosen) if chosen else None)
    say("epoch", None)  # until one is chosen
    if not chosen:
        offer_no_epoch()
        return Reader(store.url)
    run = runs[chosen]
    epoch = _choose_epoch(run, epochs.get(chosen, []), when)
    return Reader(store.url, chosen, epoch, run.status if epoch is None and run.status not in ENDED else "")


def follow_address(key: str, runs: Collection[int], store: Store) -> None:
    """Choose the run that the address asks for; of one that is not among `runs` no epoch is asked for either."""
    wanted = asked("run", one_of(runs), SHIPPED_RUN, partial(why_not_asked, store))
    if wanted is not None:
        put(key, wanted)
    elif not is_there("run", runs):
        is_new("epoch")


def why_not_asked(store: Store, text: str) -> str | None:
    """Why a run that is here cannot be asked what it has learned; None for one that is not here."""
    number = run_number(text)
    status = next((run.status for run in store.runs() if run.id == number), None)
    if number is not None and status is not None:
        return f"{without_an_epoch(number, status)}, so it has no trained network."
    return next((run.problem for run in store.unreadable() if run.id == number), None)  # which names it


def say_which_is_gone(store: Store, key: str, offered: Collection[int]) -> None:
    """Of a run that was chosen and cannot be asked any more: another network stands in its place.

    Until a hand chooses one, or the page is left.
    """
    gone = lost(key, [SHIPPED_RUN, *offered])
    if gone is not None:
        why = why_not_asked(store, str(gone)) or f"Run {gone} is no longer here: it was deleted."
        notes()[key] = f"{why} Another network is chosen in its place."
    elif is_chosen_anew(key):
        notes().pop(key, None)
    if said := notes().get(key):
        st.warning(plain(said))


def offer_no_epoch(only: Sequence[int] = ()) -> None:
    """Where there is none to choose, or the `only` one: that the address asks for another is said."""
    asked("epoch", {_epoch_words(epoch): epoch for epoch in only}.get, None)


def _follow_what_is_watched(runs: Mapping[int, Run]) -> None:
    """Who has just started a run, or opened one that trains, comes here to see it read: once for each."""
    watched = runs.get(st.session_state.get(RUN, SHIPPED_RUN))
    if watched and watched.status not in ENDED and st.session_state.get(FOLLOWED) != watched.id:
        st.session_state[FOLLOWED] = watched.id
        put(READER, watched.id)


def _called(run: Run) -> str:
    waits = "" if run.status in ENDED else ", training now" if run.status == "running" else f", {run.status}"
    return f"Run {run.id}: {run.name}{waits}"


def describe_reader(reader: Reader, which: DeltaGenerator, when: DeltaGenerator) -> None:
    """Which run and epoch it is, where no epoch can be chosen; or, in one sentence, why it cannot read."""
    try:
        predictor = reader.predictor()
        status = open_store(reader.url).run(reader.run).status if reader.run else ""
    except StoreError as error:
        which.error(plain(str(error)))
        return
    if predictor.is_live and status in FOLLOWS:
        when.caption(FOLLOWS[status])
    elif reader.epoch is None:
        when.caption(f"Read by {plain(predictor.description)}.")


def _choose_epoch(run: Run, epochs: Sequence[int], when: DeltaGenerator) -> int | None:
    """None: the newest weights that there are."""
    options = list(epochs) if run.status in ENDED else [*epochs, NOW]
    if len(options) < 2:
        offer_no_epoch(options)
        return None
    with when:
        return choose_epoch(f"{READER}_epoch_{run.id}", options) or None


def choose_epoch(key: str, epochs: Sequence[int]) -> int:
    """A slider for the epoch whose weights the network has, at first the last; kept also when the page is left."""
    named = {_epoch_words(epoch): epoch for epoch in epochs}
    wanted = asked("epoch", named.get, usual=epochs[-1])
    if wanted is not None:
        put(key, wanted)
    chosen = choice(
        key,
        epochs,
        epochs[-1],
        widget=st.select_slider,
        label="Epoch",
        format_func=_epoch_words,
        help="The network has the weights that it had after this epoch. After an early epoch it reads worse.",
    )
    say("epoch", _epoch_words(chosen), usual=_epoch_words(epochs[-1]))
    return chosen


def _epoch_words(epoch: int) -> str:
    return str(epoch or "now")


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
