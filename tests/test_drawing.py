"""A drawing -> 28x28: place, size, pen and colour do not matter; files that are no pictures."""

import io
import struct
import warnings
import zlib
from itertools import product
from time import process_time
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from scipy import ndimage

from lab.drawing import (
    BOX,
    CENTRE,
    PEN,
    BlankDrawing,
    PictureError,
    crop_to_ink,
    drawing_stages,
    normalize_drawing,
    normalize_strokes,
    read_picture,
    stroke_stages,
    strokes_from_canvas,
)
from lab.mnist import Mnist

Gray = NDArray[np.float32]
Rgba = NDArray[np.uint8]
Points = NDArray[np.float64]

WHITE, BLACK = (255, 255, 255, 255), (0, 0, 0, 255)
CLEAR = (0, 0, 0, 0)


def ring(x: float, y: float, radius: float) -> Points:
    angles = np.linspace(0, 2 * np.pi, 40)
    return np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1)


SEVEN = [np.array([[0.0, 0.0], [0.7, 0.0], [0.3, 1.0]]), np.array([[0.2, 0.5], [0.7, 0.5]])]
EIGHT = [ring(0.3, 0.23, 0.23), ring(0.3, 0.73, 0.27)]
"""Digits of height 1."""

strokes_drawn = st.lists(
    st.lists(st.tuples(*[st.integers(0, 400)] * 2), min_size=1, max_size=10).map(
        lambda points: np.array(points, dtype=np.float64)
    ),
    min_size=1,
    max_size=4,
)
"""Up to four strokes on a canvas of 400 pixels, dots among them."""


def canvas(
    digit: list[Points],
    height: float = 240,
    pen: float = 20,
    at: tuple[float, float] = (100, 60),
    ink: tuple[int, ...] = WHITE,
    ground: tuple[int, ...] = BLACK,
) -> Rgba:
    """400x400 pixels with `digit`, its path `height` high, drawn by a round pen, antialiased."""
    fine = 2  # drawn at twice the size and reduced
    mask = Image.new("L", (400 * fine, 400 * fine))
    draw = ImageDraw.Draw(mask)
    for stroke in digit:
        points = [tuple(point) for point in (stroke * height + at) * fine]
        draw.line(points, fill=255, width=round(pen * fine))
        for x, y in points:
            radius = pen * fine / 2
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    share = np.asarray(mask.reduce(fine))[..., None] / 255
    return np.round(share * ink + (1 - share) * ground).astype(np.uint8)


def upon(image: Gray, side: int, at: tuple[int, int]) -> Rgba:
    """400x400 black pixels with a 28x28 `image` enlarged to `side` pixels, its corner at (x, y)."""
    picture = Image.new("L", (400, 400))
    digit = Image.fromarray((image * 255).astype(np.uint8))
    picture.paste(digit.resize((side, side), Image.Resampling.BICUBIC), at)
    return np.asarray(picture.convert("RGBA"))


def saved(picture: Rgba, kind: str, mode: str = "RGB", **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).convert(mode).save(file, kind, **options)
    return file.getvalue()


def centre_of_mass(image: Gray) -> tuple[float, float]:
    y, x = ndimage.center_of_mass(image)
    return float(y), float(x)


def longest_side(image: Gray) -> int:
    rows, columns = np.nonzero(image)
    return int(max(np.ptp(rows), np.ptp(columns))) + 1


def loops(image: NDArray[Any]) -> int:
    """Pieces of ground that ink encloses."""
    return int(ndimage.label(image < 0.5)[1]) - 1


def likeness(one: Gray, other: Gray) -> float:
    """Correlation of the pixels at the best shift by at most one, which is what centring leaves."""
    moved = [np.roll(one, shift, axis=(0, 1)) for shift in product((-1, 0, 1), repeat=2)]
    return max(float(np.corrcoef(image.ravel(), other.ravel())[0, 1]) for image in moved)


# Both ways


@pytest.mark.parametrize("way", ["strokes", "picture"])
def test_every_stage_is_an_image_with_a_sentence(way: str) -> None:
    stages = stroke_stages(SEVEN) if way == "strokes" else drawing_stages(canvas(SEVEN))
    for stage in stages:
        assert stage.image.dtype == np.float32
        assert stage.image.ndim == 2
        assert stage.image.min() >= 0
        assert stage.image.max() == 1
        assert stage.name
        assert stage.explanation.endswith(".")
    assert len({stage.name for stage in stages}) == len(stages)
    assert [max(stage.image.shape) for stage in stages[-2:]] == [20, 28]


