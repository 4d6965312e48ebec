"""The look that all pages share: page settings, the head of a page, charts."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
import streamlit as st

_STYLE = """
<style>
.block-container {padding-top: 3.6rem; padding-bottom: 1.5rem; max-width: 1400px;}
h1 {padding: 0 0 0.1rem 0;}
[data-testid="stMetric"] {padding: 0;}
[data-testid="stMetricLabel"] p {font-size: 0.85rem;}
[data-testid="stCaptionContainer"] p {margin-bottom: 0.2rem;}
</style>
"""


def start_page() -> None:
    """Settings for every page; call first, once a run of the script."""
    st.set_page_config(page_title="How a CNN learns", page_icon=":material/grid_view:", layout="wide")
    st.html(_STYLE)


def page_head(title: str, sentence: str) -> None:
    """A page's one idea: its title and one sentence."""
    st.title(title, anchor=False)
    st.caption(sentence)


def show_figure(figure: go.Figure, key: str) -> None:
    """A chart that fills its column, keeps its zoom when redrawn (`key` and the figure's uirevision) and has no toolbar."""
    config: dict[str, Any] = {"displayModeBar": False, "responsive": True}
    st.plotly_chart(figure, key=key, width="stretch", config=config)
