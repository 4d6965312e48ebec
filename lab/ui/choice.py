"""A select box, or a slider, that keeps its choice, although its options or their words change and the page is left.

Streamlit knows a choice by its words: where these change (a layer is edited, a run renamed), it hands back a text that
is none of the options, and it forgets the choice when the page is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import streamlit as st

T = TypeVar("T")


def choice(key: str, options: Sequence[T], default: T, widget: Callable[..., Any] = st.selectbox, **select: Any) -> T:
    """Draw the select box, or another `widget`; returns the choice, `default` where it is no longer among `options`."""
    kept = f"{key}_kept"
    if key not in st.session_state or st.session_state[key] not in options:
        earlier = st.session_state.get(kept, default)
        st.session_state[key] = earlier if earlier in options else default
    chosen: T = widget(options=options, key=key, **select)
    st.session_state[kept] = chosen
    return chosen
