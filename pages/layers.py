"""The Layers page: edit the network, read its layer table, and see what a unit of a layer looks at."""

import streamlit as st

from lab.layers import ImpossibleNetwork, layer_table
from lab.network_config import PARAMETER_BUDGET
from lab.ui.layer_table import show_layer_table
from lab.ui.layout import budget_bar, page_head
from lab.ui.network_editor import edit_layers, show_insert, show_network_controls, show_problem
from lab.ui.opened import say_address_problem
from lab.ui.receptive_field import show_receptive_field
from lab.ui.sections import tabs
from lab.ui.state import draft, show_draft_in_address
from lab.ui.table_keys import mend_table_keys
from lab.ui.text import plain

FORMULA = (
    "The receptive field r and the stride product j grow layer by layer: r ← r + (kernel − 1) · j, then j ← j · stride,"
    " from r = j = 1 at the image ([Araujo, Norris and Sim, 2019](https://distill.pub/2019/computing-receptive-fields/))."
)

page_head(
    "What each layer sees",
    "Build the network layer by layer. See how large it is, and how much of the image one unit sees.",
)
with st.container():  # always there, as below
    say_address_problem()
with st.container(key="halves"):
    editing, reading = st.columns([0.43, 0.57], gap="medium")
with editing:
    controls = st.container()  # stands above the table, but shows what the table has just changed
    edit_layers()
    mend_table_keys()
    show_insert()
with controls:
    show_network_controls()
show_draft_in_address()
with reading:
    with st.container():  # always there: what follows keeps its place, and with it the open tab
        show_problem()
    try:
        rows = layer_table(draft().config.network)
    except ImpossibleNetwork as error:  # cannot be reached from here: the editor keeps it out of the draft
        st.error(plain(str(error)))
        st.stop()
    budget_bar(sum(row.parameters for row in rows), PARAMETER_BUDGET)
    table, unit = tabs("reading", {"table": "Layer table", "unit": "What a unit sees"})
    with table:
        show_layer_table(rows)
    with unit:
        show_receptive_field(rows)
    st.caption(FORMULA)
