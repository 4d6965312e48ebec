"""The Draw page: a digit drawn or uploaded, prepared as MNIST was, and read by a trained network."""

from contextlib import suppress

import streamlit as st

from lab.drawing import BlankDrawing, PictureError, odd
from lab.store import StoreError
from lab.ui.drawing_board import DRAW, FILE, ask_digit, three_columns
from lab.ui.inside import look_inside
from lab.ui.layout import page_head
from lab.ui.reader import Reader, choose_reader, describe_reader, show_answer, show_received, show_stages
from lab.ui.state import the_store
from lab.ui.text import plain

PROMPTS = {
    DRAW: "Draw a digit from 0 to 9 in the black square. The answer appears here, after every stroke.",
    FILE: "Choose a picture of one digit. The answer appears here.",
}


@st.fragment  # a stroke reruns this part only
def read_digit(source: str, reader: Reader) -> None:
    """The digit on the left, the answer in the middle, what the network receives on the right; the stages below."""
    board, answer, received = three_columns()
    try:
        with board:
            stages = ask_digit(source)
    except (PictureError, BlankDrawing) as error:
        answer.error(plain(str(error)))
        return
    if stages is None:
        answer.info(PROMPTS[source])
        return
    with answer.container(key="read"), suppress(StoreError):  # which describe_reader explains
        show_answer(reader.predictor()(stages[-1].image), odd(stages))
    with received.container(key="received"):
        show_received(stages[-1])
    with st.container(key="stages"):
        show_stages(stages)
        look_inside(stages[-1].image, reader)


page_head("Draw a digit", "A network trained on MNIST reads what you draw, once it has been made to look like MNIST.")
with st.container(key="reading"):
    where, which, when = three_columns()
    source = where.segmented_control(
        "Digit from", list(PROMPTS), default=DRAW, required=True, help="Draw it here, or choose a picture of it."
    )
    reader = choose_reader(the_store(), which, when)
    read_digit(source, reader)
    describe_reader(reader, which, when)  # last: torch may still be being imported
