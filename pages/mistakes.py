"""The Mistakes page: the digits that a trained network reads wrongly, and what it takes them for."""

import streamlit as st

from lab.ui.layout import page_head, two_sides
from lab.ui.mistakes import answers_of, choose_cell, readings_of, show_gallery, show_matrix
from lab.ui.network_choice import choose_network
from lab.ui.present import presenting
from lab.ui.state import the_store

page_head("Mistakes", "See which digits a trained network reads wrongly, and as which digit it reads them.")
left, right = two_sides(1, 1 if presenting() else 1.7)  # large figures need large cells
with left:
    reader = choose_network(the_store())
    matrix = st.container()
with matrix:
    answers = answers_of(reader)
    if answers:
        show_matrix(answers)
with right:
    if answers:
        cell = choose_cell(answers)
        show_gallery(answers, readings_of(reader, answers, cell), cell)
