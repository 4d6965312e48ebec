"""A lesson: a link that carries settings and hides the controls that it is not about."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st

from lab.address import to_address
from lab.ui.choice import kept
from lab.ui.state import HIDDEN, draft

HIDE = "hide"
PARTS = {
    "step": "Step",
    "switches": "The four switches",
    "guess": "The guess",
    "quick": "Quick",
    "seeds": "Train several seeds",
    "layers": "Edit the layers",
    "details": "The tabs with all other settings",
    "fork": "Fork from here",
}
"""What of the Train page can be hidden, by its name in an address."""
LESSON_HELP = "This link opens the lab with the present settings, and without the controls that you hide."


def shows(part: str) -> bool:
    """Whether this visitor sees a part of the Train page: all but those that the link they came by hides."""
    if HIDDEN not in st.session_state:
        asked = st.query_params.get(HIDE, "").split(",")
        st.session_state[HIDDEN] = tuple(part for part in PARTS if part in asked)
    return part not in st.session_state[HIDDEN]


def keep_hidden_in_address() -> None:
    """So that a reload hides them too."""
    hidden = ",".join(part for part in PARTS if not shows(part))
    if hidden:
        st.query_params[HIDE] = hidden


def offer_lesson_link() -> None:
    """What to hide, and the link to hand on; a visitor of a lesson makes none."""
    if not all(map(shows, PARTS)):
        return
    with st.popover("Link for a lesson", key="lesson-link", width="stretch"):
        chosen: list[str] = kept(
            "lesson-hides",
            [],
            st.pills,
            "Hide",
            list(PARTS),
            format_func=PARTS.__getitem__,
            selection_mode="multi",
        )
        told = to_address(draft().config) | ({HIDE: ",".join(chosen)} if chosen else {})
        st.code(f"{_here()}?{urlencode(told, safe=',')}", language=None, wrap_lines=True)
        st.caption(LESSON_HELP)


def _here() -> str:
    """The address of this page, without what stands behind the question mark."""
    return urlsplit(st.context.url or "train")._replace(query="", fragment="").geturl()
