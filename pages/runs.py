"""Runs: every run with its config, result and time; open, rename, delete, and compare several."""

from collections.abc import Sequence

import streamlit as st

from lab.analysis import RunSummary
from lab.comparison import overlay_figure
from lab.describe import describe_config, differences, field_label
from lab.store import ENDED
from lab.ui.chart import show_figure
from lab.ui.layout import page_head, show_table
from lab.ui.run_actions import show_actions
from lab.ui.run_table import choose_runs, list_runs
from lab.ui.state import the_store
from lab.ui.table_keys import mend_table_keys
from lab.ui.text import plain


def compare(chosen: Sequence[RunSummary]) -> None:
    """Curves over each other, and where the configs differ from the first one's."""
    trained = [run for run in reversed(chosen) if run.epochs]
    if trained:
        left, right = st.columns(2)
        with left:
            show_figure(overlay_figure(trained, "accuracy"), "overlay-accuracy")
        with right:
            show_figure(overlay_figure(trained, "loss"), "overlay-loss")
    first, *others = reversed(chosen)
    if not others:
        show_table([{"Setting": name, "Value": value} for name, value in describe_config(first.config)])
    for other in others:
        rows = [
            {"Setting": field_label(name), f"Run {first.run}": mine, f"Run {other.run}": theirs}
            for name, mine, theirs in differences(first.config, other.config)
        ]
        differ = f"**Run {first.run} and run {other.run} differ in**"
        st.markdown(differ if rows else f"Run {other.run}: the same config.")
        show_table(rows)


store = the_store()
page_head("Runs", "Every run with its config, result and time. Select one to open it, several to compare them.")
listed = list_runs(store)
if not listed:
    st.info("No runs yet. Start one on the Train page, or choose a step on the Steps page.")
else:
    chosen = choose_runs(listed)
    mend_table_keys()
    show_actions(store, chosen)
    for run in chosen:
        if run.problem:
            st.warning(plain(f"Run {run.id} cannot be read: {run.problem}"))
    readable = [run.summary for run in chosen if run.summary]
    if readable:
        compare(readable)
    elif any(run.summary and run.summary.status not in ENDED for run in listed):
        st.caption("A run is live: open it to watch it, or come back here for its result.")
