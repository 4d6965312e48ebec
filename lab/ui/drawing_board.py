"""A canvas that answers while one draws."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from lab.drawing import CANVAS_PEN, SIDE, NoDrawing, Points, strokes_from_canvas
from lab.figures import PUBLISHED, TEST
from lab.ui import answer
from lab.ui.reader import Reader

DRAWINGS = "drawings"
PROMPT = "Draw a digit from 0 to 9 in the black square. The answer appears here while you draw."

SCRIPT = Path(__file__).parent / "signature_pad" / "signature_pad.umd.min.js"
"""From the npm package signature_pad: strokes as points, from mouse, touch or pen, drawn as smooth lines."""
_FILES = (
    "drawing_keys.js",
    "drawing_ends.js",
    "drawing_between.js",
    "drawing_kept.js",
    "drawing_palm.js",
    "drawing_fingers.js",
    "drawing_questions.js",
    "drawing_board.js",
)
_OWN = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in _FILES]
_JS = "\n".join([SCRIPT.read_text(encoding="utf-8"), answer.JS, *_OWN])
_HTML = f"""
<div class="lab-read" data-state="nothing">
  <div class="lab-board">
    <div class="lab-board-square">
      <canvas tabindex="0" role="application"
        aria-label="The square to draw in. The arrow keys move the pen, Space puts it down or lifts it."></canvas>
      <i class="lab-board-pen"></i>
    </div>
    <div class="lab-board-buttons">
      <button type="button" class="lab-board-undo" disabled
              title="Removes the last stroke, or brings back what was cleared (Ctrl+Z).">Undo</button>
      <button type="button" class="lab-board-clear" disabled title="Removes all strokes.">Clear</button>
    </div>
  </div>
  {answer.HTML}
</div>
"""
_CSS = f"""
{answer.CSS}
.lab-board {{flex: 0 0 var(--lab-square);}}
.lab-board canvas {{width: 100%; height: 100%; display: block; background: #000; border-radius: 6px;
  cursor: crosshair; touch-action: none;}}
.lab-board-square {{position: relative; overflow: clip; border-radius: 6px; height: var(--lab-square);
  outline: 1px solid {PUBLISHED};}}
.lab-board-square:has(:focus-visible) {{outline: 3px solid var(--st-primary-color); outline-offset: 2px;}}
.lab-board canvas:focus {{outline: none;}}
.lab-board-pen {{display: none; position: absolute; margin: -11px; width: 16px; height: 16px;
  border: 3px solid {TEST}; border-radius: 50%; pointer-events: none;}}
.lab-board canvas:focus-visible + .lab-board-pen {{display: block;}}
.lab-board-pen-down {{background: {TEST};}}
.lab-board-buttons {{display: flex; gap: 0.6rem; margin-top: 0.6rem;}}
.lab-board button {{flex: 1; font: inherit; padding: 0.35rem 0.6rem; cursor: pointer; color: var(--st-text-color);
  background: transparent; border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);}}
.lab-board button:hover:enabled {{color: var(--st-primary-color); border-color: var(--st-primary-color);}}
.lab-board button:focus-visible {{outline: 2px solid var(--st-primary-color); outline-offset: 2px;}}
.lab-board button:disabled {{opacity: 0.4; cursor: default;}}
"""


def drawing_board(reader: Reader, key: str = "board", picture: bool = True) -> list[Points]:
    """A canvas with undo and clear; beside it, or below where it is narrow, what `reader` makes of it while one draws.

    Digit, ten bars, the 28x28 picture and one of every layer move with the pen, in the browser (see `lab.web`). The
    script is rerun once a stroke has ended, undone or cleared: call it within an `st.fragment` to have only that part
    of the page rerun. Returns the strokes drawn so far, each (n, 2) in pixels of the canvas. Each `key` has a drawing
    of its own, which is kept for as long as the tab is open, whatever page one goes to. `picture`: show the pictures
    too, beside digit and bars.
    """
    kept: dict[str, Any] = st.session_state.setdefault(DRAWINGS, {})
    board = st.components.v2.component("lab_drawing_board", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)
    question = {"run": reader.run, "epoch": reader.epoch}
    data = {"board": key, "strokes": kept.get(key, []), "reader": question, "status": reader.status}
    data |= {"side": SIDE, "pen": CANVAS_PEN, "prompt": PROMPT, "picture": picture}
    data |= {"layers": reader.layers() if picture else []}
    result = board(
        key=key,
        data=data,
        on_strokes_change=partial(_keep, key),
        on_moved_on_change=lambda: None,
        width="stretch",
        height="content",
    )
    if result.moved_on:
        st.rerun()  # the whole page: it says how the run stands, and which of its epochs there are
    return _strokes(kept.get(key, []))


def _keep(key: str) -> None:
    """The widget forgets its drawing when its page is left."""
    st.session_state[DRAWINGS][key] = st.session_state[key].strokes


def _strokes(sent: object) -> list[Points]:
    """None where a drawing is larger than is read, which its board has said."""
    try:
        return strokes_from_canvas(sent)
    except NoDrawing:
        return []
