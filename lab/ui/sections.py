"""Tabs and expanders that are found as they were left, also on coming back to their page.

Streamlit keeps which one is open in the browser, and forgets it when the page is left. Here the session keeps it, and
the address names the open tab, so that a reload and a link show it too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lab.ui.addressed import asked, say
from lab.ui.choice import known, put, remember

TAB = "tab"


def tabs(key: str, labels: Mapping[str, str]) -> Sequence[DeltaGenerator]:
    """The tabs of a page, their labels by what its address calls them; the first is open until another one is."""
    names = {label: name for name, label in labels.items()}
    usual = next(iter(names))
    wanted = asked(TAB, labels.get, usual=usual)
    if wanted is not None:
        put(key, wanted)
    st.session_state[key] = known(key, usual)
    drawn = st.tabs(list(names), key=key, on_change="rerun")
    remember(key)
    say(TAB, names[known(key, usual)], usual=names[usual])
    return drawn


def expander(
    key: str, label: str, icon: str | None = None, type: Literal["default", "compact"] = "default"
) -> DeltaGenerator:
    """A section that is closed until a reader opens it."""
    st.session_state[key] = known(key, False)
    drawn = st.expander(label, key=key, icon=icon, type=type, on_change="rerun")
    remember(key)
    return drawn
