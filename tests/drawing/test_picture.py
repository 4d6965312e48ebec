"""Picture files: every kind of PNG and JPEG, and files that are none."""

import io
import struct
import subprocess
import sys
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from drawings import EIGHT, SEVEN, canvas, saved
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lab.drawing import PictureError, normalize_drawing, read_picture, read_picture_file
from lab.drawing.picture_file import orientation_of

ROOT = Path(__file__).parent.parent.parent


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


NO_PICTURE = "not a PNG or JPEG picture: choose another file"
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


def test_sixteen_bits_a_sample_are_scaled_to_eight() -> None:
    samples = np.random.default_rng(2).integers(0, 2**16, (5, 7, 4), dtype=np.uint16)
    for kind, channels in ((COLOUR, [0, 1, 2]), (COLOUR_ALPHA, [0, 1, 2, 3]), (GRAY, [0]), (GRAY_ALPHA, [0, 1])):
        pixels = read_picture(png(7, 5, lines_of(samples[..., channels]), 16, kind))
        shown = [0, 0, 0, 1] if kind == GRAY_ALPHA else [0] if kind == GRAY else channels
        difference = np.abs(pixels[..., : len(shown)] - samples[..., shown] / 257)
        assert difference.max() <= 1, kind  # by dividing or by leaving the lower byte out


@pytest.mark.parametrize(
    ("depth", "kind", "clear", "extra"),
    [
        (8, GRAY, b"\0\x64", []),
        (16, GRAY, b"\x64\x64", []),
        (8, COLOUR, b"\0\x64" * 3, []),
        (16, COLOUR, b"\x64\x64" * 3, []),
        (8, PALETTE, b"\xff" * 100 + b"\0", [chunk(b"PLTE", bytes(300) + b"\x64\x64\x64")]),
    ],
    ids=["grey", "16-bit grey", "colour", "16-bit colour", "palette"],
)
def test_a_colour_that_stands_for_transparent_is_transparent(
    depth: int, kind: int, clear: bytes, extra: list[bytes]
) -> None:
    ground, ink = (bytes([value]) * (depth // 8) * (3 if kind == COLOUR else 1) for value in (0x64, 0x32))
    pixels = read_picture(png(2, 1, b"\0" + ground + ink, depth, kind, *extra, chunk(b"tRNS", clear)))
    assert pixels[0, :, 3].tolist() == [0, 255]


def test_an_interlaced_png_is_the_same_picture() -> None:
    samples = np.random.default_rng(4).integers(0, 256, (11, 13), dtype=np.uint8)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]  # Adam7
    lines = b"".join(lines_of(samples[y::dy, x::dx]) for y, x, dy, dx in passes)
    assert np.array_equal(read_picture(png(13, 11, lines, lace=1))[..., 0], samples)


def test_of_an_animated_png_the_still_picture_is_read() -> None:
    file = io.BytesIO()
    frames = [Image.fromarray(canvas(digit)) for digit in (SEVEN, EIGHT)]
    frames[0].save(file, "PNG", save_all=True, append_images=frames[1:])
    assert b"acTL" in file.getvalue()
    assert np.array_equal(read_picture(file.getvalue()), canvas(SEVEN))


@pytest.mark.parametrize("side", [0, 1])
def test_a_picture_without_a_side_is_refused(side: int) -> None:
    for sides in ((0, side), (side, 0)):
        with pytest.raises(PictureError, match=DAMAGED):
            read_picture(png(*sides, b"\0"))


@pytest.mark.parametrize("sides", [(1, 300_000), (300_000, 1), (2, 40_001), (1601, 1200)])
def test_a_large_picture_comes_back_with_at_most_800_pixels_a_side(sides: tuple[int, int]) -> None:
    width, height = sides
    pixels = read_picture(png(width, height, (b"\0" + bytes([200]) * width) * height))
    assert max(pixels.shape) <= 800
    assert np.array_equal(np.unique(pixels[..., :3]), [200])


def test_a_large_picture_is_reduced_as_a_whole_would_be() -> None:
    """It is read in bands: nothing shows where one ends."""
    samples = np.random.default_rng(5).integers(0, 256, (1703, 1999), dtype=np.uint8)
    whole = np.asarray(Image.fromarray(samples).convert("RGBA").reduce(3))  # 1999 / 800, rounded up
    with patch("lab.drawing.picture.BAND_PIXELS", 20_000):
        assert np.array_equal(read_picture(png(1999, 1703, lines_of(samples))), whole)


# --- metadata stops no picture -----------------------------------------------------------------------------------


def exif_with(*fields: tuple[int, int, int, bytes], order: str = ">", count: int | None = None) -> bytes:
    """An EXIF block with these fields: tag, type, count and the four bytes of the value, or of where it stands."""
    head = b"MM\0*" if order == ">" else b"II*\0"
    entries = b"".join(struct.pack(f"{order}HHI", *field[:3]) + field[3] for field in fields)
    return head + struct.pack(f"{order}IH", 8, len(fields) if count is None else count) + entries + bytes(4)


def turned(orientation: int) -> tuple[int, int, int, bytes]:
    """The field of a picture that is shown correctly after a quarter turn clockwise (6), and so on."""
    return (0x0112, 3, 1, struct.pack(">HH", orientation, 0))


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
LYING = np.array(Image.fromarray(canvas(SEVEN)[:300]).rotate(90, expand=True))
"""300 wide, 400 high; upright after a quarter turn clockwise."""


def with_exif(kind: str, exif: bytes) -> bytes:
    if kind == "PNG":
        content = saved(LYING, "PNG")
        return content[:33] + chunk(b"eXIf", exif) + content[33:]
    content = saved(LYING, "JPEG")
    segment = b"Exif\0\0" + exif
    return content[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(segment)) + segment + content[2:]


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


# --- whatever the bytes are ----------------------------------------------------------------------------------------


def pixels_or_sentence(data: bytes) -> None:
    """No other exception, and no warning."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            pixels = read_picture(data)
        except PictureError as error:
            assert str(error).count(".") == 1
        else:
            assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 4 and pixels.size
    assert [str(warning.message) for warning in warned] == []


SOUND = [
    with_exif("PNG", exif_with(turned(6))),
    with_exif("JPEG", exif_with(turned(6))),
    saved(canvas(SEVEN), "JPEG", progressive=True),
    saved(canvas(SEVEN), "PNG", "P"),
    png(9, 9, lines_of(np.eye(9, dtype=np.uint16) * 9999), 16, GRAY, chunk(b"tRNS", b"\0\0")),
]
starts = st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\xff\xd8\xff", *(file[:33] for file in SOUND)])


@given(starts, st.binary(max_size=300))
def test_any_bytes_are_a_picture_or_get_a_sentence(start: bytes, rest: bytes) -> None:
    pixels_or_sentence(start + rest)


@settings(max_examples=200)
@given(st.sampled_from(SOUND), st.data())
def test_any_change_to_a_sound_file_leaves_a_picture_or_gets_a_sentence(sound: bytes, data: st.DataObject) -> None:
    """Mostly near the beginning, where both kinds keep what says how to read the rest."""
    changed = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 4))):
        end = data.draw(st.sampled_from([60, 400, len(changed)]))
        at = data.draw(st.integers(0, min(end, len(changed))))
        out, put = data.draw(st.integers(0, 12)), data.draw(st.binary(max_size=12))
        changed[at : at + out] = put
    pixels_or_sentence(bytes(changed))


# --- size is bounded before anything is decoded ----------------------------------------------------------------------


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
