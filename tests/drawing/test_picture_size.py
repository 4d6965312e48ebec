"""A picture's size is bounded before anything of it is decoded."""

import io
import struct
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drawings import SEVEN, canvas, saved
from picture_files import COLOUR, COLOUR_ALPHA, GRAY, JPEG, PALETTE, chunk, png
from PIL import Image

from lab.drawing import PictureError, read_picture, read_picture_file

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("megapixels", [51, 100, 200, 10**6])
@pytest.mark.parametrize("action", ["error", "ignore"])
def test_a_picture_of_too_many_pixels_is_refused_unread(megapixels: int, action: Any) -> None:
    """Pillow warns from 89 megapixels and refuses from 179; either way the sentence is ours."""
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        with pytest.raises(PictureError, match="picture has more than 50 megapixels: make it smaller first"):
            read_picture(png(1000 * megapixels, 1000, b"\0"))


def with_sides(jpeg: bytes, width: int, height: int) -> bytes:
    """The JPEG file with other sides in its header."""
    at = jpeg.index(b"\xff\xc2" if b"\xff\xc2" in jpeg else b"\xff\xc0")
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def test_a_progressive_jpeg_which_needs_more_memory_is_refused_earlier() -> None:
    for side in (5000, 65_000):
        with pytest.raises(PictureError, match="progressive JPEG has more than 24 megapixels: make it smaller first"):
            read_picture(with_sides(saved(canvas(SEVEN), "JPEG", progressive=True), side, side))
    with pytest.raises(PictureError, match="picture has more than 50 megapixels"):
        read_picture(with_sides(JPEG, 65_000, 65_000))


PEAK = """
import re, sys
from pathlib import Path
from lab.drawing.picture import read_picture

def peak():  # in MB
    if sys.platform == "win32":
        import psutil
        return psutil.Process().memory_info().peak_wset / 1e6
    if sys.platform == "linux":  # where getrusage counts what the process was before it became this one
        return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024 / 1e6
    import resource
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6

before, data = peak(), Path(sys.argv[1]).read_bytes()
shape = read_picture(data).shape
print(shape[0], shape[1], round(peak() - before))
"""


def largest_png(depth: int, kind: int, channels: int, extra: list[bytes]) -> bytes:
    """49 megapixels, all alike."""
    line = b"\0" + bytes(7000 * channels * depth // 8)
    return png(7000, 7000, line * 7000, depth, kind, *extra)


def largest_jpeg(mode: str, side: int, progressive: bool) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (side, side), 90).save(file, "JPEG", subsampling=0, progressive=progressive)
    return file.getvalue()


LARGEST = {
    "grey": lambda: largest_png(8, GRAY, 1, []),
    "16-bit grey": lambda: largest_png(16, GRAY, 1, []),
    "palette": lambda: largest_png(8, PALETTE, 1, [chunk(b"PLTE", bytes(768)), chunk(b"tRNS", bytes(9))]),
    "colour": lambda: largest_png(8, COLOUR, 3, []),
    "16-bit colour with alpha": lambda: largest_png(16, COLOUR_ALPHA, 4, []),
    "JPEG": lambda: largest_jpeg("RGB", 7000, progressive=False),
    "CMYK JPEG": lambda: largest_jpeg("CMYK", 7000, progressive=False),
    "progressive JPEG": lambda: largest_jpeg("RGB", 4898, progressive=True),
    "progressive CMYK JPEG": lambda: largest_jpeg("CMYK", 4898, progressive=True),
}


@pytest.mark.parametrize("largest", LARGEST.values(), ids=LARGEST)
def test_the_largest_pictures_take_less_than_300_megabytes(largest: Callable[[], bytes], tmp_path: Path) -> None:
    file = tmp_path / "large"
    file.write_bytes(largest())
    done = subprocess.run([sys.executable, "-c", PEAK, str(file)], capture_output=True, text=True, cwd=ROOT, check=True)
    height, width, megabytes = map(int, done.stdout.split())
    print(f"{megabytes} MB")
    assert max(height, width) <= 800
    assert megabytes < 300


def test_of_an_endless_file_no_more_is_read_than_shows_that_it_is_too_large() -> None:
    with pytest.raises(PictureError, match="larger than 10 MB"):
        read_picture_file(Path("/dev/zero"))
