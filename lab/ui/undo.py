"""Undo on the Layers page: the drafts that the page has shown since it was opened, back to which one can go.

The whole draft, since a step that is chosen there changes all of it.
"""

from __future__ import annotations

import streamlit as st

from lab.ui.draft import Draft
from lab.ui.state import draft, set_draft

EARLIER, AT_MOST = "earlier_drafts", 100


def forget_earlier() -> None:
    """Begin anew when the page is opened: what was changed on other pages is not undone here."""
    st.session_state[EARLIER] = [draft()]


def undo_button() -> None:
    """Takes the last change back, as Ctrl+Z does; call it after `forget_earlier`, where the draft is what is shown."""
    earlier: list[Draft] = st.session_state[EARLIER]
    if earlier[-1] != draft():
        earlier.append(draft())
        del earlier[:-AT_MOST]
    st.button(
        "Undo",
        icon=":material/undo:",
        shortcut="Ctrl+Z",
        disabled=len(earlier) < 2,
        on_click=_undo,
        help="Undoes the last change of the network.",
    )


def _undo() -> None:
    earlier: list[Draft] = st.session_state[EARLIER]
    if len(earlier) > 1:
        earlier.pop()
        set_draft(earlier[-1])
