"""A run to take along: its figures, charts, weights and config as files, made when they are asked for."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from lab.analysis import RunSummary
from lab.export import archive, run_file
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


def offer_files(store: Store, run: RunSummary | None) -> None:
    """A button that opens the list; nothing is made before one of them is chosen."""
    if run is None:
        st.button("Download", disabled=True, width="stretch")
        return
    with st.popover("Download", width="stretch"):
        settings: dict[str, Any] = {"on_click": "ignore", "width": "stretch"}  # "ignore": nothing is drawn anew
        whole = partial(archive, store, run.run)
        st.download_button("Everything (ZIP)", whole, f"run-{run.run}.zip", type="primary", **settings)
        for label, name in OFFERED.items():
            content = partial(run_file, store, run.run, name)
            none_yet = name.startswith("weights") and not run.epochs
            st.download_button(label, content, f"run-{run.run}-{name}", disabled=none_yet, **settings)
