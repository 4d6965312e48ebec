"""Runs side by side: their curves over each other, and one table of what they came to and where they differ."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from lab.analysis import RunSummary
from lab.comparison import comparison, table
from lab.groups import Group, each, grouped
from lab.number_words import unbroken
from lab.overlay import overlay_figure
from lab.overlay_axis import left_out_words
from lab.ui.chart import show_figure
from lab.ui.choice import kept
from lab.ui.layout import show_table
from lab.ui.present import present_switch
from lab.ui.take_along import offer_comparison

GROUP_HELP = "Complete runs that differ in their seed only: the line is their mean, the band one standard deviation."
WHOLE_HELP = "If this is off, the charts zoom in until the lines of the last third of the epochs can be told apart."
_STYLE = "<style>.st-key-comparison table.plain td:first-child {white-space: nowrap;}</style>"


def compare(chosen: Sequence[RunSummary]) -> None:
    """The chosen runs, the oldest first; the seeds of one config as a group, unless the reader wants them singly."""
    runs = sorted(chosen, key=lambda run: run.run)
    groups = grouped(runs)
    switches = st.container(horizontal=True, vertical_alignment="center")
    if len(groups) < len(runs) and not kept(
        "group-seeds", True, switches.toggle, "Group runs that differ only in their seed", help=GROUP_HELP
    ):
        groups = each(runs)
    trained = [group for group in groups if group.first.epochs]
    whole = False
    if trained:
        whole = kept("whole-overlay", False, switches.toggle, "Show every epoch", help=WHOLE_HELP)
        left, right = st.columns(2)
        with left:
            show_figure(overlay_figure(trained, "accuracy", whole), "overlay-accuracy")
        with right:
            show_figure(overlay_figure(trained, "loss", whole), "overlay-loss")
        if not whole and (absent := left_out_words(trained)):
            st.caption(unbroken(absent))
    with switches:
        present_switch()
        if len(runs) > 1:
            offer_comparison(groups, whole)
    _table(groups, several=len(groups) > 1)


def _table(groups: Sequence[Group], several: bool) -> None:
    only = several and kept("differences-only", True, st.toggle, "Differences only")
    rows = comparison(groups, differences_only=only)
    with st.container(key="comparison"):
        st.html(_STYLE)
        show_table(table(groups, rows), "Results and settings")
    if only and not any(row.differs for row in rows if not row.is_result):
        st.caption("These runs have the same settings.")
