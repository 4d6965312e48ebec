"""A PNG or JPEG file without its metadata: what its pixels need, how large it is, and which side is up.

Metadata is the part of a picture file that is broken most often, and decoders stop at it: at a text with a wrong
checksum, a colour profile that is too long, one odd EXIF field. Here it is taken away before the file is decoded, and
only the orientation is read from it. The size is read here too, so a file that is too large is never decoded.

PNG: https://www.w3.org/TR/png-3/, JPEG: ITU-T T.81 annex B, EXIF (a small TIFF file): CIPA DC-008 section 4.6.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Literal

PNG_BEGINS, JPEG_BEGINS = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_EXIF, _JFIF, _ADOBE = b"Exif\0\0", b"JFIF\0", b"Adobe"
_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The JPEG markers that begin a frame and give its size; the three others define tables."""
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_SOS, _APP0, _APP1, _APP14, _APP15, _COMMENT = 0xDA, 0xE0, 0xE1, 0xEE, 0xEF, 0xFE
_WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
"""JPEG markers that nothing belongs to; 0x00 makes none of an 0xFF."""
_ORIENTATION = 0x0112


@dataclass(frozen=True)
class PictureFile:
    """What is needed of a picture file: `data` can be decoded, and gives what the whole file would have given."""

    kind: Literal["PNG", "JPEG"]
    data: bytes
    pixels: int
    """Width times height; 0 where the file does not say."""
    in_one_pass: bool
    """Whether the decoder can forget what it has turned into pixels: not for a progressive JPEG."""
    orientation: int
    """As EXIF counts it, 1 to 8; 1, upright, where it is not known."""


def take_apart(data: bytes) -> PictureFile | None:
    """The file without its metadata; None if it is neither PNG nor JPEG. It may be damaged all the same."""
    if data.startswith(PNG_BEGINS):
        return _png(data)
    return _jpeg(data) if data.startswith(JPEG_BEGINS) else None


def _png(data: bytes) -> PictureFile:
    """Without its ancillary chunks (small first letter), except a sound tRNS: which colours are transparent."""
    kept, exif, pixels, at = [PNG_BEGINS], b"", 0, len(PNG_BEGINS)
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        chunk = data[at : at + 12 + length]
        if name == b"IHDR" and length >= 8:
            pixels = max(pixels, _product(chunk[8:16], ">II"))
        if name == b"eXIf":
            exif = exif or chunk[8 : 8 + length]
        if not name[0] & 0x20 or (name == b"tRNS" and _is_sound(chunk, length)):
            kept.append(chunk)
        if name == b"IEND":
            break
        at += 12 + length
    return PictureFile("PNG", b"".join(kept), pixels, True, orientation_of(exif))


def _is_sound(chunk: bytes, length: int) -> bool:
    return len(chunk) == 12 + length and zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:], "big")


def _jpeg(data: bytes) -> PictureFile:
    """Without its comments and application segments, except the two that say how its colours are coded."""
    kept, exif, pixels, layers, in_one_pass, at = [JPEG_BEGINS], b"", 0, 0, True, 2
    while 0 <= (at := data.find(b"\xff", at)) < len(data) - 3:
        marker, length = data[at + 1], 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
            continue
        segment = data[at : at + length]
        body = segment[4:]
        if marker == _SOS:  # the pixels, up to the end
            in_one_pass &= bool(body) and body[0] >= layers  # this scan holds all colours
            kept.append(data[at:])
            break
        if marker in _SOF and len(body) >= 6:
            pixels, layers = max(pixels, _product(body[1:5], ">HH")), body[5]
            in_one_pass &= marker not in _PROGRESSIVE
        if marker == _APP1 and body.startswith(_EXIF):
            exif = exif or body[len(_EXIF) :]
        if not (_APP0 <= marker <= _APP15 or marker == _COMMENT) or _tells_colours(marker, body):
            kept.append(segment)
        at += length
    return PictureFile("JPEG", b"".join(kept), pixels, in_one_pass, orientation_of(exif))


def _tells_colours(marker: int, body: bytes) -> bool:
    is_jfif = marker == _APP0 and body.startswith(_JFIF) and len(body) >= 14
    return is_jfif or (marker == _APP14 and body.startswith(_ADOBE) and len(body) >= 12)


def _product(sides: bytes, how: str) -> int:
    if len(sides) < struct.calcsize(how):
        return 0
    one, other = struct.unpack(how, sides)
    return int(one) * int(other)


def orientation_of(exif: bytes) -> int:
    """The orientation in an EXIF block, 1 to 8; 1 where it has none or cannot be read.

    Pillow's reader takes the whole block in, and stops at or warns of other fields; this one looks at no other.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, first)
        for field in range(count):
            tag, kind, _ = struct.unpack_from(f"{order}HHI", exif, first + 2 + 12 * field)
            if tag == _ORIENTATION and kind in (3, 4):  # a number of 16 or of 32 bits
                (value,) = struct.unpack_from(order + ("H" if kind == 3 else "I"), exif, first + 10 + 12 * field)
                return int(value) if 1 <= value <= 8 else 1
    except struct.error:  # it ends too early
        pass
    return 1
