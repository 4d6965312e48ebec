"""Widgets bound to the draft: each shows a field of it and writes it back.

The draft is the only truth: a widget's value is set from it before every drawing, so nothing is lost when a page is
left, and a preset moves every widget at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from lab.ui.state import change_draft, draft


def field(widget: Callable[..., Any], label: str, part: str | None, name: str, **options: Any) -> None:
    """Draw `widget` for the field `name` of the draft, or of its `part` ("network", "optimizer", ...)."""
    key = f"field-{part}-{name}"
    holder = draft() if part is None else getattr(draft(), part)
    st.session_state[key] = getattr(holder, name)
    widget(label, key=key, on_change=_write_back, args=(part, name, key), **options)


def switch(label: str, part: str, name: str, on: Any, off: Any, **options: Any) -> None:
    """A toggle that is on whenever the field is not `off`; switching it on sets the field to `on`."""
    key = f"switch-{part}-{name}"
    st.session_state[key] = getattr(getattr(draft(), part), name) != off
    st.toggle(label, key=key, on_change=_flip, args=(part, name, key, on, off), **options)


def _write_back(part: str | None, name: str, key: str) -> None:
    change_draft(part, **{name: st.session_state[key]})


def _flip(part: str, name: str, key: str, on: Any, off: Any) -> None:
    change_draft(part, **{name: on if st.session_state[key] else off})
