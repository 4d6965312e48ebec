"""A picture file that is read in the place of a drawing, and what the network makes of it.

Like a drawing it is kept for as long as the session lives, whatever page one goes to. The uploader forgets its file
when its page is left, so on coming back the file is named below the uploader, with a button that removes it.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from lab.answer import answer_to
from lab.drawing import BlankDrawing, PictureError, Stage, drawing_stages, read_picture
from lab.store import StoreError
from lab.ui.answer import show_answer
from lab.ui.reader import Reader
from lab.ui.text import plain

SIDE = 280
"""Of the picture as it is shown, in pixels."""
UPLOADER, KEPT = "picture", "picture_file"
PROMPT = "Choose a picture of one digit. The answer appears here."
_STYLE = """
<style>
.st-key-picture_file [data-testid="stFileUploaderDropzoneInstructions"] {display: none;}
/* Of a file that the uploader itself refuses the server never hears: while it stands last, nothing older is shown. */
.st-key-not_taken {display: none;}
.st-key-picture_file:has([data-testid="stFileChips"] > div > div:last-child [role="alert"]) .st-key-not_taken
  {display: flex;}
.st-key-reading:has([data-testid="stFileChips"] > div > div:last-child [role="alert"])
  :is(.st-key-read, .st-key-stages, .st-key-picture_kept, .st-key-picture_read) {display: none;}
/* Where a picture is transparent: behind both light and dark ink. */
.st-key-picture_read img {background: #808080;}
/* The picture keeps its size; the rest wraps below it where it is narrow. */
.st-key-picture_columns [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) {flex-wrap: wrap;}
.st-key-picture_columns [data-testid="stColumn"] {flex: 0 0 var(--lab-square); min-width: 280px;}
.st-key-picture_columns [data-testid="stColumn"]:nth-child(2) {flex: 1 1 300px;}
</style>
"""


def read_file(reader: Reader) -> list[Stage]:
    """The picture that was chosen and the answer beside it; returns the stages of its preparation, none without one."""
    st.html(_STYLE)
    with st.container(key="picture_columns"):
        left, right = st.columns([1, 3], gap="large")
    try:
        with left:
            stages = _stages_of_a_file()
    except (PictureError, BlankDrawing) as error:
        right.error(plain(str(error)))
        return []
    if not stages:
        right.info(PROMPT)
        return []
    with right.container(key="read"), suppress(StoreError):  # which describe_reader explains
        predictor = reader.predictor()
        show_answer(answer_to(stages, predictor))
    return stages


def _stages_of_a_file() -> list[Stage]:
    """The stages from a picture file to what the network receives; none while there is no file.

    Raises:
        PictureError: the file cannot be read as a picture, or its digit cannot be told from the rest.
        BlankDrawing: it shows no digit.
    """
    with st.container(key="picture_file", width=SIDE):
        uploaded = st.file_uploader(
            "PNG or JPEG, up to 10 MB",
            key=UPLOADER,
            on_change=_keep,
            help="A digit of any size, dark on light or light on dark.",
        )
        with st.container(key="not_taken"):
            st.html(
                "<p role='status'>The file in red was not accepted: choose a PNG or JPEG picture of up to 10 MB.</p>"
            )
    if KEPT not in st.session_state:
        return []
    name, content = st.session_state[KEPT]
    if uploaded is None:
        with st.container(key="picture_kept", width=SIDE, horizontal=True, vertical_alignment="center"):
            st.caption(plain(name))
            st.button("Remove", on_click=_forget)
    pixels = read_picture(content)
    with st.container(key="picture_read"):
        thumbnail, width = _thumbnail(pixels)
        st.image(thumbnail, width=width)  # what is read, not what a browser makes of the file
    return drawing_stages(pixels)


def _thumbnail(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], int]:
    """The picture, and the width at which its longer side is shown with 280 pixels; a strip with a pixel at least."""
    scale = SIDE / max(pixels.shape)
    width = max(1, round(pixels.shape[1] * scale))
    if scale * min(pixels.shape[:2]) >= 2:
        return pixels, width
    strip = Image.fromarray(pixels)
    strip.thumbnail((SIDE, SIDE))  # Streamlit, which reduces by the width, would leave no height
    return np.asarray(strip), width


def _keep() -> None:
    """Keep the file that was chosen, by its name and what is in it; forget the one that was removed."""
    file = st.session_state[UPLOADER]
    if file is None:
        _forget()
    else:
        st.session_state[KEPT] = file.name, file.getvalue()


def _forget() -> None:
    st.session_state.pop(KEPT, None)
