"""A picture file -> its pixels, or one sentence that says why not."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000


class PictureError(ValueError):
    """The file is no picture that can be read; the message says what it is and what to do."""


def read_picture(data: bytes) -> NDArray[np.uint8]:
    """The pixels of a PNG or JPEG file, (H, W, 4), turned upright as its EXIF data says.

    Raises:
        PictureError: `data` is something else, damaged, over 10 MB or over 50 megapixels.
    """
    if len(data) > MAX_BYTES:
        raise PictureError("The file is larger than 10 MB: choose a smaller picture.")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise PictureError(_TOO_MANY_PIXELS)
            return _upright_rgba(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_TOO_MANY_PIXELS) from None
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error, EOFError) as error:
        if isinstance(error, PictureError):
            raise
        begun_well = data.startswith((b"\x89PNG", b"\xff\xd8"))
        raise PictureError(_DAMAGED if begun_well else _NO_PICTURE) from error


_TOO_MANY_PIXELS = "The picture has more than 50 megapixels: reduce it first."
_DAMAGED = "The picture is cut off or damaged: save it again."
_NO_PICTURE = "The file is not a PNG or JPEG picture: choose one that is."


def _upright_rgba(picture: Image.Image) -> NDArray[np.uint8]:
    upright = ImageOps.exif_transpose(picture)
    if upright.mode.startswith("I"):  # 16 bits a pixel: Pillow would clip them, not scale
        upright = Image.fromarray((np.asarray(upright) // 257).astype(np.uint8))
    return np.asarray(upright.convert("RGBA"))
