"""The keyboard in Streamlit's tables: every key typed into a cell is kept, and Space ticks a run."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def mend_table_keys() -> None:
    """For the tables of this page; call it once, anywhere on it."""
    st.components.v2.component("lab_table_keys", js=_JS, isolate_styles=False)(key="table_keys", height="content")
