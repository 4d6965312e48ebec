"""Picture files: every kind of PNG and JPEG, and files that are none."""

import io
import struct
import warnings
import zlib
from typing import Any

import numpy as np
import pytest
from drawings import EIGHT, SEVEN, canvas, saved
from PIL import Image, ImageOps

from lab.drawing import normalize_drawing
from lab.picture import PictureError, read_picture


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png_comes_back_as_rgba(mode: str) -> None:
    gray = Image.fromarray(canvas(SEVEN)).convert("L")
    wide = np.asarray(gray).astype(np.uint16) * 257
    file = io.BytesIO()
    (Image.fromarray(wide) if mode == "I;16" else gray.convert(mode)).save(file, "PNG")
    pixels = read_picture(file.getvalue())
    assert pixels.dtype == np.uint8
    assert pixels.shape == (400, 400, 4)
    on_black = normalize_drawing(canvas(SEVEN))
    np.testing.assert_allclose(normalize_drawing(pixels), on_black, atol=0.15)


def test_an_inverted_file_is_read_the_same() -> None:
    """As a student's scan: dark ink on white paper, a PNG without alpha."""
    picture = Image.fromarray(canvas(EIGHT)).convert("RGB")
    scan = read_picture(saved(np.asarray(ImageOps.invert(picture)), "PNG"))
    on_black = normalize_drawing(canvas(EIGHT))
    np.testing.assert_allclose(normalize_drawing(scan), on_black, atol=1e-4)


def test_a_png_is_read_exactly() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (17, 23, 4), dtype=np.uint8)
    assert np.array_equal(read_picture(saved(picture, "PNG", "RGBA")), picture)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_and_png_of_one_picture_agree(mode: str) -> None:
    picture = canvas(EIGHT)
    jpeg, png = read_picture(saved(picture, "JPEG", mode)), read_picture(saved(picture, "PNG"))
    assert jpeg.shape == png.shape == (400, 400, 4)
    np.testing.assert_allclose(normalize_drawing(jpeg), normalize_drawing(png), atol=0.1)


def test_a_photograph_is_turned_as_its_exif_data_says() -> None:
    picture = Image.fromarray(canvas(SEVEN)[:300])  # 400 wide, 300 high
    turned = Image.Exif()
    turned[0x0112] = 6  # shown correctly after a quarter turn clockwise
    lying = np.asarray(picture.rotate(90, expand=True))
    upright = read_picture(saved(lying, "JPEG", exif=turned))
    assert upright.shape == (300, 400, 4)
    assert np.abs(upright.astype(int) - np.asarray(picture)).mean() < 2


PNG = saved(canvas(SEVEN), "PNG")
JPEG = saved(canvas(SEVEN), "JPEG")


NO_PICTURE = "not a PNG or JPEG picture: choose one"
DAMAGED = "cut off or damaged: save it again"
REFUSED = {
    "nothing": (b"", NO_PICTURE),
    "text": (b"The quick brown fox", NO_PICTURE),
    "GIF": (saved(canvas(SEVEN), "GIF", "L"), NO_PICTURE),
    "BMP": (saved(canvas(SEVEN), "BMP"), NO_PICTURE),
    "half a PNG": (PNG[: len(PNG) // 2], DAMAGED),
    "start of a PNG": (PNG[:40], DAMAGED),
    "half a JPEG": (JPEG[: len(JPEG) // 2], DAMAGED),
    "altered PNG": (PNG[:60] + bytes(200) + PNG[260:], DAMAGED),
    "11 MB": (PNG + bytes(11 * 1024 * 1024), "larger than 10 MB: choose a smaller picture"),
}


@pytest.mark.parametrize(("data", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_no_picture_is_refused_with_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(PictureError, match=sentence) as refusal:
        read_picture(data)
    assert isinstance(refusal.value, ValueError)
    assert str(refusal.value).count(".") == 1


def test_a_file_of_just_10_mb_is_read() -> None:
    assert read_picture(PNG + bytes(10 * 1024 * 1024 - len(PNG))).shape == (400, 400, 4)


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG file whose header says `width` x `height`, with hardly any data."""

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    file = b"\x89PNG\r\n\x1a\n"
    for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0")), (b"IEND", b"")):
        checksum = struct.pack(">I", zlib.crc32(name + data))
        file += struct.pack(">I", len(data)) + name + data + checksum
    return file


@pytest.mark.parametrize("megapixels", [51, 100, 200])
@pytest.mark.parametrize("action", ["error", "ignore"])
def test_a_picture_of_too_many_pixels_is_refused_unread(megapixels: int, action: Any) -> None:
    """Pillow warns from 89 megapixels and refuses from 179; either way the sentence is ours."""
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        with pytest.raises(PictureError, match="more than 50 megapixels: reduce it first"):
            read_picture(png_that_claims(1000 * megapixels, 1000))
