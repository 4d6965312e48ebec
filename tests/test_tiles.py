"""Many small pictures in one PNG: each where the browser looks for it, pixel by pixel."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from lab.sprite import COLUMNS, sprite


def decoded(address: str) -> np.ndarray:
    kind, content = address.split(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


@pytest.mark.parametrize("count", [1, COLUMNS, COLUMNS + 3])
@pytest.mark.parametrize("colours", [(), (3,)], ids=["grey", "coloured"])
def test_picture_n_stands_in_row_n_div_columns_and_column_n_mod_columns(count: int, colours: tuple[int, ...]) -> None:
    pictures = np.random.default_rng(1).integers(0, 256, (count, 5, 4, *colours), dtype=np.uint8)
    sheet = decoded(sprite(pictures))
    columns = min(count, COLUMNS)
    assert sheet.shape == (5 * -(-count // columns), 4 * columns, *colours)
    for number, picture in enumerate(pictures):
        top, left = 5 * (number // columns), 4 * (number % columns)
        assert np.array_equal(sheet[top : top + 5, left : left + 4], picture)
