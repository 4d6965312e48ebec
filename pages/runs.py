"""Runs: every run with its config, result and time; open, rename, delete, and compare several."""

from datetime import datetime
from typing import Any

import streamlit as st

from lab.analysis import RunSummary, gap, summarize
from lab.curves import overlay_figure
from lab.describe import describe_config, differences
from lab.store import ENDED, Run
from lab.ui.chart import show_figure
from lab.ui.layout import duration, page_head, show_table
from lab.ui.state import choose_run, forget_run, set_draft, the_store

store = the_store()


def result_row(run: RunSummary) -> dict[str, Any]:
    """One line of the table of runs, as the widget that shows it wants it."""
    return {
        "Run": run.run,
        "Name": run.name,
        "Status": run.status,
        "Epochs": f"{len(run.epochs)} of {run.config.epochs}",
        "Last, %": run.last.test_accuracy if run.last else None,
        "Best, %": run.best.test_accuracy if run.best else None,
        "Evaluated on": run.evaluated,
        "Gap": gap(run.last) if run.last else None,
        "Parameters": run.parameters,
        "Seed": run.config.seed,
        "Training time": duration(run.training_seconds),
        "Queued": _moment(run.queued),
        "Begun": _moment(run.started) if run.started else "–",
    }


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).strftime("%d %b %H:%M")


def choose_runs(runs: list[Run]) -> list[Run]:
    """The table; returns the selected runs."""
    percent = st.column_config.NumberColumn(format="%.2f")
    selection = st.dataframe(
        [result_row(summaries[run.id]) for run in runs],
        hide_index=True,
        width="stretch",
        height="content" if len(runs) <= 8 else 320,
        key="runs-table",
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "Last, %": percent,
            "Best, %": percent,
            "Gap": st.column_config.NumberColumn(format="%+.2f", help=_GAP_HELP),
            "Parameters": st.column_config.NumberColumn(format="localized"),
            "Name": st.column_config.TextColumn(width="medium"),
        },
    )
    return [runs[row] for row in selection["selection"]["rows"] if row < len(runs)]


_GAP_HELP = "Training minus test (or validation) accuracy, in points; well above 0: overfitting."


def actions(chosen: list[Run]) -> None:
    """What can be done with the selection."""
    one = chosen[0] if len(chosen) == 1 else None
    open_it, copy_it, rename_it, delete_it, _ = st.columns([1, 1.4, 1, 1, 3])
    if open_it.button("Open", disabled=one is None, width="stretch", help="Watch it on the Train page.") and one:
        choose_run(one.id)
        st.switch_page("pages/train.py")
    if copy_it.button("Use its settings", disabled=one is None, width="stretch", help=_COPY_HELP) and one:
        set_draft(one.config)
        choose_run(one.id)
        st.switch_page("pages/train.py")
    if rename_it.button("Rename", disabled=one is None, width="stretch") and one:
        rename(one)
    if delete_it.button("Delete", disabled=not chosen, width="stretch"):
        delete(chosen)


_COPY_HELP = "Set the controls of the Train page to this run's config."


@st.dialog("Rename the run")
def rename(run: Run) -> None:
    """Ask for another name."""
    name = st.text_input("Name", run.name, max_chars=120)
    if st.button("Rename", type="primary", disabled=not name.strip()):
        store.rename(run.id, name)
        st.rerun()


@st.dialog("Delete for good?")
def delete(chosen: list[Run]) -> None:
    """Ask before anything is lost."""
    st.markdown("\n".join(f"- {run.name} (run {run.id}, {run.status})" for run in chosen))
    st.caption("The run, its curves and its weights cannot be brought back. A run in training is stopped.")
    keep, go = st.columns(2)
    if keep.button("Keep", width="stretch"):
        st.rerun()
    if go.button("Delete", type="primary", width="stretch"):
        for run in chosen:
            store.delete(run.id)
            forget_run(run.id)
        st.rerun()


def compare(chosen: list[Run]) -> None:
    """Curves over each other, and where the configs differ from the first one's."""
    trained = [summaries[run.id] for run in reversed(chosen) if summaries[run.id].epochs]
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
            {"Setting": name.replace("_", " ").replace(".", ": "), f"Run {first.id}": mine, f"Run {other.id}": theirs}
            for name, mine, theirs in differences(first.config, other.config)
        ]
        st.markdown(f"**Run {first.id} and run {other.id} differ in**" if rows else f"Run {other.id}: the same config.")
        show_table(rows)


page_head("Runs", "Every run with its config, result and time. Select one to open it, several to compare them.")
known = store.runs()
if not known:
    st.info("No runs yet. Start one on the Train page, or choose a step on the Steps page.")
else:
    all_epochs = store.epochs([run.id for run in known])
    summaries = {run.id: summarize(run, all_epochs[run.id]) for run in known}
    selected = choose_runs(known)
    actions(selected)
    if selected:
        compare(selected)
    elif any(run.status not in ENDED for run in known):
        st.caption("A run is live: open it to watch it, or come back here for its result.")
