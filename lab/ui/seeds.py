"""Beside Start: several seeds of one config at once."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from lab.config import RunConfig
from lab.repeats import free_seeds
from lab.store import Store
from lab.ui.choice import kept
from lab.ui.fields import take_all_typed
from lab.ui.readiness import start_problems
from lab.ui.starting import watch
from lab.ui.state import draft
from lab.ui.text import plain

MOST_SEEDS, STARTED = 20, "seeds-started"
SEEDS_HELP = (
    "One run with one seed is one random result: another seed gives a slightly different one. Several "
    "seeds show by how much. They train one after another. The Runs page shows them as a group, with mean and standard "
    "deviation."
)


def offer_seeds(store: Store) -> None:
    """How many, which they are, and the button."""
    started = st.session_state.get(STARTED, 0)  # another one is closed: what was started is seen, not started again
    with st.popover("Train several seeds", key=f"several-seeds-{started}", width="stretch"):
        number = kept("how-many-seeds", 5, st.slider, "How many seeds", 2, MOST_SEEDS, help=SEEDS_HELP)
        seeds = free_seeds(store.runs(), draft().config, number)
        st.caption(f"Seeds {', '.join(map(str, seeds))}, one after another.")
        problems = start_problems(draft())
        for problem in problems:
            st.caption(plain(problem))
        st.button(
            f"Start {number} runs", type="primary", on_click=_start, args=(store, number), disabled=bool(problems)
        )


def _start(store: Store, number: int) -> None:
    """Queue the runs and watch the first, unless something typed just before the click is refused."""
    take_all_typed()
    if start_problems(draft()):
        return
    config = draft().config
    watch((number, config), lambda: _submit(store, config, number))
    st.session_state[STARTED] = st.session_state.get(STARTED, 0) + 1


def _submit(store: Store, config: RunConfig, number: int) -> list[int]:
    return [store.submit(replace(config, seed=seed)) for seed in free_seeds(store.runs(), config, number)]
