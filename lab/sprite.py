"""Many small pictures as one PNG, for a browser that shows each out of it."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

COLUMNS = 16
"""Pictures in a row of the PNG at most."""


def sprite(pictures: NDArray[np.uint8]) -> str:
    """Pictures (N, h, w) or, in colours, (N, h, w, 3) in one PNG, `COLUMNS` a row, as a data URI."""
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    _, height, width, *colours = pictures.shape
    sheet = np.zeros((rows * columns, height, width, *colours), np.uint8)
    sheet[: len(pictures)] = pictures
    sheet = sheet.reshape(rows, columns, height, width, *colours).swapaxes(1, 2)
    png = io.BytesIO()
    Image.fromarray(sheet.reshape(rows * height, columns * width, *colours)).save(png, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(png.getvalue()).decode()}"
