"""A picture with more in it than a digit: the sheet on a table, a printed box, a window's edge -> the digit alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lab.drawing.ink import BlankDrawing, Gray, ink_of

SHEET = (0.2, 0.65)
"""Of the picture that a sheet's box covers, and of this box that its paper covers: at least these shares."""
AT_THE_BORDER = 0.1
"""Of the outermost pixels, with ink: a digit that only touches an edge has less."""
INSET = 0.04
"""Of a sheet's sides that is cut off with its edge."""
LEAST_INSIDE = 0.25
"""Of a frame's height that what it frames has, at least: less is a part of the drawing, such as a window of a house."""


def alone(rgba: NDArray[np.uint8], ink: Gray) -> Iterator[Gray]:
    """What may be the digit in a picture whose `ink` is `ink_of(rgba)`, the likeliest first, `ink` itself among it."""
    yield from framed(ink)
    yield ink
    yield from off_the_border(ink)
    sheet = sheet_in(ink)
    if sheet is None:
        return
    scale = rgba.shape[0] / ink.shape[0]
    rows, columns = (slice(round(side.start * scale), round(side.stop * scale)) for side in sheet)
    try:
        on_sheet = ink_of(np.ascontiguousarray(rgba[rows, columns]))
    except BlankDrawing:
        return
    yield from framed(on_sheet)
    yield on_sheet
    yield from off_the_border(on_sheet)


def is_crowded(ink: Gray) -> bool:
    """Whether there is more than a drawing in the middle: ink at the border, a frame, or a sheet."""
    outermost = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]]) > 0.25
    return bool(outermost.mean() > AT_THE_BORDER) or sheet_in(ink) is not None or any(True for _ in framed(ink))


def framed(ink: Gray) -> Iterator[Gray]:
    """The ink inside a closed frame, and nothing where there is no frame."""
    parts, count = ndimage.label(ink > 0.25, structure=np.ones((3, 3)))
    boxes = ndimage.find_objects(parts)
    for number in sorted(range(1, count + 1), key=lambda part: -_height(boxes[part - 1])):
        box = boxes[number - 1]  # and no more: a page of text has some thousand parts
        frame = parts[box] == number
        inside = ndimage.binary_fill_holes(frame) & ~frame
        within = np.flatnonzero((inside & (ink[box] > 0.25)).any(axis=1))
        if len(within) and np.ptp(within) + 1 >= LEAST_INSIDE * _height(box):
            framed_ink = np.zeros_like(ink)
            framed_ink[box] = np.where(inside, ink[box], np.float32(0))
            yield _strongest(framed_ink)
            return


def off_the_border(ink: Gray) -> Iterator[Gray]:
    """The ink that no line leads from to the border, and nothing where all or none is connected to it."""
    parts, _ = ndimage.label(ink > 0.25, structure=np.ones((3, 3)))
    touching = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    away = (parts > 0) & ~np.isin(parts, touching)
    if touching.any() and away.any():
        yield _strongest(np.where(away, ink, np.float32(0)))


def sheet_in(ink: Gray) -> tuple[slice, slice] | None:
    """Rows and columns within a sheet of paper that stands out from a table, without its edge."""
    parts, count = ndimage.label(ink > 0.25)
    if not count:
        return None
    sizes = np.bincount(parts.ravel())[1:]
    rows, columns = ndimage.find_objects(parts)[int(sizes.argmax())]
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    of_picture, of_box = SHEET
    if area < of_picture * ink.size or sizes.max() < of_box * area:
        return None
    cut = [max(1, round(INSET * (side.stop - side.start))) for side in (rows, columns)]
    return slice(rows.start + cut[0], rows.stop - cut[0]), slice(columns.start + cut[1], columns.stop - cut[1])


def _height(box: tuple[slice, ...]) -> int:
    return int(box[0].stop - box[0].start)


def _strongest(ink: Gray) -> Gray:
    """The ink with its strongest pixel at 1."""
    return np.asarray(ink / ink.max(), dtype=np.float32)
