"""Charts, updated in place: Streamlit's own is built anew whenever its data change, and loses its zoom.

That is streamlit/streamlit#16052, open in version 1.67. It also brings the whole of Plotly, 4.7 MB; in `plotly/` lies
Plotly's own bundle of what the lab draws, a third of that, which the browser loads and runs half a second sooner. It
comes from the npm package plotly.js-cartesian-dist-min, in the version that the plotly package contains.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v1 import declare_component

from lab.figures import Figure

SCRIPT = Path(__file__).parent / "plotly" / "plotly-cartesian.min.js"
_JS = Path(__file__).with_name("chart.js").read_text(encoding="utf-8")
_CSS = """
.lab-chart .xtick text, .lab-chart .ytick text, .lab-chart .legendtext,
.lab-chart .xtitle, .lab-chart .ytitle {fill: var(--st-text-color) !important;}
"""


def show_figure(figure: Figure, key: str) -> None:
    """A chart that fills its column; the zoom lasts while the figure's `uirevision` does."""
    files = declare_component("plotly_script", path=SCRIPT.parent)  # gives the script an address
    address = f"{st.get_option('server.baseUrlPath')}/component/{files.name}/{SCRIPT.name}"
    chart = st.components.v2.component(
        "lab_chart", html="<div class='lab-chart'></div>", css=_CSS, js=_JS, isolate_styles=False
    )
    chart(key=key, data={"figure": json.dumps(figure), "plotly": f"/{address.lstrip('/')}"}, width="stretch")


def show_clickable_figure(figure: Figure, key: str, on_click: Callable[[], None]) -> None:
    """Streamlit's own chart: `on_click` is called when a point was clicked, which is in the session state by `key`."""
    config: dict[str, Any] = {"displayModeBar": False, "responsive": True}
    st.plotly_chart(figure, key=key, width="stretch", config=config, on_select=on_click, selection_mode="points")
