"""A chart that is updated in place: Streamlit's own is built anew whenever its data change, and loses its zoom.

That is streamlit/streamlit#16052, open in version 1.67. Plotly's script comes from the installed plotly package,
through the address that Streamlit gives to a component's files.
"""

from __future__ import annotations

import json
from pathlib import Path

import plotly
import streamlit as st
from streamlit.components.v1 import declare_component

from lab.figures import Figure

_SCRIPT = "plotly.min.js"
_JS = Path(__file__).with_name("chart.js").read_text(encoding="utf-8")
_CSS = """
.lab-chart .xtick text, .lab-chart .ytick text, .lab-chart .legendtext,
.lab-chart .xtitle, .lab-chart .ytitle {fill: var(--st-text-color) !important;}
"""


def show_live_figure(figure: Figure, key: str) -> None:
    """Draw a chart with two axes that changes while one looks at it; the zoom lasts while its `uirevision` does."""
    files = declare_component("plotly_script", path=Path(plotly.__file__).parent / "package_data")
    address = f"{st.get_option('server.baseUrlPath')}/component/{files.name}/{_SCRIPT}"
    chart = st.components.v2.component(
        "lab_chart", html="<div class='lab-chart'></div>", css=_CSS, js=_JS, isolate_styles=False
    )
    chart(key=key, data={"figure": json.dumps(figure), "plotly": f"/{address.lstrip('/')}"}, width="stretch")
