"""Charts, updated in place: Streamlit's own is built anew whenever its data change, and loses its zoom.

That is streamlit/streamlit#16052, open in version 1.67. It also brings the whole of Plotly, 4.7 MB; in `plotly/` lies
Plotly's own bundle of what the lab draws, a third of that, which the browser loads and runs half a second sooner. It
comes from the npm package plotly.js-cartesian-dist-min, in the version that the plotly package contains.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st
from streamlit.components.v1 import declare_component

from lab.figures import Figure, enlarged
from lab.ui.present import presenting

SCRIPT = Path(__file__).parent / "plotly" / "plotly-cartesian.min.js"
_FILES = ("growth.js", "chart_view.js", "chart_words.js", "chart.js")
_JS = "\n".join(Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _FILES)
_HTML = """
<div class="lab-chart-frame">
  <p class="lab-chart-loading" role="status">Loading the chart.</p>
  <p class="lab-chart-failed" role="status">This chart could not be loaded.
    <button type="button">Try again</button></p>
  <div class="lab-chart"></div>
  <button type="button" class="lab-chart-whole" hidden>Whole chart</button>
</div>
"""
_CSS = """
.lab-chart .xtick text, .lab-chart .ytick text, .lab-chart .legendtext,
.lab-chart .xtitle, .lab-chart .ytitle {fill: var(--st-text-color) !important;}
.st-key-accuracy .annotation-text {paint-order: stroke; stroke: var(--st-background-color); stroke-width: 4px;
  stroke-linejoin: round;}  /* a guess is read above whatever curve it stands on; names at lines' ends stand on none */
.lab-chart-frame {position: relative; color: var(--st-text-color); font-family: var(--st-font);}
.lab-chart-frame p {display: none; margin: 0; padding: 1rem 0; opacity: 0.8;}
.lab-chart-frame[data-state="failed"] .lab-chart-failed {display: block;}
.lab-chart-frame[data-state="loading"] .lab-chart-loading {display: block; animation: lab-chart-late 0s 1s both;}
.lab-chart-frame button {font: inherit; color: var(--st-primary-color); background: none; cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius); padding: 0.2rem 0.6rem;}
.lab-chart-frame .lab-chart-whole {position: absolute; background: var(--st-background-color);}
@keyframes lab-chart-late {from {visibility: hidden;}}
"""


@dataclass(frozen=True, kw_only=True)
class Growing:
    """What a chart of a run needs to grow by itself, by what `lab.ui.channel` is told."""

    run: int
    cursor: int
    """The id of the newest event that its figure holds."""
    chart: str = ""
    """What the channel calls it."""
    curves: tuple[str, ...] = ()
    """The names of its curves that grow."""
    axis: int | None = None
    """Which of the axes that the channel tells of it follows; None: it keeps its own."""
    least: float | None = None
    """What that axis shows in any case."""


def show_figure(figure: Figure, key: str, growing: Growing | None = None) -> None:
    """A chart that fills its column; a zoom is found again by its `key`, its run and the figure's `uirevision`."""
    files = declare_component("plotly_script", path=SCRIPT.parent)  # gives the script an address
    path = f"component/{files.name}/{SCRIPT.name}"  # from the folder of the page, which the browser knows
    chart = st.components.v2.component("lab_chart", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)
    live = None if growing is None else asdict(growing)
    shown = enlarged(figure) if presenting() else figure
    chart(key=key, data={"called": key, "figure": json.dumps(shown), "plotly": path, "live": live}, width="stretch")