def test_the_last_stage_is_what_the_network_sees() -> None:
    picture = canvas(SEVEN)
    assert np.array_equal(drawing_stages(picture)[-1].image, normalize_drawing(picture))
    assert np.array_equal(stroke_stages(SEVEN)[-1].image, normalize_strokes(SEVEN))


@pytest.mark.parametrize("digit", [SEVEN, EIGHT], ids=["seven", "eight"])
def test_strokes_and_a_large_picture_of_them_agree(digit: list[Points]) -> None:
    assert likeness(normalize_strokes(digit), normalize_drawing(canvas(digit, pen=8))) > 0.95


# Strokes


@given(strokes_drawn)
def test_strokes_become_28x28_pixels_from_0_to_1(strokes: list[Points]) -> None:
    image = normalize_strokes(strokes)
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert image.min() == 0
    assert image.max() == 1


@given(strokes_drawn, st.floats(1e-3, 1e3), st.tuples(*[st.floats(-1e3, 1e3)] * 2))
def test_neither_size_nor_place_of_strokes_matters(
    strokes: list[Points], scale: float, shift: tuple[float, float]
) -> None:
    moved = [stroke * scale + np.array(shift) * scale for stroke in strokes]
    np.testing.assert_allclose(normalize_strokes(moved), normalize_strokes(strokes), atol=1e-4)


@given(strokes_drawn)
def test_the_longest_side_of_strokes_is_20_pixels(strokes: list[Points]) -> None:
    assume(np.ptp(np.concatenate(strokes), axis=0).max() > 0)
    assert longest_side(normalize_strokes(strokes)) == BOX


@given(strokes_drawn)
def test_the_centre_of_mass_is_mnists_unless_ink_would_be_lost(strokes: list[Points]) -> None:
    image = normalize_strokes(strokes)
    at_the_edge = [image[[0, -1]].any(), image[:, [0, -1]].any()]
    for centre, stopped in zip(centre_of_mass(image), at_the_edge, strict=True):
        assert abs(centre - CENTRE) < 0.51 or stopped


@given(strokes_drawn)
def test_neither_order_nor_direction_of_strokes_matters(strokes: list[Points]) -> None:
    other = [stroke[::-1] for stroke in reversed(strokes)]
    np.testing.assert_allclose(normalize_strokes(other), normalize_strokes(strokes), atol=1e-4)


@pytest.mark.parametrize("end", [(1, 0), (0, 1)], ids=["horizontal", "vertical"])
def test_a_straight_line_is_20_pixels_long_and_as_wide_as_the_pen(end: tuple[int, int]) -> None:
    image = normalize_strokes([np.array([(0, 0), end])])
    assert longest_side(image) == 20
    # a bar and two half discs: 17.6 * 2.4 + pi * 1.2^2
    assert image.sum() == pytest.approx((BOX - PEN) * PEN + np.pi * (PEN / 2) ** 2, rel=0.05)


def test_a_single_tap_is_a_dot_in_the_middle() -> None:
    image = normalize_strokes([[(123.0, 45.0)]])
    assert longest_side(image) == 3
    assert centre_of_mass(image) == pytest.approx((14, 14))
    assert np.array_equal(image, normalize_strokes([[(7, 7), (7, 7)], [(7, 7)]]))


def test_a_dot_beside_a_stroke_is_drawn() -> None:
    line, dot = np.array([[0.0, 0.0], [0.0, 10.0]]), np.array([[5.0, 5.0]])
    assert ndimage.label(normalize_strokes([line]) > 0.5)[1] == 1
    assert ndimage.label(normalize_strokes([line, dot]) > 0.5)[1] == 2


def test_empty_strokes_change_nothing() -> None:
    mixed = [np.empty((0, 2)), *SEVEN, np.array([])]
    assert np.array_equal(normalize_strokes(mixed), normalize_strokes(SEVEN))


@pytest.mark.parametrize("strokes", [[], [np.empty((0, 2))]], ids=["none", "empty"])
def test_no_stroke_is_a_blank_drawing(strokes: list[Points]) -> None:
    with pytest.raises(BlankDrawing, match=r"There is no ink in the picture: draw a digit\."):
        normalize_strokes(strokes)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_coordinate_that_is_not_finite_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="every coordinate must be finite"):
        normalize_strokes([[(0.0, 1.0), (wrong, 2.0)]])


@pytest.mark.parametrize("shape", [(2,), (4, 3), (1, 2, 2)])
def test_a_stroke_that_is_not_a_list_of_pairs_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"it must be \(points, 2\)"):
        normalize_strokes([np.ones(shape)])


# Pictures


