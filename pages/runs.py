"""Runs: every run with its config, result and time; open, rename, delete, and compare several."""

import streamlit as st

from lab.store import ENDED
from lab.ui.comparing import compare
from lab.ui.layout import page_head
from lab.ui.navigation import page
from lab.ui.run_actions import show_actions
from lab.ui.run_lines import list_runs
from lab.ui.run_table import choose_runs
from lab.ui.state import show_ticked_in_address, the_store, ticked_runs
from lab.ui.table_keys import mend_table_keys
from lab.ui.text import plain

FEW = 10
"""How many of the runs that are not here are named."""

store = the_store()
page_head("Runs", "All runs with their settings, results and times. Select one to open it, or several to compare them.")
listed = list_runs(store)
missing = sorted(set(ticked_runs()) - {run.id for run in listed})


def say_missing() -> None:
    """Which of the runs that were chosen are gone: below what one has at hand, which stays where it is."""
    more = f" and {len(missing) - FEW:,} more" if len(missing) > FEW else ""
    if missing:
        st.info(f"These runs are not here, or were deleted: {', '.join(map(str, missing[:FEW]))}{more}.")


if not listed:
    say_missing()
    st.info("No runs yet. Choose a step and start one.")
    st.page_link(page("start"), label="Choose a step", icon=":material/gesture:")
else:
    chosen = choose_runs(listed)
    show_ticked_in_address()
    mend_table_keys()
    show_actions(store, chosen)
    say_missing()
    for run in chosen:
        if run.problem:
            st.warning(plain(run.problem))  # which names it
    readable = [run.summary for run in chosen if run.summary]
    if readable:
        compare(readable)
    elif any(run.summary and run.summary.status not in ENDED for run in listed):
        st.caption("A run is not finished yet: open it to watch it, or come back later for its result.")
