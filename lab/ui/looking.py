"""From a run to what it has learned: its wrong digits, and one digit on its way through its layers."""

from __future__ import annotations

import streamlit as st

from lab.store import Store
from lab.ui.navigation import go
from lab.ui.network_choice import ask_reader
from lab.ui.reader import Reader

LOOKS = {"mistakes": "Its mistakes", "inside": "Look inside it"}


def offer_looks(store: Store, run: int) -> None:
    """A button to each page that asks a trained network, which then asks this run; none before its first epoch."""
    kept = store.checkpoint_epochs(run)
    if not kept:
        return
    for name, label in LOOKS.items():
        st.button(label, key=f"look-{name}", on_click=_look, args=(name, Reader(store.url, run, kept[-1])))


def _look(name: str, reader: Reader) -> None:
    ask_reader(reader)
    go(name)