def test_a_thick_pen_fills_a_small_eight_and_its_strokes_keep_both_loops() -> None:
    small = canvas(EIGHT, height=40, pen=20)
    assert loops(small[..., 0] / 255) == 0
    assert loops(normalize_strokes([stroke * 40 for stroke in EIGHT])) == 2


@pytest.mark.parametrize("pen", [2, 5, 10, 20, 26])
def test_a_pictures_loops_are_neither_closed_nor_opened(pen: float) -> None:
    for digit, expected in ((SEVEN, 0), (EIGHT, 2)):
        assert loops(normalize_drawing(canvas(digit, height=150, pen=pen))) == expected


@pytest.mark.parametrize("digit", [SEVEN, EIGHT], ids=["seven", "eight"])
@pytest.mark.parametrize("pen", [2, 5, 20, 30])
def test_the_pens_width_hardly_matters(digit: list[Points], pen: float) -> None:
    usual = normalize_drawing(canvas(digit, pen=24))  # 2.0 pixels of 28 in the result
    other = normalize_drawing(canvas(digit, pen=pen))
    assert other.sum() == pytest.approx(usual.sum(), rel=0.15)
    assert likeness(other, usual) > 0.9


@settings(max_examples=10)
@given(st.floats(100, 300), st.floats(15, 75), st.floats(15, 75))
def test_neither_size_nor_place_in_a_picture_matters(height: float, x: float, y: float) -> None:
    small = normalize_drawing(canvas(SEVEN, height, pen=height / 12, at=(x, y)))
    assert longest_side(small) == BOX
    assert centre_of_mass(small) == pytest.approx((CENTRE, CENTRE), abs=0.51)
    assert likeness(small, normalize_drawing(canvas(SEVEN, 200, pen=200 / 12))) > 0.93


@settings(max_examples=10)
@given(st.integers(0, 255), st.integers(0, 255))
def test_light_on_dark_and_dark_on_light_are_the_same(ink: int, ground: int) -> None:
    assume(abs(ink - ground) > 50)
    picture = canvas(SEVEN, ink=(ink, ink, ink, 255), ground=(ground, ground, ground, 255))
    inverted = np.dstack([255 - picture[..., :3], picture[..., 3]])
    np.testing.assert_allclose(normalize_drawing(inverted), normalize_drawing(picture), atol=1e-4)


@pytest.mark.parametrize("ink", [WHITE, BLACK, (213, 94, 0, 255)])
def test_a_transparent_ground_is_as_good_as_a_black_one(ink: tuple[int, ...]) -> None:
    transparent = canvas(SEVEN)
    transparent[..., 3] = transparent[..., 0]  # as much ink as on the black canvas, of any colour
    transparent[..., :3] = ink[:3]
    on_black = normalize_drawing(canvas(SEVEN))
    np.testing.assert_allclose(normalize_drawing(transparent), on_black, atol=1e-4)


@pytest.mark.parametrize("ink", [(0, 0, 255, 255), (200, 0, 0, 255), (0, 90, 0, 255)])
@pytest.mark.parametrize("ground", [WHITE, BLACK], ids=["white", "black"])
def test_coloured_ink_is_ink(ink: tuple[int, ...], ground: tuple[int, ...]) -> None:
    coloured = normalize_drawing(canvas(SEVEN, ink=ink, ground=ground))
    np.testing.assert_allclose(coloured, normalize_drawing(canvas(SEVEN)), atol=0.1)


@pytest.mark.parametrize("side", [280, 80, 28])
def test_mnists_own_digits_come_back_from_any_size_and_place(mnist: Mnist, side: int) -> None:
    images = mnist.test_images[:20, 0].numpy() / np.float32(255)
    results = [normalize_drawing(upon(image, side, at=(400 - side - 5, 3))) for image in images]
    alike = [likeness(result, image) for result, image in zip(results, images, strict=True)]
    assert min(alike) > 0.85  # the boldest pens come back thinner
    assert np.mean(alike) > 0.95
    for result in results:
        assert longest_side(result) == pytest.approx(BOX, abs=1)
        assert centre_of_mass(result) == pytest.approx((CENTRE, CENTRE), abs=0.51)


def test_mnists_centre_of_mass_and_box_are_what_the_module_says(mnist: Mnist) -> None:
    images = mnist.train_images[:500, 0].numpy() / np.float32(255)
    centres = np.array([centre_of_mass(image) for image in images])
    assert np.abs(centres - CENTRE).max() < 0.51
    assert np.mean([longest_side(image) == BOX for image in images]) > 0.98


