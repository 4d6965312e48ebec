"""Where a run would only repeat another, and another seed for it; nothing is held up by it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from lab.config import RunConfig
from lab.repeats import free_seeds, is_of_another_machine, same_run
from lab.store import Run, Store
from lab.ui.state import draft, set_draft

SEED_HELP = (
    "With the same settings and the same seed, the same device gives the same curve. Another seed gives another one."
)


def repeated(store: Store, offered: Mapping[str, RunConfig]) -> dict[str, str]:
    """What would be repeated, in words, by the label of the button: runs trained already, with the same seed."""
    known = store.runs()
    twins = {label: same_run(known, config) for label, config in offered.items()}
    return {label: _words(twin) for label, twin in twins.items() if twin}


def _words(twin: Run) -> str:
    if is_of_another_machine(twin):
        return f"repeats run {twin.id} of another machine, which rounds differently"
    return f"repeats run {twin.id} with the same curve"


def offer_other_seed(store: Store, offered: Mapping[str, RunConfig]) -> None:
    """The next seed that none of the runs that a page offers was trained with."""
    first, *more = offered.values()
    (seed,) = free_seeds(store.runs(), first, 1, *more)
    label = f"Use seed {seed} for another curve"
    shuffle = ":material/shuffle:"
    st.button(label, key="other-seed", type="tertiary", icon=shuffle, on_click=_take_seed, args=(seed,), help=SEED_HELP)


def _take_seed(seed: int) -> None:
    set_draft(draft().changed("seed", seed))
