"""The Inside page: one digit on its way through a trained network, down to the sum behind a value."""

import streamlit as st

from lab.ui.followed_digit import choose_digit, has_validation, show_answer
from lab.ui.inside import choose_layer, choose_value, show_kernels, show_maps, show_strip
from lab.ui.layer_maps import maps_of
from lab.ui.layout import page_head, two_sides
from lab.ui.network_choice import choose_network
from lab.ui.state import the_store
from lab.ui.sum_words import show_sum

page_head(
    "Inside a network", "Follow one digit through the layers: see the maps they make, and the sum behind every value."
)
left, right = two_sides(1, 2.4)
with left:
    reader = choose_network(the_store())
    digit = choose_digit(has_validation(the_store(), reader))
    if digit is None:
        st.stop()
    show_answer(digit, reader)
    layers = maps_of(reader, digit.image)
    layer = choose_layer(layers)
    place = choose_value(layer)
with right:
    show_strip(layers, layer)
    show_maps(layer, layers, place)
    show_sum(layer, place)
    show_kernels(layers[0], layer, place)