def test_the_ink_of_strokes_is_about_as_much_as_mnists(mnist: Mnist) -> None:
    """Sevens and eights, whose paths are known here."""
    for digit, label in ((SEVEN, 7), (EIGHT, 8)):
        images = mnist.train_images[mnist.train_labels == label][:300].numpy() / 255
        low, high = np.percentile(images.sum(axis=(1, 2, 3)), [10, 90])
        assert low < normalize_strokes(digit).sum() < high


@pytest.mark.parametrize(
    "picture",
    [
        np.full((50, 60, 4), 255, np.uint8),
        np.full((50, 60, 4), 0, np.uint8),
        np.full((1, 1, 4), 77, np.uint8),
        np.zeros((0, 10, 4), np.uint8),
        np.dstack([canvas(SEVEN)[..., :3], np.zeros((400, 400), np.uint8)]),
        np.asarray(Image.linear_gradient("L").convert("RGBA")),
    ],
    ids=["white", "transparent", "one pixel", "no pixel", "transparent ink", "evenly shaded"],
)
def test_a_picture_without_ink_is_a_blank_drawing(picture: Rgba) -> None:
    with pytest.raises(BlankDrawing, match=r"There is no ink in the picture: draw a digit\."):
        normalize_drawing(picture)


@pytest.mark.parametrize(("shape", "kind"), [((9, 9), "u1"), ((9, 9, 3), "u1"), ((9, 9, 4), "f4")])
def test_an_array_that_is_no_rgba_picture_is_refused(shape: tuple[int, ...], kind: str) -> None:
    with pytest.raises(ValueError, match=r"it must be uint8 \(H, W, 4\)"):
        normalize_drawing(np.zeros(shape, kind))


def test_a_crop_keeps_the_box_of_the_ink() -> None:
    ink = np.zeros((9, 9), np.float32)
    ink[2:5, 3:8] = 1
    assert crop_to_ink(ink).shape == (3, 5)


def photograph(picture: Rgba, noise: float = 6) -> Rgba:
    """Ink of `picture` as dark ink on paper: lit from the upper left, grainy, and saved as JPEG."""
    share = picture[..., :1] / 255
    paper, ink = np.array([225, 220, 200]), np.array([50, 50, 110])
    rows, columns = np.mgrid[:400, :400] / 400
    light = 1 - 0.4 * (rows + columns)[..., None] / 2 - 0.2 * rows[..., None] ** 2
    grain = np.random.default_rng(3).normal(0, noise, (*picture.shape[:2], 3))
    shown = np.clip((paper * (1 - share) + ink * share) * light + grain, 0, 255)
    return read_picture(saved(shown.astype(np.uint8), "JPEG", quality=60))


@pytest.mark.parametrize("digit", [SEVEN, EIGHT], ids=["seven", "eight"])
def test_a_photograph_with_shade_and_noise_is_read_like_a_clean_drawing(digit: Any) -> None:
    clean = canvas(digit, height=200, pen=12)
    assert likeness(normalize_drawing(photograph(clean)), normalize_drawing(clean)) > 0.97


def test_a_photograph_of_blank_paper_is_blank() -> None:
    for noise in (0, 6, 15):
        with pytest.raises(BlankDrawing):
            normalize_drawing(photograph(np.zeros((400, 400, 4), np.uint8), noise))


def test_dust_is_not_ink() -> None:
    clean, dusty = canvas(SEVEN), canvas(SEVEN)
    dusty[5:9, 380:384] = 255
    assert np.array_equal(normalize_drawing(dusty), normalize_drawing(clean))


def test_a_drawing_that_touches_the_border_is_ink_all_the_same() -> None:
    whole = canvas(EIGHT)
    columns, rows = whole[..., 0].any(axis=0), whole[..., 0].any(axis=1)
    tight = whole[np.ix_(rows, columns)]
    np.testing.assert_allclose(normalize_drawing(tight), normalize_drawing(whole), atol=1e-4)


def test_a_thin_line_in_a_large_picture_is_not_lost() -> None:
    large = Image.new("RGBA", (2400, 1800), WHITE)
    ImageDraw.Draw(large).line([(300, 200), (1900, 250), (1100, 1700)], fill=BLACK, width=3)
    image = normalize_drawing(np.asarray(large))
    assert longest_side(image) == BOX
    assert ndimage.label(image > 0.5)[1] == 1  # in one piece


def test_a_picture_of_12_megapixels_takes_well_under_a_second() -> None:
    huge = np.asarray(Image.fromarray(canvas(SEVEN)).resize((4000, 4000)).crop((0, 0, 4000, 3000)))
    started = process_time()
    image = normalize_drawing(huge)
    assert process_time() - started < 1
    assert likeness(image, normalize_drawing(canvas(SEVEN))) > 0.97


