"""The draft outlives a reload of any page: the tab keeps it, and tells it to the session that a reload begins.

Only Train and Layers say it in their address, which is handed on and says what a page shows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from lab.address import from_address, to_address
from lab.config import ConfigError
from lab.ui.state import SAY_THE_DRAFT, draft_so_far, is_chosen, leave_draft_as_it_is, use_settings

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
KEY, TAKEN = "kept-draft", "kept-draft-taken"
USE_THE_DRAFT = (*SAY_THE_DRAFT, "Start", "Steps")


@contextmanager
def kept_in_tab(page: str) -> Iterator[None]:
    """Around the drawing of a page: the tab keeps the draft, or is asked for it where this session has none yet.

    Before the page is drawn, so that no reload comes too soon; after it where its address may have settings.
    """
    place = st.container(key="kept")
    is_first = is_chosen() or page not in SAY_THE_DRAFT
    if is_first:
        with place:
            st.fragment(_keep_or_ask)(page)
    yield
    if not is_first:
        with place:
            st.fragment(_keep_or_ask)(page)


def _keep_or_ask(page: str) -> None:
    component = st.components.v2.component("lab_kept_draft", js=_JS, isolate_styles=False)
    given = {"draft": urlencode(to_address(draft_so_far().config)), "asks": not is_chosen()}
    component(key=KEY, data=given, on_kept_change=_take)
    if st.session_state.pop(TAKEN, False) and page in USE_THE_DRAFT:
        st.rerun()  # the whole page; another one stays as it is, with all that it has said of its address


def _take() -> None:
    """What the tab has kept, unless something was set meanwhile."""
    if is_chosen():
        return
    leave_draft_as_it_is()
    with suppress(ConfigError):  # kept by another version of the lab
        config = from_address(dict(parse_qsl(str(st.session_state[KEY]["kept"]))))
        if config is not None:
            use_settings(config)
            st.session_state[TAKEN] = True
