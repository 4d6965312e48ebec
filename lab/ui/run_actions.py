"""What can be done with the runs that are ticked: open one, take its files along, rename it; delete any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from lab.analysis import RunSummary
from lab.store import NAME_LENGTH, Store, StoreError
from lab.ui.looking import offer_looks
from lab.ui.navigation import go
from lab.ui.run_lines import Listed
from lab.ui.state import forget_run, open_run
from lab.ui.take_along import offer_files
from lab.ui.text import plain

NAME, PROBLEM = "new-name", "no-name"
OPEN_HELP = "Opens the run on the Train page with its settings. You can go back to your own settings there."
_FIRST_FIELD = Path(__file__).with_name("first_field.js").read_text(encoding="utf-8")


def show_actions(store: Store, chosen: Sequence[Listed]) -> None:
    """A button for each; a dialog goes on asking about the runs that were ticked when it was opened."""
    one = chosen[0].summary if len(chosen) == 1 else None
    with st.container(key="run-actions"):
        open_it, rename_it, files, delete_it, _ = st.columns([1, 1, 1.1, 1, 3])
    opened = {"on_click": _open, "args": (one.run,)} if one else {"disabled": True}
    open_it.button("Open", width="stretch", help=OPEN_HELP, **opened)
    if rename_it.button("Rename", disabled=one is None, width="stretch") and one:
        _rename(store, one)
    with files:
        offer_files(store, one)
    if delete_it.button("Delete", disabled=not chosen, width="stretch"):
        _delete(store, chosen)
    if one is not None:
        with st.container(horizontal=True):
            offer_looks(store, one.run)


def _open(run: int) -> None:
    open_run(run)
    go("train")


@st.dialog("Rename the run")
def _rename(store: Store, run: RunSummary) -> None:
    st.caption(f"Run {run.run}: {plain(run.name)}")
    with st.form("rename", border=False):  # so that Enter renames
        st.text_input("Name", run.name, max_chars=NAME_LENGTH, key=NAME)
        is_asked = st.form_submit_button("Rename", type="primary", on_click=_give_name, args=(store, run.run))
    first_field = st.components.v2.component("lab_first_field", js=_FIRST_FIELD, isolate_styles=False)
    first_field(key="first-field", data={"longest": NAME_LENGTH})
    if is_asked and st.session_state[PROBLEM] is None:
        st.rerun()
    if is_asked:
        st.error(plain(st.session_state[PROBLEM]))


def _give_name(store: Store, run: int) -> None:
    st.session_state[PROBLEM] = None
    try:
        store.rename(run, st.session_state[NAME])
    except StoreError as error:
        st.session_state[PROBLEM] = str(error)


@st.dialog("Delete for good?")
def _delete(store: Store, chosen: Sequence[Listed]) -> None:
    st.markdown("\n".join(f"- {plain(run.name)} (run {run.id}, {run.status})" for run in chosen))
    what = "The run, its curves and its weights" if len(chosen) == 1 else "The runs, their curves and their weights"
    st.caption(f"{what} cannot be brought back. A run that is training is stopped.")
    keep, delete = st.columns(2)
    if keep.button("Keep", width="stretch"):
        st.rerun()
    runs = [run.id for run in chosen]
    if delete.button("Delete", type="primary", width="stretch", on_click=_delete_all, args=(store, runs)):
        st.rerun()


def _delete_all(store: Store, runs: Sequence[int]) -> None:
    for run in runs:
        store.delete(run)
        forget_run(run)
