"""Small pictures side by side, all of them in one PNG: digits, kernels, feature maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.figures import WRONG
from lab.sprite import COLUMNS, sprite

_JS = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
_HTML = '<div class="lab-tiles" role="group"></div>'
_CSS = f"""
.lab-tiles {{display: flex; flex-wrap: wrap; gap: 0.6rem 0.7rem; font-family: var(--st-font);
  color: var(--st-text-color); padding: 5px; margin: 0 -5px;}}
.lab-tiles figure {{margin: 0;}}
.lab-tiles figcaption {{font-size: 0.85rem; line-height: 1.25; font-variant-numeric: tabular-nums;}}
.lab-tiles figcaption b {{color: {WRONG}; font-size: 1.3rem; font-weight: 700;}}
.lab-tile {{display: block; position: relative; padding: 0; border: none; border-radius: 3px;
  background-color: #000; background-repeat: no-repeat; image-rendering: pixelated;}}
button.lab-tile {{cursor: pointer;}}
button.lab-tile:hover, button.lab-tile:focus-visible, .lab-tile[aria-pressed="true"] {{
  outline: 2px solid var(--st-primary-color); outline-offset: 1px;}}
button.lab-tile:focus-visible {{outline-width: 4px;}}
.lab-tile span {{position: absolute; box-sizing: border-box; border: 2px solid #FFF; outline: 1px solid #000;}}
"""


@dataclass(frozen=True)
class Tile:
    """What stands to one picture: for who does not see it, and below it."""

    words: str
    caption: str = ""
    answer: str = ""
    """Set large behind the caption, in the colour of what is wrong."""
    note: str = ""


def show_tiles(
    pictures: NDArray[np.uint8],
    tiles: Sequence[Tile],
    key: str,
    size: int,
    picks: Literal["", "picture", "value"] = "",
    on_pick: Callable[[], None] = lambda: None,
    chosen: int | None = None,
    unit: tuple[int, int] | None = None,
) -> None:
    """Pictures (N, h, w) or, in colours, (N, h, w, 3), each `size` CSS pixels high.

    What a click chooses is a whole picture or one value of it; `on_pick` is then called, and `picked` says which.
    `chosen` is marked, and in it the value at `unit` (row, column).
    """
    _, height, width = pictures.shape[:3]
    given = {
        "sprite": sprite(pictures),
        "columns": min(COLUMNS, len(pictures)),
        "height": height,
        "width": width,
        "size": size,
        "tiles": [asdict(tile) for tile in tiles],
        "picks": picks,
        "chosen": chosen,
        "unit": unit,
    }
    component = st.components.v2.component("lab_tiles", html=_HTML, css=_CSS, js=_JS, isolate_styles=False)
    component(key=key, data=given, on_picked_change=on_pick)


def picked(key: str) -> tuple[int, ...]:
    """What was just chosen: the picture's number and, of a value, its row and column."""
    return tuple(int(number) for number in st.session_state[key]["picked"])
