"""Present: the run alone, large, for the back row."""

from __future__ import annotations

import streamlit as st

PRESENT = "present"
HELP = "Hides the controls and makes text and lines larger, for a projector."
_STYLE = """
<style>
:root {font-size: 20px !important;}
.block-container {max-width: none;}
[data-testid="stMarkdown"] [data-testid="stCaptionContainer"] {font-size: 1rem; opacity: 1;}
</style>
"""


def presenting() -> bool:
    """Whether pages are shown large: by the switch, or by `present=1` in the address."""
    if PRESENT not in st.session_state:
        st.session_state[PRESENT] = st.query_params.get(PRESENT) == "1"
    return bool(st.session_state[PRESENT])


def present_switch() -> None:
    """The switch: behind the run, so that the keyboard comes to Pause first."""
    presenting()
    if st.toggle("Present", key=PRESENT, help=HELP):
        st.html(_STYLE)
        st.query_params[PRESENT] = "1"
    else:
        st.query_params.pop(PRESENT, None)
