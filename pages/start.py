"""Start: draw a digit and have it read; beside it the steps to such a network, each to be trained with a click."""

import streamlit as st

from lab.evidence import reached_words, reference_pools
from lab.layers import total_parameters
from lab.number_words import unbroken
from lab.steps import step
from lab.ui.drawing_board import drawing_board
from lab.ui.layout import page_head, two_sides
from lab.ui.navigation import page
from lab.ui.reader import Reader
from lab.ui.starting import chosen_step, keep_step, offer_step
from lab.ui.state import the_store
from lab.ui.step_strip import clicked_row, show_step_strip

page_head(
    f"A network with {total_parameters(step(6).config.network):,} parameters reads your digit",  # the one that ships
    "Draw a digit. Six steps lead to this network, and one to a smaller one: choose one, and watch it learn.",
)
drawing, steps = two_sides(1.25, 1)
with drawing:
    st.fragment(drawing_board)(
        Reader(the_store().url), key="start-board", picture=False
    )  # a stroke reruns this part only
with steps:
    pools = reference_pools()
    show_step_strip(chosen_step(), pools, keep_step)
    st.caption(unbroken(reached_words(pools)))
    offer_step(chosen_step(), clicked_row)
    st.page_link(page("steps"), label="What each step changes, and why", icon=":material/stairs:")
