"""Where a picture's ink is: whatever its colour and its ground, on a photograph too; and where there is none."""

from typing import Any

import numpy as np
import pytest
from drawings import BLACK, EIGHT, SEVEN, WHITE, Rgba, canvas, likeness, saved
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from lab.drawing import PictureError, normalize_drawing
from lab.drawing.ink import BlankDrawing, crop_to_ink, ink_of
from lab.drawing.picture import read_picture


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


def test_a_ground_that_lets_little_through_is_told_from_ink_by_its_colour() -> None:
    whole, thin = canvas(SEVEN), canvas(SEVEN)
    thin[..., 3] = 178
    np.testing.assert_allclose(normalize_drawing(thin), normalize_drawing(whole), atol=1e-4)


@pytest.mark.parametrize("ink", [(0, 0, 255, 255), (200, 0, 0, 255), (0, 90, 0, 255)])
@pytest.mark.parametrize("ground", [WHITE, BLACK], ids=["white", "black"])
def test_coloured_ink_is_ink(ink: tuple[int, ...], ground: tuple[int, ...]) -> None:
    coloured = normalize_drawing(canvas(SEVEN, ink=ink, ground=ground))
    np.testing.assert_allclose(coloured, normalize_drawing(canvas(SEVEN)), atol=0.1)


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
    with pytest.raises(BlankDrawing, match=r"There is no ink in the picture: it has to show a digit\."):
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


def test_a_digit_under_a_lamp_is_read_like_a_clean_drawing() -> None:
    """Half as light in the corners: what the border shows of it says too little, and ink is told in three steps."""
    clean = canvas(EIGHT, height=200, pen=12, at=(135, 100))
    share, (rows, columns) = clean[..., :1] / 255, np.mgrid[:400, :400] / 399 * 2 - 1
    light = 0.5 + 0.5 * np.exp(-(rows**2 + columns**2) / 0.5)
    shown = (np.array([225, 220, 200]) * (1 - share) + np.array([50, 50, 110]) * share) * light[..., None]
    shown += np.random.default_rng(3).normal(0, 3, shown.shape)
    lit = np.dstack([np.clip(shown, 0, 255).astype(np.uint8), clean[..., 3:]])
    assert likeness(normalize_drawing(lit), normalize_drawing(clean)) > 0.97


def test_a_photograph_of_blank_paper_is_blank() -> None:
    for noise in (0, 6, 15):
        with pytest.raises(BlankDrawing):
            normalize_drawing(photograph(np.zeros((400, 400, 4), np.uint8), noise))


def test_dust_is_not_ink() -> None:
    clean, dusty = canvas(SEVEN), canvas(SEVEN)
    dusty[5:9, 380:384] = 255
    assert np.array_equal(normalize_drawing(dusty), normalize_drawing(clean))


def test_a_thin_slanting_line_whose_pixels_touch_at_corners_is_no_dust() -> None:
    picture = np.full((200, 200, 4), 255, np.uint8)
    picture[100:130, 100:130, :3] = 0
    picture[range(20, 80), range(20, 80), :3] = 0
    assert ink_of(picture)[20:80, 20:80].sum() == pytest.approx(60)


def test_what_is_fainter_than_a_tenth_is_no_clear_ink() -> None:
    def gray(shade: int) -> Rgba:
        return canvas(SEVEN, ink=(shade, shade, shade, 255), ground=WHITE)

    assert ink_of(gray(255 - 30)).max() == 1
    with pytest.raises(BlankDrawing):
        ink_of(gray(255 - 22))


def test_a_drawing_that_touches_the_border_is_ink_all_the_same() -> None:
    whole = canvas(EIGHT)
    columns, rows = whole[..., 0].any(axis=0), whole[..., 0].any(axis=1)
    tight = whole[np.ix_(rows, columns)]
    np.testing.assert_allclose(normalize_drawing(tight), normalize_drawing(whole), atol=1e-4)


# --- ink that does not stand out from one smooth ground ------------------------------------------------------------

FIVE = [np.array([(0.7, 0.0), (0.15, 0.0), (0.1, 0.42), (0.45, 0.4), (0.65, 0.62), (0.5, 0.95), (0.05, 0.95)])]


def in_half_shade(digit: Any) -> Rgba:
    """Dark ink on paper whose right half lies in a shadow with a hard edge, with grain."""
    paper = canvas(digit, pen=24, at=(140, 80), ink=(25, 25, 30, 255), ground=(240, 240, 235, 255)).astype(np.float64)
    paper[:, 210:, :3] *= 0.5
    paper[..., :3] += np.random.default_rng(1).normal(0, 4, (400, 400, 3))
    return np.clip(paper, 0, 255).astype(np.uint8)


def test_a_digit_half_in_shade_is_read_like_one_in_the_light() -> None:
    assert likeness(normalize_drawing(in_half_shade(FIVE)), normalize_drawing(canvas(FIVE, pen=24))) > 0.95


@pytest.mark.parametrize("paler", [25, 12, 8])
def test_pale_ink_is_read_like_strong_ink(paler: int) -> None:
    level = 240 - paler
    pale = canvas(FIVE, ink=(level, level, level, 255), ground=(240, 240, 240, 255))
    assert likeness(normalize_drawing(pale), normalize_drawing(canvas(FIVE))) > 0.95


def full_of(kind: str) -> Rgba:
    """No digit, and not blank."""
    rng, side = np.random.default_rng(3), np.arange(300)
    gray = {
        "noise": rng.integers(0, 255, (300, 300)),
        "a checkerboard": 255 * ((side[:, None] // 30 + side // 30) % 2),
        "one dark half": np.tile(np.where(side < 150, 0, 255), (300, 1)),
        "a view": np.asarray(Image.fromarray(rng.integers(0, 255, (12, 12)).astype(np.uint8)).resize((300, 300))),
    }[kind]
    return np.dstack([gray.astype(np.uint8)] * 3 + [np.full((300, 300), 255, np.uint8)])


@pytest.mark.parametrize("kind", ["noise", "a checkerboard", "one dark half", "a view"])
def test_what_is_not_blank_is_not_called_blank_but_refused_with_what_a_good_picture_looks_like(kind: str) -> None:
    with pytest.raises(PictureError, match="A good picture shows one digit alone"):
        normalize_drawing(full_of(kind))
