"""What a drawing is made of: parts, holes, and parts in holes, whatever its size."""

from __future__ import annotations

import numpy as np
import pytest
from drawings import EIGHT, SEVEN, Gray, Points, canvas, ring

from lab.drawing.topology import Topology, topology


def ink_of(strokes: list[Points], height: float = 240, pen: float = 6) -> Gray:
    return canvas(strokes, height=height, pen=pen)[..., 0].astype(np.float32) / np.float32(255)


LINE = np.array([(0.0, 0.5), (0.6, 0.5)])
MADE = {
    "seven": (SEVEN, Topology(parts=1, holes=0, is_nested=False)),
    "eight": (EIGHT, Topology(parts=1, holes=2, is_nested=False)),
    "two rings apart": ([ring(0.2, 0.2, 0.15), ring(0.2, 0.7, 0.15)], Topology(2, 2, is_nested=False)),
    "ring in a ring": ([ring(0.3, 0.5, 0.3), ring(0.3, 0.5, 0.15)], Topology(2, 2, is_nested=True)),
    "ring with a line across": ([ring(0.3, 0.5, 0.3), LINE], Topology(1, 2, is_nested=False)),
}


@pytest.mark.parametrize("height", [60, 240])
@pytest.mark.parametrize("name", MADE)
def test_parts_and_holes_are_counted(name: str, height: int) -> None:
    strokes, made = MADE[name]
    assert topology(ink_of(strokes, height, pen=height / 20)) == made


def test_a_touch_of_the_pen_by_mistake_is_no_part_and_a_sloppy_crossing_no_hole() -> None:
    mistake: list[Points] = [*EIGHT, np.array([(0.3, 0.75), (0.3, 0.76)])]
    assert topology(ink_of(mistake)) == Topology(parts=1, holes=2, is_nested=False)
    assert topology(ink_of([*SEVEN, np.array([(0.0, 0.04), (0.7, -0.02)])])).holes == 0


@pytest.mark.parametrize(("side", "parts"), [(3, 1), (5, 2)])
def test_a_spot_is_a_part_from_a_seventieth_of_the_ink_on(side: int, parts: int) -> None:
    drawn = np.zeros((60, 60), np.float32)
    drawn[20:40, 5:55] = 1  # 1,000 pixels
    drawn[5 : 5 + side, 10 : 10 + side] = 1
    assert topology(drawn).parts == parts


@pytest.mark.parametrize(("side", "holes"), [(6, 0), (10, 1)])
def test_a_hole_is_one_from_a_two_hundredth_of_the_box_on(side: int, holes: int) -> None:
    drawn = np.ones((100, 100), np.float32)
    drawn[40 : 40 + side, 40 : 40 + side] = 0
    assert topology(drawn).holes == holes


def test_a_line_that_touches_itself_at_corners_only_is_one_outline() -> None:
    """Else the part within would not be in it: the pixel that it is known by is the first, at the line's other end."""
    drawn = np.zeros((120, 120), np.float32)
    drawn[50:110, 50:110] = 1
    drawn[56:104, 56:104] = 0
    drawn[range(10, 50), range(10, 50)] = 1
    drawn[70:90, 70:90] = 1
    assert topology(drawn) == Topology(parts=2, holes=1, is_nested=True)
