"""A picture's metadata: it says which side is up, and whatever else is in it stops no picture."""

import io
import struct
import zlib

import numpy as np
import pytest
from drawings import SEVEN, canvas, saved
from picture_files import JPEG, PNG, chunk, exif_with, turned, with_exif
from PIL import Image, ImageOps

from lab.drawing import read_picture
from lab.drawing.picture_file import orientation_of

ODD_FIELDS = {
    "a text where a number belongs": (0x011A, 2, 4, b"abc\0"),
    "a fraction that stands nowhere": (0x011A, 5, 1, b"\xff\xff\xff\xff"),
    "a fraction over nothing": (0x011A, 5, 1, b"\0\0\0\0"),
    "a type that there is not": (0x9286, 99, 7, b"\0\0\0\0"),
    "four thousand million numbers": (0x0111, 4, 0xFFFFFFFF, b"\0\0\0\x08"),
    "a block inside it that is none": (0x8769, 4, 1, b"\xff\0\0\0"),
    "a block inside it that is itself": (0x8769, 4, 1, b"\0\0\0\x08"),
    "a number too large for its type": (0x0128, 3, 1, b"\xff\xff\xff\xff"),
    "a text with no end": (0x010F, 2, 3, b"\xff\xfe\xfd\xfc"),
}


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("field", ODD_FIELDS.values(), ids=ODD_FIELDS)
def test_an_odd_exif_field_stops_no_picture_and_the_others_count(kind: str, field: tuple[int, int, int, bytes]) -> None:
    for fields in ((field, turned(6)), (turned(6), field)):
        assert read_picture(with_exif(kind, exif_with(*fields))).shape == (300, 400, 4)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize(
    "exif",
    [
        b"",
        b"MM",
        b"XX\0*\0\0\0\x08",
        exif_with(turned(6))[:17],
        exif_with(turned(6), count=60_000)[:10],
        b"MM\0*\xff\xff\xff\xff",
        exif_with(turned(0)),
        exif_with(turned(9)),
        exif_with((0x0112, 2, 4, b"abc\0")),
    ],
)
def test_with_an_orientation_that_cannot_be_read_a_picture_is_taken_to_be_upright(kind: str, exif: bytes) -> None:
    assert read_picture(with_exif(kind, exif)).shape == (400, 300, 4)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright_as_pillow_turns_it(kind: str, orientation: int) -> None:
    content = with_exif(kind, exif_with(turned(orientation)))
    with Image.open(io.BytesIO(content)) as picture:
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
    assert np.array_equal(read_picture(content), np.asarray(upright))


def test_an_orientation_is_read_in_either_order_of_bytes_and_either_size() -> None:
    for order in "<>":
        for kind, value in ((3, "HH"), (4, "I")):
            field = (0x0112, kind, 1, struct.pack(order + value, *([6, 0] if kind == 3 else [6])))
            assert orientation_of(exif_with(field, order=order)) == 6


BROKEN_CHUNKS = {
    "a text with a wrong checksum": chunk(b"tEXt", b"Title\0Seven")[:-4] + b"1234",
    "a packed text that is a bomb": chunk(b"zTXt", b"Title\0\0" + zlib.compress(bytes(10**7))),
    "an international text packed in an unknown way": chunk(b"iTXt", b"Title\0\1\7\0\0xx"),
    "a colour profile that is a bomb": chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(10**7))),
    "a colour profile without a name": chunk(b"iCCP", b"name"),
    "a gamma of two bytes": chunk(b"gAMA", b"\0\1"),
    "a size in metres of one byte": chunk(b"pHYs", b"\0"),
    "transparency of one byte with a wrong checksum": chunk(b"tRNS", b"\0")[:-4] + b"1234",
    "an animation of no frames": chunk(b"acTL", bytes(8)),
    "a frame out of order": chunk(b"fcTL", struct.pack(">IIIIIHHBB", 7, 9, 9, 900, 900, 0, 0, 0, 0)),
    "a chunk that nobody knows": chunk(b"abCd", b"what?"),
}


@pytest.mark.parametrize("broken", BROKEN_CHUNKS.values(), ids=BROKEN_CHUNKS)
def test_a_broken_chunk_beside_a_pngs_pixels_stops_no_picture(broken: bytes) -> None:
    assert np.array_equal(read_picture(PNG[:33] + broken + PNG[33:]), canvas(SEVEN))


BROKEN_SEGMENTS = {
    "JFIF of three bytes": (0xE0, b"JFIF\0\1\1"),
    "Adobe of three bytes": (0xEE, b"Adobe\0\1"),
    "several pictures, of which there is one": (0xE2, b"MPF\0MM\0*\0\0\0\x08\0\1\xb0\1\0\4\0\0\0\1\0\0\0\7"),
    "a colour profile's third part of two": (0xE2, b"ICC_PROFILE\0\3\2xx"),
    "Photoshop's, cut off": (0xED, b"Photoshop 3.0\x008BIM\3\xed"),
    "a comment in no script": (0xFE, b"\xff\xd9\xff\xda"),
    "nothing at all": (0xE1, b""),
}


@pytest.mark.parametrize(("marker", "body"), BROKEN_SEGMENTS.values(), ids=BROKEN_SEGMENTS)
def test_a_broken_segment_beside_a_jpegs_pixels_stops_no_picture(marker: int, body: bytes) -> None:
    segment = bytes([0xFF, marker]) + struct.pack(">H", 2 + len(body)) + body
    assert np.array_equal(read_picture(JPEG[:2] + segment + JPEG[2:]), read_picture(JPEG))


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_without_its_metadata_a_jpegs_colours_are_the_same(mode: str) -> None:
    colours = np.random.default_rng(6).integers(0, 256, (4, 4, 4), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
    for options in ({}, {"progressive": True}, {"keep_rgb": True} if mode == "RGB" else {}):
        content = saved(colours, "JPEG", mode, comment=b"a comment", **options)
        with Image.open(io.BytesIO(content)) as picture:
            assert np.array_equal(read_picture(content), np.asarray(picture.convert("RGBA")))
