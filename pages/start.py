"""Start: draw a digit and have it read; beside it the six steps to such a network, each to be trained with a click."""

from contextlib import suppress

import streamlit as st

from lab.drawing import BlankDrawing, odd
from lab.evidence import reached_words, reference_pools
from lab.store import StoreError
from lab.ui.drawing_board import DRAW, ask_digit, three_columns
from lab.ui.layout import page_head, two_sides
from lab.ui.navigation import page
from lab.ui.reader import Reader, show_answer
from lab.ui.starting import chosen_step, go_where_it_is_watched, keep_step, offer_step
from lab.ui.state import the_store
from lab.ui.step_strip import show_step_strip


@st.fragment  # a stroke reruns this part only
def read_digit(reader: Reader) -> None:
    """The canvas, and what the network that comes with the lab makes of it."""
    board, answer, _ = three_columns()
    with board, suppress(BlankDrawing):
        stages = ask_digit(DRAW)
    if not stages:
        answer.info("Draw a digit from 0 to 9 in the black square: the network says here what it reads.")
        return
    with answer, suppress(StoreError):
        show_answer(reader.predictor()(stages[-1].image), odd(stages))


go_where_it_is_watched()
page_head(
    "A network of 9,426 parameters reads your digit",
    "Draw one. Beside it: the six steps that led to this network. Choose one, and watch it learn.",
)
drawing, steps = two_sides(1.25, 1)
with drawing, st.container(key="reading"):
    read_digit(Reader(the_store().url, None, None))
with steps:
    pools = reference_pools()
    show_step_strip(chosen_step(), pools, keep_step)
    st.caption(reached_words(pools))
    offer_step(chosen_step())
    st.page_link(page("steps"), label="What each step changes, and why", icon=":material/stairs:")
