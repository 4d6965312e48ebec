"""The Draw page: a digit drawn or uploaded, prepared as MNIST was, and read by a trained network."""

import streamlit as st

from lab.predict import Predictor
from lab.ui.drawing_board import DRAW, FILE, ask_digit
from lab.ui.layout import page_head
from lab.ui.reader import choose_predictor, show_answer, show_received, show_stages
from lab.ui.state import the_store


@st.fragment  # a stroke reruns this part only
def read_digit(source: str, predictor: Predictor | None) -> None:
    """The digit on the left, the answer in the middle, what the network receives on the right; the stages below."""
    with st.container(key="reading"):
        board, answer, received = st.columns([280, 400, 280], gap="large")
    with board:
        stages = ask_digit(source)
    if stages is None:
        words = "Draw a digit from 0 to 9 in the black square." if source == DRAW else "Choose a picture of one digit."
        answer.info(f"{words} The answer appears here, after every stroke." if source == DRAW else words)
        return
    with received:
        st.markdown("**What the network receives**")
        show_received(stages[-1])
        st.caption("28×28 pixels, as in MNIST.")
    with answer:
        if predictor is not None:
            show_answer(predictor(stages[-1].image), predictor)
    show_stages(stages)


page_head("Draw a digit", "A network trained on MNIST reads what you draw, once it has been made to look like MNIST.")
left, right = st.columns([280, 720], gap="large")
with left:
    source = st.segmented_control(
        "Digit from", [DRAW, FILE], default=DRAW, required=True, help="Draw it here, or choose a picture of it."
    )
with right:
    predictor = choose_predictor(the_store())
read_digit(source, predictor)
