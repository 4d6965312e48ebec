"""Runs to take along as files, made when they are asked for: all of one, or how several compare."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from lab.analysis import RunSummary
from lab.export import archive, comparison_file, comparison_name, run_file
from lab.groups import Group
from lab.store import Store

OFFERED = {
    "Epochs (CSV)": "epochs.csv",
    "Curves within epochs (CSV)": "windows.csv",
    "Accuracy (SVG)": "accuracy.svg",
    "Accuracy (PNG)": "accuracy.png",
    "Loss (SVG)": "loss.svg",
    "Loss (PNG)": "loss.png",
    "Weights (safetensors)": "weights.safetensors",
    "Settings and result (JSON)": "run.json",
}
COMPARISON_OFFERED = {
    "Table (CSV)": "comparison.csv",
    "Accuracy chart (SVG)": "accuracy.svg",
    "Accuracy chart (PNG)": "accuracy.png",
    "Loss chart (SVG)": "loss.svg",
    "Loss chart (PNG)": "loss.png",
}
_SETTINGS: dict[str, Any] = {"on_click": "ignore", "width": "stretch"}  # "ignore": nothing is drawn anew


def offer_files(store: Store, run: RunSummary | None) -> None:
    """A button that opens the list; nothing is made before one of them is chosen."""
    if run is None:
        st.button("Download", disabled=True, width="stretch")
        return
    with st.popover("Download", key="download-run", width="stretch"):
        whole = partial(archive, store, run.run)
        st.download_button("Everything (ZIP)", whole, f"run-{run.run}.zip", type="primary", **_SETTINGS)
        for label, name in OFFERED.items():
            content = partial(run_file, store, run.run, name)
            none_yet = name.startswith("weights") and not run.epochs
            st.download_button(label, content, f"run-{run.run}-{name}", disabled=none_yet, **_SETTINGS)


def offer_comparison(groups: Sequence[Group], whole: bool) -> None:
    """The table and the charts of a comparison as they are shown: in these groups, and close or `whole`."""
    called = comparison_name(run.run for group in groups for run in group.runs)
    with st.popover("Download the comparison", key="download-comparison"):
        for label, name in COMPARISON_OFFERED.items():
            st.download_button(label, partial(comparison_file, groups, name, whole), f"{called}-{name}", **_SETTINGS)
