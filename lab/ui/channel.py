"""What of a run moves on its page while it trains, without the page being drawn anew: bar, words and charts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__)
_FILES = ("connection.js", "fitting.js", "motion.js", "channel.js")
_JS = "\n".join(_HERE.with_name(name).read_text(encoding="utf-8") for name in _FILES)
_HTML = """
<div class="lab-live">
  <div class="lab-live-line">&nbsp;</div>
  <div class="lab-live-bar" role="progressbar" aria-label="Progress of the run" aria-valuemin="0" aria-valuemax="100">
  </div>
  <p class="lab-live-aloud" role="status"></p>
</div>
"""
_CSS = """
/* A box of its own, whose contents are laid out and painted without the page around it. */
.lab-live {font-family: var(--st-font); color: var(--st-text-color); height: 2.1rem; contain: strict;
  will-change: transform;}
.lab-live-line {font-size: 0.9rem; line-height: 1.4rem; height: 1.4rem; overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap; font-variant-numeric: tabular-nums;}
@media (max-width: 700px) {.lab-live {height: 3.5rem;} .lab-live-line {height: 2.8rem; white-space: normal;
  display: flex; align-items: safe flex-end;}}
/* Its length is a background's: a box that is transformed has the browser sort the whole page into layers each time. */
.lab-live-bar {height: 8px; border-radius: 4px; background: no-repeat rgba(128, 138, 148, 0.25)
  linear-gradient(var(--st-primary-color), var(--st-primary-color)); background-size: 0 100%;}
.lab-live-aloud {position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); margin: 0;}
"""


def follow(run_id: int, state: str, cursor: int, text: str = "", share: float = 0.0, ends: bool = False) -> None:
    """The line and the bar that say how far a run is, and all that moves with them.

    `state`: what the page is drawn for; it is drawn anew when that is another. `cursor`: the id of the newest event
    that the page shows. `text` and `share`: what is said of a run that has ended (`ends`) and moves no more.
    """
    data: dict[str, Any] = {"run": run_id, "state": state, "cursor": cursor, "follows": not ends}
    component = st.components.v2.component("lab_channel", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)
    component(key="channel", data=data | {"text": text, "share": share})
