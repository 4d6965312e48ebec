"""Picture files, written byte by byte."""

import struct
import zlib
from typing import Any

import numpy as np
from drawings import SEVEN, canvas, saved
from numpy.typing import NDArray
from PIL import Image

PNG = saved(canvas(SEVEN), "PNG")
JPEG = saved(canvas(SEVEN), "JPEG")
LYING = np.array(Image.fromarray(canvas(SEVEN)[:300]).rotate(90, expand=True))
"""300 wide, 400 high; upright after a quarter turn clockwise."""
GRAY, COLOUR, PALETTE, GRAY_ALPHA, COLOUR_ALPHA = 0, 2, 3, 4, 6
"""Kinds of PNG, as its header counts them."""


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(
    width: int, height: int, lines: bytes, depth: int = 8, kind: int = GRAY, *others: bytes, lace: int = 0
) -> bytes:
    """A PNG file with this header and these chunks before its data: a filter's number and the samples of each line."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, lace))
    data = chunk(b"IDAT", zlib.compress(lines, 1))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(others) + data + chunk(b"IEND", b"")


def lines_of(samples: NDArray[Any]) -> bytes:
    """The samples (h, w) or (h, w, channels) as a PNG's lines without a filter."""
    big_endian = np.ascontiguousarray(samples, dtype=f">u{samples.dtype.itemsize}")
    return b"".join(b"\0" + line.tobytes() for line in big_endian)


def exif_with(*fields: tuple[int, int, int, bytes], order: str = ">", count: int | None = None) -> bytes:
    """An EXIF block with these fields: tag, type, count and the four bytes of the value, or of where it stands."""
    head = b"MM\0*" if order == ">" else b"II*\0"
    entries = b"".join(struct.pack(f"{order}HHI", *field[:3]) + field[3] for field in fields)
    return head + struct.pack(f"{order}IH", 8, len(fields) if count is None else count) + entries + bytes(4)


def turned(orientation: int) -> tuple[int, int, int, bytes]:
    """The field of a picture that is shown correctly after a quarter turn clockwise (6), and so on."""
    return (0x0112, 3, 1, struct.pack(">HH", orientation, 0))


def with_exif(kind: str, exif: bytes) -> bytes:
    if kind == "PNG":
        content = saved(LYING, "PNG")
        return content[:33] + chunk(b"eXIf", exif) + content[33:]
    content = saved(LYING, "JPEG")
    segment = b"Exif\0\0" + exif
    return content[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(segment)) + segment + content[2:]
