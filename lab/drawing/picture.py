"""A picture file -> its pixels, upright and no larger than they are read, or one sentence that says why not."""

from __future__ import annotations

import io
import math
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lab.drawing.ink import LARGEST_SIDE
from lab.drawing.picture_file import JPEG_BEGINS, PictureFile, take_apart

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000
"""Decoded, 4 bytes each at most: 200 MB."""
MAX_PIXELS_IN_MANY_PASSES = 24_000_000
"""Of a progressive JPEG, whose decoder keeps 2 bytes of each colour of each pixel to the end: up to 192 MB."""
BAND_PIXELS = 1_000_000
"""How many pixels are converted at a time."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What turns a picture of each EXIF orientation upright (Pillow turns counter-clockwise)."""

_one_at_a_time = Lock()
"""A class that uploads thirty photographs at once needs the memory of one."""


class PictureError(ValueError):
    """The file is no picture that can be read; the message says what it is and what to do."""


def read_picture_file(file: Path) -> NDArray[np.uint8]:
    """See `read_picture`; of a larger file no more is read than shows that it is too large.

    Raises:
        PictureError: it is no picture that can be read.
        OSError: it cannot be read at all.
    """
    with file.open("rb") as opened:
        return read_picture(opened.read(MAX_BYTES + 1))


def read_picture(data: bytes) -> NDArray[np.uint8]:
    """The pixels of a PNG or JPEG file, (H, W, 4), upright, reduced to at most 800 a side.

    What is wrong with its metadata stops no picture: where its orientation cannot be read, it is taken to be upright.
    Of an animated PNG, the still picture that it holds is read.

    Raises:
        PictureError: `data` is something else, damaged, over 10 MB, over 50 megapixels (progressive JPEG: over 24), or
            needs more memory than is free.
    """
    if len(data) > MAX_BYTES:
        raise PictureError("The file is larger than 10 MB: choose a smaller picture.")
    file = take_apart(data)
    if file is None:
        begun_well = data.startswith((b"\x89PNG", JPEG_BEGINS))
        raise PictureError(_DAMAGED if begun_well else _NO_PICTURE)
    allowed = MAX_PIXELS if file.in_one_pass else MAX_PIXELS_IN_MANY_PASSES
    if file.pixels > allowed:
        kind = "picture" if file.in_one_pass else "progressive JPEG"
        raise PictureError(f"The {kind} has more than {allowed // 1_000_000} megapixels: make it smaller first.")
    try:
        with _one_at_a_time:
            return _decoded(file)
    except MemoryError:
        raise PictureError(
            "There is not enough free memory for a picture of this size: make it smaller first."
        ) from None
    except Exception as error:  # no decoder says what it raises over damaged data, and any byte may be damaged
        raise PictureError(_DAMAGED) from error


_DAMAGED = "The picture is cut off or damaged: save it again."
_NO_PICTURE = "The file is not a PNG or JPEG picture: choose another file."


def _decoded(file: PictureFile) -> NDArray[np.uint8]:
    if not file.pixels:
        raise ValueError("The file does not give its size.")
    with Image.open(io.BytesIO(file.data), formats=[file.kind]) as picture:
        picture.draft(None, (LARGEST_SIDE, LARGEST_SIDE))  # a large JPEG is decoded at a half, a quarter or an eighth
        small = _reduced(picture)
    turn = _UPRIGHT.get(file.orientation)
    return np.asarray(small if turn is None else small.transpose(turn))


def _reduced(picture: Image.Image) -> Image.Image:
    """The picture as RGBA, at most 800 pixels a side, converted in bands: whole, it would need several copies."""
    width, height = picture.size
    times = math.ceil(max(width, height) / LARGEST_SIDE)
    small = Image.new("RGBA", (math.ceil(width / times), math.ceil(height / times)))
    rows = times * max(1, BAND_PIXELS // (width * times))
    for top in range(0, height, rows):
        band = picture.crop((0, top, width, min(top + rows, height)))
        small.paste(_rgba(band).reduce(times), (0, top // times))
    return small


def _rgba(picture: Image.Image) -> Image.Image:
    if picture.mode != "I;16":
        return picture.convert("RGBA")
    gray = np.asarray(picture)  # Pillow would clip its 16 bits a pixel, not scale them
    shown = np.full(gray.shape, 255) if (clear := picture.info.get("transparency")) is None else 255 * (gray != clear)
    bands = [Image.fromarray(values.astype(np.uint8)) for values in (gray // 257, shown)]
    return Image.merge("LA", bands).convert("RGBA")
