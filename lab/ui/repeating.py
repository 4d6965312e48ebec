"""A word where a run would only repeat another, and another seed; nothing is held up by it."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from lab.config import RunConfig
from lab.repeats import free_seeds, same_run
from lab.store import Store
from lab.ui.state import draft, set_draft


def say_repeats(store: Store, offered: Mapping[str, RunConfig]) -> None:
    """Of the runs that a page offers, by the label of the button: which were trained already with the same seed."""
    known = store.runs()
    twins: dict[int, list[str]] = {}
    for label, config in offered.items():
        if twin := same_run(known, config):
            twins.setdefault(twin.id, []).append(f"**{label}**")
    if not twins:
        return
    repeats = [
        f"{' and '.join(labels)} {'repeats' if len(labels) == 1 else 'repeat'} run {run}"
        for run, labels in twins.items()
    ]
    said, other = st.columns([2, 1], vertical_alignment="center")
    said.caption(
        f"{' and '.join(repeats)}: with the same settings and the same seed, the same device gives the same curve."
    )
    first, *more = offered.values()
    (seed,) = free_seeds(known, first, 1, *more)
    other.button(f"Use seed {seed}", on_click=_take_seed, args=(seed,), width="stretch")


def _take_seed(seed: int) -> None:
    set_draft(draft().changed("seed", seed))
