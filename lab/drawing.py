"""A drawing -> 28x28, made as MNIST was made: cropped, scaled to 20 pixels, centred by mass.

Two ways lead there. Strokes, the pen's path as points, are scaled first and then drawn with MNIST's
pen, so a small digit keeps its loops however thick the pen was. A picture has pixels only: its ink
is told from its ground and the pen's width is estimated and brought to MNIST's. Each stage is a
function; `stroke_stages` and `drawing_stages` keep what every one of them gave, for the page.

What MNIST is, measured on its 60,000 training images: the ink's longer side is 20 pixels in 99.7 %
of them; the centre of mass, in pixel indices, lies between 13.49 and 14.5 on both axes in all.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageOps
from scipy import ndimage

from lab.config import IMAGE_SIZE

Gray = NDArray[np.float32]
"""An image (h, w) in [0, 1], ink bright."""
Points = NDArray[np.float64]
"""A stroke (n, 2): x to the right, y down."""

BOX = 20
"""Longest side of the ink in MNIST, in pixels."""
CENTRE = 14.0
"""Pixel index of MNIST's centre of mass, along both axes."""
PEN = 2.4
"""Pen width in pixels: along the middle lines of MNIST's digits it gives MNIST's amount of ink."""
PEN_RANGE = (2.0, 2.8)
"""Widths in which a picture's pen is left as it is."""
EDGE = 1.2
"""Pixels over which the pen's edge fades, as in MNIST."""

SHOWN = 100
"""Longest side of the strokes as the first stage shows them."""
FINE = 8 * BOX
"""Longest side at which a picture's pen is changed."""
LARGEST_SIDE = 800
"""A larger picture is reduced first: time and noise fall, and no pen is lost."""
FAINTEST = 0.1
"""Contrast below this is no ink: paper, shadows and what JPEG leaves around edges."""
SPECK = 0.02
"""A spot with less than this share of the largest one's ink is dust."""

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000


class BlankDrawing(ValueError):
    """There is no ink to read."""

    def __init__(self) -> None:
        super().__init__("There is no ink in the picture: draw a digit.")


class PictureError(ValueError):
    """The file is no picture that can be read; the message says what it is and what to do."""


@dataclass(frozen=True)
class Stage:
    """What one step of the preparation gave, and one sentence on what it did.

    `image` is float32 (h, w) in [0, 1] with bright ink; the last stage's is the (28, 28) result.
    """

    name: str
    explanation: str
    image: Gray


def normalize_strokes(strokes: Sequence[ArrayLike]) -> Gray:
    """The strokes, each (n, 2), of any scale and place, as MNIST would hold them: (28, 28).

    Raises:
        BlankDrawing: there is no point at all.
        ValueError: a stroke is not (n, 2) or holds a coordinate that is not finite.
    """
    return stroke_stages(strokes)[-1].image


def normalize_drawing(rgba: NDArray[np.uint8]) -> Gray:
    """The picture, uint8 (H, W, 4), light ink on dark or dark on light, as MNIST's: (28, 28).

    Raises:
        BlankDrawing: the picture is uniform, transparent, or nothing stands out from its ground.
        ValueError: `rgba` is not uint8 (H, W, 4).
    """
    return drawing_stages(rgba)[-1].image


def stroke_stages(strokes: Sequence[ArrayLike]) -> list[Stage]:
    """The steps of `normalize_strokes`, in order; raises what it raises."""
    checked = checked_strokes(strokes)
    boxed = draw_in_box(checked, BOX)
    return [
        Stage(
            "Strokes",
            "The pen's path, cropped to its own box: place and size no longer matter.",
            draw_in_box(checked, SHOWN),
        ),
        Stage(
            "Box of 20 pixels",
            f"The path is scaled to {BOX} pixels and redrawn with a pen as wide as MNIST's.",
            boxed,
        ),
        _centred(boxed),
    ]


def drawing_stages(rgba: NDArray[np.uint8]) -> list[Stage]:
    """The steps of `normalize_drawing`, in order; raises what it raises."""
    ink = ink_of(rgba)
    cropped = crop_to_ink(ink)
    thinned = crop_to_ink(adjust_pen(cropped))
    boxed = resize_to_box(thinned, BOX)
    return [
        Stage("Ink", "Whatever stands out from the ground is ink, light or dark.", ink),
        Stage("Crop", "Only the box around the ink is kept: place no longer matters.", cropped),
        Stage("Pen", "The pen's width is estimated and brought to MNIST's.", thinned),
        Stage(
            "Box of 20 pixels",
            f"The longer side becomes {BOX} pixels, the shorter keeps its proportion.",
            boxed,
        ),
        _centred(boxed),
    ]


