"""Has an open page drawn anew as a whole: for who asks, where its connection is there again, and when a run has begun,
ended or changed its state elsewhere, so that no click is needed to be told of it.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from lab.store import StoreError
from lab.ui.state import the_store
from lab.web import what_goes_on

_HERE = Path(__file__)
_PARTS = ("connection.js", "away.js", "drawn_anew.js")
_JS = "\n".join(_HERE.with_name(name).read_text(encoding="utf-8") for name in _PARTS)


def let_draw_anew() -> None:
    """Before anything else of the page reads the store: what it is drawn with is never older than what is said here.

    It stands in no fragment, since a server that was started again knows none of them, and hears nothing that is said
    to one.
    """
    component = st.components.v2.component("lab_draw_anew", js=_JS)
    component(key="draw_anew", data={"elsewhere": _elsewhere()}, on_state_change=lambda: None)


def _elsewhere() -> list[str] | None:
    """What goes on elsewhere; None where that cannot be read, which the page itself will say."""
    try:
        return what_goes_on(the_store())
    except StoreError:
        return None
