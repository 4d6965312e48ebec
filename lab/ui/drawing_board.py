"""Where the digit comes from: a canvas with undo and clear, or a picture file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from lab.drawing import Stage, drawing_stages, read_picture, stroke_stages, strokes_from_canvas

BOARD = "board"
SIDE, PEN = 280, 18
"""Of the canvas and its pen, in pixels: ten times the picture that the network gets."""
DRAW, FILE = "Draw", "Picture file"

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_STYLE = """
<style>
.st-key-board {overflow: clip; border-radius: 6px; gap: 0;}
.st-key-picture_file [data-testid="stFileUploaderDropzoneInstructions"] {display: none;}
/* Of a file that the uploader itself refuses the server never hears: while it stands last, nothing older is shown. */
.st-key-not_taken {display: none;}
.st-key-picture_file:has([data-testid="stFileChips"] > div > div:last-child [role="alert"]) .st-key-not_taken
  {display: flex;}
.st-key-reading:has([data-testid="stFileChips"] > div > div:last-child [role="alert"])
  :is(.st-key-read, .st-key-received, .st-key-stages, .st-key-picture_read) {display: none;}
/* Where a picture is transparent: behind both light and dark ink. */
.st-key-picture_read img {background: #808080;}
/* The canvas keeps its size; the rest wraps below it on a tablet. */
.st-key-reading [data-testid="stHorizontalBlock"]:has(> [data-testid="stColumn"]) {flex-wrap: wrap;}
.st-key-reading [data-testid="stColumn"] {flex: 0 0 280px; min-width: 280px;}
.st-key-reading [data-testid="stColumn"]:nth-child(2) {flex: 1 1 340px;}
</style>
"""


@dataclass
class Board:
    """The canvas of one session. A canvas keeps its own drawing; a new `version` begins again from `initial`."""

    version: int = 0
    initial: dict[str, Any] = field(default_factory=lambda: {"objects": []})
    drawing: dict[str, Any] = field(default_factory=lambda: {"objects": []})

    @property
    def key(self) -> str:
        """Of the canvas's widget."""
        return f"canvas_{self.version}"

    def restart(self, objects: list[Any]) -> None:
        """A new canvas with these strokes on it."""
        self.version += 1
        self.initial = self.drawing = {"objects": objects}


def three_columns() -> list[DeltaGenerator]:
    """For the digit, the answer, and what the network receives; the outer two as wide as the canvas."""
    st.html(_STYLE)
    return st.columns([SIDE, 2 * SIDE, SIDE], gap="large")


def ask_digit(source: str) -> list[Stage] | None:
    """The stages from a drawing or a file to what the network receives; None while there is nothing to read.

    Raises:
        PictureError: the file cannot be read as a picture, or its digit cannot be told from the rest.
        BlankDrawing: it shows no digit.
    """
    if source == DRAW:
        strokes = ask_strokes()
        return stroke_stages(strokes, PEN) if strokes else None
    file = ask_file()
    if file is None:
        return None
    pixels = read_picture(file.getvalue())
    with st.container(key="picture_read"):
        st.image(pixels, width=SIDE)  # what is read, not what a browser makes of the file
    return drawing_stages(pixels)


def ask_strokes() -> list[NDArray[np.float64]]:
    """The canvas, undo and clear; returns the strokes drawn so far."""
    from streamlit_drawable_canvas import st_canvas  # registers with the running server: elsewhere its import fails

    board: Board = st.session_state.setdefault(BOARD, Board())
    if board.key not in st.session_state and board.drawing != board.initial:
        board.restart(board.drawing["objects"])  # the page was left, and the canvas has forgotten the drawing
    with st.container(key="board", width=SIDE):
        result = st_canvas(
            stroke_width=PEN,
            stroke_color="#FFFFFF",
            background_color="#000000",
            width=SIDE,
            height=SIDE,
            drawing_mode="freedraw",
            initial_drawing=board.initial,
            key=board.key,
        )
        _take_toolbar_away(board.key)  # it appears on hover only; ours is always there
    board.drawing = result.json_data or board.initial
    objects = board.drawing["objects"]
    with st.container(horizontal=True, width=SIDE):
        st.button(
            "Undo",
            icon=":material/undo:",
            disabled=not objects,
            on_click=lambda: board.restart(objects[:-1]),
            width="stretch",
            help="Takes the last stroke back.",
        )
        st.button(
            "Clear",
            icon=":material/delete:",
            disabled=not objects,
            on_click=lambda: board.restart([]),
            width="stretch",
            help="Takes every stroke away.",
        )
    return strokes_from_canvas(board.drawing)


def _take_toolbar_away(canvas: str) -> None:
    script = st.components.v2.component("lab_canvas_toolbar", js=_JS, isolate_styles=False)
    script(key="canvas_toolbar", data={"canvas": canvas}, height="content")


def ask_file() -> UploadedFile | None:
    """The picture file that was chosen, whatever is in it."""
    with st.container(key="picture_file", width=SIDE):
        file = st.file_uploader(
            "PNG or JPEG, up to 10 MB",
            key="picture",
            help="A digit of any size, dark on light or light on dark.",
        )
        with st.container(key="not_taken"):
            st.html("<p role='status'>The file in red was not taken: choose a PNG or JPEG picture of up to 10 MB.</p>")
    return file