def _centred(boxed: Gray) -> Stage:
    explanation = f"The centre of mass is moved to the middle of {IMAGE_SIZE}x{IMAGE_SIZE} pixels."
    return Stage("Centre of mass", explanation, centre_by_mass(boxed))


# Strokes


def checked_strokes(strokes: Sequence[ArrayLike]) -> list[Points]:
    """The strokes that have a point, as float64 (n, 2); raises as `normalize_strokes` does."""
    arrays = [np.asarray(stroke, dtype=np.float64) for stroke in strokes]
    arrays = [points for points in arrays if points.size]
    for points in arrays:
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"A stroke has the shape {points.shape}; it must be (points, 2).")
        if not np.isfinite(points).all():
            raise ValueError("A stroke holds NaN or infinity; every coordinate must be finite.")
    if not arrays:
        raise BlankDrawing
    return arrays


def draw_in_box(strokes: Sequence[Points], side: int) -> Gray:
    """The strokes scaled so that their ink's longest side is `side`, drawn with MNIST's pen."""
    fitted, (height, width) = fit_to_box(strokes, side)
    return _coverage(_distance_to(fitted, height, width))


def fit_to_box(strokes: Sequence[Points], side: int) -> tuple[list[Points], tuple[int, int]]:
    """The strokes in pixels of a raster that just holds them and the pen, and its (height, width).

    A drawing without extent, a dot, keeps the size of the pen.
    """
    points = np.concatenate(strokes)
    lowest, extent = points.min(axis=0), np.ptp(points, axis=0)
    is_dot = extent.max() <= 1e-9 * np.abs(points).max()  # rounding, blown up, would look like ink
    scale = 0.0 if is_dot else (side - PEN) / extent.max()
    size = extent * scale + PEN
    whole = np.ceil(size - 1e-6)  # without the slack a rounding error makes the box 21 wide
    margin = PEN / 2 + (whole - size) / 2
    width, height = (int(length) for length in whole)
    return [(stroke - lowest) * scale + margin for stroke in strokes], (height, width)


def _distance_to(strokes: Sequence[Points], height: int, width: int) -> Points:
    """Pixels from each pixel's centre to the nearest stroke; infinite where none can leave ink."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    nearest = np.full((height, width), np.inf)
    for stroke in strokes:
        path = stroke if len(stroke) > 1 else np.repeat(stroke, 2, axis=0)  # a dot has no length
        for start, end in pairwise(path):
            left, top = np.floor(np.maximum(np.minimum(start, end) - PEN, 0)).astype(int)
            right, bottom = np.ceil(np.maximum(start, end) + PEN).astype(int)
            near = np.s_[top:bottom, left:right]  # one pen width around the segment
            (x, y), (dx, dy) = start, end - start
            away_x, away_y = columns[near] - x, rows[near] - y
            along = np.clip((away_x * dx + away_y * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
            squared = (away_x - along * dx) ** 2 + (away_y - along * dy) ** 2
            nearest[near] = np.minimum(nearest[near], squared)
    return np.asarray(np.sqrt(nearest))


def _coverage(distance: Points) -> Gray:
    """How much of each pixel a pen of width PEN covers, its middle `distance` pixels away."""
    return np.clip(0.5 + (PEN / 2 - distance) / EDGE, 0, 1).astype(np.float32)


# Pictures


def ink_of(rgba: NDArray[np.uint8]) -> Gray:
    """Where the ink is and how strong, (h, w), the picture reduced to at most 800 pixels a side.

    A transparent ground leaves the opacity as ink. Otherwise the ground is what the picture's
    border shows, and ink is what differs from it in colour, lighter or darker; faint differences
    (noise, JPEG) and specks are left out. Raises as `normalize_drawing` does.
    """
    if rgba.dtype != np.uint8 or rgba.ndim != 3 or rgba.shape[2] != 4:
        raise ValueError(f"A picture is {rgba.dtype} {rgba.shape}; it must be uint8 (H, W, 4).")
    if not rgba.size:
        raise BlankDrawing
    times = math.ceil(max(rgba.shape) / LARGEST_SIDE)
    small = np.asarray(Image.fromarray(rgba).reduce(times), dtype=np.float64) / 255  # (h, w, 4)
    border, opacity = _border(small.shape[:2]), small[..., 3]
    contrast = opacity
    if np.median(opacity[border]) >= 0.5:
        colour = small[..., :3]
        contrast = np.abs(colour - ground_of(colour)).max(axis=2) * opacity
    return _without_specks(_strength(contrast, noise=_spread(contrast[border])))


def ground_of(colour: Points) -> Points:
    """The colour (h, w, 3) the picture would have without ink: smooth, as light falls on paper.

    A quadratic surface per channel, fitted to the border's pixels and then, leaving out what lies
    far from the fit, to all: ink is left out, a shadow across the paper is followed.
    """
    height, width, channels = colour.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=2)
    some = np.s_[:: math.ceil(height / 100), :: math.ceil(width / 100)]  # enough for a fit
    terms_some, colour_some = terms[some].reshape(-1, 6), colour[some].reshape(-1, channels)
    border = _border(colour[some].shape[:2]).ravel()
    surface = np.zeros((6, channels))
    surface[0] = np.median(colour_some[border], axis=0)
    for among in (border, border | True, border | True):
        away = np.abs(colour_some - terms_some @ surface).max(axis=1)
        near = among & (away <= max(3 * _spread(away[border]), FAINTEST / 2))
        used = terms_some * near[:, None]
        surface = np.linalg.lstsq(used.T @ terms_some, used.T @ colour_some, rcond=None)[0]
    return np.asarray(terms @ surface)


def _border(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The outermost pixels, a fiftieth of the longer side deep."""
    depth = math.ceil(max(shape) / 50)
    border = np.ones(shape, dtype=bool)
    border[depth:-depth, depth:-depth] = False
    return border


