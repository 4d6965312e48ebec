"""The draft outlives a reload of any page: the tab keeps it, and tells it to the session that a reload begins.

Only Train and Layers say it in their address, which is handed on and says what a page shows. While a run is opened its
settings are the draft; the tab then also keeps one's own, to which there is a way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

import streamlit as st

from lab.address import from_address, to_address
from lab.config import ConfigError, RunConfig
from lab.run_number import run_number
from lab.store import StoreError
from lab.ui.opened import keep_own, own_before
from lab.ui.state import SAY_THE_DRAFT, chosen_run, draft_so_far, is_chosen, leave_draft_as_it_is, use_settings

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
KEY, TAKEN, SESSION = "kept-draft", "kept-draft-taken", "kept-draft-session"
RUN = "run"
"""Stands beside one's own settings, as in an address: the run that was opened instead."""
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
    given = {
        "session": st.session_state.setdefault(SESSION, uuid4().hex),
        "draft": urlencode(to_address(draft_so_far().config)),
        "own": _own_in_words(),
        "asks": not is_chosen(),
    }
    component(key=KEY, data=given, on_kept_change=_take, on_own_change=_take_own)
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


def _own_in_words() -> str:
    """One's own settings while those of a run are the draft, with the number of that run; else nothing."""
    own, run_id = own_before()
    return "" if own is None else urlencode({RUN: str(run_id)} | to_address(own.config))


def _take_own() -> None:
    """What the tab has kept beside the settings of a run that is opened; the run is named, or it is the one shown."""
    told = dict(parse_qsl(str(st.session_state[KEY]["own"])))
    run_id = run_number(told[RUN]) if RUN in told else chosen_run()
    own: RunConfig | None = None
    with suppress(ConfigError):  # kept by another version of the lab
        own = from_address(told)
    with suppress(StoreError):  # the run is gone, and its settings are one's own by now
        if own is not None and run_id is not None and keep_own(own, run_id):
            st.session_state[TAKEN] = True
