"""A table that Streamlit draws on a canvas, in the type that its page has now: Present changes that."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from lab.ui.present import presenting

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def see_table_size(table: str, rows: int, on_other: Callable[[], None]) -> None:
    """Call `on_other` where the table of this key, with so many rows in all, is drawn in another type than its page."""
    component = st.components.v2.component("lab_table_size", js=_JS, isolate_styles=False)
    given = {"table": table, "rows": rows, "large": presenting()}  # a component is called when this is another
    component(key="table_size", data=given, on_other_change=on_other, height="content")
