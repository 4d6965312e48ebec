"""The Draw page: a digit drawn or uploaded, prepared as MNIST was, and read by a trained network."""

import streamlit as st

from lab.drawing import BlankDrawing
from lab.picture import PictureError
from lab.predict import Predictor
from lab.ui.drawing_board import DRAW, FILE, ask_digit, three_columns
from lab.ui.layout import page_head
from lab.ui.reader import choose_predictor, show_answer, show_received, show_stages
from lab.ui.state import the_store

PROMPTS = {
    DRAW: "Draw a digit from 0 to 9 in the black square. The answer appears here, after every stroke.",
    FILE: "Choose a picture of one digit. The answer appears here.",
}


@st.fragment  # a stroke reruns this part only
def read_digit(source: str, predictor: Predictor | None) -> None:
    """The digit on the left, the answer in the middle, what the network receives on the right; the stages below."""
    board, answer, received = three_columns()
    try:
        with board:
            stages = ask_digit(source)
    except (PictureError, BlankDrawing) as error:
        answer.error(str(error))
        return
    if stages is None:
        answer.info(PROMPTS[source])
        return
    if predictor is not None:
        with answer:
            show_answer(predictor(stages[-1].image))
    with received:
        show_received(stages[-1])
    show_stages(stages)


page_head("Draw a digit", "A network trained on MNIST reads what you draw, once it has been made to look like MNIST.")
with st.container(key="reading"):
    where, which, when = three_columns()
    source = where.segmented_control(
        "Digit from", list(PROMPTS), default=DRAW, required=True, help="Draw it here, or choose a picture of it."
    )
    predictor = choose_predictor(the_store(), which, when)
    read_digit(source, predictor)