@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (2, 2), (5, 400), (800, 3)])
def test_pictures_of_odd_shapes_are_read(shape: tuple[int, int]) -> None:
    picture = np.full((*shape, 4), 255, np.uint8)
    picture[shape[0] // 2, shape[1] // 2, :3] = 0
    assert normalize_drawing(picture).max() > 0.5


# Files


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


# The canvas


def path(commands: list[list[Any]], **placing: Any) -> dict[str, Any]:
    """An object as fabric.js 7.4 serialises a stroke of its free pen."""
    return {
        "type": "Path",
        "originX": "center",
        "originY": "center",
        "strokeWidth": 20,
        "scaleX": 1,
        "scaleY": 1,
        "angle": 0,
        "flipX": False,
        "flipY": False,
        "path": commands,
        **placing,
    }


CORNER = [["M", 10, 20], ["L", 50, 20], ["L", 50, 100]]
CORNER_POINTS = [[10, 20], [50, 20], [50, 100]]
"""A path whose box spans (10, 20) to (50, 100); its middle is (30, 60)."""


def only_stroke(*objects: dict[str, Any]) -> Points:
    (stroke,) = strokes_from_canvas({"version": "7.4.0", "objects": list(objects)})
    return stroke


@pytest.mark.parametrize("nothing", [None, {}, {"objects": []}, {"objects": [path([])]}])
def test_a_canvas_without_strokes_has_none(nothing: dict[str, Any] | None) -> None:
    assert strokes_from_canvas(nothing) == []


def test_what_is_no_path_is_ignored() -> None:
    others: list[dict[str, Any]] = [{"type": "Rect", "left": 3, "top": 4}, {"type": "Circle"}, {}]
    assert only_stroke(*others, path(CORNER, left=30, top=60)).tolist() == CORNER_POINTS


def test_the_older_name_of_a_path_and_its_corner_are_understood() -> None:
    corner = {"originX": "left", "originY": "top", "left": 10 - 10, "top": 20 - 10}  # half the pen
    assert only_stroke(path(CORNER, **corner, type="path")).tolist() == CORNER_POINTS


def test_a_path_without_a_place_is_where_its_points_are() -> None:
    assert only_stroke({"type": "path", "path": CORNER}).tolist() == CORNER_POINTS


def test_each_path_is_a_stroke() -> None:
    paths = [path(CORNER, left=30, top=60), path(CORNER, left=130, top=60)]
    strokes = strokes_from_canvas({"objects": paths})
    assert [stroke[0].tolist() for stroke in strokes] == [[10, 20], [110, 20]]


def test_a_curve_becomes_points_on_it() -> None:
    """Its middle is 1/4 start + 1/2 control + 1/4 end; here y = x (200 - x) / 100."""
    points = only_stroke({"type": "Path", "path": [["M", 0, 0], ["Q", 100, 200, 200, 0]]})
    assert points[[0, -1]].tolist() == [[0, 0], [200, 0]]
    assert points[len(points) // 2].tolist() == [100, 100]  # 200 / 2
    np.testing.assert_allclose(points[:, 1], points[:, 0] * (200 - points[:, 0]) / 100, atol=1e-9)
    assert np.hypot(*np.diff(points, axis=0).T).max() <= 4


def test_a_tap_is_one_point() -> None:
    """As the canvas sent it from Chromium: two points a twenty-fifth of a pixel apart."""
    tap = path([["M", 219.98, 200], ["L", 220.02, 200]], left=220, top=200)
    assert only_stroke(tap).tolist() == [pytest.approx([220, 200])]


@pytest.mark.parametrize(
    ("placing", "expected"),
    [
        ({"left": 130, "top": 60}, [(110, 20), (150, 20), (150, 100)]),
        ({"scaleX": 2, "scaleY": 0.5}, [(-10, 40), (70, 40), (70, 80)]),
        ({"flipX": True}, [(50, 20), (10, 20), (10, 100)]),
        ({"angle": 90}, [(70, 40), (70, 80), (-10, 80)]),  # clockwise
    ],
    ids=["moved", "scaled", "flipped", "turned"],
)
def test_an_edited_stroke_is_where_the_canvas_shows_it(
    placing: dict[str, Any], expected: list[tuple[float, float]]
) -> None:
    placed = only_stroke(path(CORNER, **{"left": 30, "top": 60, **placing}))
    np.testing.assert_allclose(placed, expected, atol=1e-9)
