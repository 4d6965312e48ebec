"""A run that is opened: its settings stand on the left, and one's own are a click away."""

from __future__ import annotations

import streamlit as st

from lab.config import RunConfig
from lab.store import Store, StoreError
from lab.ui.draft import Draft
from lab.ui.state import (
    OPENED,
    OWN_DRAFT,
    address_problem,
    choose_run,
    draft,
    is_untouched,
    set_draft,
    the_store,
    use_settings,
)
from lab.ui.text import plain


def load_opened(store: Store) -> None:
    """Take the settings of the run that was opened since the page was drawn last; call before the controls."""
    run_id = st.session_state.pop(OPENED, None)
    if run_id is None:
        return
    try:
        config = store.run(run_id).config
    except StoreError:  # the watched side says so
        return
    is_new = is_untouched()
    own = draft()
    if is_new:
        use_settings(config)
    elif own.config != config:
        use_settings(config)
        st.session_state[OWN_DRAFT] = (own, run_id)


def own_before() -> tuple[Draft | None, int | None]:
    """One's own draft while the settings of a run stand in its place, and that run; else nothing."""
    held: tuple[Draft | None, int | None] = st.session_state.get(OWN_DRAFT, (None, None))
    return held


def keep_own(own: RunConfig, run_id: int) -> bool:
    """Offer the way back to these settings, if the draft is what this run was started with; whether it is.

    Raises:
        StoreError: there is no such run, or it cannot be read.
    """
    now = draft().config
    is_opened = OWN_DRAFT not in st.session_state and own != now == the_store().run(run_id).config
    if is_opened:
        st.session_state[OWN_DRAFT] = (Draft(config=own), run_id)
    return is_opened


def offer_own_settings() -> None:
    """Whose settings these are, and the way back, until something is changed; or why those of a link are not used."""
    say_address_problem()
    own, run_id = own_before()
    if own is None:
        return
    said, back = st.columns([1.4, 1], vertical_alignment="center")
    said.caption(f"These are the settings of run {run_id}.")
    back.button(
        "Back to my settings",
        on_click=_back,
        args=(own,),
        width="stretch",
        help="Brings back the settings that you had before.",
    )


def say_address_problem() -> None:
    """Why the settings of a link are not used; nothing where they are."""
    problem = address_problem()
    if problem:
        st.warning(plain(problem))


def is_there(store: Store, run_id: int) -> bool:
    """Whether the run is in the store, readable or not."""
    return any(run.id == run_id for run in store.runs()) or any(run.id == run_id for run in store.unreadable())


def say_that_none_is_there(run_id: int) -> None:
    """Of a run that the address asks for, or that was deleted; which one to look at is then the reader's choice."""
    st.info(f"There is no run {run_id} here: it was deleted, or it is in another lab's database.")
    st.button("Show the newest run", on_click=choose_run, args=(None,))


def _back(own: Draft) -> None:
    set_draft(own)
