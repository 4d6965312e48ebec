"""Which trained network is asked what it has learned: a run at an epoch, or the one that comes with the lab."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from lab.layers import makes_same_maps
from lab.network_config import NetworkConfig
from lab.store import Store, StoreError
from lab.ui.addressed import say
from lab.ui.choice import choice, put
from lab.ui.reader import SHIPPED_RUN, Reader, choose_epoch, follow_address, offer_no_epoch, say_which_is_gone
from lab.ui.state import RUN

ASKED, EPOCH = "asked_run", "asked_epoch"


def choose_network(store: Store) -> Reader:
    """The select box and, for a run of several epochs, the slider; at first the run that the session looks at."""
    epochs = store.checkpoint_epochs_of_all()
    runs = {run.id: run.name for run in store.runs() if run.id in epochs}
    watched = st.session_state.get(RUN)
    say_which_is_gone(store, ASKED, runs)
    follow_address(ASKED, runs, store)
    run = choice(
        ASKED,
        [SHIPPED_RUN, *runs],
        watched if watched in runs else SHIPPED_RUN,
        label="Network",
        format_func=lambda number: f"Run {number}: {runs[number]}" if number else "Ready-trained network",
        help="Choose the ready-trained network, or one that was trained in this lab.",
    )
    say("run", str(run) if run else None)
    say("epoch", None)  # until one is chosen
    if not run:
        offer_no_epoch()
        return Reader(store.url)
    return Reader(store.url, run, _choose_epoch(run, epochs[run]))


def trained_reader(network: NetworkConfig, store: Store) -> Reader | None:
    """A trained network of just these layers: the one that comes with the lab, or the newest run; None: there is none.

    What changes no map may differ: dropout and a second reading.
    """
    from lab.predict import shipped_config  # imports torch: when a network is asked, not with the page

    with suppress(StoreError):  # a damaged file is said where it is read
        if makes_same_maps(shipped_config(), network):
            return Reader(store.url, None, None)
    epochs = store.checkpoint_epochs_of_all()
    alike = (run.id for run in store.runs() if run.id in epochs and makes_same_maps(run.config.network, network))
    run = next(alike, None)
    return Reader(store.url, run, epochs[run][-1]) if run else None


def ask_reader(reader: Reader) -> None:
    """Make a network the one that is asked; call it before the page that asks is drawn."""
    put(ASKED, reader.run or SHIPPED_RUN)
    if reader.epoch is not None:
        put(f"{EPOCH}_{reader.run}", reader.epoch)


def _choose_epoch(run: int, epochs: Sequence[int]) -> int:
    """An epoch of the run; each run keeps its own choice, also when the page is left."""
    if len(epochs) < 2:
        offer_no_epoch(epochs)
        return epochs[0]
    return choose_epoch(f"{EPOCH}_{run}", epochs)
