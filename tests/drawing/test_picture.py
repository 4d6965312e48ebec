"""Picture files: every kind of PNG and JPEG, and files that are none."""

import io
import warnings
from unittest.mock import patch

import numpy as np
import pytest
from drawings import EIGHT, SEVEN, canvas, saved
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_files import (
    COLOUR,
    COLOUR_ALPHA,
    GRAY,
    GRAY_ALPHA,
    JPEG,
    PALETTE,
    PNG,
    chunk,
    exif_with,
    lines_of,
    png,
    turned,
    with_exif,
)
from PIL import Image, ImageOps

from lab.drawing import PictureError, normalize_drawing, read_picture


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
