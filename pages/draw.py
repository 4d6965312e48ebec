"""The Draw page: a digit drawn or uploaded, prepared as MNIST was, and read by a trained network."""

import streamlit as st

from lab.drawing import CANVAS_PEN, stroke_stages
from lab.ui.choice import kept
from lab.ui.drawing_board import drawing_board
from lab.ui.followed_digit import look_inside
from lab.ui.layout import page_head
from lab.ui.picture_file import read_file
from lab.ui.reader import Reader, choose_reader, describe_reader, show_stages
from lab.ui.state import the_store

DRAW, FILE = "Draw", "Picture file"
_STYLE = """
<style>
/* Each stands above what it is about, as lab/ui/answer.py lays that out: the square, the answer, the picture. */
.st-key-who [data-testid="stHorizontalBlock"] {flex-wrap: wrap; gap: 0.5rem 2.5rem;}
.st-key-who [data-testid="stColumn"] {flex: 0 0 var(--lab-square); min-width: 0;
    min-height: 4.25rem;}
.st-key-who [data-testid="stColumn"]:nth-child(2) {flex: 1 1 260px; min-width: 260px; max-width: var(--lab-answer);}
@media (max-width: 1000px) {  /* a line of its own, and room for it until the network is known */
    .st-key-who [data-testid="stColumn"]:nth-child(3) {flex-basis: 100%; min-height: 1.75rem;}
}
@media (max-width: 700px) {  /* on a phone the square and the answer come first, the stages last */
    .st-key-reading > :not(:has(> .st-key-who)),
    .st-key-reading > :not(:has(> .st-key-who)) > [data-testid="stVerticalBlock"] {display: contents;}
    .st-key-reading > :has(> .st-key-who) {order: 1;}
    .st-key-reading :has(> .st-key-stages) {order: 2;}
    .st-key-who [data-testid="stColumn"]:nth-child(n) {flex-basis: 100%;}
}
</style>
"""


@st.fragment  # a stroke reruns this part only
def read_digit(source: str, reader: Reader) -> None:
    """The digit, and what the network makes of it; below, how the picture came about that it is given."""
    if source == FILE:
        stages = read_file(reader)
    else:
        strokes = drawing_board(reader)
        stages = stroke_stages(strokes, CANVAS_PEN) if strokes else []
    if stages:
        with st.container(key="stages"):
            show_stages(reader.stages(stages))
            if reader.has_weights_kept():
                look_inside(stages[-1].image, reader)


page_head(
    "Draw a digit", "A trained network reads your digit. Your drawing is centred and scaled like the training digits."
)
st.html(_STYLE)
with st.container(key="reading"):
    with st.container(key="who"):
        where, which, when = st.columns([1, 1.6, 1.2], gap="large")  # room for a name that the lab gives, and its state
    source = kept(
        "digit-from",
        DRAW,
        where.segmented_control,
        "Digit from",
        [DRAW, FILE],
        required=True,
        help="Draw the digit here, or choose a picture file. People in the United States wrote the digits that the "
        "networks learn from. Their 1 is mostly a bare line: a 1 with a long upstroke is often read as a 7.",
    )
    reader = choose_reader(the_store(), which, when)
    read_digit(source, reader)
    describe_reader(reader, which, when)  # last: torch may still be being imported