def _spread(away: Points) -> float:
    """Standard deviation of differences, by the median of their sizes: ink counts little in it."""
    return 1.4826 * float(np.median(np.abs(away)))


def _strength(contrast: Points, noise: float) -> Gray:
    """Contrast as a share of what full ink has; raises BlankDrawing when none is above noise."""
    visible = contrast > max(FAINTEST, 6 * noise)
    if not visible.any():
        raise BlankDrawing
    full = np.percentile(contrast[visible], 90)
    return np.asarray(np.where(visible, np.minimum(contrast / full, 1), 0), dtype=np.float32)


def _without_specks(ink: Gray) -> Gray:
    """The ink without spots that hold almost none of it."""
    spots, count = ndimage.label(ink > 0.25, structure=np.ones((3, 3)))
    mass = np.asarray(ndimage.sum_labels(ink, spots, np.arange(1, count + 1)))
    keep = np.concatenate([[False], mass >= SPECK * mass.max()])
    kept = np.where(keep[spots], ink, np.float32(0))
    return np.asarray(kept / kept.max())


def crop_to_ink(ink: Gray) -> Gray:
    """The part of `ink` inside the box of its pixels above 1/2."""
    rows = np.flatnonzero((ink > 0.5).any(axis=1))
    columns = np.flatnonzero((ink > 0.5).any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def adjust_pen(cropped: Gray) -> Gray:
    """The ink, 160 pixels a side, with strokes thinned or thickened to MNIST's width.

    The ink's edge is moved in or out by the same distance everywhere, read from the distance to the
    edge. A loop that the pen filled stays a blob, but one that it nearly filled opens again.
    """
    reach = math.ceil(max(cropped.shape) / FINE)  # a line thinner than this would fade away
    fine = resize_to_box(ndimage.maximum_filter(cropped, size=reach), FINE)
    ink = np.pad(fine, FINE // 8) > 0.5  # with room for a thicker pen
    inside = ndimage.distance_transform_edt(ink)
    outside = ndimage.distance_transform_edt(~ink)
    depth = np.where(ink, inside - 0.5, 0.5 - outside)  # below the ink's edge, in pixels
    radius = pen_radius(depth)
    path = max(FINE - 2 * radius, radius)  # longest side of the pen's path; a blob has a small one
    width = 2 * radius / (path + 2 * radius) * BOX  # what the pen has now, at 20 pixels
    share = np.clip(width, *PEN_RANGE) / BOX
    wanted = path * share / (1 - share) / 2  # solves 2 wanted = share (path + 2 wanted)
    return np.asarray(np.clip(0.5 + depth + wanted - radius, 0, 1), dtype=np.float32)


def pen_radius(depth: Points) -> float:
    """Half the pen's width, from the depth along the middle of the strokes.

    The 20th percentile, not the median: where strokes cross or fill a loop, the ink is wider than
    the pen (of digits 60 pixels high, drawn with a pen of 20, 5 % more are read correctly).
    """
    middle = (depth > 0) & (depth >= ndimage.maximum_filter(depth, size=3))
    return float(np.percentile(depth[middle], 20))


def resize_to_box(image: Gray, side: int) -> Gray:
    """`image` with `side` pixels along its longer side, antialiased, the proportion kept."""
    scale = side / max(image.shape)
    height, width = (max(1, round(length * scale)) for length in image.shape)
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(np.clip(np.asarray(resized), 0, 1))


def centre_by_mass(boxed: Gray) -> Gray:
    """`boxed`, at most 20 pixels a side, in 28x28 with its centre of mass at MNIST's.

    Moved by whole pixels, so nothing is blurred: the centre comes to lie within half a pixel of
    index 14, as in MNIST. Ink is never moved out of the image for it.
    """
    corner = []
    for axis, length in enumerate(boxed.shape):
        profile = boxed.sum(axis=1 - axis, dtype=np.float64)
        centre = profile @ np.arange(length) / profile.sum()
        # The slack decides half a pixel always the same way: symmetric digits have it exactly.
        start = math.ceil(CENTRE - 0.5 - centre - 1e-3)
        corner.append(min(max(start, 0), IMAGE_SIZE - length))
    top, left = corner
    image = np.zeros((IMAGE_SIZE, IMAGE_SIZE), dtype=np.float32)
    image[top : top + boxed.shape[0], left : left + boxed.shape[1]] = boxed
    return image


# What the browser sends


def strokes_from_canvas(json_data: Mapping[str, Any] | None) -> list[Points]:
    """The strokes in streamlit-drawable-canvas's `json_data`, each (n, 2) in canvas pixels.

    Only what its free pen draws, fabric.js's objects of type "Path", is read, where the canvas
    shows it: moved, scaled, turned or flipped strokes too. A tap becomes a single point.
    """
    objects = (json_data or {}).get("objects") or []
    paths = [item for item in objects if str(item.get("type")).lower() == "path"]
    drawn = [(path, flatten(path.get("path") or [])) for path in paths]
    return [_tap_or_stroke(_where_shown(points, path)) for path, points in drawn if len(points)]


def flatten(commands: Sequence[Sequence[Any]]) -> Points:
    """Points (n, 2) of the commands ["M", x, y], ["L", x, y] and ["Q", cx, cy, x, y].

    Q is a quadratic Bezier curve, (1 - t)^2 start + 2 t (1 - t) control + t^2 end for t in (0, 1];
    its points are at most 4 canvas pixels apart.
    """
    points: list[Points] = []
    for letter, *numbers in commands:
        if letter not in ("M", "L", "Q"):
            continue
        corners = np.array(numbers, dtype=np.float64).reshape(-1, 2)
        end = corners[-1]
        if letter == "Q" and points:
            start, control = points[-1], corners[0]
            length = math.dist(start, control) + math.dist(control, end)
            count = max(math.ceil(length / 2), 1)
            for t in np.arange(1, count) / count:
                points.append((1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end)
        points.append(end)
    return np.array(points).reshape(-1, 2)


def _where_shown(points: Points, path: Mapping[str, Any]) -> Points:
    """Canvas coordinates of a path's points, which fabric.js keeps as they were when drawn.

    It turns and scales them about the middle of their box and puts that middle where `left` and
    `top` say: at the middle itself ("center"), or at a corner of the box with its pen.
    """
    if "left" not in path or "top" not in path:
        return points
    lowest, highest = points.min(axis=0), points.max(axis=0)
    scale = np.array([path.get("scaleX", 1), path.get("scaleY", 1)], dtype=np.float64)
    flip = np.array([-1 if path.get(name) else 1 for name in ("flipX", "flipY")])
    angle = math.radians(path.get("angle", 0))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    origin = [_ORIGINS.get(str(path.get(name)), 0.0) for name in ("originX", "originY")]
    to_middle = (0.5 - np.array(origin)) * (highest - lowest + path.get("strokeWidth", 0)) * scale
    about_middle = (points - (lowest + highest) / 2) * scale * flip
    return np.asarray((about_middle + to_middle) @ turn + (path["left"], path["top"]))


_ORIGINS = {"left": 0.0, "top": 0.0, "center": 0.5, "right": 1.0, "bottom": 1.0}


def _tap_or_stroke(points: Points) -> Points:
    """The points, or their mean if all lie within a pixel: fabric.js gives a tap a tiny length."""
    return points.mean(axis=0, keepdims=True) if np.ptp(points, axis=0).max() < 1 else points


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
