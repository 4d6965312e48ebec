"""The end of a run that was watched, said once to who does not see the page."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_HTML = '<p class="lab-end-aloud" role="status"></p>'
_CSS = """
.lab-end-aloud {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); margin: 0;}
"""


def say_end(run_id: int, words: str) -> None:
    """`words`: what came of the run; empty while it is live, when this place has to be there already."""
    component = st.components.v2.component("lab_end_aloud", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)
    component(key="end-aloud", data={"run": run_id, "words": words}, height="content")
